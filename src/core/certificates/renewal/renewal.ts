/**
 * When a credential is renewed, and how urgent that is by now. Pure: the same credential and settings give the same plan on
 * every host, whose check may therefore run anywhere. A renewal is planned so that it has come before the credential counts
 * as expiring; settings that do not fit a short lifetime are shrunk to it and never leave it without a plan.
 */
import type { RenewalSettings } from '../lifecycle';
import { isInWindow, nextInWindow } from './renewal-windows';

/** Whatever ends at an instant an app signs in until. ISO 8601 in UTC. */
export interface DatedCredential {
  readonly notBefore: string;
  readonly notAfter: string;
  /** Upper-case hex; spreads the renewals. */
  readonly thumbprintSha256: string;
}

/** What `renewAt` follows from. */
export type RenewalReason =
  /** The part of the lifetime that the settings name. */
  | 'lifetime_fraction'
  /** The days before the end that the settings name. */
  | 'days_before'
  /** Those days are most of the lifetime, so the part of the lifetime counts instead. */
  | 'short_lifetime'
  /** It waits for the next window. */
  | 'window'
  /** Waiting for a window would have come too near to the end. */
  | 'window_skipped';

export interface RenewalPlan {
  /** Milliseconds since the Unix epoch, like all of these. Always before `expiresAt`. */
  readonly renewAt: number;
  /** From here on it is renewed outside of windows too. */
  readonly urgentAt: number;
  /** From here on it counts as expiring. */
  readonly expiringAt: number;
  readonly expiresAt: number;
  readonly reason: RenewalReason;
}

export type RenewalStatus = 'ok' | 'due' | 'expiring' | 'expired' | 'not_yet_valid';

export interface Renewal extends RenewalPlan {
  readonly status: RenewalStatus;
  /** It is due, and a window is open or the end is near. */
  readonly mayBegin: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Days before the end that take more of the lifetime than this would renew all the time. */
const MOST_OF_LIFETIME = 2 / 3;

/** Where a credential stands at `now` (milliseconds since the Unix epoch). */
export function judgeRenewal(credential: DatedCredential, settings: RenewalSettings, now: number): Renewal {
  const plan = planRenewal(credential, settings);
  const status = statusAt(plan, Date.parse(credential.notBefore), now);
  const mayBegin = status !== 'ok' && status !== 'not_yet_valid' && (now >= plan.urgentAt || isInWindow(settings.windows, now));
  return { ...plan, status, mayBegin };
}

/** When a credential will be renewed, whatever the time is now. */
export function planRenewal(credential: DatedCredential, settings: RenewalSettings): RenewalPlan {
  const startsAt = Date.parse(credential.notBefore);
  const expiresAt = Date.parse(credential.notAfter);
  const base = baseOf(startsAt, expiresAt, settings);
  // Half of what is left after the base is the least that is kept for renewing before anybody is alarmed.
  const expiringAt = expiresAt - Math.min(settings.expiringDays * DAY_MS, (expiresAt - base.at) / 2);
  const spread = Math.min(settings.jitterHours * HOUR_MS, (expiringAt - base.at) / 2);
  const wantedAt = Math.floor(base.at + spread * fractionOf(credential.thumbprintSha256));
  const urgentAt = Math.floor(expiringAt - (expiringAt - base.at) / 4);
  const windowAt = nextInWindow(settings.windows, wantedAt);
  const shared = { urgentAt, expiringAt: Math.floor(expiringAt), expiresAt };
  if (windowAt === wantedAt) return { ...shared, renewAt: wantedAt, reason: base.reason };
  if (windowAt > urgentAt) return { ...shared, renewAt: wantedAt, reason: 'window_skipped' };
  return { ...shared, renewAt: windowAt, reason: 'window' };
}

function baseOf(startsAt: number, expiresAt: number, { atLifetimeFraction, daysBefore }: RenewalSettings): { readonly at: number; readonly reason: RenewalReason } {
  // An imported certificate may end before it begins.
  const lifetime = Math.max(1000, expiresAt - startsAt);
  const byFraction = Math.min(Math.floor(expiresAt - lifetime * (1 - atLifetimeFraction)), expiresAt - 1);
  if (daysBefore === undefined) return { at: byFraction, reason: 'lifetime_fraction' };
  if (daysBefore * DAY_MS > lifetime * MOST_OF_LIFETIME) return { at: byFraction, reason: 'short_lifetime' };
  return { at: expiresAt - daysBefore * DAY_MS, reason: 'days_before' };
}

/** From 0 to below 1, the same for the same certificate. */
function fractionOf(thumbprintSha256: string): number {
  return Number.parseInt(thumbprintSha256.slice(0, 12), 16) / 16 ** 12 || 0;
}

function statusAt({ renewAt, expiringAt, expiresAt }: RenewalPlan, startsAt: number, now: number): RenewalStatus {
  if (now > expiresAt) return 'expired';
  if (now >= expiringAt) return 'expiring';
  if (now < startsAt) return 'not_yet_valid';
  return now >= renewAt ? 'due' : 'ok';
}
