/**
 * Whom a throttled answer of Graph means: one app in one tenant, as a rule; sometimes the app wherever it works, or the
 * tenant whoever asks. Pure. Microsoft Graph "throttling guidance", header `x-ms-throttle-scope`
 * (`<scope>/<limit>/<app id>/<tenant id>`); an answer without the header means the usual.
 */
import type { OnboardingError } from '../errors';
import { pauseKey, type ServicePauses } from './service-pauses';

const EVERY = '*';

/** The key to note a pause under; `caller` is the `pauseKey` of whoever was throttled. */
export function throttledScopeOf(caller: string, headers: Readonly<Record<string, string>>): string {
  const [tenantId = '', app = ''] = caller.split(' ');
  const scope = headers['x-ms-throttle-scope']?.split('/', 1)[0]?.trim().toLowerCase();
  if (scope === 'application') return pauseKey(EVERY, app);
  return scope === 'tenant' ? pauseKey(tenantId, EVERY) : caller;
}

/** The longest pause that holds this caller, of its own or of its app or tenant; undefined when asking is welcome. */
export function pausedBy(pauses: Pick<ServicePauses, 'find'>, caller: string): OnboardingError | undefined {
  const [tenantId = '', app = ''] = caller.split(' ');
  const found = [caller, pauseKey(EVERY, app), pauseKey(tenantId, EVERY)].flatMap((key) => pauses.find(key) ?? []);
  return found.toSorted((left, right) => (right.retryAfterSeconds ?? 0) - (left.retryAfterSeconds ?? 0))[0];
}
