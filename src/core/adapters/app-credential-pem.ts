/**
 * An app's certificate and key from one PEM file (RFC 7468). The key is RSA, of a size that is used, and belongs to a
 * certificate in the file.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { sha256Hex } from '../internal/encoding';
import { secret } from '../internal/secret';
import type { AppCredential } from '../ports';
import { unusable } from './app-credential-problem';

const MIN_RSA_BITS = 2048;
/** Beyond this one signature costs seconds: a way to stop the process. */
const MAX_RSA_BITS = 8192;
/** One of 8192 bits has 5 KB. */
const MAX_KEY_BYTES = 16 << 10;

export interface CertificatePair {
  /** Digest of the file, so that an unchanged file is parsed once. */
  readonly id: string;
  readonly credential: AppCredential;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Raises `APP_CREDENTIAL_UNUSABLE`. */
export function readPemPair(app: string, id: string, text: string): CertificatePair {
  const certificates = blocksOf(text, 'CERTIFICATE').map((block) => readCertificate(app, block));
  if (certificates.length === 0) throw unusable(app, 'certificate_missing');
  const key = readPrivateKey(app, text);
  const certificate = certificates.find((candidate) => candidate.checkPrivateKey(key));
  if (certificate === undefined) throw unusable(app, 'key_mismatch');
  const privateKey = secret(key.export({ format: 'pem', type: 'pkcs8' }).toString());
  return {
    id,
    credential: { kind: 'certificate', thumbprintSha256: sha256Hex(certificate.raw), privateKey },
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
  };
}

function readCertificate(app: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw unusable(app, 'certificate_unreadable');
  }
}

function readPrivateKey(app: string, text: string): KeyObject {
  const [pem] = blocksOf(text, '(?:RSA |EC )?PRIVATE KEY');
  if (pem?.includes('Proc-Type: 4,ENCRYPTED') === true || (pem === undefined && blocksOf(text, 'ENCRYPTED PRIVATE KEY').length > 0)) throw unusable(app, 'key_encrypted');
  if (pem === undefined) throw unusable(app, 'key_missing');
  requireCheap(app, pem);
  const key = parseKey(app, pem);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa') throw unusable(app, 'key_not_rsa');
  if (bits < MIN_RSA_BITS) throw unusable(app, 'key_too_small');
  if (bits > MAX_RSA_BITS) throw unusable(app, 'key_too_large');
  return key;
}

/**
 * OpenSSL computes the public part of a DSA or Diffie-Hellman key while it reads it, whatever the label says, for hours when
 * it is large. So the beginning is looked at first: PKCS#8 of an RSA key without parameters, or the numbers of PKCS#1.
 */
function requireCheap(app: string, pem: string): void {
  if (pem.startsWith('-----BEGIN EC ')) throw unusable(app, 'key_not_rsa');
  const der = Buffer.from(pem.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
  const start = der.subarray(0, 40).toString('hex');
  const form = /^30(?:[0-7].|81..|82....)020100(?<rest>.*)$/.exec(start)?.groups?.['rest'];
  if (form === undefined) throw unusable(app, 'key_unusable');
  if (der.length > MAX_KEY_BYTES) throw unusable(app, 'key_too_large');
  if (!/^(?:30(?:0d|0b)06092a864886f70d010101|02)/.test(form)) throw unusable(app, 'key_not_rsa');
}

function parseKey(app: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw unusable(app, 'key_unusable');
  }
}

function blocksOf(text: string, label: string): readonly string[] {
  return [...text.matchAll(new RegExp(`-----BEGIN (${label})-----[^-]*(?:-(?!----)[^-]*)*-----END \\1-----`, 'g'))].map(([block]) => block);
}
