/**
 * The audit on a StateStore: entries are claimed one after the other, so several processes write one chain, and a process
 * that is killed between any two writes neither loses nor doubles one. An event id is kept once, for ever. What could not
 * be made durable raises `AUDIT_UNAVAILABLE`, and so does a chain that misses entries: nothing is built on a hole.
 */
import * as z from 'zod/v4';
import { sha256Base64Url } from '../internal/encoding';
import { hasCode, OnboardingError } from '../errors';
import type { AuditEvent, AuditSink, Ports } from '../ports';
import { chainEntry, checkNext, concludeCheck, isAuthentic, isAuthenticHead, parseEntry, signHead, START_OF_CHAIN, type AuditEntry, type AuditHead, type ChainCheck, type ChainReport } from './chain';

export type AuditLogPorts = Pick<Ports, 'store' | 'clock'> & Partial<Pick<Ports, 'sealer'>>;

export interface AuditLog extends AuditSink {
  /** Oldest first. Raises `STATE_RECORD_INVALID` for an entry that cannot be read, `STATE_UNAVAILABLE`. */
  list(): AsyncGenerator<AuditEntry>;
  /** Read the whole chain. `anchor` is a head that was kept elsewhere and must be on it. Raises `STATE_UNAVAILABLE`. */
  verify(anchor?: AuditHead): Promise<ChainReport>;
  /** Intents without an outcome: an effect may have happened unaudited. Some may be under way; see their `at`. Raises like `list`. */
  orphanedIntents(): Promise<readonly AuditEntry[]>;
  /** The newest place of the chain, signed when a master key is configured: keep it outside the store. Undefined for an empty audit. Raises what `append` and `list` raise. */
  head(): Promise<AuditHead | undefined>;
}

const ENTRIES = 'audit/entry/';
const IDS = 'audit/id/';
const HEAD = 'audit/head';
const MAX_ATTEMPTS = 1000;

const headSchema = z.object({ seq: z.int().positive(), hash: z.string(), code: z.string().optional() });

/** Every append raises `AUDIT_UNAVAILABLE` when it cannot promise that the event is kept; repeating it is safe. */
export function createAuditLog(ports: AuditLogPorts): AuditLog {
  let queue: Promise<unknown> = Promise.resolve();
  let lastSeen: AuditEntry | undefined;

  async function appendNow(event: AuditEvent): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const last = await findLast(ports, lastSeen);
      lastSeen = last;
      // The writer of `last` may have died before it indexed it. From here on every entry before the next one is indexed.
      if (last !== undefined) await ports.store.claim(idKey(last.id), String(last.seq));
      const isKept = (await ports.store.get(idKey(event.id))) !== undefined;
      if (isKept) return last && advanceHead(ports, last);
      const next = chainEntry(event, last, ports.clock.now(), ports.sealer);
      if (!(await ports.store.claim(entryKey(next.seq), JSON.stringify(next)))) continue;
      lastSeen = next;
      await ports.store.claim(idKey(event.id), String(next.seq));
      return advanceHead(ports, next);
    }
    throw new OnboardingError('STATE_CONFLICT', 'Others kept writing the same audit entry.');
  }

  return {
    async append(event) {
      const turn = queue.then(() => appendNow(event));
      queue = turn.catch(() => undefined);
      await turn.catch((error: unknown) => {
        lastSeen = undefined;
        throw hasCode(error, 'AUDIT_UNAVAILABLE') ? error : new OnboardingError('AUDIT_UNAVAILABLE', 'The audit could not be written.', { cause: error });
      });
    },
    list: () => listEntries(ports),
    verify: (anchor) => verify(ports, anchor),
    orphanedIntents: () => findOrphans(listEntries(ports)),
    async head() {
      const last = await findLast(ports, undefined);
      return last && signHead(last, ports.sealer);
    },
  };
}

/** The newest entry. Reads on from the last one known: that one, or the head, is a short cut and never the truth. */
async function findLast(ports: AuditLogPorts, known: AuditEntry | undefined): Promise<AuditEntry | undefined> {
  let last = known ?? (await entryAtHead(ports)) ?? (await lastListed(ports));
  for (;;) {
    const stored = await ports.store.get(entryKey((last?.seq ?? 0) + 1));
    if (stored === undefined) break;
    last = requireEntry(stored.value, (last?.seq ?? 0) + 1);
  }
  if (last !== undefined) await requireTrusted(ports, last);
  return last;
}

async function entryAtHead(ports: AuditLogPorts): Promise<AuditEntry | undefined> {
  const head = parseHead((await ports.store.get(HEAD))?.value);
  if (head === undefined) return undefined;
  const stored = await ports.store.get(entryKey(head.seq));
  // An entry is written before the head that names it, so one that is missing was removed.
  if (stored === undefined) throw new OnboardingError('AUDIT_UNAVAILABLE', `Audit entry ${head.seq} was written and is missing.`);
  return requireEntry(stored.value, head.seq);
}

