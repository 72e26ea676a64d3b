/**
 * Who asked us to wait, and until when, by the injected clock: a service that said Retry-After is not asked again before,
 * by whoever comes next. RFC 9110 section 10.2.3; Microsoft Graph "throttling guidance". One memory for one process;
 * another process learns it the same way.
 */
import { type ErrorCode, OnboardingError } from '../errors';
import type { Clock } from '../ports';
import { findServiceCode } from '../service-codes';

/** A longer wait is a mistake of somebody's: after this it is worth one question. */
const LONGEST_PAUSE_MS = 3_600_000;
const CAPACITY = 5000;
/** For a throttled answer that says neither how long nor, by its number, of what kind it is. */
const UNTOLD = { firstSeconds: 5, atMostSeconds: 300 };

type Told = Pick<OnboardingError, 'code' | 'retryAfterSeconds' | 'serviceCode'>;

export interface ServicePauses {
  /**
   * Remember how long this asks to wait. A throttled token endpoint that does not say so is left alone for what the table
   * of service codes has, twice as long each time in a row; any other error without `retryAfterSeconds` asks nothing.
   */
  note(key: string, told: Told): void;
  /** What to raise instead of asking, with the time that is left; undefined when asking is welcome. */
  find(key: string): OnboardingError | undefined;
}

/** Keys are the caller's: one for each app and tenant at each host. */
export function createServicePauses(clock: Pick<Clock, 'now'>): ServicePauses {
  const pauses = new Map<string, Pause>();

  return {
    note(key, told) {
      const now = clock.now();
      const seconds = told.retryAfterSeconds ?? untoldSeconds(told, pauses.get(key), now);
      if (seconds === undefined || seconds <= 0) return;
      const pausedMs = Math.min(seconds * 1000, LONGEST_PAUSE_MS);
      const until = now + pausedMs;
      if ((pauses.get(key)?.until ?? 0) >= until) return;
      pauses.delete(key);
      pauses.set(key, { until, pausedMs, code: told.code, serviceCode: told.serviceCode });
      const [oldest] = pauses.keys();
      if (pauses.size > CAPACITY && oldest !== undefined) pauses.delete(oldest);
    },

    find(key) {
      const pause = pauses.get(key);
      if (pause === undefined) return undefined;
      const leftMs = pause.until - clock.now();
      // A clock that was set back would make the pause longer than anybody asked for.
      if (leftMs > 0 && leftMs <= LONGEST_PAUSE_MS) {
        return new OnboardingError(pause.code, 'The service asked us to wait, and the time is not over.', { serviceCode: pause.serviceCode, retryAfterSeconds: leftMs / 1000, details: { asked: false } });
      }
      // What is over is kept for a while: how long the last wait was decides about the next.
      if (leftMs > LONGEST_PAUSE_MS || -leftMs > pause.pausedMs) pauses.delete(key);
      return undefined;
    },
  };
}

interface Pause {
  readonly until: number;
  readonly pausedMs: number;
  readonly code: ErrorCode;
  readonly serviceCode: string | undefined;
}

function untoldSeconds({ code, serviceCode }: Told, last: Pause | undefined, now: number): number | undefined {
  if (code !== 'STS_THROTTLED') return undefined;
  const { firstSeconds, atMostSeconds } = findServiceCode(serviceCode)?.wait ?? UNTOLD;
  const isInARow = last !== undefined && Math.abs(now - last.until) <= last.pausedMs;
  return Math.min(isInARow ? Math.max(firstSeconds, (last.pausedMs / 1000) * 2) : firstSeconds, atMostSeconds);
}

/** One key for an app in a tenant. */
export function pauseKey(tenantId: string, app: string): string {
  return `${tenantId.toLowerCase()} ${app.toLowerCase()}`;
}
