/**
 * Reads a PFX whole: structure first, then the integrity code, then what is encrypted. Every refusal says which of these
 * it was. A code that does not fit is a wrong password unless the password opens the content: then the file was changed.
 * RFC 7292; refuses to guess.
 */
import type { KeyDeriver } from '../../ports';
import { type Bag, bagsOf } from './bags';
import { type Budgets, createBudgets } from './budgets';
import { type Container, readContainer } from './container';
import { decryptPart, type Derive, derivingOnce } from './decrypt';
import { isAuthentic, macDerivations, type MacSetting } from './mac';
import { formsOf, type PasswordForms, type PfxPassword, provenFirst } from './passwords';
import { malformed, refused } from './refusal';
import type { Encryption } from './schemes';

export interface FoundCertificate {
  readonly der: Buffer;
  readonly friendlyName: string | undefined;
}

export interface FoundKey {
  /** DER PrivateKeyInfo. */
  readonly pkcs8: Buffer;
  readonly friendlyName: string | undefined;
}

export interface PfxContents {
  readonly certificates: readonly FoundCertificate[];
  readonly keys: readonly FoundKey[];
  readonly mac: Pick<MacSetting, 'label' | 'iterations'> | undefined;
  /** Of every encrypted part, in the order of the file. */
  readonly encryptions: readonly Encryption[];
  /** Parts that only the holder of a private key could open. */
  readonly envelopedContents: number;
  readonly trailingBytes: number;
}

export interface PfxInput {
  readonly bytes: Uint8Array;
  /** Undefined: none was given. Null: the null password. */
  readonly password?: PfxPassword | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Beyond these a second look, only to explain a refusal, is not worth its time. */
const CHEAP_ITERATIONS = 100_000;
const PARTS_LOOKED_AT = 2;

/**
 * Certificates and keys as they are in the file. The caller has seen that the bytes are a PFX by their size and looks.
 * Raises `PFX_TRUNCATED`, `PFX_MALFORMED`, `PFX_ALGORITHM_UNSUPPORTED`, `PFX_ITERATIONS_EXCESSIVE`, `PFX_TOO_LARGE`,
 * `PFX_PASSWORD_REQUIRED`, `PFX_PASSWORD_WRONG`, `PFX_TOO_SLOW`; rejects with the signal's reason.
 */
export async function readPfx(ports: { readonly keyDeriver: KeyDeriver }, input: PfxInput): Promise<PfxContents> {
  const budgets = createBudgets();
  const container = readContainer(input.bytes, budgets);
  const derive = derivingOnce(ports.keyDeriver, input.signal);
  const reading: Reading = { container, budgets, derive, wasGiven: input.password !== undefined, encryptions: [] };
  const bags = await openBags(reading, await provenForms(reading, formsOf(input.password)));
  return {
    certificates: bags.filter((bag) => bag.kind === 'certificate'),
    keys: bags.filter((bag) => bag.kind === 'key'),
    mac: container.mac,
    encryptions: reading.encryptions,
    envelopedContents: container.contents.filter(({ kind }) => kind === 'enveloped').length,
    trailingBytes: container.trailingBytes,
  };
}

interface Reading {
  readonly container: Container;
  readonly budgets: Budgets;
  readonly derive: Derive;
  readonly wasGiven: boolean;
  readonly encryptions: Encryption[];
}

type OpenBag = Exclude<Bag, { kind: 'shrouded key' }>;

async function provenForms(reading: Reading, forms: PasswordForms): Promise<PasswordForms> {
  const { mac } = reading.container;
  if (mac === undefined) return forms;
  const proven = await fittingForm(reading, mac, forms);
  if (proven !== undefined) return provenFirst(forms, proven);
  throw await explainMac(reading, mac, forms);
}

async function fittingForm({ container, derive }: Reading, mac: MacSetting, forms: PasswordForms): Promise<Uint8Array | undefined> {
  for (const derivation of macDerivations(mac, forms)) {
    if (isAuthentic(mac, await derive(derivation), container.authenticated)) return derivation.password;
  }
  return undefined;
}

async function explainMac(reading: Reading, mac: MacSetting, forms: PasswordForms): Promise<Error> {
  for (const { encryption, ciphertext } of visibleParts(reading.container).slice(0, PARTS_LOOKED_AT)) {
    const opened = await decryptPart(reading.derive, encryption, ciphertext, forms, reading.budgets);
    if (opened !== undefined) return malformed('the password opens its content, but the integrity code does not fit: it was changed after it was written');
  }
  const needsNone = reading.wasGiven && mac.iterations <= CHEAP_ITERATIONS && (await fittingForm(reading, mac, formsOf(undefined))) !== undefined;
  return needsNone ? refused('PFX_PASSWORD_WRONG', 'The password does not open the file; the empty password does.') : wrongPassword(reading);
}

interface EncryptedPart {
  readonly encryption: Encryption;
  readonly ciphertext: Buffer;
}

function visibleParts({ contents }: Container): readonly EncryptedPart[] {
  return contents.flatMap((content): readonly EncryptedPart[] => {
    if (content.kind === 'plain') return content.bags.filter((bag) => bag.kind === 'shrouded key');
    return content.kind === 'encrypted' ? [content] : [];
  });
}

function wrongPassword({ wasGiven }: Reading): Error {
  return wasGiven ? refused('PFX_PASSWORD_WRONG', 'The password does not open the file.') : refused('PFX_PASSWORD_REQUIRED', 'The file is protected by a password.');
}

async function openBags(reading: Reading, forms: PasswordForms): Promise<readonly OpenBag[]> {
  const opened: OpenBag[] = [];
  for (const content of reading.container.contents) {
    if (content.kind === 'enveloped') continue;
    const bags = content.kind === 'plain' ? content.bags : bagsOf((await openPart(reading, content, forms)).element, reading.budgets);
    for (const bag of bags) opened.push(bag.kind === 'shrouded key' ? await openKey(reading, bag, forms) : bag);
  }
  return opened;
}

async function openKey(reading: Reading, bag: Extract<Bag, { kind: 'shrouded key' }>, forms: PasswordForms): Promise<OpenBag> {
  const { plain } = await openPart(reading, bag, forms);
  return { kind: 'key', pkcs8: plain, friendlyName: bag.friendlyName };
}

async function openPart(reading: Reading, { encryption, ciphertext }: EncryptedPart, forms: PasswordForms) {
  const opened = await decryptPart(reading.derive, encryption, ciphertext, forms, reading.budgets);
  if (opened === undefined) throw explainPart(reading);
  reading.encryptions.push(encryption);
  return opened;
}

function explainPart(reading: Reading): Error {
  if (reading.container.mac !== undefined) return refused('PFX_PASSWORD_WRONG', 'The password fits the file\'s integrity code, but its content is encrypted with another one. Files with two passwords are not read.');
  const hasOpened = reading.encryptions.length > 0;
  return hasOpened ? malformed('one part opens with the password and another does not') : wrongPassword(reading);
}
