/**
 * What an app says about itself to the token endpoint when it signs in with a certificate. Pure: the signature is the
 * JWT service's business. Follows Microsoft identity platform "Application authentication certificate credentials" and
 * RFC 7523 section 3.
 */
import { toBase64Url } from './encoding';

/** Clocks of ours that run ahead would otherwise be refused as AADSTS700024. */
const BACKDATED_SECONDS = 60;
const LIFETIME_SECONDS = 600;
const SHA256_HEX = /^[0-9a-f]{64}$/i;

export interface ClientAssertionInput {
  /** Application (client) id; issuer and subject at once. */
  readonly clientId: string;
  /** The token endpoint that will read the assertion. */
  readonly audience: string;
  /** Hex SHA-256 over the certificate's DER, 64 digits, no colons. */
  readonly thumbprintSha256: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Never used before. */
  readonly jti: string;
}

/**
 * Header and claims to be signed with PS256. Throws a RangeError for a thumbprint in another notation: a colon would
 * silently become a wrong `x5t#S256`, which Microsoft answers with "key was not found".
 */
export function buildClientAssertion(input: ClientAssertionInput) {
  if (!SHA256_HEX.test(input.thumbprintSha256)) throw new RangeError('A SHA-256 thumbprint has 64 hexadecimal digits and nothing else.');
  const issuedAt = Math.floor(input.now / 1000);
  const notBefore = issuedAt - BACKDATED_SECONDS;
  return {
    header: { alg: 'PS256' as const, typ: 'JWT', 'x5t#S256': toBase64Url(Buffer.from(input.thumbprintSha256, 'hex')) },
    claims: {
      aud: input.audience,
      iss: input.clientId,
      sub: input.clientId,
      jti: input.jti,
      nbf: notBefore,
      iat: issuedAt,
      exp: notBefore + LIFETIME_SECONDS,
    },
  };
}
