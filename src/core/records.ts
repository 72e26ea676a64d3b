/**
 * Typed records on a StateStore: a versioned envelope around JSON, checked by a zod schema when read, and for
 * security-relevant kinds authenticated with an HMAC over kind, id, revision and content (a record that was edited,
 * moved or renamed in the store is refused). The layout of each kind is in docs/storage-schema.md.
 */
import * as z from 'zod/v4';
import { hasCode, OnboardingError } from './errors';
import { parseJson } from './internal/json';
import type { Sealer, StateStore } from './ports';

export interface RecordKind<T> {
  /** Key prefix, for example `sso/binding`. The key is `<kind>/<id>`. */
  readonly kind: string;
  /** Of the content's form; raised when a reader must know. */
  readonly schemaVersion: number;
  readonly schema: z.ZodType<T>;
  /** Authenticated with the master key: level, binding, evidence, approvals. */
  readonly authenticated?: boolean;
}

export interface Stored<T> {
  readonly value: T;
  readonly version: string;
  readonly revision: number;
}

export type RecordPorts = { readonly store: StateStore; readonly sealer: Sealer };

const envelopeSchema = z.object({
  schemaVersion: z.number().int().positive(),
  revision: z.number().int().positive(),
  content: z.string(),
  code: z.string().optional(),
});

/** True while whoever removes records may still do so; asked after each one was read and before it goes. */
export type StillMine = () => Promise<boolean>;

const MAX_ATTEMPTS = 8;

/** What a dropped record is swapped for: gone at once, whatever the clocks of other hosts say. */
const DROPPED = { value: '{}', expiresAt: 1 } as const;

export function recordKey(kind: { readonly kind: string }, id: string): string {
  return `${kind.kind}/${id}`;
}

/**
 * Read one record, or undefined when there is none.
 * Raises `STATE_RECORD_INVALID`, `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`.
 */
export async function findRecord<T>(ports: RecordPorts, kind: RecordKind<T>, id: string): Promise<Stored<T> | undefined> {
  const stored = await ports.store.get(recordKey(kind, id));
  return stored === undefined ? undefined : { ...decode(ports.sealer, kind, id, stored.value), version: stored.version };
}

/** Every record of a kind. Raises like {@link findRecord}. */
export async function* listRecords<T>(ports: RecordPorts, kind: RecordKind<T>, idPrefix = ''): AsyncGenerator<{ readonly id: string } & Stored<T>> {
  const prefix = `${kind.kind}/`;
  for await (const row of ports.store.list(prefix + idPrefix)) {
    const id = row.key.slice(prefix.length);
    yield { id, ...decode(ports.sealer, kind, id, row.value), version: row.version };
  }
}

/** Put if absent. True for exactly one of several racing callers. */
export async function claimRecord<T>(ports: RecordPorts, kind: RecordKind<T>, id: string, value: T, expiresAt?: number): Promise<boolean> {
  return ports.store.claim(recordKey(kind, id), encode(ports.sealer, kind, id, value, 1), expiresAt);
}

/** Swap a record that is still as it was read. False when somebody else was faster. */
export async function replaceRecord<T>(ports: RecordPorts, kind: RecordKind<T>, id: string, read: Stored<T>, value: T, expiresAt?: number): Promise<boolean> {
  return ports.store.replace(recordKey(kind, id), read.version, encode(ports.sealer, kind, id, value, read.revision + 1), expiresAt);
}

/**
 * Read, change, swap, until it holds. `change` is pure and may run several times; returning the value it was given
 * (the same reference) writes nothing. Raises `STATE_CONFLICT` after eight lost races.
 */
export async function updateRecord<T>(
  ports: RecordPorts,
  kind: RecordKind<T>,
  id: string,
  change: (current: T | undefined) => T,
  expiresAt?: number,
): Promise<T> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const read = await findRecord(ports, kind, id);
    const next = change(read?.value);
    if (read !== undefined && next === read.value) return next;
    const won = read === undefined ? await claimRecord(ports, kind, id, next, expiresAt) : await replaceRecord(ports, kind, id, read, next, expiresAt);
    if (won) return next;
  }
  throw keepsChanging(kind, id);
}

/** Like {@link updateRecord}, but what is gone stays gone: undefined then, and nothing is written. */
export async function changeRecord<T>(ports: RecordPorts, kind: RecordKind<T>, id: string, change: (current: T) => T, expiresAt?: number): Promise<T | undefined> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const read = await findRecord(ports, kind, id);
    const next = read && change(read.value);
    if (read === undefined || next === undefined || next === read.value) return next;
    if (await replaceRecord(ports, kind, id, read, next, expiresAt)) return next;
  }
  throw keepsChanging(kind, id);
}

