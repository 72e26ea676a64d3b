/**
 * Reads a certificate as it is. Pure, over node:crypto. Thumbprints are digests of the given DER and never of a
 * re-encoding. RFC 5280 section 4.1.
 */
import { X509Certificate } from 'node:crypto';
import { isOnboardingError, OnboardingError } from '../errors';
import { sha1Hex, sha256Hex } from '../internal/encoding';
import type { CertificateFacts } from './model';

/** The facts of one DER certificate with an RSA key. Raises `CERTIFICATE_INPUT_INVALID`. */
export function readCertificateFacts(der: Uint8Array): CertificateFacts {
  try {
    return readFacts(der);
  } catch (error) {
    // OpenSSL reads names, dates and keys only when asked for, and each of them may turn out to be nonsense.
    throw isOnboardingError(error) ? error : refused('The certificate is damaged.');
  }
}

function readFacts(der: Uint8Array): CertificateFacts {
  const certificate = new X509Certificate(der);
  // OpenSSL also reads PEM and ignores what follows; a thumbprint over that would be nobody's.
  if (!certificate.raw.equals(der)) throw refused('This is not exactly one DER certificate.');
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType !== 'rsa') throw refused('The certificate\'s key is not RSA, which Microsoft requires.');
  return {
    subject: certificate.subject.split('\n').join(', '),
    serialNumber: certificate.serialNumber.toUpperCase(),
    notBefore: toIsoSeconds(Date.parse(certificate.validFrom)),
    notAfter: toIsoSeconds(Date.parse(certificate.validTo)),
    thumbprintSha1: sha1Hex(der),
    thumbprintSha256: sha256Hex(der),
    keyType: 'rsa',
    keyBits: asymmetricKeyDetails?.modulusLength ?? 0,
  };
}

/** `2026-11-22T12:00:00Z`, from milliseconds since the Unix epoch. */
export function toIsoSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** RFC 7468 text of a DER certificate, or of what `label` says. */
export function toPem(der: Uint8Array, label = 'CERTIFICATE'): string {
  const lines = Buffer.from(der).toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function refused(message: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_INPUT_INVALID', message, { details: { parameter: 'certificate' } });
}
