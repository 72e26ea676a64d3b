/**
 * Judges an ID token whose signature was verified. Pure. Every check of Microsoft's list is made, each with a name of its
 * own, and the first that fails decides. Besides the claims it looks at the signing key's own issuer: the key set also
 * publishes keys that only the consumer tenant may use, and a token signed by one of those is nobody's work account.
 * Sources: OpenID Connect Core 3.1.3.7; Microsoft Learn "ID token claims reference", "Secure applications and APIs by
 * validating claims", "Access tokens in the Microsoft identity platform" (validation of the signing key's issuer).
 */
import * as z from 'zod/v4';
import { equalInConstantTime } from '../internal/encoding';
import { isGuid, sameGuid } from '../internal/guid';
import { CONSUMER_TENANT_ID } from '../internal/tenant-name';
import type { VerifiedIdToken } from '../ports';
import type { SignInIdentity } from './model';

export const MAX_CLOCK_SKEW_SECONDS = 300;

/** The check that failed. `alg`, `kid` and the signature itself are the SignInClient's. */
export type IdTokenCheck =
  | 'aud'
  | 'ver'
  | 'tid_form'
  | 'tid_consumer'
  | 'iss'
  | 'key_issuer_missing'
  | 'key_issuer'
  | 'tid_expected'
  | 'exp'
  | 'nbf'
  | 'iat'
  | 'nonce'
  | 'c_hash'
  | 'at_hash'
  | 'oid'
  | 'sub';

export interface IdTokenExpectations {
  readonly appId: string;
  /** GUID. */
  readonly tenantId: string;
  /** Origin of the sign-in service, no trailing slash. */
  readonly authorityHost: string;
  readonly nonce: string;
  /** What `c_hash` must be when the token has one. */
  readonly codeHash: string;
  /** What `at_hash` must be when the token has one; undefined when no access token came with it. */
  readonly accessTokenHash: string | undefined;
}

export type IdTokenVerdict = { readonly ok: true; readonly identity: SignInIdentity } | { readonly ok: false; readonly failed: IdTokenCheck; readonly tenantId?: string };

interface Subject {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly keyIssuer: string | undefined;
  readonly expected: IdTokenExpectations;
  readonly nowSeconds: number;
}

const CHECKS: readonly (readonly [IdTokenCheck, (subject: Subject) => boolean])[] = [
  // Entra writes one audience; a list would say that the token is meant for others too.
  ['aud', ({ claims, expected }) => typeof claims['aud'] === 'string' && sameGuid(claims['aud'], expected.appId)],
  ['ver', ({ claims }) => claims['ver'] === '2.0'],
  ['tid_form', ({ claims }) => isGuidClaim(claims['tid'])],
  ['tid_consumer', ({ claims }) => !sameGuid(textOf(claims['tid']), CONSUMER_TENANT_ID)],
  ['iss', ({ claims, expected }) => claims['iss'] === `${expected.authorityHost}/${textOf(claims['tid'])}/v2.0`],
  ['key_issuer_missing', ({ keyIssuer }) => keyIssuer !== undefined && keyIssuer !== ''],
  ['key_issuer', ({ claims, keyIssuer }) => keyMaySignFor(keyIssuer ?? '', textOf(claims['tid']), textOf(claims['iss']))],
  ['tid_expected', ({ claims, expected }) => sameGuid(textOf(claims['tid']), expected.tenantId)],
  ['exp', ({ claims, nowSeconds }) => isInstant(claims['exp']) && claims['exp'] > nowSeconds - MAX_CLOCK_SKEW_SECONDS],
  ['nbf', ({ claims, nowSeconds }) => claims['nbf'] === undefined || (isInstant(claims['nbf']) && claims['nbf'] <= nowSeconds + MAX_CLOCK_SKEW_SECONDS)],
  ['iat', ({ claims, nowSeconds }) => isInstant(claims['iat']) && claims['iat'] <= nowSeconds + MAX_CLOCK_SKEW_SECONDS],
  ['nonce', ({ claims, expected }) => typeof claims['nonce'] === 'string' && equalInConstantTime(claims['nonce'], expected.nonce)],
  ['c_hash', ({ claims, expected }) => claims['c_hash'] === undefined || claims['c_hash'] === expected.codeHash],
  ['at_hash', ({ claims, expected }) => claims['at_hash'] === undefined || claims['at_hash'] === expected.accessTokenHash],
  ['oid', ({ claims }) => isGuidClaim(claims['oid'])],
  ['sub', ({ claims }) => typeof claims['sub'] === 'string' && claims['sub'] !== ''],
];

/** `now` in milliseconds. On `tid_expected` the tenant the token names is told, for the message. */
export function checkIdToken(token: VerifiedIdToken, expected: IdTokenExpectations, now: number): IdTokenVerdict {
  const subject: Subject = { claims: token.claims, keyIssuer: token.keyIssuer, expected, nowSeconds: Math.floor(now / 1000) };
  const failed = CHECKS.find(([, passes]) => !passes(subject))?.[0];
  if (failed === undefined) return { ok: true, identity: identityOf(token.claims) };
  return failed === 'tid_expected' ? { ok: false, failed, tenantId: textOf(token.claims['tid']).toLowerCase() } : { ok: false, failed };
}

function keyMaySignFor(keyIssuer: string, tenantId: string, issuer: string): boolean {
  return keyIssuer.replace(/\{tenantid\}/i, () => tenantId).toLowerCase() === issuer.toLowerCase();
}

const displayClaims = z.object({
  tid: z.string(),
  oid: z.string(),
  iat: z.number(),
  name: z.string().nullable().catch(null),
  preferred_username: z.string().nullable().catch(null),
  auth_time: z.number().optional().catch(undefined),
});

function identityOf(claims: Readonly<Record<string, unknown>>): SignInIdentity {
  const { tid, oid, iat, name, preferred_username: preferredUsername, auth_time: authTime } = displayClaims.parse(claims);
  return { tenantId: tid.toLowerCase(), objectId: oid.toLowerCase(), name, preferredUsername, authenticatedAt: (authTime ?? iat) * 1000 };
}

function isGuidClaim(value: unknown): boolean {
  return typeof value === 'string' && isGuid(value);
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
