/**
 * Reads certificates and private keys from PEM text (RFC 7468; keys in PKCS#8, encrypted PKCS#8, PKCS#1, SEC 1 and OpenSSL's
 * old encrypted form, RFC 1421 section 4.6). Text around the blocks is no concern of ours; a block that is cut or holds
 * anything but base64 is. Encrypted PKCS#8 is held to the same limits as a PFX.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { OnboardingError } from '../errors';
import type { KeyDeriver } from '../ports';
import { encryptedKeyOf } from './pfx/bags';
import { readWholeSequence } from './pfx/ber';
import { createBudgets } from './pfx/budgets';
import { decryptPart, derivingOnce } from './pfx/decrypt';
import { formsOf } from './pfx/passwords';
import type { FoundCertificate, FoundKey, PfxInput } from './pfx/read';
import { refused, unsupported } from './pfx/refusal';

interface Block {
  readonly label: string;
  readonly body: string;
}

export interface PemContents {
  readonly certificates: readonly FoundCertificate[];
  readonly keys: readonly FoundKey[];
}

const CERTIFICATE_LABELS: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE']);
const KEY_LABELS: ReadonlySet<string> = new Set(['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']);
const MAX_BLOCKS = 400;

/**
 * Every certificate and private key in the text. Raises `PEM_MALFORMED`, `PFX_PASSWORD_REQUIRED`, `PFX_PASSWORD_WRONG`,
 * `PFX_ALGORITHM_UNSUPPORTED`, `PFX_ITERATIONS_EXCESSIVE`, `PFX_TOO_SLOW`; rejects with the signal's reason.
 */
export async function readPem(ports: { readonly keyDeriver: KeyDeriver }, input: PfxInput): Promise<PemContents> {
  const blocks = blocksOf(Buffer.from(input.bytes).toString('utf8'));
  const keys: FoundKey[] = [];
  for (const block of blocks) if (KEY_LABELS.has(block.label)) keys.push({ pkcs8: await keyOf(ports, input, block), friendlyName: undefined });
  return { certificates: blocks.filter(({ label }) => CERTIFICATE_LABELS.has(label)).map(({ body }) => ({ der: decode(body), friendlyName: undefined })), keys };
}

/** Found by searching, not by a pattern, whose time could grow with the square of the text. */
function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  for (let from = text.indexOf('-----BEGIN '); from >= 0; from = text.indexOf('-----BEGIN ', from)) {
    const labelEnd = text.indexOf('-----', from + 11);
    const label = labelEnd < 0 ? '' : text.slice(from + 11, labelEnd);
    const end = labelEnd < 0 ? -1 : text.indexOf(`-----END ${label}-----`, labelEnd);
    if (end < 0 || label.length > 64) throw malformed('a block begins and does not end');
    if (blocks.push({ label, body: text.slice(labelEnd + 5, end) }) > MAX_BLOCKS) throw malformed('it has too many blocks');
    from = end;
  }
  return blocks;
}

function decode(body: string): Buffer {
  const compact = body.replaceAll(/\s/g, '');
  if (compact === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact) || compact.length % 4 !== 0) throw malformed('a block is not base64');
  return Buffer.from(compact, 'base64');
}

/** DER PrivateKeyInfo. */
async function keyOf(ports: { readonly keyDeriver: KeyDeriver }, input: PfxInput, block: Block): Promise<Buffer> {
  if (block.body.includes('Proc-Type:')) return toPkcs8(oldEncryptedKey(input, block));
  const der = decode(block.body);
  if (block.label === 'PRIVATE KEY') return der;
  if (block.label === 'ENCRYPTED PRIVATE KEY') return decryptPkcs8(ports, { ...input, bytes: der });
  return toPkcs8(parse(() => createPrivateKey({ key: der, format: 'der', type: block.label === 'RSA PRIVATE KEY' ? 'pkcs1' : 'sec1' })));
}

function toPkcs8(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs8', format: 'der' });
}

function parse(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw malformed('a private key is damaged');
  }
}

/** DER EncryptedPrivateKeyInfo to DER PrivateKeyInfo. Raises like {@link readPem}. */
export async function decryptPkcs8({ keyDeriver }: { readonly keyDeriver: KeyDeriver }, { bytes, password, signal }: PfxInput): Promise<Buffer> {
  const budgets = createBudgets();
  const element = readWholeSequence(bytes, budgets.elements);
  if (element === undefined) throw malformed('an encrypted private key is damaged');
  const { encryption, ciphertext } = encryptedKeyOf(element, budgets);
  const opened = await decryptPart(derivingOnce(keyDeriver, signal), encryption, ciphertext, formsOf(password), budgets.elements);
  if (opened === undefined) throw wrongPassword(password !== undefined);
  return opened.plain;
}

const OLD_CIPHERS = /^(AES-(128|192|256)-CBC|DES-EDE3-CBC)$/;

/** One round of MD5 makes the key, so node:crypto may do it here. */
function oldEncryptedKey({ password }: PfxInput, { label, body }: Block): KeyObject {
  const cipher = /DEK-Info:\s*([A-Za-z0-9-]+)/.exec(body)?.[1] ?? '';
  if (!OLD_CIPHERS.test(cipher)) throw unsupported('The private key', cipher === '' ? 'an unnamed cipher' : cipher);
  const passphrase = password?.reveal();
  if (passphrase === undefined) throw wrongPassword(false);
  try {
    return createPrivateKey({ key: `-----BEGIN ${label}-----${body}-----END ${label}-----\n`, passphrase });
  } catch {
    throw wrongPassword(true);
  }
}

function wrongPassword(wasGiven: boolean): OnboardingError {
  return wasGiven ? refused('PFX_PASSWORD_WRONG', 'The password does not open the private key.') : refused('PFX_PASSWORD_REQUIRED', 'The private key is protected by a password.');
}

function malformed(what: string): OnboardingError {
  return new OnboardingError('PEM_MALFORMED', `The PEM text is damaged: ${what}.`, { details: { reason: what } });
}
