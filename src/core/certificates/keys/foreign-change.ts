/**
 * A change of an app's keys that none of our writers made: told once, as an event and as a note in the audit, and never undone.
 * A key nobody here knows can be a colleague's, or a back door; a key of ours that is gone can lock the app out.
 */
import { OnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import { claimRecord, findRecord, replaceRecord } from '../../records';
import type { KeyAccess } from './key-access';
import type { ForeignChange } from './key-credentials';
import { EMPTY_LEDGER, keyLedgerKind, ledgerId, type KeyLedger } from './key-ledger';

const MAX_ATTEMPTS = 8;

export type ReportPorts = Pick<Ports, 'store' | 'sealer' | 'clock' | 'audit' | 'events'>;

export interface ChangeReport {
  readonly change: ForeignChange;
  /** True when `change` is all there is: what was told and is over may be told again when it comes back. */
  readonly isComplete: boolean;
}

/**
 * Tell what was not told yet; gives just that, or undefined. A missing key counts as lost from then on, so that the next
 * registration goes on from what is there. The event is lost when the process ends between ledger and listener; the note is
 * not. Raises `AUDIT_UNAVAILABLE`, `STATE_CONFLICT`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`.
 */
export async function reportForeignChange(ports: ReportPorts, access: Pick<KeyAccess, 'homeTenantId' | 'appKey' | 'applicationAppId'>, report: ChangeReport): Promise<ForeignChange | undefined> {
  const id = ledgerId(access.applicationAppId);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const read = await findRecord(ports, keyLedgerKind, id);
    const ledger = read?.value ?? EMPTY_LEDGER;
    const fresh = findUntold(ledger, report.change);
    const next = withReport(ledger, report, fresh, ports.clock.now());
    if (next === ledger) return undefined;
    // Its number is the same for whoever tells this, now or after a kill: the audit keeps one.
    if (fresh !== undefined) await ports.audit.append(noteOf(access, fresh, ledger.reports));
    const won = read === undefined ? await claimRecord(ports, keyLedgerKind, id, next) : await replaceRecord(ports, keyLedgerKind, id, read, next);
    if (!won) continue;
    if (fresh !== undefined) ports.events.emit({ type: 'certificate.foreign_change', at: ports.clock.now(), accountId: null, data: dataOf(access, fresh) });
    return fresh;
  }
  throw new OnboardingError('STATE_CONFLICT', 'The ledger of the app\'s keys kept changing.');
}

/** Pure. */
export function findUntold({ reported }: Pick<KeyLedger, 'reported'>, { missing, unknown }: ForeignChange): ForeignChange | undefined {
  const isUntold = (kind: 'missing' | 'unknown') => (keyId: string) => !reported.some((one) => one.kind === kind && one.keyId === keyId.toLowerCase());
  const fresh = { missing: missing.filter(isUntold('missing')), unknown: unknown.filter(isUntold('unknown')) };
  return fresh.missing.length + fresh.unknown.length === 0 ? undefined : fresh;
}

/** The same ledger when there is nothing new. Pure. */
function withReport(ledger: KeyLedger, { change, isComplete }: ChangeReport, fresh: ForeignChange | undefined, now: number): KeyLedger {
  const stands = { missing: new Set(change.missing.map(lower)), unknown: new Set(change.unknown.map(lower)) };
  const kept = isComplete ? ledger.reported.filter(({ kind, keyId }) => stands[kind].has(keyId)) : ledger.reported;
  if (fresh === undefined) return kept.length === ledger.reported.length ? ledger : { ...ledger, reported: kept };
  const told = (kind: 'missing' | 'unknown') => fresh[kind].map((keyId) => ({ kind, keyId: lower(keyId), at: now }));
  // What somebody brought back is theirs now.
  const keys = ledger.keys.filter(({ keyId }) => !stands.unknown.has(keyId)).map((entry) => (stands.missing.has(entry.keyId) ? { ...entry, state: 'lost' as const, at: now } : entry));
  return { keys, reported: [...kept, ...told('missing'), ...told('unknown')], reports: ledger.reports + 1 };
}

function noteOf(access: Pick<KeyAccess, 'homeTenantId' | 'appKey' | 'applicationAppId'>, change: ForeignChange, number: number) {
  const action = 'certificate.foreign_change';
  return { id: `${action}:${access.applicationAppId.toLowerCase()}:${number}`, action, phase: 'note', actor: 'system', subject: access.applicationAppId, tenantId: access.homeTenantId, details: dataOf(access, change) } as const;
}

function dataOf({ appKey, applicationAppId }: Pick<KeyAccess, 'appKey' | 'applicationAppId'>, { missing, unknown }: ForeignChange) {
  return { appKey, appId: applicationAppId, missingKeyIds: missing, unknownKeyIds: unknown };
}

function lower(keyId: string): string {
  return keyId.toLowerCase();
}
