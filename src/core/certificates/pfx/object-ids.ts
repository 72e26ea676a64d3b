/**
 * The object identifiers of PKCS#12 files: what is supported, with what node:crypto calls it, and the names of what is
 * not, so that a refusal can say the name. RFC 7292 appendices C and D, RFC 8018 appendix A, RFC 9579, RFC 8702.
 */
import type { DerivationHash } from '../../ports';

export const OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  crlBag: '1.2.840.113549.1.12.10.1.4',
  secretBag: '1.2.840.113549.1.12.10.1.5',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  cspName: '1.3.6.1.4.1.311.17.1',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  pbmac1: '1.2.840.113549.1.5.14',
  scrypt: '1.3.6.1.4.1.11591.4.11',
  rc2Cbc: '1.2.840.113549.3.2',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  tripleDesPbe: '1.2.840.113549.1.12.1.3',
  hmacSha256: '1.2.840.113549.2.9',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

/** Digest of the PKCS#12 MAC. */
export const DIGESTS: ReadonlyMap<string, DerivationHash> = new Map([
  ['1.2.840.113549.2.5', 'md5'],
  [OID.sha1, 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  [OID.sha256, 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
  ['2.16.840.1.101.3.4.2.5', 'sha512-224'],
  ['2.16.840.1.101.3.4.2.6', 'sha512-256'],
  ['2.16.840.1.101.3.4.2.7', 'sha3-224'],
  ['2.16.840.1.101.3.4.2.8', 'sha3-256'],
  ['2.16.840.1.101.3.4.2.9', 'sha3-384'],
  ['2.16.840.1.101.3.4.2.10', 'sha3-512'],
]);

/** Pseudo-random functions of PBKDF2 and message codes of PBMAC1. */
export const HMACS: ReadonlyMap<string, DerivationHash> = new Map([
  ['1.2.840.113549.2.6', 'md5'],
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  [OID.hmacSha256, 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
  ['1.2.840.113549.2.12', 'sha512-224'],
  ['1.2.840.113549.2.13', 'sha512-256'],
  ['2.16.840.1.101.3.4.2.13', 'sha3-224'],
  ['2.16.840.1.101.3.4.2.14', 'sha3-256'],
  ['2.16.840.1.101.3.4.2.15', 'sha3-384'],
  ['2.16.840.1.101.3.4.2.16', 'sha3-512'],
]);

export const HASH_BYTES: Readonly<Record<DerivationHash, number>> = {
  md5: 16, sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64, 'sha512-224': 28, 'sha512-256': 32, 'sha3-224': 28, 'sha3-256': 32, 'sha3-384': 48, 'sha3-512': 64,
};

/** A block cipher in CBC mode. `rc2Bits` instead of `native`: RC2 is ours, since OpenSSL 3 keeps it in a provider that nobody loads. */
export interface Cipher {
  readonly label: string;
  readonly native?: string;
  readonly rc2Bits?: number;
  readonly keyBytes: number;
  readonly blockBytes: number;
}

const aes = (bits: number): Cipher => ({ label: `AES-${bits}-CBC`, native: `aes-${bits}-cbc`, keyBytes: bits / 8, blockBytes: 16 });
const camellia = (bits: number): Cipher => ({ label: `CAMELLIA-${bits}-CBC`, native: `camellia-${bits}-cbc`, keyBytes: bits / 8, blockBytes: 16 });
const tripleDes: Cipher = { label: '3DES-CBC', native: 'des-ede3-cbc', keyBytes: 24, blockBytes: 8 };
export const rc2 = (bits: number, keyBytes: number): Cipher => ({ label: `RC2-${bits}-CBC`, rc2Bits: bits, keyBytes, blockBytes: 8 });

/** Ciphers of PBES2; RC2 is read apart, as its strength is in its parameters. */
export const PBES2_CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['2.16.840.1.101.3.4.1.2', aes(128)],
  ['2.16.840.1.101.3.4.1.22', aes(192)],
  [OID.aes256Cbc, aes(256)],
  ['1.2.840.113549.3.7', tripleDes],
  ['1.2.392.200011.61.1.1.1.2', camellia(128)],
  ['1.2.392.200011.61.1.1.1.3', camellia(192)],
  ['1.2.392.200011.61.1.1.1.4', camellia(256)],
]);

/** The encryption schemes of RFC 7292 appendix C, with their own derivation. */
export const PKCS12_SCHEMES: ReadonlyMap<string, Cipher> = new Map([
  [OID.tripleDesPbe, tripleDes],
  ['1.2.840.113549.1.12.1.4', { ...tripleDes, label: '2DES-CBC', native: 'des-ede-cbc', keyBytes: 16 }],
  ['1.2.840.113549.1.12.1.5', rc2(128, 16)],
  ['1.2.840.113549.1.12.1.6', rc2(40, 5)],
]);

const NAMES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.12.1.1', 'RC4-128'],
  ['1.2.840.113549.1.12.1.2', 'RC4-40'],
  ['1.2.840.113549.1.5.1', 'MD2 with DES'],
  ['1.2.840.113549.1.5.3', 'MD5 with DES'],
  ['1.2.840.113549.1.5.4', 'MD2 with RC2'],
  ['1.2.840.113549.1.5.6', 'MD5 with RC2'],
  ['1.2.840.113549.1.5.10', 'SHA-1 with DES'],
  ['1.2.840.113549.1.5.11', 'SHA-1 with RC2'],
  ['1.2.840.113549.3.4', 'RC4'],
  ['1.2.840.113549.3.9', 'RC5'],
  ['1.2.840.113533.7.66.10', 'CAST5'],
  ['1.3.14.3.2.7', 'DES'],
  ['1.3.6.1.4.1.3029.1.2', 'Blowfish'],
  ['1.3.6.1.4.1.188.7.1.1.2', 'IDEA'],
  ['1.2.410.200004.1.4', 'SEED'],
  ['1.2.410.200046.1.1.2', 'ARIA-128'],
  ['1.2.410.200046.1.1.7', 'ARIA-192'],
  ['1.2.410.200046.1.1.12', 'ARIA-256'],
  ['1.2.156.10197.1.104.2', 'SM4'],
  ['1.2.156.10197.1.401', 'SM3'],
  ['1.2.643.2.2.21', 'GOST 28147-89'],
  ['1.2.643.2.2.9', 'GOST R 34.11-94'],
  ['1.2.643.2.2.10', 'HMAC with GOST R 34.11-94'],
  ['1.2.643.7.1.1.2.2', 'GOST R 34.11-2012 (256 bits)'],
  ['1.2.643.7.1.1.2.3', 'GOST R 34.11-2012 (512 bits)'],
  ['1.2.643.7.1.1.4.1', 'HMAC with GOST R 34.11-2012 (256 bits)'],
  ['1.2.643.7.1.1.4.2', 'HMAC with GOST R 34.11-2012 (512 bits)'],
  ...aesModes(128, 0),
  ...aesModes(192, 20),
  ...aesModes(256, 40),
  ['1.2.840.113549.2.2', 'MD2'],
  ['1.2.840.113549.2.4', 'MD4'],
  ['1.3.36.3.2.1', 'RIPEMD-160'],
  ['1.0.10118.3.0.55', 'Whirlpool'],
  ['1.3.6.1.4.1.1722.12.2.1.16', 'BLAKE2b-512'],
  ['1.3.6.1.4.1.1722.12.2.2.8', 'BLAKE2s-256'],
]);

/** The modes of AES that nobody should use here; CBC is read. NIST's arc of AES. */
function aesModes(bits: number, first: number): readonly (readonly [string, string])[] {
  return (['ECB', 'OFB', 'CFB', 'GCM'] as const).map((mode) => [`2.16.840.1.101.3.4.1.${first + { ECB: 1, OFB: 3, CFB: 4, GCM: 6 }[mode]}`, `AES-${bits}-${mode}`]);
}

/** What people call it; without a name, the identifier. */
export function nameOf(oid: string): string {
  const name = NAMES.get(oid);
  return name === undefined ? `the algorithm ${oid}` : `${name} (${oid})`;
}

/** Signatures that no longer bind a certificate to its issuer. */
export const WEAK_SIGNATURES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.2', 'MD2'],
  ['1.2.840.113549.1.1.3', 'MD4'],
  ['1.2.840.113549.1.1.4', 'MD5'],
  ['1.2.840.113549.1.1.5', 'SHA-1'],
  ['1.3.14.3.2.29', 'SHA-1'],
  ['1.2.840.10045.4.1', 'SHA-1'],
  ['1.2.840.10040.4.3', 'SHA-1'],
]);
