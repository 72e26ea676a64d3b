/**
 * Whether the numbers of an RSA private key fit each other and its certificate (RFC 8017 section 3.2). That the public part
 * matches proves nothing about the rest, and OpenSSL signs around one wrong number where another program fails. The
 * numbers are measured first: a hostile exponent of a million bits would keep whoever computes with it busy for minutes.
 */
import type { KeyObject } from 'node:crypto';
import type { KeyDeriver } from '../../ports';
import { inPieces, type Pair } from './contents';
import { MAX_RSA_BITS, MIN_RSA_BITS } from './limits';

const MAX_EXPONENT_BYTES = 8;

/** The pairs whose RSA key, of a size that is used at all, is not sound. */
export async function findDamagedPairs(port: Pick<KeyDeriver, 'pause'>, pairs: readonly Pair[]): Promise<ReadonlySet<Pair>> {
  const damaged = await inPieces(port, pairs, ({ key }) => isOfUsedSize(key) && !isSound(key));
  return new Set(pairs.filter((_pair, index) => damaged[index] === true));
}

function isOfUsedSize({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  return asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
}

function isSound(key: KeyObject): boolean {
  const { n: modulus = '', e: exponent = '', ...members } = key.export({ format: 'jwk' });
  const secrets = [members.d, members.p, members.q, members.dp, members.dq, members.qi];
  const isPlausible = secrets.every((text) => text !== undefined && text.length <= modulus.length) && exponent.length <= Math.ceil((MAX_EXPONENT_BYTES * 4) / 3);
  if (!isPlausible) return false;
  const [n, e] = [toNumber(modulus), toNumber(exponent)];
  const [d, p, q, dp, dq, qi] = secrets.map(toNumber) as [bigint, bigint, bigint, bigint, bigint, bigint];
  if (p < 3n || q < 3n || p * q !== n) return false;
  return (e * d) % (p - 1n) === 1n && (e * d) % (q - 1n) === 1n && dp === d % (p - 1n) && dq === d % (q - 1n) && (qi * q) % p === 1n;
}

function toNumber(base64Url: string | undefined): bigint {
  return BigInt(`0x0${Buffer.from(base64Url ?? '', 'base64url').toString('hex')}`);
}
