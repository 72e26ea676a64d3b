/**
 * What our own writers did to an app registration's keys: one record per application. The directory shows old states for
 * minutes; a read that misses a key we added, or still shows one we removed, is old (or somebody else has been there), and
 * nothing may be written back from it. An entry is written before its effect, so that a killed writer leaves a trace.
 */
import * as z from 'zod/v4';
import type { Ports } from '../../ports';
import { findRecord, updateRecord, type RecordKind, type RecordPorts } from '../../records';
import { sameGuid } from '../../internal/guid';
import { keyIdOf, type ApplicationKeys, type IsExplained, type RegistrableCertificate } from './key-credentials';

/** Longer than any replica was seen to lag: what is not shown by then is not there. */
const SETTLE_MS = 15 * 60_000;
/** No read is older than this; a removed key need not be remembered longer. */
const FORGET_MS = 30 * 86_400_000;

/** `lost`: somebody else removed it, and that was said. */
const ENTRY_STATES = ['adding', 'added', 'removing', 'removed', 'lost'] as const;

const entrySchema = z.object({
  /** Lower case. */
  keyId: z.string(),
  /** Null when only the key id was known. */
  thumbprintSha256: z.string().nullable(),
  state: z.enum(ENTRY_STATES),
  /** Milliseconds since the Unix epoch: when the state began. */
  at: z.number(),
  /** End of the certificate; null when not known. */
  endsAt: z.number().nullable(),
});

const reportedSchema = z.object({ kind: z.enum(['missing', 'unknown']), keyId: z.string(), at: z.number() });

const ledgerSchema = z.object({
  keys: z.array(entrySchema),
  /** Foreign changes that were told, so that each is told once. */
  reported: z.array(reportedSchema),
  /** How many times something was told: numbers the audit's notes. */
  reports: z.number().int(),
});

export type LedgerEntry = Readonly<z.infer<typeof entrySchema>>;
export type KeyLedger = Readonly<z.infer<typeof ledgerSchema>>;

export const keyLedgerKind: RecordKind<KeyLedger> = { kind: 'certificates/key-ledger', schemaVersion: 1, schema: ledgerSchema, authenticated: true };

export const EMPTY_LEDGER: KeyLedger = { keys: [], reported: [], reports: 0 };

export function ledgerId(applicationAppId: string): string {
  return applicationAppId.toLowerCase();
}

/** Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function readLedger(ports: RecordPorts, applicationAppId: string): Promise<KeyLedger> {
  return (await findRecord(ports, keyLedgerKind, ledgerId(applicationAppId)))?.value ?? EMPTY_LEDGER;
}

/** Put down the new state of a key. Raises `STATE_CONFLICT` and like {@link readLedger}. */
export async function noteKey(ports: RecordPorts & Pick<Ports, 'clock'>, applicationAppId: string, entry: Omit<LedgerEntry, 'at'>): Promise<void> {
  await updateRecord(ports, keyLedgerKind, ledgerId(applicationAppId), (ledger = EMPTY_LEDGER) => withEntry(ledger, { ...entry, at: ports.clock.now() }));
}

/** A key that turned out never to have been written. Raises like {@link noteKey}. */
export async function forgetKey(ports: RecordPorts, applicationAppId: string, keyId: string): Promise<void> {
  await updateRecord(ports, keyLedgerKind, ledgerId(applicationAppId), (ledger = EMPTY_LEDGER) =>
    findEntry(ledger, keyId) === undefined ? ledger : withoutEntry(ledger, keyId),
  );
}

/**
 * A certificate's key was seen under this key id. What was put down under the id we had wanted for it goes, should the service
 * have taken another. Raises like {@link noteKey}.
 */
export async function noteSeen(ports: RecordPorts & Pick<Ports, 'clock'>, applicationAppId: string, keyId: string, certificate: Pick<RegistrableCertificate, 'thumbprintSha256' | 'notAfter'>): Promise<void> {
  const { thumbprintSha256, notAfter } = certificate;
  if (!sameGuid(keyId, keyIdOf(certificate))) await forgetKey(ports, applicationAppId, keyIdOf(certificate));
  await noteKey(ports, applicationAppId, { keyId, thumbprintSha256, state: 'added', endsAt: Date.parse(notAfter) });
}

