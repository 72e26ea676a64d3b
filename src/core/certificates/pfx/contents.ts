/**
 * What the certificates and keys of a file are, of whatever type, and which belong together: by public key, never by
 * order or label. Thumbprints are over the bytes in the file. Nothing here judges; see problems.ts.
 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { sha1Hex, sha256Hex } from '../../internal/encoding';
import type { KeyDeriver } from '../../ports';
import { toIsoSeconds } from '../facts';
import { createElementBudget, readWholeSequence } from './ber';
import { objectIdOf } from './fields';
import { MAX_CERTIFICATE_BYTES } from './limits';
import { readPrivateKey } from './private-key';
import type { FoundCertificate, FoundKey } from './read';

/** One certificate of a file. */
export interface FileCertificate {
  /** As OpenSSL writes it. */
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  /** ISO 8601, UTC, whole seconds. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Upper-case hex over the DER in the file. */
  readonly thumbprintSha1: string;
  readonly thumbprintSha256: string;
  /** As node:crypto names it: `rsa`, `ec`, `ed25519`, …; `unknown` when it cannot be read. */
  readonly keyType: string;
  readonly keyBits: number | null;
  /** It has its key in the file; when none has, no other certificate names it as issuer. */
  readonly isLeaf: boolean;
  readonly friendlyName: string | null;
}

/** One private key of a file; of the key itself nothing. */
export interface FileKey {
  readonly type: string;
  readonly bits: number | null;
  /** Lower-case hex SHA-256 of the public key's DER; null when the key cannot be read. */
  readonly spkiSha256: string | null;
  /** SHA-256 thumbprint of its certificate in the file. */
  readonly matchesCertificate: string | null;
}

/** A key with its certificate. */
export interface Pair {
  readonly key: KeyObject;
  readonly certificate: ReadCertificate;
}

export interface ReadCertificate {
  readonly der: Buffer;
  readonly facts: FileCertificate;
  /** Milliseconds since the Unix epoch. */
  readonly notBeforeAt: number;
  readonly notAfterAt: number;
  /** Object identifier of the signature. */
  readonly signatureOid: string | undefined;
}

/** What a file holds, matched. */
export interface FileContents {
  readonly certificates: readonly ReadCertificate[];
  /** Certificates that are in the file and are none. */
  readonly unreadableCertificates: number;
  readonly keys: readonly FileKey[];
  readonly pairs: readonly Pair[];
}

/** Read and match what a file holds, pausing after each entry. Raises nothing: what cannot be read is counted. */
export async function describeContents(port: Pick<KeyDeriver, 'pause'>, certificates: readonly FoundCertificate[], keys: readonly FoundKey[]): Promise<FileContents> {
  const parsed = await inPieces(port, certificates, parse);
  const readable = parsed.filter((certificate) => certificate !== undefined);
  const described = readable.map((certificate) => describe(certificate, isIssuerOfAnother(certificate, readable)));
  // Of several certificates for one key, the renewed one: the last to be set is the last to expire.
  const byExpiry = readable.map(({ spkiSha256 }, index) => ({ spkiSha256, certificate: described[index] })).toSorted((left, right) => (left.certificate?.notAfterAt ?? 0) - (right.certificate?.notAfterAt ?? 0));
  const bySpki = new Map(byExpiry.flatMap(({ spkiSha256, certificate }) => (spkiSha256 === undefined || certificate === undefined ? [] : [[spkiSha256, certificate] as const])));
  const matched = await inPieces(port, keys, ({ pkcs8 }) => matchKey(pkcs8, bySpki));
  const leaves = new Set(matched.flatMap(({ certificate }) => certificate ?? []));
  return {
    certificates: leaves.size === 0 ? described : described.map((certificate) => ({ ...certificate, facts: { ...certificate.facts, isLeaf: leaves.has(certificate) } })),
    unreadableCertificates: parsed.length - readable.length,
    keys: matched.map(describeKey),
    pairs: firstOfEach(matched.flatMap(({ key, certificate }) => (key === undefined || certificate === undefined ? [] : [{ key, certificate }])), ({ certificate }) => certificate.facts.thumbprintSha256),
  };
}

/** Hundreds of entries, of some milliseconds each, would hold the event loop for a second. */
export async function inPieces<T, R>({ pause }: Pick<KeyDeriver, 'pause'>, items: readonly T[], work: (item: T) => R): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) {
    results.push(work(item));
    await pause?.();
  }
  return results;
}

