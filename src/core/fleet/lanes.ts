/**
 * A few accounts at a time. Whoever is slow keeps one lane and no more, whoever has to come back later keeps none; when nobody
 * can be visited the time until the next one is due is slept through. Ends by itself, by an abort, or by a failure.
 */
import type { Clock } from '../ports';

export interface LanesPlan {
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  /** The next one that can be visited now; undefined when there is none at the moment. */
  next(): Promise<string | undefined>;
  /** When somebody who was put back is due; undefined when nobody is. */
  nextAt(): number | undefined;
  /** One account, to the end of its visit. A rejection ends the run. */
  visit(accountId: string): Promise<void>;
  /** Between two visits, and before a sleep until the given instant. A rejection ends the run. */
  pause(untilAt: number | undefined): Promise<void>;
}

/** Rejects with the first failure, after the visits under way have ended. An abort resolves. */
export async function runLanes({ clock }: { readonly clock: Clock }, plan: LanesPlan): Promise<void> {
  const lanes = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const start = (accountId: string) => {
    const lane = plan.visit(accountId).catch((reason: unknown) => void failures.push(reason)).finally(() => lanes.delete(lane));
    lanes.add(lane);
  };
  try {
    while (failures.length === 0 && plan.signal?.aborted !== true) {
      await plan.pause(undefined);
      const accountId = lanes.size < plan.concurrency ? await plan.next() : undefined;
      if (accountId !== undefined) start(accountId);
      else if (lanes.size > 0 || plan.nextAt() !== undefined) await somethingHappens(clock, plan, lanes);
      else break;
    }
  } catch (reason) {
    failures.push(reason);
  }
  await Promise.all(lanes);
  if (failures.length > 0) throw failures[0];
}

/** A lane becomes free, or somebody who was put back is due and there is a lane for them. */
async function somethingHappens(clock: Clock, plan: LanesPlan, lanes: ReadonlySet<Promise<void>>): Promise<void> {
  const dueAt = lanes.size < plan.concurrency ? plan.nextAt() : undefined;
  if (dueAt === undefined) return Promise.race(lanes);
  if (lanes.size === 0) await plan.pause(dueAt);
  const woken = new AbortController();
  const signal = plan.signal === undefined ? woken.signal : AbortSignal.any([plan.signal, woken.signal]);
  const sleep = clock.sleep(Math.max(0, dueAt - clock.now()), signal).catch((reason: unknown) => {
    if (!signal.aborted) throw reason;
  });
  try {
    await Promise.race([...lanes, sleep]);
  } finally {
    woken.abort();
  }
}
