/**
 * Is the bound person still a usable admin, and is the consent alive? Judging is pure and by object id; names only update
 * the snapshot. A binding turns active after several good readings spread over time, never after one, and never after an
 * unknown one. What replication can explain is waited for until the deadline; what it cannot is told at once. An active
 * binding that a reading contradicts goes stale immediately.
 */
import { OnboardingError } from '../errors';
import { sameGuid } from '../internal/guid';
import type { Ports } from '../ports';
import { findRecord, replaceRecord } from '../records';
import { finishBinding } from './binding';
import { type BindingRecord, bindingKind, viewBinding } from './binding-records';
import type { AppliedValidation, ApplyValidationInput, BindingJudgement, BindingReason, ConsentVerdict, SsoBinding, StandingEvidence, ValidationPolicy } from './model';

export const DEFAULT_VALIDATION_POLICY: ValidationPolicy = {
  readsNeeded: 2,
  spreadSeconds: 60,
  deadlineSeconds: 3600,
  recheckSeconds: 86_400,
  maxEvidenceAgeSeconds: 86_400,
};

const RETRY_MS = 30_000;
const STALE_RETRY_MS = 3_600_000;
const MAX_ATTEMPTS = 8;

export interface JudgeBindingInput {
  readonly binding: SsoBinding;
  readonly standing: StandingEvidence;
  readonly consentVerdict: ConsentVerdict;
  readonly now: number;
  readonly policy: ValidationPolicy;
}

/** What one reading says, whatever came before it. */
export interface Reading {
  readonly kind: 'good' | 'unknown' | 'replicating' | 'wrong';
  readonly reasons: readonly BindingReason[];
}

/** Replication or a lagging replica explains these; nothing but a person's act explains the others. */
const MAY_BE_LAG: ReadonlySet<BindingReason> = new Set(['not_found', 'role_missing', 'consent_missing']);
const STANDING_REASONS: readonly BindingReason[] = ['not_found', 'disabled', 'guest', 'role_missing', 'role_scoped_only', 'role_eligible_only'];

/** Pure. The strongest statement decides: wrong over replicating over unknown over good. */
export function classifyReading(binding: Pick<SsoBinding, 'userObjectId' | 'boundAt'>, standing: StandingEvidence, consentVerdict: ConsentVerdict): Reading {
  const contradictions: BindingReason[] = [];
  const gaps: BindingReason[] = [];
  // The same name behind another object id is a re-created account: not the person who was bound.
  if (standing.person !== undefined && !sameGuid(standing.person.objectId, binding.userObjectId)) contradictions.push('other_person');
  else if (standing.outcome === 'qualifies' && isRevokedSince(standing, binding.boundAt)) contradictions.push('sessions_revoked');
  else if (standing.outcome === 'does_not') contradictions.push(...knownReasons(standing));
  else if (standing.outcome === 'unknown' || standing.person === undefined) gaps.push('standing_unknown');
  if (consentVerdict === 'missing') contradictions.push('consent_missing');
  if (consentVerdict === 'unknown') gaps.push('consent_unknown');
  if (contradictions.some((reason) => !MAY_BE_LAG.has(reason))) return { kind: 'wrong', reasons: contradictions };
  if (contradictions.length > 0) return { kind: 'replicating', reasons: contradictions };
  return gaps.length > 0 ? { kind: 'unknown', reasons: gaps } : { kind: 'good', reasons: [] };
}

/** The directory writes whole seconds, so a binding of the same second is not older than the revocation. */
function isRevokedSince({ person }: StandingEvidence, boundAt: number): boolean {
  return (person?.sessionsValidFromAt ?? 0) > boundAt;
}

/** Pure: the binding's next state. */
export function judgeBinding(input: JudgeBindingInput): BindingJudgement {
  const { binding, now } = input;
  // Somebody else holds the person; no reading of the directory changes that.
  if (binding.reasons.includes('claimed_elsewhere')) return { ...unchanged(binding), nextCheckAt: now + STALE_RETRY_MS };
  const reading = classifyReading(binding, input.standing, input.consentVerdict);
  if (reading.kind === 'good') return afterGood(input);
  return reading.kind === 'unknown' ? afterUnknown(input, reading.reasons) : afterContradiction(input, reading);
}

/**
 * Judge and keep. Finishes first what a killed bind left open. A change of state is written before its audit entry, which
 * the record owes until it is there.
 * Raises `SSO_BINDING_NOT_FOUND`, `AUDIT_UNAVAILABLE` (the state is kept, the entry follows with the next call),
 * `STATE_CONFLICT`, `STATE_UNAVAILABLE`.
 */
