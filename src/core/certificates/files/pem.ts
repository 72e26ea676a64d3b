/**
 * Reads certificates and private keys from PEM text (RFC 7468; keys in PKCS#8, encrypted PKCS#8, PKCS#1, SEC 1 and OpenSSL's
 * old encrypted form, RFC 1421 section 4.6). Text around the blocks is no concern of ours; a block that is cut or holds
 * anything but base64 is. Encrypted PKCS#8 is held to the same limits as a PFX.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { OnboardingError } from '../../errors';
import type { KeyDeriver } from '../../ports';
import { encryptedKeyOf } from '../pfx/bags';
import { readWholeSequence } from '../pfx/ber';
import { type Budgets, createBudgets, spendSlowCipher } from '../pfx/budgets';
import { decipherCbc, decryptPart, derivingOnce } from '../pfx/decrypt';
import { MAX_RSA_KEY_BYTES } from '../pfx/limits';
import { formsOf } from '../pfx/passwords';
import { type KeyForm, readPrivateKey } from '../pfx/private-key';
import type { FoundCertificate, FoundKey, PfxInput } from '../pfx/read';
import { refused, unsupported } from '../pfx/refusal';

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
const OLD_LABELS: ReadonlySet<string> = new Set(['RSA PRIVATE KEY', 'EC PRIVATE KEY']);
const MAX_BLOCKS = 400;

/**
 * Every certificate and private key in the text. Raises `PEM_MALFORMED`, `PFX_PASSWORD_REQUIRED`, `PFX_PASSWORD_WRONG`,
 * `PFX_ALGORITHM_UNSUPPORTED`, `PFX_ITERATIONS_EXCESSIVE`, `PFX_TOO_LARGE`, `PFX_TOO_SLOW`; rejects with the signal's reason.
 */
export async function readPem(ports: { readonly keyDeriver: KeyDeriver }, input: PfxInput): Promise<PemContents> {
  const blocks = blocksOf(Buffer.from(input.bytes).toString('utf8'));
  const keys: FoundKey[] = [];
  const budgets = createBudgets();
  for (const block of blocks.filter(({ label }) => KEY_LABELS.has(label))) {
    keys.push({ pkcs8: await keyOf(ports, input, block, budgets), friendlyName: undefined });
    await ports.keyDeriver.pause?.();
  }
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
async function keyOf(ports: { readonly keyDeriver: KeyDeriver }, input: PfxInput, block: Block, budgets: Budgets): Promise<Buffer> {
  if (block.body.length > 2 * MAX_RSA_KEY_BYTES) throw malformed('a private key is larger than any that is used');
  if (block.body.includes('Proc-Type:')) return toPkcs8(oldEncryptedKey(input, block, budgets));
  const der = decode(block.body);
  if (block.label === 'PRIVATE KEY') return der;
  if (block.label === 'ENCRYPTED PRIVATE KEY') return decryptPkcs8(ports, { ...input, bytes: der }, budgets);
  return toPkcs8(requireKey(der, formOf(block.label)));
}

function toPkcs8(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs8', format: 'der' });
}

function requireKey(der: Buffer, form: KeyForm): KeyObject {
  const key = readPrivateKey(der, form);
  if (key === undefined) throw malformed('a private key is damaged');
  return key;
}

/** DER EncryptedPrivateKeyInfo to DER PrivateKeyInfo. Raises like {@link readPem}. */
export async function decryptPkcs8({ keyDeriver }: { readonly keyDeriver: KeyDeriver }, { bytes, password, signal }: PfxInput, budgets = createBudgets()): Promise<Buffer> {
  const element = readWholeSequence(bytes, budgets.elements);
  if (element === undefined) throw malformed('an encrypted private key is damaged');
  const { encryption, ciphertext } = encryptedKeyOf(element, budgets);
  const opened = await decryptPart(derivingOnce(keyDeriver, signal), encryption, ciphertext, formsOf(password), budgets);
  if (opened === undefined) throw wrongPassword(password !== undefined);
  return opened.plain;
}

const OLD_CIPHERS: ReadonlyMap<string, { readonly native: string; readonly keyBytes: number }> = new Map([
  ['AES-128-CBC', { native: 'aes-128-cbc', keyBytes: 16 }],
  ['AES-192-CBC', { native: 'aes-192-cbc', keyBytes: 24 }],
  ['AES-256-CBC', { native: 'aes-256-cbc', keyBytes: 32 }],
  ['DES-EDE3-CBC', { native: 'des-ede3-cbc', keyBytes: 24 }],
]);

/** Decrypted here and not by OpenSSL, which reads whatever kind of key comes to light. */
function oldEncryptedKey({ password }: PfxInput, { label, body }: Block, budgets: Budgets): KeyObject {
  const [, name = '', start = ''] = /DEK-Info:\s*([A-Za-z0-9-]+)(?:,([0-9A-Fa-f]+))?/.exec(body) ?? [];
  const cipher = OLD_CIPHERS.get(name);
  if (cipher === undefined) throw unsupported('The private key', name === '' ? 'an unnamed cipher' : name);
  if (password === undefined || password === null) throw wrongPassword(false);
  const iv = Buffer.from(start, 'hex');
  const [, ciphertext = ''] = body.split(/\r?\n[ \t]*\r?\n/, 2);
  if (!OLD_LABELS.has(label) || iv.length !== (name === 'DES-EDE3-CBC' ? 8 : 16)) throw malformed('an encrypted private key is damaged');
  const bytes = decode(ciphertext);
  if (name === 'DES-EDE3-CBC') spendSlowCipher(budgets, bytes.length);
  const der = decipherCbc(cipher.native, keyFrom(password.reveal(), iv.subarray(0, 8), cipher.keyBytes), iv, bytes);
  const key = der && readPrivateKey(der, formOf(label));
  if (key === undefined) throw wrongPassword(true);
  return key;
}

function formOf(label: string): KeyForm {
  return label === 'RSA PRIVATE KEY' ? 'pkcs1' : 'sec1';
}

/** OpenSSL's EVP_BytesToKey with MD5 and one round, which is all this form ever had. */
function keyFrom(password: string, salt: Buffer, bytes: number): Buffer {
  const digests: Buffer[] = [];
  for (let last = Buffer.alloc(0); digests.length * 16 < bytes; digests.push(last)) last = createHash('md5').update(last).update(password, 'utf8').update(salt).digest();
  return Buffer.concat(digests).subarray(0, bytes);
}

function wrongPassword(wasGiven: boolean): OnboardingError {
  return wasGiven ? refused('PFX_PASSWORD_WRONG', 'The password does not open the private key.') : refused('PFX_PASSWORD_REQUIRED', 'The private key is protected by a password.');
}

function malformed(what: string): OnboardingError {
  return new OnboardingError('PEM_MALFORMED', `The PEM text is damaged: ${what}.`, { details: { reason: what } });
}
