/**
 * Binds (tenant id, object id) to an account, one to one both ways; names are a snapshot. It refuses a tenant whose
 * ownership is not proven and a person who is bound to another account. The intent is in the audit before anything is
 * written; every write can be the last one of a dying process, and running the same step again completes it.
 */
import { hasCode, OnboardingError } from '../errors';
import { isGuid, sameGuid } from '../internal/guid';
import type { AuditEvent, Ports } from '../ports';
import { changeRecord, claimRecord, findRecord, replaceRecord, type Stored } from '../records';
import { type BindingRecord, bindingKind, boundAdminKind, personId, type Unfinished, viewBinding } from './binding-records';
import { freeClaim, holdClaim, isSettledFor, settleClaim } from './claims';
import type { BindAdminInput, OwnershipEvidence, PastBinding, ProposedSuccessor, SsoBinding, UnbindAdminInput } from './model';
import { requireOwnership } from './ownership-records';

export { dropBinding, findBinding, requireBinding } from './binding-records';

type BindingPorts = Pick<Ports, 'store' | 'sealer' | 'clock' | 'audit'>;

const DEFAULT_DEADLINE_SECONDS = 3600;
const HISTORY_LENGTH = 10;
const MAX_ATTEMPTS = 8;

/**
 * Bind, or rebind to somebody else. The same person again is a no-op that finishes what is unfinished, and starts the
 * validation over when the binding had gone stale.
 * Raises `INPUT_INVALID`, `SSO_OWNERSHIP_UNPROVEN`, `SSO_ADMIN_BOUND_ELSEWHERE`, `AUDIT_UNAVAILABLE` (nothing written),
 * `STATE_CONFLICT`, `STATE_UNAVAILABLE`.
 */
export async function bindAdmin(ports: BindingPorts, input: BindAdminInput): Promise<SsoBinding> {
  requireIds(input);
  const evidence = await requireOwnedTenant(ports, input);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const read = await findRecord(ports, bindingKind, input.accountId);
    if (isBoundAlready(read, input)) break;
    await finishBinding(ports, input.accountId);
    const settled = await findRecord(ports, bindingKind, input.accountId);
    // The same request of another process came through meanwhile: to bind once more would only be noted twice.
    if (isBoundAlready(settled, input)) break;
    if ((settled?.value.unfinished ?? null) === null && (await writeBinding(ports, input, evidence.id, settled))) break;
  }
  return requireBound(await finishBinding(ports, input.accountId), input);
}

/**
 * End the binding; the person's claim is freed, the history stays. It goes through when the audit is down: `audited` is
 * then false, the entry is owed by the record, and any later step (also this one again) writes it.
 * Raises `STATE_CONFLICT`, `STATE_UNAVAILABLE`.
 */
export async function unbindAdmin(ports: BindingPorts, input: UnbindAdminInput): Promise<{ readonly unbound: boolean; readonly audited: boolean }> {
  const endedAt = ports.clock.now();
  await orOwed(() => finishBinding(ports, input.accountId));
  const before = (await findRecord(ports, bindingKind, input.accountId))?.value;
  if (before === undefined) return { unbound: false, audited: true };
  const wasBound = before.state !== 'unbound';
  if (wasBound) {
    const owed = unbinding(before, input, endedAt);
    await orOwed(() => ports.audit.append({ ...eventOf(before, owed), id: `${owed.auditId}:intent`, phase: 'intent' }));
    await changeRecord(ports, bindingKind, input.accountId, (bound) => (bound.state === 'unbound' ? bound : ended(bound, input, endedAt)));
  }
  return { unbound: wasBound, audited: await orOwed(() => finishBinding(ports, input.accountId)) };
}

/** Note on a stale binding who could follow; null takes a former proposal back. A binding that is not stale any more is left alone. Raises `STATE_CONFLICT`. */
export async function proposeSuccessor(ports: BindingPorts, accountId: string, successor: ProposedSuccessor | null): Promise<SsoBinding | undefined> {
  const isSame = (kept: BindingRecord) => kept.successor?.objectId === successor?.objectId;
  const kept = await changeRecord(ports, bindingKind, accountId, (bound) => (bound.state !== 'stale' || isSame(bound) ? bound : { ...bound, successor: successor === null ? null : { ...successor, reasons: [...successor.reasons] } }));
  return viewBinding(kept);
}

/** Did an operator end the last binding? Then nobody is chosen without being asked. */
export async function wasUnbound(ports: BindingPorts, accountId: string): Promise<boolean> {
  return (await findRecord(ports, bindingKind, accountId))?.value.state === 'unbound';
}

