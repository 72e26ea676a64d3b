/**
 * The bags of a PFX: keys in plain, keys that are encrypted once more, certificates; lists and secrets are passed over.
 * A bag of a type that nobody knows is passed over too, as RFC 7292 section 4.2 leaves room for them. Attributes are only
 * read for the friendly name: keys and certificates find each other by public key.
 */
import type { BerElement } from './ber';
import { type Budgets, spendEntry } from './budgets';
import { objectIdOf, octetsOf, sequenceOf, taggedOf, TAG } from './fields';
import { OID } from './object-ids';
import { malformed } from './refusal';
import { type Encryption, encryptionOf, requireWholeBlocks } from './schemes';

export type Bag =
  /** `pkcs8`: a DER PrivateKeyInfo. */
  | { readonly kind: 'key'; readonly pkcs8: Buffer; readonly friendlyName: string | undefined }
  | { readonly kind: 'shrouded key'; readonly encryption: Encryption; readonly ciphertext: Buffer; readonly friendlyName: string | undefined }
  /** `der`: as it is in the file; thumbprints are over this. */
  | { readonly kind: 'certificate'; readonly der: Buffer; readonly friendlyName: string | undefined };

/** Every bag in a SafeContents, those of nested ones included. Raises what reading a container raises. */
export function bagsOf(list: BerElement, budgets: Budgets): readonly Bag[] {
  if (list.tag !== TAG.sequence) throw malformed('a content is no list of bags');
  return list.children.flatMap((element) => bagOf(element, budgets));
}

function bagOf(element: BerElement, budgets: Budgets): readonly Bag[] {
  spendEntry(budgets);
  const [type, value, attributes] = sequenceOf(element, 'a bag', 2, 3);
  const oid = objectIdOf(type, 'the type of a bag');
  const inner = taggedOf(value, 0, 'the value of a bag');
  const friendlyName = friendlyNameOf(attributes);
  if (oid === OID.keyBag) return [{ kind: 'key', pkcs8: sequenceBytes(inner), friendlyName }];
  if (oid === OID.shroudedKeyBag) return [{ kind: 'shrouded key', ...encryptedKeyOf(inner, budgets), friendlyName }];
  if (oid === OID.certificateBag) return certificateOf(inner).map((der) => ({ kind: 'certificate', der, friendlyName }));
  return oid === OID.safeContentsBag ? bagsOf(inner, budgets) : [];
}

function sequenceBytes(element: BerElement): Buffer {
  if (element.tag !== TAG.sequence) throw malformed('a private key is of the wrong type');
  return element.encoded;
}

/** EncryptedPrivateKeyInfo, RFC 5958 section 3. */
export function encryptedKeyOf(element: BerElement, budgets: Pick<Budgets, 'iterations'>): { readonly encryption: Encryption; readonly ciphertext: Buffer } {
  const [algorithm, ciphertext] = sequenceOf(element, 'an encrypted private key', 2);
  const encryption = encryptionOf(algorithm, 'the private key', budgets.iterations);
  return { encryption, ciphertext: requireWholeBlocks(encryption, octetsOf(ciphertext, 'an encrypted private key')) };
}

/** SDSI certificates, the other type RFC 7292 knows, have been seen by nobody. */
function certificateOf(element: BerElement): readonly Buffer[] {
  const [type, value] = sequenceOf(element, 'a certificate bag', 2);
  const isX509 = objectIdOf(type, 'the type of a certificate') === OID.x509Certificate;
  return isX509 ? [octetsOf(taggedOf(value, 0, 'a certificate'), 'a certificate')] : [];
}

/** Undefined when there is none, or one that makes no sense: a label decides nothing. */
function friendlyNameOf(attributes: BerElement | undefined): string | undefined {
  if (attributes === undefined) return undefined;
  if (attributes.tag !== TAG.set) throw malformed('the attributes of a bag are of the wrong type');
  for (const { children } of attributes.children) {
    const [type, values] = children;
    const text = values?.children[0];
    const isName = type?.tag === TAG.objectId && objectIdOf(type, 'an attribute') === OID.friendlyName;
    if (isName && text?.tag === TAG.bmpText && text.content.length % 2 === 0) return Buffer.from(text.content).swap16().toString('utf16le');
  }
  return undefined;
}
