/**
 * When to ask Graph again. Pure. Microsoft Graph "throttling guidance": obey Retry-After, otherwise back off exponentially
 * with jitter; 429, 503, 504 and 509 are worth a repeat. A whole operation has a budget, because a caller who waits for
 * ever learns nothing.
 */

const MAX_RETRIES = 3;
/** What a person, or a step that somebody waits for, may spend on one operation. */
export const DEFAULT_PATIENCE_MS = 120_000;
const FIRST_BACKOFF_MS = 1000;

/** True for an answer that asks for a repeat; a request that must not be sent twice is repeated after 429 only. */
export function isWorthRepeating(status: number, repeatable: boolean): boolean {
  return status === 429 || (repeatable && (status === 503 || status === 504 || status === 509));
}

export interface RetryState {
  /** Repeats made so far. */
  readonly retries: number;
  /** Since the operation began. */
  readonly elapsedMs: number;
  readonly retryAfterSeconds: number | undefined;
  /** Between 0 and 1. */
  readonly jitter: number;
  /** What the whole operation may spend on waiting. */
  readonly patienceMs: number;
}

/** Milliseconds to wait before the next repeat; undefined when there is none left within the budget. */
export function planRetryDelayMs({ retries, elapsedMs, retryAfterSeconds, jitter, patienceMs }: RetryState): number | undefined {
  if (retries >= MAX_RETRIES) return undefined;
  const backoffMs = FIRST_BACKOFF_MS * 2 ** retries * (1 + jitter / 2);
  const delayMs = Math.ceil(retryAfterSeconds === undefined ? backoffMs : retryAfterSeconds * 1000);
  return fitsBudget(elapsedMs, delayMs, patienceMs) ? delayMs : undefined;
}

/** Whether one more wait is within what an operation may take. */
export function fitsBudget(elapsedMs: number, delayMs: number, patienceMs: number): boolean {
  return elapsedMs + delayMs <= patienceMs;
}