interface Parsed extends FoundCertificate {
  readonly x509: X509Certificate;
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject | undefined;
  readonly spkiSha256: string | undefined;
  readonly notBeforeAt: number;
  readonly notAfterAt: number;
  readonly signatureOid: string | undefined;
}

function parse(found: FoundCertificate): Parsed | undefined {
  if (found.der.length > MAX_CERTIFICATE_BYTES) return undefined;
  try {
    const x509 = new X509Certificate(found.der);
    const [notBeforeAt, notAfterAt] = [Date.parse(x509.validFrom), Date.parse(x509.validTo)];
    const publicKey = publicKeyOf(x509);
    // What OpenSSL reads leniently, such as bytes behind the end, would have a thumbprint that is nobody's.
    const isSound = x509.raw.equals(found.der) && !Number.isNaN(notBeforeAt) && !Number.isNaN(notAfterAt);
    return isSound ? { ...found, x509, subject: x509.subject.split('\n').join(', '), issuer: x509.issuer.split('\n').join(', '), publicKey, spkiSha256: publicKey && spkiSha256Of(publicKey), notBeforeAt, notAfterAt, signatureOid: signatureOidOf(found.der) } : undefined;
  } catch {
    return undefined;
  }
}

function isIssuerOfAnother({ subject, der }: Parsed, all: readonly Parsed[]): boolean {
  return all.some((other) => other.issuer === subject && !other.der.equals(der));
}

function spkiSha256Of(key: KeyObject): string {
  return sha256Hex(key.export({ type: 'spki', format: 'der' })).toLowerCase();
}

interface MatchedKey {
  readonly key: KeyObject | undefined;
  readonly spkiSha256: string | undefined;
  readonly certificate: ReadCertificate | undefined;
}

function matchKey(pkcs8: Buffer, bySpki: ReadonlyMap<string, ReadCertificate>): MatchedKey {
  const key = readPrivateKey(pkcs8);
  const spkiSha256 = key && spkiSha256Of(createPublicKey(key));
  return { key, spkiSha256, certificate: spkiSha256 === undefined ? undefined : bySpki.get(spkiSha256) };
}

function publicKeyOf(x509: X509Certificate): KeyObject | undefined {
  try {
    return x509.publicKey;
  } catch {
    return undefined;
  }
}

function describe({ der, friendlyName, x509, subject, issuer, publicKey, notBeforeAt, notAfterAt, signatureOid }: Parsed, isIssuer: boolean): ReadCertificate {
  const facts = {
    subject,
    issuer,
    serialNumber: x509.serialNumber.toUpperCase(),
    notBefore: toIsoSeconds(notBeforeAt),
    notAfter: toIsoSeconds(notAfterAt),
    thumbprintSha1: sha1Hex(der),
    thumbprintSha256: sha256Hex(der),
    keyType: publicKey?.asymmetricKeyType ?? 'unknown',
    keyBits: bitsOf(publicKey),
    isLeaf: !isIssuer,
    friendlyName: friendlyName ?? null,
  };
  return { der, facts, notBeforeAt, notAfterAt, signatureOid };
}

function describeKey({ key, spkiSha256, certificate }: MatchedKey): FileKey {
  return { type: key?.asymmetricKeyType ?? 'unknown', bits: bitsOf(key), spkiSha256: spkiSha256 ?? null, matchesCertificate: certificate?.facts.thumbprintSha256 ?? null };
}

/** Sizes of the curves a certificate may have; Edwards keys say their size by their name. */
const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp256k1: 256, secp384r1: 384, secp521r1: 521, secp224r1: 224, brainpoolP256r1: 256, brainpoolP384r1: 384, brainpoolP512r1: 512, ed25519: 256, ed448: 456, x25519: 256, x448: 448 };

function bitsOf(key: KeyObject | undefined): number | null {
  const { modulusLength, namedCurve } = key?.asymmetricKeyDetails ?? {};
  return modulusLength ?? CURVE_BITS[namedCurve ?? key?.asymmetricKeyType ?? ''] ?? null;
}

/** The outer algorithm of RFC 5280 section 4.1.1.2. */
function signatureOidOf(der: Buffer): string | undefined {
  const algorithm = readWholeSequence(der, createElementBudget())?.children[1]?.children[0];
  return algorithm?.tag === 0x06 ? objectIdOf(algorithm, 'the signature') : undefined;
}

function firstOfEach<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const seen = new Map<string, T>();
  for (const item of items) if (!seen.has(keyOf(item))) seen.set(keyOf(item), item);
  return [...seen.values()];
}
