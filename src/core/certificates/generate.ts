/**
 * Makes a self-signed credential certificate for app-only sign-in. RFC 5280 sections 4.1 and 4.2; Microsoft identity
 * platform "Create a self-signed public certificate to authenticate your application". node-forge builds the structure,
 * node:crypto signs it: forge's own signature would hold the event loop and, without care, be SHA-1. What was built is
 * read back and verified before it is handed out. node-forge is loaded with the first certificate.
 */
import { createPrivateKey, createPublicKey, sign, X509Certificate, type KeyObject } from 'node:crypto';
import type forge from 'node-forge';
import { OnboardingError } from '../errors';
import type { Ports, RsaKeyPair } from '../ports';
import { readCertificateFacts, toPem } from './facts';
import { DEFAULT_KEY_BITS, DEFAULT_LIFETIME_DAYS, KEY_BITS, type CredentialCertificate, type KeyBits } from './model';

type Forge = typeof forge;
/** Exported by forge and missing from its types. */
type ForgePki = Forge['pki'] & { getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1 };

const MAX_LIFETIME_DAYS = 3650;
/** X.520 upper bound of a common name, in characters. */
const MAX_SUBJECT_LENGTH = 64;
const DAY_MS = 24 * 60 * 60_000;
/** A Microsoft server whose clock runs behind must not see a certificate from the future. */
const BACKDATED_MS = 15 * 60_000;
const SERIAL_BYTES = 16;

export interface CertificateRequest {
  /** Common name, with or without `CN=` before it; 1 to 64 characters. */
  readonly subject: string;
  /** Default 3072. */
  readonly keyBits?: KeyBits | undefined;
  /** From notBefore to notAfter, so that 365 fits a tenant's policy of P365D. Default 365, at most 3650. */
  readonly lifetimeDays?: number | undefined;
}

/**
 * A new key and its certificate: RSA, SHA-256, digital signature and client authentication only, not an authority,
 * backdated by 15 minutes. Raises `CERTIFICATE_INPUT_INVALID` (`details.parameter`).
 *
 * @example const certificate = await generateCertificate(ports, { subject: 'Backup', lifetimeDays: 180 });
 */
export async function generateCertificate(ports: Pick<Ports, 'clock' | 'random' | 'keys'>, request: CertificateRequest): Promise<CredentialCertificate> {
  const { commonName, keyBits, lifetimeDays } = readRequest(request);
  // Loaded while the key is being made, so that the event loop is not held for the library and its use in one piece.
  const [pair, { default: loadedForge }] = await Promise.all([ports.keys.generateRsa(keyBits), import('node-forge')]);
  const notBeforeAt = Math.floor((ports.clock.now() - BACKDATED_MS) / 1000) * 1000;
  const der = buildCertificate(loadedForge, { commonName, pair, serial: makeSerial(ports.random.bytes(SERIAL_BYTES)), notBeforeAt, notAfterAt: notBeforeAt + lifetimeDays * DAY_MS });
  return { ...readCertificateFacts(der), der, pem: toPem(der), privateKey: pair.privateKey };
}

function readRequest({ subject, keyBits = DEFAULT_KEY_BITS, lifetimeDays = DEFAULT_LIFETIME_DAYS }: CertificateRequest) {
  const commonName = subject.trim().replace(/^CN=/i, '').trim().normalize('NFC');
  const length = Array.from(commonName).length;
  if (length === 0 || length > MAX_SUBJECT_LENGTH || !commonName.isWellFormed() || /\p{Cc}/u.test(commonName)) {
    throw refused('subject', 'A subject has 1 to 64 characters and no control characters.');
  }
  if (!KEY_BITS.includes(keyBits)) throw refused('keyBits', 'A key has 2048, 3072 or 4096 bits.');
  if (!Number.isInteger(lifetimeDays) || lifetimeDays < 1 || lifetimeDays > MAX_LIFETIME_DAYS) throw refused('lifetimeDays', 'A certificate lives 1 to 3650 whole days.');
  return { commonName, keyBits, lifetimeDays };
}

function refused(parameter: string, message: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_INPUT_INVALID', message, { details: { parameter } });
}

/** Positive and of full length: a set top bit would read as negative, a leading zero would be cut. */
function makeSerial(bytes: Uint8Array): string {
  const serial = Buffer.from(bytes);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  return serial.toString('hex');
}

interface Content {
  readonly commonName: string;
  readonly pair: RsaKeyPair;
  readonly serial: string;
  readonly notBeforeAt: number;
  readonly notAfterAt: number;
}

function buildCertificate(forge: Forge, content: Content): Uint8Array {
  const certificate = forge.pki.createCertificate();
  certificate.serialNumber = content.serial;
  certificate.publicKey = forge.pki.publicKeyFromAsn1(forge.asn1.fromDer(toBinary(content.pair.publicKey)));
  certificate.validity.notBefore = new Date(content.notBeforeAt);
  certificate.validity.notAfter = new Date(content.notAfterAt);
  // Without the UTF-8 tag forge writes names beyond Latin-1 so that the signature does not verify. Its types ask for
  // the enumeration, its code for the same number.
  const name = [{ name: 'commonName', value: content.commonName, valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', clientAuth: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return signCertificate(forge, certificate, content.pair);
}

function signCertificate(forge: Forge, certificate: forge.pki.Certificate, pair: RsaKeyPair): Uint8Array {
  const key = createPrivateKey(pair.privateKey.reveal());
  const algorithmOid = forge.pki.oids['sha256WithRSAEncryption'] ?? '';
  const signed = Object.assign(certificate, { signatureOid: algorithmOid, siginfo: { algorithmOid } });
  const toBeSigned = (forge.pki as ForgePki).getTBSCertificate(signed);
  const signature = sign('sha256', fromBinary(forge.asn1.toDer(toBeSigned).getBytes()), key);
  Object.assign(signed, { tbsCertificate: toBeSigned, signature: toBinary(signature) });
  const der = fromBinary(forge.asn1.toDer(forge.pki.certificateToAsn1(signed)).getBytes());
  requireSound(der, pair, key);
  return der;
}

// What a library of many corners built is believed only after OpenSSL has read it.
function requireSound(der: Uint8Array, pair: RsaKeyPair, key: KeyObject): void {
  const certificate = new X509Certificate(der);
  const publicKey = createPublicKey({ key: Buffer.from(pair.publicKey), format: 'der', type: 'spki' });
  if (!certificate.verify(publicKey) || !certificate.checkPrivateKey(key)) throw new OnboardingError('UNEXPECTED', 'The new certificate does not verify with its own key.');
}

function toBinary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function fromBinary(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
