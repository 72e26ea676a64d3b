/**
 * What one look at an account means for the fleet. Pure. Refuses to call an account well because nothing bad was heard: its
 * consent has to have been seen, by this look or by one within the hour.
 */
import type { Journey } from '../accounts/journey';
import type { OnboardingError } from '../errors';
import { ERROR_CATALOG, type ErrorCode } from '../error-catalog';
import type { AccountVerdict } from './model';

/** A routine look is due an hour after the last good one, and that one took its time. */
const SEEN_WITHIN_MS = 62 * 60_000;

const NEVER_SEEN: AccountVerdict = { kind: 'failed', code: 'CONSENT_UNKNOWN', unavailable: true };
/** What worked for a consented tenant and does not any more, although its catalog entry speaks of an input. */
const LOST: ReadonlySet<ErrorCode> = new Set(['TENANT_NOT_FOUND']);
const GONE: ReadonlySet<ErrorCode> = new Set(['ACCOUNT_NOT_FOUND', 'ACCOUNT_REMOVING', 'OPERATOR_NOT_ALLOWED']);

export interface Look {
  readonly startedAt: number;
  /** As it was before `advance`, and as it is after. */
  readonly before: Pick<Journey, 'nextCheckAt'>;
  readonly after: Pick<Journey, 'state' | 'reasons' | 'consentEvidenceAt'>;
}

export function judgeLook({ startedAt, before, after }: Look): AccountVerdict {
  if (after.state === 'attention') return { kind: 'attention', codes: [...new Set(after.reasons.map(({ code }) => code))] };
  if (after.state !== 'active') return { kind: 'waiting' };
  const seenAt = after.consentEvidenceAt ?? Number.NEGATIVE_INFINITY;
  const wasDue = before.nextCheckAt === null || before.nextCheckAt <= startedAt;
  return seenAt >= startedAt || (!wasDue && startedAt - seenAt < SEEN_WITHIN_MS) ? { kind: 'ok' } : NEVER_SEEN;
}

/** After `advance` raised: undefined when the account is none of this sweep's any more. */
export function judgeFailure({ code, reaction }: Pick<OnboardingError, 'code' | 'reaction'>): AccountVerdict | undefined {
  if (GONE.has(code)) return undefined;
  if (reaction === 'attention' || reaction === 'act' || LOST.has(code)) return { kind: 'attention', codes: [code] };
  return { kind: 'failed', code, unavailable: reaction === 'retry_later' };
}

/** True for a verdict that a service's pause may be the reason for, so that it is worth another look after the pause. */
export function isUnsettled(verdict: AccountVerdict, waitsForReplication: boolean): boolean {
  if (verdict.kind === 'failed') return verdict.unavailable;
  if (verdict.kind === 'waiting') return waitsForReplication;
  return verdict.kind === 'attention' && verdict.codes.length > 0 && verdict.codes.every(isPassing);
}

function isPassing(code: string): boolean {
  return Object.hasOwn(ERROR_CATALOG, code) && ERROR_CATALOG[code as ErrorCode].reaction === 'retry_later';
}
