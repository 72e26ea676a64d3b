/**
 * How the backup portal proves who it is when it redeems a code: a client assertion signed with its own key
 * (`private_key_jwt`, RFC 7523 sections 2.2 and 3, OpenID Connect Core section 9). Built for the portal, judged for the
 * redemption. Symmetric algorithms cannot be named; an assertion is good for one use, one address and five minutes.
 */
import * as z from 'zod/v4';
import type { JsonObject, SigningAlgorithm } from '../ports';
import { GRANT_SKEW_SECONDS } from './grant';

export const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
export const MAX_ASSERTION_LIFETIME_SECONDS = 300;
export const ASSERTION_ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'EdDSA', 'PS256', 'RS256'];

export type AssertionProblem =
  | 'iss_wrong' | 'sub_wrong' | 'aud_wrong' | 'jti_missing' | 'exp_missing' | 'expired' | 'lifetime_too_long' | 'issued_in_future' | 'not_yet_valid';

export interface AssertionExpectations {
  readonly clientId: string;
  /** The redemption address, exactly. */
  readonly audience: string;
}

const timesSchema = z.object({ exp: z.number(), iat: z.number().optional(), nbf: z.number().optional() });
const audienceSchema = z.union([z.string(), z.tuple([z.string()]).transform(([only]) => only)]);

export function buildAssertionClaims(input: AssertionExpectations & { readonly jti: string; readonly now: number }): JsonObject {
  const issuedAt = Math.floor(input.now / 1000);
  return { iss: input.clientId, sub: input.clientId, aud: input.audience, jti: input.jti, iat: issuedAt, nbf: issuedAt, exp: issuedAt + 60 };
}

/** Judge an assertion whose signature was found good; undefined when nothing is wrong. `now` in milliseconds. */
export function findAssertionProblem(claims: JsonObject, expected: AssertionExpectations, now: number): AssertionProblem | undefined {
  if (claims['iss'] !== expected.clientId) return 'iss_wrong';
  if (claims['sub'] !== expected.clientId) return 'sub_wrong';
  // An assertion made for several addresses could be replayed at another of them.
  if (audienceSchema.safeParse(claims['aud']).data !== expected.audience) return 'aud_wrong';
  if (readAssertionId(claims) === undefined) return 'jti_missing';
  return findTimeProblem(claims, now / 1000);
}

/** The assertion's `jti`; undefined when it is missing or absurdly long. */
export function readAssertionId(claims: JsonObject): string | undefined {
  const { jti } = claims;
  return typeof jti === 'string' && jti.length > 0 && jti.length <= 256 ? jti : undefined;
}

/** When the assertion has certainly become useless, in milliseconds. */
export function assertionUselessAt(now: number): number {
  return now + (MAX_ASSERTION_LIFETIME_SECONDS + 3 * GRANT_SKEW_SECONDS) * 1000;
}

function findTimeProblem(claims: JsonObject, nowSeconds: number): AssertionProblem | undefined {
  const times = timesSchema.safeParse(claims);
  if (!times.success) return 'exp_missing';
  const { exp, iat, nbf } = times.data;
  if (exp <= nowSeconds - GRANT_SKEW_SECONDS) return 'expired';
  if (exp > nowSeconds + MAX_ASSERTION_LIFETIME_SECONDS + GRANT_SKEW_SECONDS) return 'lifetime_too_long';
  if (iat !== undefined && iat > nowSeconds + GRANT_SKEW_SECONDS) return 'issued_in_future';
  return nbf !== undefined && nbf > nowSeconds + GRANT_SKEW_SECONDS ? 'not_yet_valid' : undefined;
}