/** The same ledger when it says so already. Pure. */
export function withEntry(ledger: KeyLedger, entry: LedgerEntry): KeyLedger {
  const keyId = entry.keyId.toLowerCase();
  const known = ledger.keys.find((one) => one.keyId === keyId);
  if (known?.state === entry.state) return ledger;
  const isRemembered = (one: LedgerEntry) => one.keyId !== keyId && (one.state === 'added' || entry.at - one.at < FORGET_MS);
  const merged = { ...entry, keyId, thumbprintSha256: entry.thumbprintSha256 ?? known?.thumbprintSha256 ?? null, endsAt: entry.endsAt ?? known?.endsAt ?? null };
  return { ...ledger, keys: [...ledger.keys.filter(isRemembered), merged] };
}

/** For whoever is about to remove the key, whatever became of it so far. Pure. */
export function withoutEntry(ledger: KeyLedger, keyId: string): KeyLedger {
  return { ...ledger, keys: ledger.keys.filter((known) => !sameGuid(known.keyId, keyId)) };
}

export function findEntry(ledger: KeyLedger, keyId: string): LedgerEntry | undefined {
  return ledger.keys.find((entry) => entry.keyId === keyId.toLowerCase());
}

/** What our own writers explain: a key we added may appear, one we removed may go; one we added does not go by itself. Pure. */
export function explainedBy(ledger: KeyLedger): IsExplained {
  return (kind, keyId) => {
    const state = findEntry(ledger, keyId)?.state;
    if (state === undefined) return false;
    return kind === 'missing' ? state !== 'added' : state !== 'removed';
  };
}

/** How a read contradicts the ledger. `settled`: for so long that no lag explains it, so somebody else has been there. */
export interface Contradiction {
  /** Keys we added that are not shown. */
  readonly missing: readonly string[];
  /** Keys we removed that are shown. */
  readonly lingering: readonly string[];
  readonly settled: boolean;
}

/**
 * Undefined when a read agrees with all that our writers did. `wantedKeyId` is the key that is about to be written: whether an
 * earlier attempt at it landed makes no difference. Pure.
 */
export function findContradiction(ledger: KeyLedger, keys: ApplicationKeys, now: number, wantedKeyId?: string): Contradiction | undefined {
  const shown = new Set(keys.keyCredentials.map(({ keyId }) => keyId.toLowerCase()));
  const isWanted = ({ keyId, state }: LedgerEntry) => state === 'adding' && keyId === wantedKeyId?.toLowerCase();
  const missing = ledger.keys.filter((entry) => !shown.has(entry.keyId) && isExpected(entry, now) && !isWanted(entry));
  const lingering = ledger.keys.filter((entry) => shown.has(entry.keyId) && isExpectedGone(entry, now));
  if (missing.length + lingering.length === 0) return undefined;
  const settled = [...missing, ...lingering].every(({ at }) => isSettled(at, now));
  return { missing: missing.map(({ keyId }) => keyId), lingering: lingering.map(({ keyId }) => keyId), settled };
}

export function isSettled(at: number, now: number): boolean {
  return now - at >= SETTLE_MS;
}

/** An earlier run was cut short so lately that what it sent may still come to light. */
export function isUnderWay(entry: LedgerEntry | undefined, state: LedgerEntry['state'], now: number): boolean {
  return entry?.state === state && !isSettled(entry.at, now);
}

/** Anybody may clear an expired key away. A key whose registration was cut short counts until it can only have failed. */
function isExpected({ state, at, endsAt }: LedgerEntry, now: number): boolean {
  if (endsAt !== null && endsAt <= now) return false;
  return state === 'added' || (state === 'adding' && !isSettled(at, now));
}

function isExpectedGone({ state, at }: LedgerEntry, now: number): boolean {
  return state === 'removed' || (state === 'removing' && !isSettled(at, now));
}
