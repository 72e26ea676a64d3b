/**
 * Follows the sandbox's clock, so that moving it there moves time here: tokens, deadlines and schedules of both sides
 * stay in agreement. Only used when the configuration names the sandbox's control door.
 */
import { get } from 'node:http';
import { type Clock, createSystemClock } from '../core/index';

export interface FollowingClock extends Clock {
  /** Ask the sandbox again; a sandbox that is gone leaves the last offset. */
  refresh(): Promise<void>;
}

const POLL_MS = 1000;

export async function followSandboxClock(controlUrl: string): Promise<FollowingClock> {
  const system = createSystemClock();
  let offsetMs = 0;
  const clock: FollowingClock = {
    now: () => system.now() + offsetMs,
    refresh: async () => {
      const theirs = await readInstant(controlUrl);
      if (theirs !== undefined) offsetMs = theirs - system.now();
    },
    sleep: async (ms, signal) => {
      const until = clock.now() + ms;
      // The clock may be moved while we wait: look again every second.
      while (clock.now() < until) {
        await system.sleep(Math.min(POLL_MS, until - clock.now()), signal);
        await clock.refresh();
      }
    },
  };
  await clock.refresh();
  return clock;
}

async function readInstant(controlUrl: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(new URL('/state', controlUrl), { timeout: 2000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.on('end', () => resolve(parseInstant(body)));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

function parseInstant(body: string): number | undefined {
  try {
    const { now } = JSON.parse(body) as { now?: unknown };
    const instant = typeof now === 'string' ? Date.parse(now) : now;
    return typeof instant === 'number' && Number.isFinite(instant) ? instant : undefined;
  } catch {
    return undefined;
  }
}