/** True when the person is bound to this account, by both sides. */
export async function isBoundTo(ports: BindingPorts, input: { readonly accountId: string; readonly tenantId: string; readonly objectId: string }): Promise<boolean> {
  const record = (await findRecord(ports, bindingKind, input.accountId))?.value;
  const isThisPerson = record !== undefined && record.state !== 'unbound' && personId(record.tenantId, record.userObjectId) === personId(input.tenantId, input.objectId);
  return isThisPerson && isSettledFor(ports, boundAdminKind, personId(input.tenantId, input.objectId), input.accountId);
}

/**
 * Do what the record says is still to be done: settle the new claim, free old ones, write the owed audit entry. Every part
 * may already have happened. Raises `AUDIT_UNAVAILABLE`, with the record still owing the entry.
 */
export async function finishBinding(ports: BindingPorts, accountId: string): Promise<BindingRecord | undefined> {
  const read = await findRecord(ports, bindingKind, accountId);
  const owed = read?.value.unfinished;
  if (read === undefined || owed === undefined || owed === null) return read?.value;
  const person = personId(read.value.tenantId, read.value.userObjectId);
  const isMine = read.value.state === 'unbound' || (await settleClaim(ports, boundAdminKind, person, accountId));
  for (const old of owed.release) await freeClaim(ports, boundAdminKind, old, accountId, owed.at);
  await ports.audit.append(entryOf(read.value, owed, isMine));
  const finished: BindingRecord = { ...read.value, unfinished: null, ...(isMine ? {} : { state: 'stale', reasons: ['claimed_elsewhere'], goodReads: [] }) };
  await replaceRecord(ports, bindingKind, accountId, read, finished);
  return (await findRecord(ports, bindingKind, accountId))?.value;
}

function eventOf(record: BindingRecord, owed: Unfinished): Omit<AuditEvent, 'id' | 'phase'> {
  const { accountId, tenantId, userObjectId, upn, reasons } = record;
  const reason = owed.reason === null ? {} : { reason: owed.reason };
  return { action: owed.action, actor: owed.actor, subject: userObjectId, accountId, tenantId, ...reason, details: { upn, reasons } };
}

/** The outcome of a bind or unbind; a change of state that a reading brought about is a note. */
function entryOf(record: BindingRecord, owed: Unfinished, isMine: boolean): AuditEvent {
  const event = { ...eventOf(record, owed), ...(isMine ? {} : { reason: 'claimed_elsewhere' }) };
  if (owed.action !== 'sso.bound' && owed.action !== 'sso.unbound') return { ...event, id: owed.auditId, phase: 'note' };
  const outcome = isMine ? 'done' : 'refused';
  return { ...event, id: `${owed.auditId}:${outcome}`, phase: 'outcome', intentId: `${owed.auditId}:intent`, outcome };
}

/** True when this call's binding is the one on record; false when somebody else wrote first. */
async function writeBinding(ports: BindingPorts, input: BindAdminInput, evidenceId: string, read: Stored<BindingRecord> | undefined): Promise<boolean> {
  const next = plannedBinding(input, evidenceId, read?.value, ports.clock.now());
  const person = personId(next.tenantId, next.userObjectId);
  const event = { ...eventOf(next, next.unfinished), id: `${next.unfinished.auditId}:intent` };
  await ports.audit.append({ ...event, phase: 'intent' });
  if ((await holdClaim(ports, boundAdminKind, person, input.accountId)).heldBy !== input.accountId) {
    await ports.audit.append({ ...event, id: `${next.unfinished.auditId}:refused`, phase: 'outcome', intentId: event.id, outcome: 'refused', reason: 'claimed_elsewhere' });
    throw boundElsewhere(input);
  }
  const won = read === undefined ? await claimRecord(ports, bindingKind, input.accountId, next) : await replaceRecord(ports, bindingKind, input.accountId, read, next);
  const winner = won ? undefined : await findRecord(ports, bindingKind, input.accountId);
  // The same request arriving twice shares its entries; only another one's victory ends this intent.
  const isShared = winner !== undefined && isSamePerson(winner.value, input) && winner.value.sequence === next.sequence;
  if (winner !== undefined && !isShared) await ports.audit.append({ ...event, id: `${next.unfinished.auditId}:failed`, phase: 'outcome', intentId: event.id, outcome: 'failed', reason: 'overtaken' });
  return won;
}

