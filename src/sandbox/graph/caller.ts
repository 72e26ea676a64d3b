/**
 * Who is calling, proven by the bearer token, and what the token allows. An app-only token is judged by `roles`,
 * a delegated one by `scp`; the sandbox's own token checks say why a token is refused.
 * Sources: Microsoft Graph "Resolve authorization errors"; refusals reported in public threads (see rules.json).
 */
import { GRAPH_APP_ID, graphAudiences, verifyAccessToken, type AccessTokenClaims, type AccessTokenRefusal } from '../access-tokens';
import type { SandboxRequest } from '../http';
import type { Tenant, World } from '../model';
import { GraphRefusal } from './refusal';
import { rule } from './rules';
import { variantsOf } from './variants';
import { tell } from '../lies/truth';

export interface Caller {
  readonly tenant: Tenant;
  readonly appId: string;
  /** The service principal's object id, or the person's in a delegated token. */
  readonly objectId: string;
  readonly kind: 'application' | 'delegated';
  readonly permissions: ReadonlySet<string>;
}

/** Refuses with 401 InvalidAuthenticationToken and a challenge. */
export function identify(world: World, request: Pick<SandboxRequest, 'headers'>): Caller {
  const authorization = request.headers.authorization ?? '';
  const bearer = /^Bearer +([^ ]+)$/i.exec(authorization)?.[1];
  if (bearer === undefined) throw unauthenticated(world, 'Access token is empty.');
  const check = verifyAccessToken(world, bearer, graphAudiences(world));
  if (!check.ok) throw unauthenticated(world, messageFor(world, check.reason));
  const tenant = world.tenants.get(check.claims.tid);
  if (tenant === undefined) throw unauthenticated(world, 'Access token validation failure. Invalid issuer.');
  return describe(check.claims, tenant);
}

function describe(claims: AccessTokenClaims, tenant: Tenant): Caller {
  const kind = claims.idtyp === 'user' ? 'delegated' : 'application';
  const granted = kind === 'delegated' ? (claims.scp ?? '').split(' ') : (claims.roles ?? []);
  return { tenant, appId: claims.appid, objectId: claims.oid, kind, permissions: new Set(granted.filter((name) => name !== '')) };
}

const MESSAGES: Readonly<Record<Exclude<AccessTokenRefusal, 'expired'>, string>> = {
  'not-yet-valid': 'Access token has expired or is not yet valid.',
  audience: 'Access token validation failure. Invalid audience.',
  issuer: 'Access token validation failure. Invalid issuer.',
  malformed: 'JWT is not well formed.',
  algorithm: 'Signature validation failed.',
  'unknown-key': 'Signature validation failed.',
  signature: 'Signature validation failed.',
};

function messageFor(world: World, reason: AccessTokenRefusal): string {
  if (reason !== 'expired') return MESSAGES[reason];
  return variantsOf(world).expiredToken === 'lifetime' ? 'Lifetime validation failed, the token is expired.' : MESSAGES['not-yet-valid'];
}

function unauthenticated(world: World, message: string): GraphRefusal {
  const challenge = `Bearer realm="", authorization_uri="${world.origins.login}/common/oauth2/authorize", client_id="${GRAPH_APP_ID}"`;
  return new GraphRefusal(rule('G-ERR-TOKEN'), 401, 'InvalidAuthenticationToken', message, tell(world, 'L-GRAPH-CHALLENGE', { headers: { 'www-authenticate': challenge } }, () => ({ headers: {} })));
}
