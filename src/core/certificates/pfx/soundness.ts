/**
 * Whether a private key does what its certificate promises. Matching public numbers prove nothing about the private ones,
 * which a damaged file or a hostile one chooses freely: they are measured first, as an exponent of a million bits would
 * keep a thread busy for minutes, and then tried once. The signature is made on the thread pool.
 */
import { sign, verify, type KeyObject, X509Certificate } from 'node:crypto';
import type { Pair } from './contents';
import { MAX_RSA_BITS, MIN_RSA_BITS } from './limits';

const PROBE = Buffer.from('A signature nobody will ever see.', 'utf8');
const MAX_EXPONENT_BYTES = 8;

/** The pairs whose RSA key, of a size that is used at all, is not sound. */
export async function findDamagedPairs(pairs: readonly Pair[]): Promise<ReadonlySet<Pair>> {
  const damaged = new Set<Pair>();
  for (const pair of pairs) {
    const bits = pair.key.asymmetricKeyDetails?.modulusLength ?? 0;
    const isTried = pair.key.asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
    if (isTried && !(await isSound(pair))) damaged.add(pair);
  }
  return damaged;
}

async function isSound({ key, certificate }: Pair): Promise<boolean> {
  if (!hasPlausibleNumbers(key)) return false;
  const signature = await signProbe(key);
  return signature !== undefined && verify('sha256', PROBE, new X509Certificate(certificate.der).publicKey, signature);
}

function hasPlausibleNumbers(key: KeyObject): boolean {
  const { n = '', e = '', d = '', p = '', q = '', dp = '', dq = '', qi = '' } = key.export({ format: 'jwk' });
  const modulusBytes = bytesOf(n);
  return bytesOf(e) <= MAX_EXPONENT_BYTES && [d, p, q, dp, dq, qi].every((number) => bytesOf(number) <= modulusBytes);
}

function bytesOf(number: string): number {
  return Math.floor((number.length * 3) / 4);
}

async function signProbe(key: KeyObject): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    sign('sha256', PROBE, key, (error, signature) => resolve(error === null ? signature : undefined));
  });
}
