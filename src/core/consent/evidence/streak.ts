/**
 * When is consent proven, and when to look again. Five good reads in a row, spread over at least a minute, each on new
 * sockets: one sticky replica can agree with itself for a while. Reads before that follow a schedule that is quick at
 * first and patient later; after the deadline it is a person's move. Pure.
 */
import type { ConsentVerdict } from './verdict';

export const GOOD_READS_NEEDED = 5;
export const SPREAD_MS = 60_000;
/** Four gaps of this size make the spread. */
const GOOD_READ_GAP_MS = 15_000;
/** Evidence of propagation: most grants show within seconds, some after minutes, a few after hours. */
const SCHEDULE_MS = [2000, 5000, 10_000, 20_000, 30_000];
const QUICK_PERIOD_MS = 5 * 60_000;
const PATIENT_GAP_MS = 5 * 60_000;
export const VERIFY_DEADLINE_MS = 24 * 3_600_000;

export interface Streak {
  readonly goodReadsAt: readonly number[];
  /** Reads since the verification began. */
  readonly reads: number;
  readonly verifyingSince: number;
}

export type StreakDecision =
  | { readonly outcome: 'proven'; readonly streak: Streak }
  | { readonly outcome: 'look_again'; readonly streak: Streak; readonly nextReadAt: number }
  | { readonly outcome: 'deadline_passed'; readonly streak: Streak };

export function addRead(before: Streak, verdict: ConsentVerdict['verdict'], now: number): StreakDecision {
  const goodReadsAt = verdict === 'granted' ? [...before.goodReadsAt, now] : [];
  const streak = { ...before, goodReadsAt, reads: before.reads + 1 };
  if (isProven(goodReadsAt)) return { outcome: 'proven', streak };
  if (verdict === 'granted') return { outcome: 'look_again', streak, nextReadAt: now + GOOD_READ_GAP_MS };
  if (now - before.verifyingSince >= VERIFY_DEADLINE_MS) return { outcome: 'deadline_passed', streak };
  const quick = now - before.verifyingSince < QUICK_PERIOD_MS;
  return { outcome: 'look_again', streak, nextReadAt: now + (quick ? (SCHEDULE_MS[before.reads] ?? 30_000) : PATIENT_GAP_MS) };
}

export function isProven(goodReadsAt: readonly number[]): boolean {
  const first = goodReadsAt[0];
  const last = goodReadsAt.at(-1);
  return first !== undefined && last !== undefined && goodReadsAt.length >= GOOD_READS_NEEDED && last - first >= SPREAD_MS;
}
