/**
 * Pure cryptography behind the Sealer port. Envelope encryption: one random data key per value, AES-256-GCM
 * (NIST SP 800-38D) for the value and for its data key, both with the binding as associated data. Plaintext is
 * authenticated with HMAC-SHA-256 (RFC 2104). A master key is never used itself: HKDF (RFC 5869) gives every purpose its
 * own key. Whatever is malformed, changed, moved or made by an unknown key is answered with undefined, never an exception.
 */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { equalInConstantTime, toBase64Url } from './encoding';

const PRODUCT = 'm365-onboarding';
const FORM = 's1';
const SCHEMA_VERSION = 1;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

export interface RingKey {
  readonly id: string;
  readonly wrapping: KeyObject;
  readonly authenticating: KeyObject;
}

/** Master keys by id; the first seals, every one opens. KeyObjects show no material when printed or serialized. */
export interface KeyRing {
  readonly current: RingKey;
  readonly byId: ReadonlyMap<string, RingKey>;
}

/** What a sealed value or a code belongs to, in the order it is authenticated. */
export interface SealContext {
  readonly storeId: string;
  readonly kind: string;
  readonly id: string;
  readonly field: string;
  readonly thumbprint?: string | undefined;
}

/** Which entry of a key ring (counted from one) cannot be used. Never carries content of the entry. */
export interface KeyRingProblem {
  readonly entry: number;
  readonly reason: 'form' | 'id' | 'length' | 'repeated id';
}

export function readKeyRing(text: string): KeyRing | KeyRingProblem {
  const byId = new Map<string, RingKey>();
  for (const [index, entry] of text.split(',').entries()) {
    const key = readRingKey(entry.trim());
    if (typeof key === 'string') return { entry: index + 1, reason: key };
    if (byId.has(key.id)) return { entry: index + 1, reason: 'repeated id' };
    byId.set(key.id, key);
  }
  const [current] = byId.values();
  return current === undefined ? { entry: 1, reason: 'form' } : { current, byId };
}

function readRingKey(entry: string): RingKey | KeyRingProblem['reason'] {
  const colon = entry.indexOf(':');
  if (colon < 1) return 'form';
  const id = entry.slice(0, colon);
  if (!KEY_ID.test(id)) return 'id';
  // Both alphabets of RFC 4648 are taken: key generators differ, and neither can be misread as the other.
  const master = decodeExactly(entry.slice(colon + 1).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
  if (master === undefined) return 'form';
  if (master.length !== KEY_BYTES) return 'length';
  return { id, wrapping: deriveKey(master, 'wrap'), authenticating: deriveKey(master, 'authenticate') };
}

function deriveKey(master: Uint8Array, purpose: string): KeyObject {
  const derived = new Uint8Array(hkdfSync('sha256', master, new Uint8Array(0), `${PRODUCT}/${SCHEMA_VERSION}/${purpose}`, KEY_BYTES));
  return createSecretKey(derived);
}

/** `s1.<key id>.<wrapped data key>.<value>`, the last two base64url of nonce, ciphertext and tag. */
export function sealText(ring: KeyRing, context: SealContext, plaintext: string, randomBytes: (length: number) => Uint8Array): string {
  const dataKey = randomBytes(KEY_BYTES);
  // JSON, because UTF-8 alone would silently replace half a surrogate pair.
  const value = encrypt(dataKey, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(plaintext), 'utf8'), contentBinding(context));
  return join(ring.current, wrap(ring.current, context, dataKey, randomBytes), value);
}

/** The plaintext, or undefined when anything about it is wrong. */
export function openText(ring: KeyRing, context: SealContext, sealed: string): string | undefined {
  const parts = split(ring, sealed);
  const opened = parts && openParts(parts, context);
  return opened && (JSON.parse(opened.plaintext.toString('utf8')) as string);
}

/** The same value under the ring's current key; only the data key is wrapped anew. Undefined when it does not open. */
export function rewrapText(ring: KeyRing, context: SealContext, sealed: string, randomBytes: (length: number) => Uint8Array): string | undefined {
  const parts = split(ring, sealed);
  const opened = parts && openParts(parts, context);
  return opened && join(ring.current, wrap(ring.current, context, opened.dataKey, randomBytes), parts.value);
}

function openParts(parts: SealedParts, context: SealContext): { readonly dataKey: Uint8Array; readonly plaintext: Buffer } | undefined {
  const dataKey = decrypt(parts.key.wrapping, parts.wrapped, keyBinding(context, parts.key.id));
  const plaintext = dataKey && decrypt(dataKey, parts.value, contentBinding(context));
  return plaintext && { dataKey, plaintext };
}

/** `<key id>.<base64url HMAC-SHA-256>` over the content and what it belongs to. */
export function codeOver(key: RingKey, context: SealContext, content: string): string {
  const text = JSON.stringify([...bindingOf(context, key.id), content]);
  return `${key.id}.${createHmac('sha256', key.authenticating).update(text, 'utf8').digest('base64url')}`;
}

export function isCodeOver(ring: KeyRing, context: SealContext, content: string, code: string): boolean {
  const key = ring.byId.get(code.slice(0, Math.max(0, code.indexOf('.'))));
  return key !== undefined && equalInConstantTime(code, codeOver(key, context, content));
}

function bindingOf(context: SealContext, keyId: string | null): readonly (string | number | null)[] {
  return [PRODUCT, SCHEMA_VERSION, context.storeId, context.kind, context.id, context.field, keyId, context.thumbprint ?? null];
}

function keyBinding(context: SealContext, keyId: string): string {
  return JSON.stringify([...bindingOf(context, keyId), 'data key']);
}

/** Without the key id, so that a rotation need not touch the value: the data key it needs is bound to the key id. */
function contentBinding(context: SealContext): string {
  return JSON.stringify([...bindingOf(context, null), 'value']);
}

function wrap(key: RingKey, context: SealContext, dataKey: Uint8Array, randomBytes: (length: number) => Uint8Array): Uint8Array {
  return encrypt(key.wrapping, randomBytes(NONCE_BYTES), dataKey, keyBinding(context, key.id));
}

function encrypt(key: KeyObject | Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, binding: string): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(binding, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
}

function decrypt(key: KeyObject | Uint8Array, bytes: Uint8Array, binding: string): Buffer | undefined {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(binding, 'utf8')).setAuthTag(bytes.subarray(-TAG_BYTES));
  const start = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([start, decipher.final()]);
  } catch {
    return undefined;
  }
}

function join(key: RingKey, wrapped: Uint8Array, value: Uint8Array): string {
  return [FORM, key.id, toBase64Url(wrapped), toBase64Url(value)].join('.');
}

interface SealedParts {
  readonly key: RingKey;
  readonly wrapped: Uint8Array;
  readonly value: Uint8Array;
}

function split(ring: KeyRing, sealed: string): SealedParts | undefined {
  const [form, keyId = '', wrappedText = '', valueText = '', ...rest] = sealed.split('.');
  const key = ring.byId.get(keyId);
  const wrapped = decodeExactly(wrappedText);
  const value = decodeExactly(valueText);
  if (form !== FORM || rest.length > 0 || key === undefined || wrapped === undefined || value === undefined) return undefined;
  return { key, wrapped, value };
}

/** Refuses what a lenient decoder would take: foreign characters, and the unused low bits of the last character. */
function decodeExactly(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
