/**
 * The structure of a PFX without its secrets: version, integrity, contents. All of it is read before any key is derived,
 * so that a malformed file is told from a wrong password and every visible iteration count is known before one is computed.
 * RFC 7292 section 4. Refused by name: integrity by public key (signedData). Contents encrypted to a public key are
 * passed over and counted.
 */
import { bagsOf, type Bag } from './bags';
import { type BerElement, readBer, readWholeSequence } from './ber';
import { type Budgets, spendEntry } from './budgets';
import { integerOf, objectIdOf, octetsOf, sequenceOf, taggedOctetsOf, taggedOf, TAG } from './fields';
import { type MacSetting, macOf } from './mac';
import { OID } from './object-ids';
import { malformed, unsupported } from './refusal';
import { type Encryption, encryptionOf, requireWholeBlocks } from './schemes';

export type Content =
  | { readonly kind: 'plain'; readonly bags: readonly Bag[] }
  | { readonly kind: 'encrypted'; readonly encryption: Encryption; readonly ciphertext: Buffer }
  /** For the holder of a private key, not of a password. */
  | { readonly kind: 'enveloped' };

export interface Container {
  readonly mac: MacSetting | undefined;
  /** What the MAC is over. */
  readonly authenticated: Buffer;
  readonly contents: readonly Content[];
  readonly trailingBytes: number;
}

const VERSION = 3;

/** Raises `PFX_TRUNCATED`, `PFX_MALFORMED`, `PFX_ALGORITHM_UNSUPPORTED`, `PFX_ITERATIONS_EXCESSIVE`, `PFX_TOO_LARGE`. */
export function readContainer(bytes: Uint8Array, budgets: Budgets): Container {
  const file = readBer(bytes, budgets.elements, true);
  const [version, authSafe, macData] = sequenceOf(file, 'the file', 2, 3);
  if (integerOf(version, 'the version') !== VERSION) throw malformed('its version is not 3');
  const authenticated = authenticatedOf(authSafe);
  const mac = macData === undefined ? undefined : macOf(macData, budgets.iterations);
  const safe = readWholeSequence(authenticated, budgets.elements);
  if (safe === undefined) throw malformed('its contents are no list');
  return { mac, authenticated, contents: safe.children.map((content) => contentOf(content, budgets)), trailingBytes: bytes.length - file.encoded.length };
}

function authenticatedOf(element: BerElement | undefined): Buffer {
  const [type, content] = sequenceOf(element, 'the authenticated contents', 1, 2);
  const oid = objectIdOf(type, 'the type of the contents');
  if (oid === OID.signedData) throw unsupported('The integrity of the file', 'a signature (public-key integrity mode)');
  if (oid !== OID.data) throw malformed('its contents have a type that no PFX has');
  return octetsOf(taggedOf(content, 0, 'the authenticated contents'), 'the authenticated contents');
}

function contentOf(element: BerElement, budgets: Budgets): Content {
  spendEntry(budgets);
  const [type, content] = sequenceOf(element, 'a content', 1, 2);
  const oid = objectIdOf(type, 'the type of a content');
  if (oid === OID.envelopedData) return { kind: 'enveloped' };
  if (oid === OID.data) return { kind: 'plain', bags: plainBagsOf(octetsOf(taggedOf(content, 0, 'a content'), 'a content'), budgets) };
  if (oid === OID.encryptedData) return encryptedOf(taggedOf(content, 0, 'an encrypted content'), budgets);
  throw malformed('a content has a type that no PFX has');
}

function plainBagsOf(bytes: Buffer, budgets: Budgets): readonly Bag[] {
  const list = readWholeSequence(bytes, budgets.elements);
  if (list === undefined) throw malformed('a content is no list of bags');
  return bagsOf(list, budgets);
}

/** EncryptedData of RFC 5652 section 8, of which PKCS#12 uses only the encrypted content. */
function encryptedOf(element: BerElement, budgets: Budgets): Content {
  const [version, info] = sequenceOf(element, 'an encrypted content', 2, 3);
  if (integerOf(version, 'the version of an encrypted content') > 2) throw malformed('an encrypted content has an unknown version');
  const [type, algorithm, ciphertext] = sequenceOf(info, 'an encrypted content', 3);
  if (objectIdOf(type, 'the type of an encrypted content') !== OID.data) throw malformed('an encrypted content holds no bags');
  const encryption = encryptionOf(algorithm, 'the encrypted content', budgets.iterations);
  return { kind: 'encrypted', encryption, ciphertext: requireWholeBlocks(encryption, taggedOctetsOf(ciphertext, 0, 'an encrypted content')) };
}

/** The types of PKCS#7, 1.2.840.113549.1.7: what a PFX names as the type of its contents, and no other DER file does there. */
const PKCS7_TYPE = '2a864886f70d0107';

/** True when the element begins like a PFX and not like another DER file. */
export function looksLikePfx({ children: [version, content] }: BerElement): boolean {
  const type = content?.tag === TAG.sequence ? content.children[0] : undefined;
  return version?.tag === TAG.integer && type?.tag === TAG.objectId && type.content.toString('hex').startsWith(PKCS7_TYPE);
}
