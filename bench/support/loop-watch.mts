/**
 * How long the event loop of this process is held. Two views of the same run:
 * - the delay that timers saw (`monitorEventLoopDelay`), which also counts the time the machine gave to other processes;
 * - the time this thread really computed between two turns of the loop, which does not, and is what our code can change.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const TICK_MS = 1;

export interface LoopReport {
  /** Milliseconds. Longest computation between two turns, and its 99th percentile. */
  readonly heldMax: number;
  readonly heldP99: number;
  /** Milliseconds beyond the timer's own period. */
  readonly delayMax: number;
  readonly delayP99: number;
}

export function watchLoop(): () => LoopReport {
  const histogram = monitorEventLoopDelay({ resolution: TICK_MS });
  const held: number[] = [];
  let before = threadMs();
  const look = () => {
    const now = threadMs();
    held.push(now - before);
    before = now;
  };
  const timer = setInterval(look, TICK_MS);
  histogram.enable();
  return () => {
    clearInterval(timer);
    look();
    histogram.disable();
    const sorted = held.toSorted((left, right) => left - right);
    const beyondPeriod = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - TICK_MS);
    return {
      heldMax: sorted.at(-1) ?? 0,
      heldP99: sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 0,
      delayMax: beyondPeriod(histogram.max),
      delayP99: beyondPeriod(histogram.percentile(99)),
    };
  };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