export async function applyValidation(ports: Pick<Ports, 'store' | 'sealer' | 'clock' | 'audit'>, input: ApplyValidationInput): Promise<AppliedValidation> {
  const policy = { ...DEFAULT_VALIDATION_POLICY, ...input.policy };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    await finishBinding(ports, input.accountId);
    const read = await findRecord(ports, bindingKind, input.accountId);
    const binding = viewBinding(read?.value);
    if (read === undefined || binding === undefined) throw notBound(input.accountId);
    if (read.value.unfinished !== null) continue;
    const now = ports.clock.now();
    const { nextCheckAt, ...judged } = judgeBinding({ binding, standing: input.standing, consentVerdict: input.consentVerdict, now, policy });
    const next = nextRecord(read.value, judged, now);
    // A reading that changes nothing writes nothing: whoever dies right after a write has then made progress.
    if (JSON.stringify(next) === JSON.stringify(read.value)) return { binding, nextCheckAt };
    if (!(await replaceRecord(ports, bindingKind, input.accountId, read, next))) continue;
    const kept = viewBinding(await finishBinding(ports, input.accountId));
    if (kept === undefined) throw notBound(input.accountId);
    return { binding: kept, nextCheckAt };
  }
  throw new OnboardingError('STATE_CONFLICT', 'Somebody else kept changing the binding.', { details: { accountId: input.accountId } });
}

function afterGood({ binding, standing, now, policy }: JudgeBindingInput): BindingJudgement {
  const seen = { upn: standing.person?.upn ?? binding.upn, displayName: standing.person?.displayName ?? binding.displayName };
  const gapMs = policy.readsNeeded > 1 ? (policy.spreadSeconds * 1000) / (policy.readsNeeded - 1) : 0;
  const goodReads = countRead(binding.state === 'stale' ? [] : binding.goodReads, now, gapMs, policy.readsNeeded);
  const isProven = goodReads.length >= policy.readsNeeded;
  if (binding.state === 'active' || isProven) return { ...unchanged(binding), ...seen, state: 'active', reasons: [], goodReads, validatedAt: now, nextCheckAt: now + policy.recheckSeconds * 1000 };
  // A stale binding that reads well again starts over; it does not become active by a single read.
  const deadlineAt = binding.state === 'stale' ? now + policy.deadlineSeconds * 1000 : binding.deadlineAt;
  return { ...unchanged(binding), ...seen, state: 'validating', reasons: [], goodReads, deadlineAt, nextCheckAt: Math.ceil((goodReads.at(-1) ?? now) + gapMs) };
}

function afterUnknown({ binding, now, policy }: JudgeBindingInput, reasons: readonly BindingReason[]): BindingJudgement {
  if (binding.state === 'stale') return { ...unchanged(binding), nextCheckAt: now + STALE_RETRY_MS };
  if (binding.state === 'active') {
    const isExpired = now - (binding.validatedAt ?? 0) > policy.maxEvidenceAgeSeconds * 1000;
    return isExpired ? stale(binding, ['evidence_expired', ...reasons], now) : { ...unchanged(binding), reasons, nextCheckAt: now + RETRY_MS };
  }
  return now >= binding.deadlineAt ? stale(binding, ['deadline_passed', ...reasons], now) : { ...unchanged(binding), reasons, nextCheckAt: soon(binding, now) };
}

function afterContradiction({ binding, now }: JudgeBindingInput, reading: Reading): BindingJudgement {
  if (binding.state !== 'validating' || reading.kind === 'wrong') return stale(binding, reading.reasons, now);
  if (now >= binding.deadlineAt) return stale(binding, ['deadline_passed', ...reading.reasons], now);
  return { ...unchanged(binding), reasons: ['replicating', ...reading.reasons], goodReads: [], nextCheckAt: soon(binding, now) };
}

function stale(binding: SsoBinding, reasons: readonly BindingReason[], now: number): BindingJudgement {
  return { ...unchanged(binding), state: 'stale', reasons, goodReads: [], nextCheckAt: now + STALE_RETRY_MS };
}

/** Reads nearer together than the gap are one: a single replica may have answered both. */
function countRead(before: readonly number[], now: number, gapMs: number, readsNeeded: number): readonly number[] {
  const last = before.at(-1);
  return last !== undefined && now - last < gapMs ? before : [...before, now].slice(-readsNeeded);
}

function unchanged(binding: SsoBinding): Omit<BindingJudgement, 'nextCheckAt'> {
  const { state, reasons, goodReads, validatedAt, deadlineAt, upn, displayName } = binding;
  return { state, reasons, goodReads, validatedAt, deadlineAt, upn, displayName };
}

/** Not later than the deadline, which is a decision too. */
function soon(binding: SsoBinding, now: number): number {
  return Math.min(now + RETRY_MS, binding.deadlineAt);
}

function knownReasons(standing: StandingEvidence): BindingReason[] {
  const known = STANDING_REASONS.filter((reason) => standing.reasons.includes(reason));
  return known.length > 0 ? known : ['role_missing'];
}

function nextRecord(before: BindingRecord, judged: Omit<BindingJudgement, 'nextCheckAt'>, now: number): BindingRecord {
  const successor = judged.state === 'stale' ? before.successor : null;
  const next = { ...before, ...judged, successor, reasons: [...judged.reasons], goodReads: [...judged.goodReads] };
  if (judged.state === before.state) return next;
  const transition = before.transition + 1;
  const auditId = `sso.binding:${before.accountId}:${before.sequence}:${before.boundAt}:${transition}`;
  return { ...next, transition, unfinished: { action: `sso.binding_${judged.state}`, auditId, actor: 'system', reason: null, release: before.unfinished?.release ?? [], at: now } };
}

function notBound(accountId: string): OnboardingError {
  return new OnboardingError('SSO_BINDING_NOT_FOUND', 'No SSO binding is configured for this account.', { details: { accountId } });
}
