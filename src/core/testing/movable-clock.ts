/**
 * A clock for tests that stands still until it is moved. Sleepers wake when the clock is moved past their time, in the
 * order they are due; with `skipsSleeps` a sleep moves the clock itself, so that code which waits runs through at once.
 */
import type { Clock } from '../ports';

export interface MovableClock extends Clock {
  /** Move forward by `ms` and wake everybody who is due by then, in order. */
  advance(ms: number): void;
  /** Move to an instant, also backwards (a host whose clock was corrected); wakes only who is due. */
  moveTo(instant: number): void;
  /** How many sleepers are waiting. */
  readonly sleepers: number;
}

export interface MovableClockOptions {
  /** A sleep advances the clock by its length and resolves. Default: a sleep waits for `advance`. */
  readonly skipsSleeps?: boolean;
}

interface Sleeper {
  readonly wakesAt: number;
  wake(): void;
}

/** `startMs` is milliseconds since the Unix epoch. */
export function createMovableClock(startMs: number, options: MovableClockOptions = {}): MovableClock {
  let instant = startMs;
  const sleepers = new Set<Sleeper>();

  function moveTo(next: number): void {
    instant = next;
    const due = [...sleepers].filter((sleeper) => sleeper.wakesAt <= next);
    for (const sleeper of due.sort((a, b) => a.wakesAt - b.wakesAt)) sleeper.wake();
  }

  async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (options.skipsSleeps === true) return moveTo(instant + ms);
    if (ms <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const sleeper: Sleeper = { wakesAt: instant + ms, wake: () => settle(resolve) };
      const onAbort = () => settle(() => reject(signal?.reason));
      function settle(finish: () => void): void {
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', onAbort);
        finish();
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      sleepers.add(sleeper);
    });
  }

  return {
    now: () => instant,
    sleep,
    advance: (ms) => moveTo(instant + ms),
    moveTo,
    get sleepers() {
      return sleepers.size;
    },
  };
}
