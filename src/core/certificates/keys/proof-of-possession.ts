/**
 * What an app signs to roll its own keys with `addKey` and `removeKey`. Pure; RS256 with `x5t` is the form known to work.
 * Microsoft Graph "Generate proof-of-possession tokens for rolling keys".
 */
import { toBase64Url } from '../../internal/encoding';

/** Directory service that reads the proof; not Microsoft Graph. */
const AUDIENCE = '00000002-0000-0000-c000-000000000000';
const BACKDATED_SECONDS = 30;
const LIFETIME_SECONDS = 600;

export interface ProofInput {
  /** Object id of the application (not its appId): the issuer Microsoft expects. */
  readonly applicationObjectId: string;
  /** Hex SHA-1 over the DER of a certificate that is registered on the application and valid. */
  readonly thumbprintSha1: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** Header and claims to be signed with that certificate's key. Throws a RangeError for a thumbprint in another notation. */
export function buildProofOfPossession({ applicationObjectId, thumbprintSha1, now }: ProofInput) {
  if (!/^[0-9a-f]{40}$/i.test(thumbprintSha1)) throw new RangeError('A SHA-1 thumbprint has 40 hexadecimal digits and nothing else.');
  const notBefore = Math.floor(now / 1000) - BACKDATED_SECONDS;
  return {
    header: { alg: 'RS256' as const, typ: 'JWT', x5t: toBase64Url(Buffer.from(thumbprintSha1, 'hex')) },
    claims: { aud: AUDIENCE, iss: applicationObjectId, nbf: notBefore, exp: notBefore + LIFETIME_SECONDS },
  };
}
