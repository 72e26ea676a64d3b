/**
 * The form of an audit entry, and what makes a row of them a chain: each carries the SHA-256 hash of the one before it,
 * and its own over everything it says (canonical JSON, RFC 8785). Pure. A changed, missing, reordered or inserted entry
 * breaks the chain where it happened; with a master key each hash carries a code too, so that nobody can forge a new one.
 */
import * as z from 'zod/v4';
import { canonicalJson } from '../internal/canonical';
import { sha256Hex } from '../internal/encoding';
import type { AuditEvent, Sealer } from '../ports';
import { redactDetails, redactText } from './redaction';

export interface AuditEntry extends AuditEvent {
  /** From one, without gaps. */
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Upper-case hex SHA-256 of the entry before; zeros for the first. */
  readonly previousHash: string;
  readonly hash: string;
  /** HMAC over the hash with the master key; absent when none was configured. */
  readonly code?: string;
}

/** A place in the chain, to be kept outside the store: whoever holds one can tell that later entries were cut off. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
  readonly code?: string;
}

export interface ChainReport {
  readonly entries: number;
  readonly intact: boolean;
  /** Sequence number of the first entry that is changed, missing or unproven; null when the chain is intact. */
  readonly brokenAt: number | null;
  /** Entries at the start that carry no code: they prove their order, but not their author. */
  readonly unsigned: number;
}

/** What the reading of a chain has found so far. */
export interface ChainCheck {
  readonly seq: number;
  readonly hash: string;
  readonly brokenAt: number | null;
  readonly unsigned: number;
}

export const NO_HASH = '0'.repeat(64);
export const START_OF_CHAIN: ChainCheck = { seq: 0, hash: NO_HASH, brokenAt: null, unsigned: 0 };

const text = z.string();
const entrySchema = z.strictObject({
  seq: z.int().positive(),
  at: z.number(),
  id: text,
  action: text,
  phase: z.enum(['intent', 'outcome', 'note']),
  intentId: text.optional(),
  actor: text,
  subject: text.optional(),
  accountId: text.optional(),
  tenantId: text.optional(),
  reason: text.optional(),
  outcome: z.enum(['done', 'refused', 'failed']).optional(),
  details: z.record(z.string(), z.json()).optional(),
  previousHash: text,
  hash: text,
  code: text.optional(),
});

/** The entry that follows `previous`, with everything that looks like a secret redacted. */
export function chainEntry(event: AuditEvent, previous: Pick<AuditEntry, 'seq' | 'hash'> | undefined, at: number, sealer: Sealer | undefined): AuditEntry {
  const content = { ...contentOf(event), seq: (previous?.seq ?? 0) + 1, at, previousHash: previous?.hash ?? NO_HASH };
  const hash = hashOf(content);
  return sealer?.ready === true ? { ...content, hash, code: sealer.authenticate(hash, entryBinding(content.seq)) } : { ...content, hash };
}

/** Undefined when the text is not an entry in the documented form. */
export function parseEntry(stored: string): AuditEntry | undefined {
  try {
    // The schema's optional members may be undefined, an entry's are absent: parsed JSON knows only the latter.
    return entrySchema.safeParse(JSON.parse(stored)).data as AuditEntry | undefined;
  } catch {
    return undefined;
  }
}

/** Look at the next entry of a chain; `undefined` is one that could not be read. */
export function checkNext(check: ChainCheck, entry: AuditEntry | undefined, sealer: Sealer | undefined): ChainCheck {
  const seq = check.seq + 1;
  if (check.brokenAt !== null) return { ...check, seq };
  if (entry === undefined || !follows(entry, check) || !isAuthentic(entry, sealer)) return { ...check, seq, brokenAt: seq };
  return { seq, hash: entry.hash, brokenAt: null, unsigned: check.unsigned + (entry.code === undefined ? 1 : 0) };
}

/**
 * What a finished reading means. With a master key a chain that nobody signed proves nothing: what was written before
 * there was a key is proven by the signed entries after it.
 */
export function concludeCheck(check: ChainCheck, sealer: Sealer | undefined): ChainReport {
  const isUnproven = sealer?.ready === true && check.seq > 0 && check.unsigned === check.seq;
  const brokenAt = check.brokenAt ?? (isUnproven ? 1 : null);
  return { entries: check.seq, intact: brokenAt === null, brokenAt, unsigned: check.unsigned };
}

/** The whole chain at once. Without `sealer` codes are not looked at. */
export function verifyChain(entries: readonly (AuditEntry | undefined)[], sealer?: Sealer): ChainReport {
  return concludeCheck(
    entries.reduce((check, entry) => checkNext(check, entry, sealer), START_OF_CHAIN),
    sealer,
  );
}

/** Whether an entry says what its hash says and, when a master key is configured, what its code says. */
export function isAuthentic(entry: AuditEntry, sealer: Sealer | undefined): boolean {
  const { hash, code, ...content } = entry;
  if (hashOf(content) !== hash) return false;
  return code === undefined || sealer?.ready !== true || sealer.isAuthentic(hash, code, entryBinding(entry.seq));
}

export function signHead(entry: Pick<AuditEntry, 'seq' | 'hash'>, sealer: Sealer | undefined): AuditHead {
  const { seq, hash } = entry;
  return sealer?.ready === true ? { seq, hash, code: sealer.authenticate(headText(entry), HEAD_BINDING) } : { seq, hash };
}

export function isAuthenticHead(head: AuditHead, sealer: Sealer | undefined): boolean {
  if (sealer?.ready !== true) return true;
  return head.code !== undefined && sealer.isAuthentic(headText(head), head.code, HEAD_BINDING);
}

const HEAD_BINDING = { kind: 'audit/head', id: 'head', field: 'position' };

function headText(head: Pick<AuditHead, 'seq' | 'hash'>): string {
  return canonicalJson([head.seq, head.hash]);
}

function entryBinding(seq: number): { readonly kind: string; readonly id: string; readonly field: string } {
  return { kind: 'audit/entry', id: String(seq), field: 'hash' };
}

/** Once entries are signed, one that is not is somebody else's. */
function follows(entry: AuditEntry, check: ChainCheck): boolean {
  const maySignOrNot = check.unsigned === check.seq;
  return entry.seq === check.seq + 1 && entry.previousHash === check.hash && (maySignOrNot || entry.code !== undefined);
}

function hashOf(content: object): string {
  return sha256Hex(canonicalJson(content));
}

/** Only the documented members, and none of them undefined: whatever else an object brings along is not audited. */
function contentOf(event: AuditEvent): AuditEvent {
  const redacted = {
    id: event.id,
    action: event.action,
    phase: event.phase,
    intentId: event.intentId,
    actor: redactText(event.actor),
    subject: event.subject && redactText(event.subject),
    accountId: event.accountId,
    tenantId: event.tenantId,
    reason: event.reason && redactText(event.reason),
    outcome: event.outcome,
    details: event.details && redactDetails(event.details),
  };
  return Object.fromEntries(Object.entries(redacted).filter(([, value]) => value !== undefined)) as unknown as AuditEvent;
}
