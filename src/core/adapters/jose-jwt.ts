/**
 * JSON Web Signatures over jose: signing and signature checks, nothing else. Claims such as `exp` are returned for a
 * room to judge by the injected clock. Refuses a key that arrives inside the message (`jku jwk x5u x5c`), critical
 * extensions, a missing or ambiguous `kid`, and every algorithm the caller did not name.
 * jose is loaded with the first of them. Follows RFC 7515 (JWS compact serialization), RFC 8725 section 3 (best current practices), RFC 7638 (key ids).
 */
import { generateKeyPair, type KeyPairKeyObjectResult } from 'node:crypto';
import { promisify } from 'node:util';
import type { CryptoKey, JWK } from 'jose';
import { OnboardingError } from '../errors';
import { fromBase64Url, toBase64Url } from '../internal/encoding';
import { secret, type Secret } from '../internal/secret';
import type { JsonObject, JwtService, SigningAlgorithm, SigningKeyPair } from '../ports';
import { loadJose } from './jose';

/** Above any token Microsoft or a portal sends, and small enough that parsing strangers' input costs nothing. */
const MAX_JWT_LENGTH = 64 * 1024;
/** Headers by which a message could bring its own key, or change what a signature covers. */
const REFUSED_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64'] as const;
const KEY_TYPES: Readonly<Record<SigningAlgorithm, string>> = { ES256: 'EC', EdDSA: 'OKP', PS256: 'RSA', RS256: 'RSA' };

type KeyImports<K extends object> = WeakMap<K, Map<string, Promise<CryptoKey>>>;

/**
 * The JwtService port. Imported keys are remembered per key object, never beyond the object's life.
 * `sign` raises `INPUT_INVALID` when the private key is not PKCS#8 PEM or does not fit the algorithm.
 * `verify` raises `JWT_INVALID`; its `details.check` names the failed check and never holds a part of the token.
 * Private members of a JWK given to `verify` are ignored. `generateSigningKey` sets `kid` to the RFC 7638 thumbprint.
 */
export function createJwtService(): JwtService {
  const privateKeys: KeyImports<Secret> = new WeakMap();
  const publicKeys: KeyImports<JsonObject> = new WeakMap();
  return {
    async sign(header, claims, privateKey) {
      const { CompactSign } = await loadJose();
      const key = await remembered(privateKeys, privateKey, header.alg, () => importPrivateKey(privateKey, header.alg));
      const payload = new TextEncoder().encode(JSON.stringify(claims));
      return new CompactSign(payload).setProtectedHeader(header).sign(key);
    },

    async verify(jwt, keys, allowed) {
      const { header, alg } = await readHeader(jwt, allowed);
      const jwk = selectKey(keys, header['kid'], alg);
      const key = await remembered(publicKeys, jwk, alg, () => importPublicKey(jwk, alg));
      const payload = await checkSignature(jwt, key, alg);
      return { header, claims: parseClaims(payload) };
    },

    generateSigningKey,
  };
}

function remembered<K extends object>(cache: KeyImports<K>, owner: K, alg: string, load: () => Promise<CryptoKey>): Promise<CryptoKey> {
  const byAlgorithm = cache.get(owner) ?? new Map<string, Promise<CryptoKey>>();
  cache.set(owner, byAlgorithm);
  const pending = byAlgorithm.get(alg) ?? load();
  byAlgorithm.set(alg, pending);
  return pending;
}

async function importPrivateKey(privateKey: Secret, alg: SigningAlgorithm): Promise<CryptoKey> {
  const { importPKCS8 } = await loadJose();
  try {
    return await importPKCS8(privateKey.reveal(), alg);
  } catch {
    // The cause is dropped on purpose: a parser's message may quote the key.
    throw new OnboardingError('INPUT_INVALID', `The private key is not a PKCS#8 key that can sign with ${alg}.`);
  }
}

