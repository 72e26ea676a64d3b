/**
 * Certificates for the sandbox's own use: a root and a TLS leaf, and the self-issued certificates that stand
 * behind the token signing keys (RFC 5280 profile, RFC 5480 and RFC 4055 algorithms).
 */
import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import {
  bitString,
  boolean,
  explicit,
  implicitPrimitive,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der';

export interface CertificateRequest {
  readonly subject: string;
  readonly subjectKey: KeyObject;
  /** Absent: self-issued, signed with `subjectKey`. */
  readonly issuer?: { readonly subject: string; readonly privateKey: KeyObject };
  readonly notBeforeAt: number;
  readonly notAfterAt: number;
  readonly isAuthority: boolean;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly Buffer[];
}

/** The DER of a signed certificate. `subjectKey` is a private key when the certificate is self-issued. */
export function createCertificate(request: CertificateRequest): Buffer {
  const issuer = request.issuer ?? { subject: request.subject, privateKey: request.subjectKey };
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    algorithm,
    name(issuer.subject),
    sequence(time(request.notBeforeAt), time(request.notAfterAt)),
    name(request.subject),
    publicKeyInfo(request.subjectKey),
    explicit(3, sequence(...extensions(request, issuer.privateKey))),
  );
  return sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, issuer.privateKey)));
}

export function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extensions(request: CertificateRequest, issuerKey: KeyObject): Buffer[] {
  // keyCertSign and cRLSign for an authority, digitalSignature and keyEncipherment for a leaf.
  const keyUsage = request.isAuthority ? bitString(Buffer.from([0x06]), 1) : bitString(Buffer.from([0xa0]), 5);
  const list = [
    extension('2.5.29.19', true, sequence(...(request.isAuthority ? [boolean(true)] : []))),
    extension('2.5.29.15', true, keyUsage),
    extension('2.5.29.14', false, octetString(keyIdentifier(request.subjectKey))),
    extension('2.5.29.35', false, sequence(implicitPrimitive(0, keyIdentifier(issuerKey)))),
  ];
  const alternativeNames = [
    ...(request.dnsNames ?? []).map((dns) => implicitPrimitive(2, Buffer.from(dns, 'ascii'))),
    ...(request.ipAddresses ?? []).map((ip) => implicitPrimitive(7, ip)),
  ];
  if (alternativeNames.length > 0) {
    list.push(extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))));
    list.push(extension('2.5.29.17', false, sequence(...alternativeNames)));
  }
  return list;
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value));
}

function signatureAlgorithm(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'ec'
    ? sequence(objectIdentifier('1.2.840.10045.4.3.2'))
    : sequence(objectIdentifier('1.2.840.113549.1.1.11'), nullValue());
}

function publicKeyInfo(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' });
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyInfo(key)).digest();
}

function name(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))));
}
