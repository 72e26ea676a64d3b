/**
 * Who asked us to wait, and until when, by the injected clock: a service that said Retry-After is not asked again before,
 * by whoever comes next. RFC 9110 section 10.2.3; Microsoft Graph "throttling guidance". One memory for one process;
 * another process learns it the same way.
 */
import { type ErrorCode, OnboardingError } from '../errors';
import type { Clock } from '../ports';

/** A longer wait is a mistake of somebody's: after this it is worth one question. */
const LONGEST_PAUSE_MS = 3_600_000;
const CAPACITY = 5000;

type Told = Pick<OnboardingError, 'code' | 'retryAfterSeconds' | 'serviceCode'>;

export interface ServicePauses {
  /** Remember how long this asks to wait; an error without `retryAfterSeconds` asks nothing. */
  note(key: string, told: Told): void;
  /** What to raise instead of asking, with the time that is left; undefined when asking is welcome. */
  find(key: string): OnboardingError | undefined;
}

/** Keys are the caller's: one for each app and tenant at each host. */
export function createServicePauses(clock: Pick<Clock, 'now'>): ServicePauses {
  const pauses = new Map<string, { readonly until: number; readonly code: ErrorCode; readonly serviceCode: string | undefined }>();

  return {
    note(key, { code, retryAfterSeconds, serviceCode }) {
      if (retryAfterSeconds === undefined || retryAfterSeconds <= 0) return;
      const until = clock.now() + Math.min(retryAfterSeconds * 1000, LONGEST_PAUSE_MS);
      if ((pauses.get(key)?.until ?? 0) >= until) return;
      pauses.delete(key);
      pauses.set(key, { until, code, serviceCode });
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
      pauses.delete(key);
      return undefined;
    },
  };
}

/** One key for an app in a tenant. */
export function pauseKey(tenantId: string, app: string): string {
  return `${tenantId.toLowerCase()} ${app.toLowerCase()}`;
}