async function readHeader(
  jwt: string,
  allowed: { readonly algorithms: readonly SigningAlgorithm[]; readonly typ?: string },
): Promise<{ header: JsonObject; alg: SigningAlgorithm }> {
  if (jwt.length > MAX_JWT_LENGTH) throw invalid('size');
  const parts = jwt.split('.');
  if (parts.length !== 3 || !parts.every(isCanonicalBase64Url)) throw invalid('form');
  const header = await decodeHeader(jwt);
  if (REFUSED_HEADERS.some((name) => Object.hasOwn(header, name))) throw invalid('header');
  const alg = allowed.algorithms.find((algorithm) => algorithm === header['alg']);
  if (alg === undefined) throw invalid('alg');
  if (allowed.typ !== undefined && !sameText(header['typ'], allowed.typ)) throw invalid('typ');
  return { header, alg };
}

// Unused bits in the last character would give one signature several spellings.
function isCanonicalBase64Url(part: string): boolean {
  return part !== '' && toBase64Url(fromBase64Url(part)) === part;
}

async function decodeHeader(jwt: string): Promise<JsonObject> {
  const { decodeProtectedHeader } = await loadJose();
  try {
    return decodeProtectedHeader(jwt) as JsonObject;
  } catch {
    throw invalid('form');
  }
}

function sameText(value: unknown, expected: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === expected.toLowerCase();
}

function selectKey(keys: readonly JsonObject[], kid: unknown, alg: SigningAlgorithm): JsonObject {
  if (typeof kid !== 'string' || kid === '') throw invalid('kid');
  const [key, second] = keys.filter((candidate) => candidate['kid'] === kid);
  if (key === undefined || second !== undefined) throw invalid('kid');
  const fits = key['kty'] === KEY_TYPES[alg] && (key['alg'] ?? alg) === alg && (key['use'] ?? 'sig') === 'sig';
  if (!fits) throw invalid('key');
  return key;
}

async function importPublicKey(jwk: JsonObject, alg: SigningAlgorithm): Promise<CryptoKey> {
  const { kty, n, e, crv, x, y } = jwk;
  const { importJWK } = await loadJose();
  const publicPart = Object.fromEntries(Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined));
  try {
    return (await importJWK(publicPart as JWK, alg)) as CryptoKey;
  } catch {
    throw invalid('key');
  }
}

async function checkSignature(jwt: string, key: CryptoKey, alg: SigningAlgorithm): Promise<Uint8Array> {
  const { compactVerify } = await loadJose();
  try {
    return (await compactVerify(jwt, key, { algorithms: [alg] })).payload;
  } catch {
    throw invalid('signature');
  }
}

function parseClaims(payload: Uint8Array): JsonObject {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return claims as JsonObject;
  } catch {
    // Falls through: text that is no JSON is as wrong as JSON that is no object.
  }
  throw invalid('claims');
}

function invalid(check: 'size' | 'form' | 'header' | 'alg' | 'typ' | 'kid' | 'key' | 'signature' | 'claims'): OnboardingError {
  return new OnboardingError('JWT_INVALID', `The signed token failed the check of its ${check}.`, { details: { check } });
}

async function generateSigningKey(algorithm: 'ES256' | 'EdDSA' | 'PS256'): Promise<SigningKeyPair> {
  const { calculateJwkThumbprint } = await loadJose();
  const pair = await generatePair(algorithm);
  const jwk = pair.publicKey.export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(jwk);
  return {
    privateKey: secret(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
    publicJwk: { ...(jwk as JsonObject), kid, alg: algorithm, use: 'sig' },
  };
}

function generatePair(algorithm: 'ES256' | 'EdDSA' | 'PS256'): Promise<KeyPairKeyObjectResult> {
  const generate = promisify(generateKeyPair);
  if (algorithm === 'ES256') return generate('ec', { namedCurve: 'P-256' });
  if (algorithm === 'EdDSA') return generate('ed25519', {});
  return generate('rsa', { modulusLength: 3072 });
}
