/**
 * Says what a file is that people take for a PFX. By its bytes, never by its name. A stored ZIP shows the text of the PEM in it,
 * and a base64 file may be the right file in the wrong clothes, so the order of the questions matters.
 */
import { createElementBudget, readBer, type BerElement } from './ber';
import { looksLikePfx } from './container';
import { TAG } from './fields';
import { OID } from './object-ids';

export type DetectedFormat = 'pem' | 'der-certificate' | 'der-private-key' | 'der-request' | 'jks' | 'zip' | 'html' | 'p7b' | 'base64' | 'utf16' | 'text';

const FORMAT_NAMES: Readonly<Record<DetectedFormat, string>> = {
  pem: 'a PEM file',
  'der-certificate': 'a certificate without a key (.cer, .crt)',
  'der-private-key': 'a private key without a certificate',
  'der-request': 'a certificate request (.csr)',
  jks: 'a Java keystore (JKS or JCEKS)',
  zip: 'a ZIP archive',
  html: 'an HTML page, perhaps a sign-in page that was saved instead of the file',
  p7b: 'a certificate chain without a key (PKCS#7, .p7b)',
  base64: 'base64 text; decoded, it may be the file that was meant',
  utf16: 'UTF-16 text, perhaps a file that was changed by copying it as text',
  text: 'plain text',
};

export function describeFormat(format: DetectedFormat): string {
  return FORMAT_NAMES[format];
}

/** Undefined for whatever may be a PFX, a damaged one included. */
export function detectOtherFormat(bytes: Uint8Array): DetectedFormat | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = file.length < 4 ? 0 : file.readUInt32BE(0);
  if (magic === 0x504b0304 || magic === 0x504b0506) return 'zip';
  if (magic === 0xfeedfeed || magic === 0xcececece) return 'jks';
  // A PFX that was cut after two bytes is readable text by chance.
  if (file.readUInt8(0) === TAG.sequence && file.length < 3) return undefined;
  if (magic >>> 16 === 0xfffe || magic >>> 16 === 0xfeff) return 'utf16';
  const text = readText(file);
  return text === undefined ? detectDer(file) : detectText(text);
}

/** UTF-8 without control characters, or undefined. Around a PEM block people's names may stand in any encoding. */
function readText(file: Buffer): string | undefined {
  if (file.readUInt8(0) !== TAG.sequence && file.includes('-----BEGIN ')) return file.toString('latin1');
  const text = file.toString('utf8').replace(/^\uFEFF/, '');
  return /[\p{Cc}\uFFFD]/u.test(text.replaceAll(/[\t\n\r\f]/g, '')) ? undefined : text;
}

function detectText(text: string): DetectedFormat {
  if (/-----BEGIN PKCS ?#?7-----/.test(text)) return 'p7b';
  if (/-----BEGIN [A-Z0-9 ]+-----/.test(text)) return 'pem';
  if (/^\s*(<!doctype html|<html|<head|<body)/i.test(text)) return 'html';
  const compact = text.replaceAll(/\s/g, '');
  return compact.length >= 40 && compact.startsWith('MI') && /^[A-Za-z0-9+/_-]+={0,2}$/.test(compact) ? 'base64' : 'text';
}

function detectDer(file: Buffer): DetectedFormat | undefined {
  if (isUtf16WithoutMark(file)) return 'utf16';
  if (file.readUInt8(0) !== TAG.sequence) return undefined;
  const element = readQuietly(file);
  return element === undefined || looksLikePfx(element) ? undefined : detectElement(element);
}

function detectElement({ children }: BerElement): DetectedFormat | undefined {
  const [first, second, third] = children;
  if (first?.tag === TAG.objectId) return isObjectId(first, OID.signedData) ? 'p7b' : undefined;
  if (first?.tag === TAG.integer) return isPrivateKey(second, third) ? 'der-private-key' : undefined;
  if (first?.tag !== TAG.sequence) return undefined;
  // EncryptedPrivateKeyInfo is an algorithm and octets; a certificate or a request is content, algorithm, signature.
  if (second?.tag === TAG.octets && children.length === 2) return 'der-private-key';
  if (children.length !== 3 || third?.tag !== 0x03) return undefined;
  return first.children[0]?.tag === TAG.integer && first.children[2]?.tag === TAG.sequence && first.children[2].children.length === 2 && first.children[3]?.tag === 0xa0 ? 'der-request' : 'der-certificate';
}

/** PKCS#8 (version, algorithm, octets), PKCS#1 (nothing but numbers), SEC 1 (version, octets). */
function isPrivateKey(second: BerElement | undefined, third: BerElement | undefined): boolean {
  const isPkcs8 = second?.tag === TAG.sequence && third?.tag === TAG.octets;
  const isPkcs1 = second?.tag === TAG.integer && third?.tag === TAG.integer;
  return isPkcs8 || isPkcs1 || second?.tag === TAG.octets;
}

function isObjectId({ content }: BerElement, oid: string): boolean {
  return oid === OID.signedData && content.toString('hex') === '2a864886f70d010702';
}

function isUtf16WithoutMark(file: Buffer): boolean {
  const sample = file.subarray(0, 64);
  if (sample.length < 16 || sample.length % 2 !== 0) return false;
  const evens = sample.filter((_octet, index) => index % 2 === 0);
  const odds = sample.filter((_octet, index) => index % 2 === 1);
  const isText = (octets: Buffer) => octets.every((octet) => octet === 9 || octet === 10 || octet === 13 || (octet >= 32 && octet < 127));
  const isZero = (octets: Buffer) => octets.every((octet) => octet === 0);
  return (isText(Buffer.from(evens)) && isZero(Buffer.from(odds))) || (isZero(Buffer.from(evens)) && isText(Buffer.from(odds)));
}

function readQuietly(file: Buffer): BerElement | undefined {
  try {
    return readBer(file, createElementBudget());
  } catch {
    return undefined;
  }
}
