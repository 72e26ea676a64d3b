/**
 * Weekly windows in UTC in which renewals begin. Pure. A window runs from a full hour to a full hour of the same day; no
 * windows at all means any time.
 */
import type { RenewalWindow } from '../lifecycle';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of `Date.prototype.getUTCDay`, whose week begins on Sunday. */
const DAYS: readonly RenewalWindow['days'][number][] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Is this instant (milliseconds since the Unix epoch) inside one of the windows? Always, when there are none. */
export function isInWindow(windows: readonly RenewalWindow[], at: number): boolean {
  return windows.length === 0 || firstIn(windows, at) === at;
}

/** The first instant from `at` on that lies inside a window: `at` itself, or the opening of the next one. */
export function nextInWindow(windows: readonly RenewalWindow[], at: number): number {
  return windows.length === 0 ? at : firstIn(windows, at);
}

function firstIn(windows: readonly RenewalWindow[], at: number): number {
  const midnight = Math.floor(at / DAY_MS) * DAY_MS;
  // A window that closed earlier today opens again in a week at the latest.
  const days = Array.from({ length: DAYS.length + 1 }, (_, offset) => midnight + offset * DAY_MS);
  const openings = days.flatMap((day) => windows.flatMap((window) => firstOnDay(window, day, at)));
  return Math.min(...openings);
}

function firstOnDay({ days, fromHour, toHour }: RenewalWindow, midnight: number, at: number): readonly number[] {
  const weekday = DAYS[new Date(midnight).getUTCDay()];
  if (weekday === undefined || !days.includes(weekday) || at >= midnight + toHour * HOUR_MS) return [];
  return [Math.max(at, midnight + fromHour * HOUR_MS)];
}
