/**
 * Verifies an impersonation grant: key from the configured set, asymmetric algorithm from a fixed list, signature, then
 * every claim. There is no option by which it accepts `none`, a shared secret, a missing audience or a grant without
 * `act`. Single use is the kit's. RFC 8725 (JWT best current practices), RFC 7515 section 4.1.
 */
import { hasCode, OnboardingError } from '../errors';
import { checkGrant, GRANT_ALGORITHMS, GRANT_TYPE, type ImpersonationGrant } from '../impersonation/grant';
import { fromBase64Url } from '../internal/encoding';
import type { Secret } from '../internal/secret';
import type { Clock, JsonObject, JwtService, SigningAlgorithm } from '../ports';
import type { KeySet } from './key-set';

export interface GrantVerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keySet: KeySet;
  readonly jwt: Pick<JwtService, 'verify'>;
  readonly clock: Pick<Clock, 'now'>;
  /** A subset of ES256, EdDSA, PS256; default all three. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined;
}

export type VerifyGrant = (grant: Secret) => Promise<ImpersonationGrant>;

/**
 * Raises `CONFIG_INVALID` at once for an empty issuer or audience or an algorithm outside the list. The function it
 * gives raises `IMPERSONATION_GRANT_INVALID` (details name the check), `IMPERSONATION_LEVEL_NONE`,
 * `IMPERSONATION_KEYS_UNAVAILABLE`.
 */
export function createGrantVerifier(options: GrantVerifierOptions): VerifyGrant {
  const algorithms = options.algorithms ?? GRANT_ALGORITHMS;
  requireConfigured(options, algorithms);
  return async (grant) => {
    const kid = readKeyId(grant.reveal());
    if (kid === undefined) throw invalidGrant('kid_missing');
    const keys = await options.keySet.keysFor(kid);
    const { header, claims } = await checkSignature(options.jwt, grant, keys, algorithms);
    const verdict = checkGrant(header, claims, { issuer: options.issuer, audience: options.audience, algorithms }, options.clock.now());
    if (verdict.ok) return verdict.grant;
    if (verdict.problem === 'level_none') throw new OnboardingError('IMPERSONATION_LEVEL_NONE', 'The grant opens nothing.');
    throw invalidGrant(verdict.problem);
  };
}

/** A grant that failed a check; the check is named for the log, never the grant. */
export function invalidGrant(check: string, cause?: unknown): OnboardingError {
  return new OnboardingError('IMPERSONATION_GRANT_INVALID', `The impersonation grant failed a check (${check}).`, { cause, details: { check } });
}

async function checkSignature(
  jwt: Pick<JwtService, 'verify'>,
  grant: Secret,
  keys: readonly JsonObject[],
  algorithms: readonly SigningAlgorithm[],
): Promise<{ header: JsonObject; claims: JsonObject }> {
  try {
    return await jwt.verify(grant.reveal(), keys, { algorithms, typ: GRANT_TYPE });
  } catch (error) {
    if (!hasCode(error, 'JWT_INVALID')) throw error;
    const { check } = error.details;
    throw invalidGrant(typeof check === 'string' ? check : 'signature', error);
  }
}

/** The header's `kid`, read before anything is verified: it only chooses among keys we already trust. */
function readKeyId(jwt: string): string | undefined {
  const [encoded = ''] = jwt.split('.', 1);
  if (encoded.length > 2048) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(fromBase64Url(encoded)).toString('utf8'));
    const kid = typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined;
    return typeof kid === 'string' && kid !== '' ? kid : undefined;
  } catch {
    return undefined;
  }
}

function requireConfigured(options: GrantVerifierOptions, algorithms: readonly SigningAlgorithm[]): void {
  if (options.issuer === '' || options.audience === '') throw misconfigured('issuer and audience');
  if (algorithms.length === 0 || !algorithms.every((algorithm) => GRANT_ALGORITHMS.includes(algorithm))) throw misconfigured('algorithms');
}

function misconfigured(field: string): OnboardingError {
  return new OnboardingError('CONFIG_INVALID', `The portal kit's ${field} cannot be used.`, { details: { field } });
}
