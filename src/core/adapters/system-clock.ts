/** The host's wall clock. A sleep keeps the process alive, as whoever sleeps has something left to do. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../ports';

/** Node's timers fire at once when asked for more than this. */
const LONGEST_TIMER_MS = 2_147_483_647;

export function createSystemClock(): Clock {
  return { now: () => Date.now(), sleep };
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  for (let left = ms; left > 0; left -= LONGEST_TIMER_MS) {
    await delay(Math.min(left, LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      // Callers are promised the signal's own reason, not the timer's AbortError.
      signal?.throwIfAborted();
      throw error;
    });
  }
}
