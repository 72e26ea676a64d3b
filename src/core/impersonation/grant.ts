/**
 * The impersonation grant: a signed statement that an operator may act as the bound admin of one account at one backup
 * portal, for at most two minutes, once. Built here for the issuer and judged here for the portal, so that both sides
 * share one definition. Refuses everything it does not know: other types, embedded keys, nested actors, long lives.
 * RFC 7519 (claims), RFC 8725 (typ, algorithm allow-list), RFC 8693 section 4.1 (`act`).
 */
import * as z from 'zod/v4';
import type { JsonObject, SigningAlgorithm } from '../ports';
import type { GrantedLevel } from './levels';

/** Header `typ`: what keeps another kind of signed statement by the same key from being taken for a grant. */
export const GRANT_TYPE = 'impersonation+jwt';
export const MAX_GRANT_LIFETIME_SECONDS = 120;
/** How far two clocks may disagree. */
export const GRANT_SKEW_SECONDS = 10;
export const GRANT_ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'EdDSA', 'PS256'];

/** The operator: who they are to whom. */
export interface GrantActor {
  readonly issuer: string;
  readonly id: string;
}

export interface ImpersonationGrant {
  readonly issuer: string;
  readonly audience: string;
  readonly jti: string;
  readonly accountId: string;
  /** The customer tenant, lower-case GUID. */
  readonly tenantId: string;
  /** Object id of the bound admin, lower-case GUID. */
  readonly userObjectId: string;
  readonly actor: GrantActor;
  readonly accessLevel: GrantedLevel;
  readonly reason: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** The one check a grant failed; also what the log says about it. */
export type GrantProblem =
  | 'alg_not_allowed' | 'typ_wrong' | 'kid_missing' | 'header_forbidden'
  | 'iss_wrong' | 'aud_wrong' | 'sub_malformed' | 'account_missing'
  | 'act_missing' | 'act_nested' | 'level_none' | 'level_invalid' | 'reason_missing' | 'jti_missing'
  | 'times_missing' | 'lifetime_too_long' | 'issued_in_future' | 'not_yet_valid' | 'expired';

export interface GrantExpectations {
  readonly issuer: string;
  readonly audience: string;
  /** Defaults to {@link GRANT_ALGORITHMS}; can only name asymmetric algorithms. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined;
}

export type GrantVerdict =
  | { readonly ok: true; readonly grant: ImpersonationGrant }
  | { readonly ok: false; readonly problem: GrantProblem };

// `jku`, `jwk`, `x5u`, `x5c` would let the sender choose the key; `crit` and `b64` would change what is signed.
const FORBIDDEN_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64'];
const SUBJECT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const actorSchema = z.object({ iss: z.string().min(1), sub: z.string().min(1) });
const timesSchema = z.object({ iat: z.int(), nbf: z.int(), exp: z.int() });

export function buildGrantHeader(algorithm: SigningAlgorithm, kid: string): { readonly alg: SigningAlgorithm; readonly typ: string; readonly kid: string } {
  return { alg: algorithm, typ: GRANT_TYPE, kid };
}

/** The claims of a grant, with instants in whole seconds as RFC 7519 wants them. */
export function buildGrantClaims(grant: ImpersonationGrant): JsonObject {
  const issuedAt = Math.floor(grant.issuedAt / 1000);
  return {
    iss: grant.issuer,
    aud: grant.audience,
    sub: `${grant.tenantId.toLowerCase()}:${grant.userObjectId.toLowerCase()}`,
    account_id: grant.accountId,
    act: { iss: grant.actor.issuer, sub: grant.actor.id },
    access_level: grant.accessLevel,
    reason: grant.reason,
    jti: grant.jti,
    iat: issuedAt,
    nbf: issuedAt,
    exp: Math.min(Math.floor(grant.expiresAt / 1000), issuedAt + MAX_GRANT_LIFETIME_SECONDS),
  };
}

/**
 * Judge a grant whose signature was already found good. `now` in milliseconds. Each check has its own
 * {@link GrantProblem}; the first that fails is the answer. Account and tenant are the portal's to match.
 */
export function checkGrant(header: JsonObject, claims: JsonObject, expected: GrantExpectations, now: number): GrantVerdict {
  const problem = checkHeader(header, expected.algorithms ?? GRANT_ALGORITHMS) ?? checkParties(claims, expected) ?? checkTimes(claims, now);
  if (problem !== undefined) return { ok: false, problem };
  return readGrant(claims, expected);
}

function checkHeader(header: JsonObject, algorithms: readonly SigningAlgorithm[]): GrantProblem | undefined {
  if (!algorithms.some((algorithm) => algorithm === header['alg'])) return 'alg_not_allowed';
  if (header['typ'] !== GRANT_TYPE) return 'typ_wrong';
  if (typeof header['kid'] !== 'string' || header['kid'] === '') return 'kid_missing';
  return FORBIDDEN_HEADERS.some((name) => Object.hasOwn(header, name)) ? 'header_forbidden' : undefined;
}

function checkParties(claims: JsonObject, expected: GrantExpectations): GrantProblem | undefined {
  if (expected.issuer === '' || claims['iss'] !== expected.issuer) return 'iss_wrong';
  // A list of audiences is refused: a grant opens one portal.
  if (expected.audience === '' || claims['aud'] !== expected.audience) return 'aud_wrong';
  return undefined;
}

function checkTimes(claims: JsonObject, now: number): GrantProblem | undefined {
  const times = timesSchema.safeParse(claims);
  if (!times.success) return 'times_missing';
  const { iat, nbf, exp } = times.data;
  const nowSeconds = now / 1000;
  if (exp - Math.min(iat, nbf) > MAX_GRANT_LIFETIME_SECONDS || exp <= iat) return 'lifetime_too_long';
  if (iat > nowSeconds + GRANT_SKEW_SECONDS) return 'issued_in_future';
  if (nbf > nowSeconds + GRANT_SKEW_SECONDS) return 'not_yet_valid';
  return exp <= nowSeconds - GRANT_SKEW_SECONDS ? 'expired' : undefined;
}

function readGrant(claims: JsonObject, expected: GrantExpectations): GrantVerdict {
  const { account_id: accountId, access_level: accessLevel, reason, jti, act, sub } = claims;
  const subject = typeof sub === 'string' ? SUBJECT.exec(sub) : null;
  const [, tenantId, userObjectId] = subject ?? [];
  if (tenantId === undefined || userObjectId === undefined) return problem('sub_malformed');
  if (!isText(accountId)) return problem('account_missing');
  const actor = actorSchema.safeParse(act);
  if (!actor.success) return problem('act_missing');
  if (Object.hasOwn(act as object, 'act')) return problem('act_nested');
  if (accessLevel === 'none') return problem('level_none');
  if (accessLevel !== 'restricted' && accessLevel !== 'full') return problem('level_invalid');
  if (!isText(reason)) return problem('reason_missing');
  if (!isText(jti)) return problem('jti_missing');
  const { iat, exp } = timesSchema.parse(claims);
  return {
    ok: true,
    grant: {
      issuer: expected.issuer, audience: expected.audience, jti, accountId, tenantId, userObjectId,
      actor: { issuer: actor.data.iss, id: actor.data.sub }, accessLevel, reason,
      issuedAt: iat * 1000, expiresAt: exp * 1000,
    },
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function problem(name: GrantProblem): GrantVerdict {
  return { ok: false, problem: name };
}