/**
 * Remove a record that is still as it was read: true for exactly one caller. A store deletes whatever is there, so the
 * record is swapped for one that has expired.
 */
export async function retireRecord(ports: Pick<RecordPorts, 'store'>, kind: { readonly kind: string }, id: string, read: { readonly version: string }): Promise<boolean> {
  return ports.store.replace(recordKey(kind, id), read.version, DROPPED.value, DROPPED.expiresAt);
}

/**
 * Remove a record, but none that somebody wrote meanwhile. True when it is gone; false when it is not `stillMine`, or may
 * not go. Raises `STATE_CONFLICT`, and like {@link findRecord} when `mayGo` is given.
 */
export async function dropRecord<T>(ports: RecordPorts, kind: RecordKind<T>, id: string, stillMine: StillMine, mayGo?: (value: T) => boolean): Promise<boolean> {
  const key = recordKey(kind, id);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const stored = await ports.store.get(key);
    if (stored === undefined) return true;
    const isKept = mayGo !== undefined && !mayGo(decode(ports.sealer, kind, id, stored.value).value);
    if (isKept || !(await stillMine())) return false;
    if (await retireRecord(ports, kind, id, stored)) return true;
  }
  throw keepsChanging(kind, id);
}

/**
 * Remove every record of a kind that `belongs`. One that cannot be read opens nothing either, and must not keep the others
 * alive: it stays until it expires. False as soon as it is not `stillMine`. Raises `STATE_CONFLICT`.
 */
export async function dropRecordsWhere<T>(ports: RecordPorts, kind: RecordKind<T>, belongs: (value: T) => boolean, stillMine: StillMine): Promise<boolean> {
  for await (const { id, value } of findReadable(ports, kind)) {
    if (belongs(value) && !(await dropRecord(ports, kind, id, stillMine))) return false;
  }
  return true;
}

/** Like {@link listRecords}, without the records that cannot be read. */
export async function* findReadable<T>(ports: RecordPorts, kind: RecordKind<T>): AsyncGenerator<{ readonly id: string; readonly value: T }> {
  const prefix = `${kind.kind}/`;
  for await (const row of ports.store.list(prefix)) {
    const id = row.key.slice(prefix.length);
    const value = decodeIfReadable(ports.sealer, kind, id, row.value);
    if (value !== undefined) yield { id, value };
  }
}

export async function deleteRecord(ports: Pick<RecordPorts, 'store'>, kind: { readonly kind: string }, id: string): Promise<boolean> {
  return ports.store.delete(recordKey(kind, id));
}

function encode<T>(sealer: Sealer, kind: RecordKind<T>, id: string, value: T, revision: number): string {
  const content = JSON.stringify(value);
  const envelope = { schemaVersion: kind.schemaVersion, revision, content };
  if (kind.authenticated !== true) return JSON.stringify(envelope);
  return JSON.stringify({ ...envelope, code: sealer.authenticate(authenticatedText(kind, revision, content), { kind: kind.kind, id, field: 'record' }) });
}

function decode<T>(sealer: Sealer, kind: RecordKind<T>, id: string, text: string): { value: T; revision: number } {
  const envelope = envelopeSchema.safeParse(parseJson(text));
  if (!envelope.success || envelope.data.schemaVersion !== kind.schemaVersion) throw invalid(kind, id);
  const { content, revision, code } = envelope.data;
  if (kind.authenticated === true) {
    const binding = { kind: kind.kind, id, field: 'record' };
    if (code === undefined || !sealer.isAuthentic(authenticatedText(kind, revision, content), code, binding)) {
      throw new OnboardingError('STATE_RECORD_TAMPERED', `The record ${kind.kind}/${id} is not authentic.`);
    }
  }
  const parsed = kind.schema.safeParse(parseJson(content));
  if (!parsed.success) throw invalid(kind, id);
  return { value: parsed.data, revision };
}

function decodeIfReadable<T>(sealer: Sealer, kind: RecordKind<T>, id: string, text: string): T | undefined {
  try {
    return decode(sealer, kind, id, text).value;
  } catch (error) {
    if (hasCode(error, 'STATE_RECORD_INVALID', 'STATE_RECORD_TAMPERED', 'MASTER_KEY_MISSING')) return undefined;
    throw error;
  }
}

function keepsChanging(kind: { readonly kind: string }, id: string): OnboardingError {
  return new OnboardingError('STATE_CONFLICT', `The record ${recordKey(kind, id)} kept changing.`);
}

function authenticatedText(kind: { readonly schemaVersion: number }, revision: number, content: string): string {
  return JSON.stringify([kind.schemaVersion, revision, content]);
}

function invalid(kind: { readonly kind: string }, id: string): OnboardingError {
  return new OnboardingError('STATE_RECORD_INVALID', `The record ${kind.kind}/${id} does not have the documented form.`);
}