async function lastListed(ports: AuditLogPorts): Promise<AuditEntry | undefined> {
  let last: AuditEntry | undefined;
  for await (const entry of listEntries(ports)) last = entry;
  return last;
}

/** Nothing is chained to a forgery, and nothing unsigned to something signed. */
async function requireTrusted(ports: AuditLogPorts, last: AuditEntry): Promise<void> {
  const isSigning = ports.sealer?.ready === true;
  if (last.code !== undefined && !isSigning) throw new OnboardingError('AUDIT_UNAVAILABLE', 'The audit is signed and no master key is configured.');
  const isForged = !isAuthentic(last, ports.sealer) || (isSigning && last.code === undefined && (await isSignedFromTheStart(ports)));
  if (isForged) throw new OnboardingError('AUDIT_UNAVAILABLE', `Audit entry ${last.seq} is not authentic.`);
}

async function isSignedFromTheStart(ports: AuditLogPorts): Promise<boolean> {
  const first = await ports.store.get(entryKey(1));
  return first === undefined || requireEntry(first.value, 1).code !== undefined;
}

/** The head moves forward only, whoever moves it. */
async function advanceHead(ports: AuditLogPorts, entry: AuditEntry): Promise<void> {
  const next = JSON.stringify(signHead(entry, ports.sealer));
  for (;;) {
    const stored = await ports.store.get(HEAD);
    const isAhead = (parseHead(stored?.value)?.seq ?? 0) >= entry.seq;
    if (isAhead || (stored === undefined ? await ports.store.claim(HEAD, next) : await ports.store.replace(HEAD, stored.version, next))) return;
  }
}

async function* listEntries(ports: AuditLogPorts): AsyncGenerator<AuditEntry> {
  for await (const { key, value } of ports.store.list(ENTRIES)) yield requireEntry(value, Number(key.slice(ENTRIES.length)));
}

async function verify(ports: AuditLogPorts, anchor: AuditHead | undefined): Promise<ChainReport> {
  const storedHead = await ports.store.get(HEAD);
  const head = parseHead(storedHead?.value);
  const places = [head, anchor].filter((place) => place !== undefined);
  let check = START_OF_CHAIN;
  for await (const { value } of ports.store.list(ENTRIES)) {
    check = breakAtForeignPlace(checkNext(check, parseEntry(value), ports.sealer), places);
  }
  const report = concludeCheck(check, ports.sealer);
  return report.intact ? judgeEnd(report, storedHead !== undefined, places, ports) : report;
}

/** An entry may fit its chain and yet not be the one that was signed or anchored at this place. */
function breakAtForeignPlace(check: ChainCheck, places: readonly AuditHead[]): ChainCheck {
  const isForeign = places.some((place) => place.seq === check.seq && place.hash !== check.hash);
  return check.brokenAt === null && isForeign ? { ...check, brokenAt: check.seq } : check;
}

/** Where an otherwise intact chain ends must be as far as anybody has seen it. */
function judgeEnd(report: ChainReport, isHeadStored: boolean, places: readonly AuditHead[], ports: AuditLogPorts): ChainReport {
  const isCut = places.some((place) => place.seq > report.entries);
  const isForged = places.some((place) => !isAuthenticHead(place, ports.sealer));
  // Only the very first append can die before there is a head; later a missing one was taken away.
  const isHeadless = places.length === 0 && (isHeadStored || report.entries > 1);
  return isCut || isForged || isHeadless ? { ...report, intact: false, brokenAt: report.entries + 1 } : report;
}

async function findOrphans(entries: AsyncIterable<AuditEntry>): Promise<readonly AuditEntry[]> {
  const open = new Map<string, AuditEntry>();
  for await (const entry of entries) {
    if (entry.phase === 'intent') open.set(entry.id, entry);
    if (entry.phase === 'outcome' && entry.intentId !== undefined) open.delete(entry.intentId);
  }
  return [...open.values()];
}

function requireEntry(stored: string, seq: number): AuditEntry {
  const entry = parseEntry(stored);
  if (entry?.seq !== seq) throw new OnboardingError('STATE_RECORD_INVALID', `Audit entry ${seq} does not have the documented form.`);
  return entry;
}

function parseHead(stored: string | undefined): AuditHead | undefined {
  try {
    return stored === undefined ? undefined : (headSchema.safeParse(JSON.parse(stored)).data as AuditHead | undefined);
  } catch {
    return undefined;
  }
}

function entryKey(seq: number): string {
  return ENTRIES + String(seq).padStart(12, '0');
}

function idKey(id: string): string {
  return IDS + sha256Base64Url(id);
}
