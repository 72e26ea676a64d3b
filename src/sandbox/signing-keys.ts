/**
 * The keys the sandbox signs tokens with, published the way Entra ID publishes them: `kid` equals `x5t` equals
 * base64url(SHA-1(x5c[0])), and each key of the v2 document says which issuer may use it. One key belongs to the
 * consumer tenant alone: a verifier that ignores `issuer` would accept its signature for a work tenant.
 * Source: key documents captured from the service in 2024 (17 of 17 keys).
 */
import { createHash, createPublicKey, generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createCertificate } from './x509';

export const CONSUMER_TENANT_ID = '9188040d-6c67-4c5b-b112-36a304b66dad';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly certificateDer: Buffer;
  /** `work` keys serve every organisation's tenant, `consumer` keys only the personal-accounts tenant. */
  readonly audience: 'work' | 'consumer';
}

export interface SigningKeys {
  /** The key new tokens are signed with. */
  readonly current: SigningKey;
  readonly published: readonly SigningKey[];
  /** No longer published, but tokens they signed are taken until they expire. */
  readonly retired?: readonly SigningKey[];
}

interface RsaPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Two RSA pairs made in parallel off the main thread. */
export async function generateSigningKeys(nowMs: number): Promise<SigningKeys> {
  const [work, consumer] = await Promise.all([generateRsaPair(), generateRsaPair()]);
  return assemble(work, consumer, nowMs);
}

/** For worlds made in one go, in tests of a single endpoint. */
export function generateSigningKeysNow(nowMs: number): SigningKeys {
  const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
  return assemble(pair(), pair(), nowMs);
}

/** One more key that serves every organisation. */
export function makeWorkKey(nowMs: number): SigningKey {
  return signingKey(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'work', nowMs);
}

/** The members of one entry of the key document; `issuer` is the v2 document's extra. */
export function toJwk(key: SigningKey, loginOrigin: string): Readonly<Record<string, unknown>> {
  const { n, e } = key.publicKey.export({ format: 'jwk' });
  const tenant = key.audience === 'consumer' ? CONSUMER_TENANT_ID : '{tenantid}';
  return {
    kty: 'RSA',
    use: 'sig',
    kid: key.kid,
    x5t: key.kid,
    n,
    e,
    x5c: [key.certificateDer.toString('base64')],
    issuer: `${loginOrigin}/${tenant}/v2.0`,
  };
}

function assemble(work: RsaPair, consumer: RsaPair, nowMs: number): SigningKeys {
  const current = signingKey(work, 'work', nowMs);
  return { current, published: [current, signingKey(consumer, 'consumer', nowMs)] };
}

function signingKey(pair: RsaPair, audience: SigningKey['audience'], nowMs: number): SigningKey {
  const certificateDer = createCertificate({
    subject: audience === 'work' ? 'accounts.sandbox.example' : 'consumers.sandbox.example',
    subjectKey: pair.privateKey,
    notBeforeAt: nowMs - 24 * 3_600_000,
    notAfterAt: nowMs + 5 * 365 * 24 * 3_600_000,
    isAuthority: false,
  });
  const kid = createHash('sha1').update(certificateDer).digest('base64url');
  return { kid, privateKey: pair.privateKey, publicKey: createPublicKey(pair.privateKey), certificateDer, audience };
}

function generateRsaPair(): Promise<RsaPair> {
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: 2048 }, (error, publicKey, privateKey) => {
      if (error === null) resolve({ publicKey, privateKey });
      else reject(error);
    });
  });
}
