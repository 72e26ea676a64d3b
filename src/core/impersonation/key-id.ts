/**
 * Names a public key by what it is: the JWK thumbprint, SHA-256 over the required members in order (RFC 7638 section 3,
 * RFC 8037 section 2 for OKP). Two keys never share a name and nobody has to invent one.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { OnboardingError } from '../errors';
import { sha256Base64Url } from '../internal/encoding';
import { secret, type Secret } from '../internal/secret';
import type { JsonObject, SigningAlgorithm } from '../ports';

const REQUIRED_MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
]);

const KEY_TYPE_OF: Readonly<Record<SigningAlgorithm, string>> = { ES256: 'EC', EdDSA: 'OKP', PS256: 'RSA', RS256: 'RSA' };

/** Only the public members of a JWK, in thumbprint order. Raises `INPUT_INVALID` for a symmetric or unknown key. */
export function publicMembers(jwk: JsonObject): Record<string, string> {
  const members = (REQUIRED_MEMBERS.get(jwk['kty']) ?? []).map((name) => [name, jwk[name]] as const);
  if (members.length === 0 || members.some(([, value]) => typeof value !== 'string')) {
    throw new OnboardingError('INPUT_INVALID', 'The key is not a public EC, OKP or RSA key.', { details: { field: 'kty' } });
  }
  return Object.fromEntries(members) as Record<string, string>;
}

/** RFC 7638 thumbprint, base64url. Raises `INPUT_INVALID`. */
export function keyIdOf(jwk: JsonObject): string {
  return sha256Base64Url(JSON.stringify(publicMembers(jwk)));
}

/** A key as it stands in a JWK set: public members, `kid`, `alg`, `use`. Raises `INPUT_INVALID`. */
export function publishedKey(jwk: JsonObject, algorithm: SigningAlgorithm): JsonObject & { readonly kid: string } {
  const members = publicMembers(jwk);
  if (members['kty'] !== KEY_TYPE_OF[algorithm]) {
    throw new OnboardingError('INPUT_INVALID', `A ${String(members['kty'])} key cannot sign with ${algorithm}.`, { details: { field: 'algorithm' } });
  }
  return { ...members, kid: keyIdOf(members), alg: algorithm, use: 'sig' };
}

export interface ClientKey {
  /** PKCS#8 PEM. */
  readonly privateKey: Secret;
  readonly publicJwk: JsonObject & { readonly kid: string };
}

/**
 * Read a private key given as PKCS#8 PEM or as a private JWK in JSON, and derive what the other side must know.
 * Raises `INPUT_INVALID`; neither the message nor the cause contains the key.
 */
export function readClientKey(key: Secret, algorithm: SigningAlgorithm): ClientKey {
  const privateKey = parsePrivateKey(key.reveal());
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    privateKey: secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    publicJwk: publishedKey(publicJwk as JsonObject, algorithm),
  };
}

function parsePrivateKey(text: string): ReturnType<typeof createPrivateKey> {
  try {
    return text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text), format: 'jwk' })
      : createPrivateKey(text);
  } catch {
    // No cause: OpenSSL and JSON errors can quote what they were given.
    throw new OnboardingError('INPUT_INVALID', 'The client key is neither a PKCS#8 PEM nor a private JWK.', { details: { field: 'clientKey' } });
  }
}
