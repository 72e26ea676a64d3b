import { describe, expect, it } from 'vitest';
import { renewalSettingsSchema } from '../../../../src/core/certificates/lifecycle';
import { judgeRenewal, planRenewal } from '../../../../src/core/certificates/renewal/renewal';
import { isInWindow, nextInWindow } from '../../../../src/core/certificates/renewal/renewal-windows';

const DAY_MS = 86_400_000;
const none = '0'.repeat(64);
const most = 'F'.repeat(64);
const year = (thumbprintSha256 = none) => ({ notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z', thumbprintSha256 });
const settings = (changes: object = {}) => renewalSettingsSchema.parse(changes);
const iso = (at: number) => new Date(at).toISOString();

describe('a certificate of a year', () => {
  it('is renewed after two thirds of it, spread over a day, and counts as expiring in its last thirty days', () => {
    const plan = planRenewal(year(), settings());
    expect([iso(plan.renewAt), iso(plan.expiringAt), plan.reason]).toEqual(['2026-09-01T08:00:00.000Z', '2026-12-02T00:00:00.000Z', 'lifetime_fraction']);
    expect(iso(planRenewal(year(most), settings()).renewAt)).toBe('2026-09-02T08:00:00.000Z');
  });

  it('goes from ok to due to expiring to expired', () => {
    const at = (text: string) => judgeRenewal(year(), settings(), Date.parse(text)).status;
    expect([at('2025-12-31T00:00:00Z'), at('2026-09-01T07:59:59Z'), at('2026-09-01T08:00:00Z'), at('2026-12-02T00:00:00Z'), at('2027-01-01T00:00:00Z'), at('2027-01-01T00:00:01Z')]).toEqual(['not_yet_valid', 'ok', 'due', 'expiring', 'expiring', 'expired']);
  });

  it('is renewed so many days before its end when the settings say days', () => {
    const plan = planRenewal(year(), settings({ daysBefore: 60 }));
    expect([iso(plan.renewAt), plan.reason]).toEqual(['2026-11-02T00:00:00.000Z', 'days_before']);
  });
});

describe('a lifetime shorter than the settings', () => {
  const week = { notBefore: '2026-03-02T00:00:00Z', notAfter: '2026-03-09T00:00:00Z', thumbprintSha256: most };

  it('falls back to a part of itself when the days before the end are most of it', () => {
    const plan = planRenewal(week, settings({ daysBefore: 60, jitterHours: 0 }));
    expect([iso(plan.renewAt), plan.reason]).toEqual(['2026-03-06T16:00:00.000Z', 'short_lifetime']);
  });

  it('is due for a while before it counts as expiring, with a jitter that fits', () => {
    const plan = planRenewal(week, settings({ jitterHours: 720 }));
    expect(plan.expiringAt).toBe(Date.parse('2026-03-07T20:00:00Z'));
    expect(plan.renewAt).toBeLessThan(plan.expiringAt);
  });
});

describe('windows', () => {
  const sunday = { days: ['sun' as const], fromHour: 2, toHour: 4 };

  it('are waited for', () => {
    const plan = planRenewal(year(), settings({ windows: [sunday] }));
    expect([iso(plan.renewAt), plan.reason]).toEqual(['2026-09-06T02:00:00.000Z', 'window']);
  });

  it('are skipped when waiting for one would come too near to the end', () => {
    const week = { notBefore: '2026-03-02T00:00:00Z', notAfter: '2026-03-09T00:00:00Z', thumbprintSha256: none };
    const plan = planRenewal(week, settings({ windows: [sunday], jitterHours: 0 }));
    expect([iso(plan.renewAt), plan.reason]).toEqual(['2026-03-06T16:00:00.000Z', 'window_skipped']);
  });

  it('hold back a renewal whose window was missed, until the end is near', () => {
    const chosen = settings({ windows: [sunday] });
    const judge = (text: string) => judgeRenewal(year(), chosen, Date.parse(text));
    expect(judge('2026-09-06T03:59:59Z')).toMatchObject({ status: 'due', mayBegin: true });
    expect(judge('2026-09-06T04:00:00Z')).toMatchObject({ status: 'due', mayBegin: false });
    expect(judge('2026-09-13T02:00:00Z')).toMatchObject({ status: 'due', mayBegin: true });
    expect(judge(iso(planRenewal(year(), chosen).urgentAt))).toMatchObject({ status: 'due', mayBegin: true });
    expect(judge('2026-12-10T12:00:00Z')).toMatchObject({ status: 'expiring', mayBegin: true });
  });

  it('open and close on the hour of their days, and end at midnight when they say 24', () => {
    const late = [{ days: ['sat' as const], fromHour: 22, toHour: 24 }];
    expect([isInWindow(late, Date.parse('2026-03-07T23:59:59.999Z')), isInWindow(late, Date.parse('2026-03-08T00:00:00Z'))]).toEqual([true, false]);
    expect(iso(nextInWindow(late, Date.parse('2026-03-08T00:00:00Z')))).toBe('2026-03-14T22:00:00.000Z');
    expect(nextInWindow([], 5)).toBe(5);
    expect(nextInWindow(late, Date.parse('2026-03-08T00:00:00Z')) - Date.parse('2026-03-07T22:00:00Z')).toBe(7 * DAY_MS);
  });
});
