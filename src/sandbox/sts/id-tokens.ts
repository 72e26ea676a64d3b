/**
 * ID tokens of version 2.0: the tenant's own issuer also when the authority was /organizations, a subject that
 * differs per app, `oid` and the names only with the profile scope, `idp` and `email` for guests.
 * Sources: "ID token claims reference", claims captured in 2026.
 */
import { createHash, randomBytes } from 'node:crypto';
import { issuerV1 } from '../access-tokens';
import { signJwt } from '../jwt';
import type { Draft } from './relying-party/model';
import type { Tenant, User, World } from '../model';
import type { AuthorizationCode } from './context';
import { tellIdToken } from '../lies/tokens';

const LIFETIME_SECONDS = 3600;

export function issueIdToken(draft: Draft): string {
  return signJwt({ ...draft.header, alg: 'RS256' }, draft.claims, draft.key);
}

export function draftIdToken(
  world: Pick<World, 'now' | 'signingKeys' | 'origins' | 'tenants' | 'homeTenantId' | 'cloud'>,
  tenant: Tenant,
  appId: string,
  user: User,
  grant: Pick<AuthorizationCode, 'nonce' | 'scopes'>,
): Draft {
  const issuedAt = Math.floor(world.now() / 1000);
  const { kid, privateKey } = world.signingKeys.current;
  const claims = {
    ver: '2.0',
    iss: `${world.origins.login}/${tenant.tenantId}/v2.0`,
    sub: signInSubject(tenant.tenantId, appId, user.id),
    aud: appId,
    exp: issuedAt + LIFETIME_SECONDS,
    iat: issuedAt,
    nbf: issuedAt,
    tid: tenant.tenantId,
    ...(grant.nonce === null ? {} : { nonce: grant.nonce }),
    ...(grant.scopes.includes('profile') ? { name: user.displayName, oid: user.id, preferred_username: signInName(world, user) } : {}),
    ...emailClaim(user, grant.scopes),
    ...(user.home === null ? {} : { idp: issuerV1(world, user.home.tenantId) }),
    aio: randomBytes(32).toString('base64url'),
    rh: `1.${randomBytes(24).toString('base64url')}.`,
    uti: randomBytes(16).toString('base64url'),
  };
  return tellIdToken(world, { header: { typ: 'JWT', alg: 'RS256', kid }, claims, key: privateKey });
}

/** The subject this app knows the person by. */
export function signInSubject(tenantId: string, appId: string, userId: string): string {
  return createHash('sha256').update(`${tenantId}/${appId}/${userId}`).digest('base64url');
}

// A guest is shown the name they have at home, not the #EXT# name of their object here.
function signInName(world: Pick<World, 'now' | 'tenants'>, user: User): string {
  if (user.home === null) return user.userPrincipalName;
  return world.tenants.get(user.home.tenantId)?.users.get(user.home.objectId, world.now())?.userPrincipalName ?? user.userPrincipalName;
}

function emailClaim(user: User, scopes: readonly string[]): { email?: string } {
  const isWanted = user.userType === 'Guest' || scopes.includes('email');
  return isWanted && user.mail !== null ? { email: user.mail } : {};
}