function plannedBinding(input: BindAdminInput, evidenceId: string, before: BindingRecord | undefined, now: number): BindingRecord & { readonly unfinished: Unfinished } {
  const sequence = (before?.sequence ?? 0) + 1;
  const userObjectId = input.candidate.objectId.toLowerCase();
  const replaced = before !== undefined && before.state !== 'unbound' && !isSamePerson(before, input) ? before : undefined;
  return {
    accountId: input.accountId,
    tenantId: input.tenantId.toLowerCase(),
    userObjectId,
    state: 'validating',
    validatedAt: null,
    reasons: [],
    upn: input.candidate.upn,
    displayName: input.candidate.displayName,
    boundAt: now,
    boundBy: input.actor,
    deadlineAt: now + (input.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS) * 1000,
    goodReads: [],
    sequence,
    transition: 0,
    successor: null,
    history: withPast(before?.history ?? [], replaced === undefined ? undefined : pastOf(replaced, input.actor, now, 'rebound')),
    unfinished: {
      action: 'sso.bound',
      // An account that is removed and added again counts from one again; its evidence is another one.
      auditId: `sso.bind:${input.accountId}:${evidenceId}:${sequence}:${userObjectId}`,
      actor: input.actor,
      reason: null,
      release: replaced === undefined ? [] : [personId(replaced.tenantId, replaced.userObjectId)],
      at: now,
    },
  };
}

function ended(bound: BindingRecord, input: UnbindAdminInput, endedAt: number): BindingRecord {
  return {
    ...bound,
    state: 'unbound',
    reasons: [],
    goodReads: [],
    successor: null,
    history: withPast(bound.history, pastOf(bound, input.actor, endedAt, 'unbound')),
    // Claims a killed rebind still had to free are freed along with this one.
    unfinished: { ...unbinding(bound, input, endedAt), release: [...(bound.unfinished?.release ?? []), personId(bound.tenantId, bound.userObjectId)] },
  };
}

function unbinding(bound: BindingRecord, input: UnbindAdminInput, at: number): Unfinished {
  return { action: 'sso.unbound', auditId: `sso.unbind:${bound.accountId}:${bound.sequence}:${bound.boundAt}`, actor: input.actor, reason: input.reason ?? null, release: [], at };
}

function pastOf(bound: BindingRecord, endedBy: string, endedAt: number, endedBecause: PastBinding['endedBecause']): PastBinding {
  return { userObjectId: bound.userObjectId, upn: bound.upn, boundAt: bound.boundAt, endedAt, endedBy, endedBecause };
}

function withPast(history: readonly PastBinding[], past: PastBinding | undefined): PastBinding[] {
  return (past === undefined ? [...history] : [past, ...history]).slice(0, HISTORY_LENGTH);
}

function isBoundAlready(read: Stored<BindingRecord> | undefined, input: BindAdminInput): boolean {
  return read !== undefined && isSamePerson(read.value, input) && (read.value.state === 'validating' || read.value.state === 'active');
}

function isSamePerson(record: Pick<SsoBinding, 'tenantId' | 'userObjectId'>, input: BindAdminInput): boolean {
  return sameGuid(record.tenantId, input.tenantId) && sameGuid(record.userObjectId, input.candidate.objectId);
}

function requireBound(record: BindingRecord | undefined, input: BindAdminInput): SsoBinding {
  const binding = viewBinding(record);
  if (binding?.reasons.includes('claimed_elsewhere') === true) throw boundElsewhere(input);
  if (binding === undefined || !isSamePerson(binding, input)) {
    throw new OnboardingError('STATE_CONFLICT', 'Somebody else changed the binding at the same time.', { details: { accountId: input.accountId } });
  }
  return binding;
}

async function requireOwnedTenant(ports: BindingPorts, input: BindAdminInput): Promise<OwnershipEvidence> {
  const evidence = await requireOwnership(ports, input.accountId);
  if (!sameGuid(evidence.tenantId, input.tenantId)) {
    throw new OnboardingError('SSO_OWNERSHIP_UNPROVEN', 'The tenant of this admin does not belong to this account.', { details: { accountId: input.accountId, tenantId: input.tenantId } });
  }
  return evidence;
}

function requireIds(input: BindAdminInput): void {
  const field = isGuid(input.candidate.objectId) ? (isGuid(input.tenantId) ? undefined : 'tenantId') : 'objectId';
  if (field !== undefined) throw new OnboardingError('INPUT_INVALID', 'A binding needs the tenant id and the object id as GUIDs.', { details: { field } });
}

/** Stopping never waits for the audit. False when the audit is down; what it misses is owed by the record. */
async function orOwed(step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    if (!hasCode(error, 'AUDIT_UNAVAILABLE')) throw error;
    return false;
  }
}

/** Names nobody: the operator of one account learns nothing about another. */
function boundElsewhere(input: BindAdminInput): OnboardingError {
  return new OnboardingError('SSO_ADMIN_BOUND_ELSEWHERE', 'This person is bound to another customer account.', { details: { tenantId: input.tenantId, objectId: input.candidate.objectId } });
}
