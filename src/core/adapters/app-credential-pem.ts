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
  const key = parseKey(app, pem);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa') throw unusable(app, 'key_not_rsa');
  if (bits < MIN_RSA_BITS) throw unusable(app, 'key_too_small');
  if (bits > MAX_RSA_BITS) throw unusable(app, 'key_too_large');
  return key;
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
