/**
 * Access tokens for the resources, shaped as version 1.0 tokens (issuer `sts.windows.net`, `appid`, `appidacr`),
 * which is what Microsoft Graph issues whichever endpoint asked. A token without granted roles has no `roles`
 * member at all. Sources: "Access token claims reference", captured client-credentials answers of 2026-08.
 */
import { randomBytes } from 'node:crypto';
import { isJsonObject, signJwt, type JsonObject } from './jwt';
import { cloudFacts, graphResource } from './clouds';
import type { World } from './model';
import { decodeRemembered, hasRememberedSignature } from './verified-jwts';
import { tellAccessToken } from './lies/tokens';
import { isLying } from './lies/truth';

export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
/** Both forms in which a Graph token names its audience. */
export function graphAudiences({ cloud }: Pick<World, 'cloud'>): readonly string[] {
  return [graphResource(cloud), GRAPH_APP_ID];
}
export const ACCESS_TOKEN_LIFETIME_SECONDS = 3599;

/** How the client proved itself: 1 with a secret, 2 with a certificate. */
export type ClientProof = '1' | '2';

export interface AccessTokenClaims {
  readonly aud: string;
  readonly iss: string;
  readonly tid: string;
  readonly appid: string;
  readonly appidacr: ClientProof;
  /** The service principal's object id in an app-only token, the person's in a delegated one. */
  readonly oid: string;
  readonly idtyp: 'app' | 'user';
  /** Granted application permissions by name; absent when there is none. */
  readonly roles?: readonly string[];
  /** Delegated permissions, separated by spaces; absent in app-only tokens. */
  readonly scp?: string;
  readonly app_displayname?: string;
  readonly uti: string;
  /** Seconds since the epoch, as `nbf` and `exp`. */
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}

export type AccessTokenRefusal =
  | 'malformed'
  | 'algorithm'
  | 'unknown-key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'not-yet-valid'
  | 'expired';

export type AccessTokenCheck =
  | { readonly ok: true; readonly claims: AccessTokenClaims }
  | { readonly ok: false; readonly reason: AccessTokenRefusal };

export interface AccessTokenRequest {
  readonly tenantId: string;
  readonly audience: string;
  readonly appId: string;
  readonly appDisplayName: string;
  readonly clientProof: ClientProof;
  readonly subjectObjectId: string;
  readonly roles: readonly string[];
  /** Present: a delegated token for a person. */
  readonly scopes?: readonly string[];
}

export function issueAccessToken(world: Pick<World, 'now' | 'signingKeys' | 'cloud'>, request: AccessTokenRequest): string {
  const issuedAt = Math.floor(world.now() / 1000);
  const { kid, privateKey } = world.signingKeys.current;
  const claims = {
    aud: request.audience,
    iss: issuerV1(world, request.tenantId),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + ACCESS_TOKEN_LIFETIME_SECONDS,
    app_displayname: request.appDisplayName,
    appid: request.appId,
    appidacr: request.clientProof,
    idp: issuerV1(world, request.tenantId),
    idtyp: request.scopes === undefined ? 'app' : 'user',
    oid: request.subjectObjectId,
    ...(request.roles.length > 0 ? { roles: request.roles } : {}),
    ...(request.scopes === undefined ? {} : { scp: request.scopes.join(' ') }),
    sub: request.subjectObjectId,
    tid: request.tenantId,
    uti: randomBytes(16).toString('base64url'),
    ver: '1.0',
  };
  const told = tellAccessToken(world, { header: { typ: 'JWT', x5t: kid, kid }, claims, key: privateKey });
  return signJwt({ ...told.header, alg: 'RS256' }, told.claims, told.key);
}

/** Judge a bearer token for one of `audiences`. The clock has no leeway: the tokens are the sandbox's own. */
export function verifyAccessToken(
  world: Pick<World, 'now' | 'signingKeys' | 'cloud'>,
  bearer: string,
  audiences: string | readonly string[],
): AccessTokenCheck {
  const jwt = decodeRemembered(bearer, world.signingKeys.published);
  if (jwt === undefined) return refused('malformed');
  if (jwt.header.alg !== 'RS256') return refused('algorithm');
  const { published, retired = [] } = world.signingKeys;
  const key = [...published, ...retired].find((candidate) => candidate.kid === jwt.header.kid);
  // A consumer key must not vouch for an organisation's tenant.
  if (key === undefined || (key.audience !== 'work' && !isLying(world, 'L-GRAPH-CONSUMER-KEY'))) return refused('unknown-key');
  if (!hasRememberedSignature(bearer, jwt, key.publicKey) && !isLying(world, 'L-GRAPH-SIGNATURE')) return refused('signature');
  return judgeClaims(world, jwt.claims, typeof audiences === 'string' ? [audiences] : audiences);
}

function judgeClaims(world: Pick<World, 'now' | 'cloud'>, claims: JsonObject, audiences: readonly string[]): AccessTokenCheck {
  const nowSeconds = world.now() / 1000;
  // An ID token carries the same signature: only the shape tells them apart, and it must.
  if (!isAccessTokenClaims(claims)) return refused('malformed');
  if (claims.iss !== issuerV1(world, claims.tid)) return refused('issuer');
  if (!audiences.includes(claims.aud) && !isLying(world, 'L-GRAPH-AUDIENCE')) return refused('audience');
  if (nowSeconds < claims.nbf) return refused('not-yet-valid');
  if (nowSeconds >= claims.exp && !isLying(world, 'L-GRAPH-EXPIRED')) return refused('expired');
  return { ok: true, claims };
}

function isAccessTokenClaims(claims: unknown): claims is AccessTokenClaims {
  if (!isJsonObject(claims) || claims.ver !== '1.0') return false;
  const texts = [claims.aud, claims.iss, claims.tid, claims.appid, claims.appidacr, claims.oid];
  const instants = [claims.iat, claims.nbf, claims.exp];
  return texts.every((text) => typeof text === 'string') && instants.every((instant) => typeof instant === 'number');
}

function refused(reason: AccessTokenRefusal): AccessTokenCheck {
  return { ok: false, reason };
}

export function issuerV1({ cloud }: Pick<World, 'cloud'>, tenantId: string): string {
  return `${cloudFacts(cloud).tokenIssuer}/${tenantId}/`;
}
