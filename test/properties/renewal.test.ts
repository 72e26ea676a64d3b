/** What holds for the renewal of every credential under every setting, not only for the examples. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RenewalSettings, renewalSettingsSchema } from '../../src/core/certificates/lifecycle';
import { type DatedCredential, judgeRenewal, planRenewal, type RenewalStatus } from '../../src/core/certificates/renewal/renewal';
import { isInWindow } from '../../src/core/certificates/renewal/renewal-windows';

const DAY_MS = 86_400_000;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const windows = fc
  .tuple(fc.subarray([...WEEKDAYS], { minLength: 1 }), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 24 }))
  .filter(([, fromHour, toHour]) => fromHour < toHour)
  .map(([days, fromHour, toHour]) => ({ days, fromHour, toHour }));

const settings: fc.Arbitrary<RenewalSettings> = fc
  .record({
    atLifetimeFraction: fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
    jitterHours: fc.integer({ min: 0, max: 720 }),
    expiringDays: fc.integer({ min: 1, max: 365 }),
    windows: fc.array(windows, { maxLength: 3 }),
    daysBefore: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
  })
  .map(({ daysBefore, ...rest }) => renewalSettingsSchema.parse({ ...rest, ...(daysBefore === undefined ? {} : { daysBefore }) }));

const credentials: fc.Arbitrary<DatedCredential> = fc
  .record({
    startsAt: fc.integer({ min: Date.UTC(2020, 0, 1) / 1000, max: Date.UTC(2045, 0, 1) / 1000 }),
    // From a second to ten years: some are made for an hour, some by accident.
    lifetimeSeconds: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 100, max: 30 * 86_400 }), fc.integer({ min: 86_400, max: 3650 * 86_400 })),
    thumbprintSha256: fc.stringMatching(/^[0-9A-F]{64}$/),
  })
  .map(({ startsAt, lifetimeSeconds, thumbprintSha256 }) => ({
    notBefore: new Date(startsAt * 1000).toISOString(),
    notAfter: new Date((startsAt + lifetimeSeconds) * 1000).toISOString(),
    thumbprintSha256,
  }));

const URGENCY: readonly RenewalStatus[] = ['not_yet_valid', 'ok', 'due', 'expiring', 'expired'];

describe('for any credential and any settings', () => {
  it('the renewal lies within the lifetime, before the credential counts as expiring, and inside a window unless waiting would be too late', () => {
    fc.assert(
      fc.property(credentials, settings, (credential, chosen) => {
        const { renewAt, urgentAt, expiringAt, expiresAt, reason } = planRenewal(credential, chosen);
        expect(renewAt).toBeLessThan(expiresAt);
        expect(renewAt).toBeLessThanOrEqual(urgentAt);
        expect(urgentAt).toBeLessThanOrEqual(expiringAt);
        expect(expiringAt).toBeLessThanOrEqual(expiresAt);
        expect(renewAt).toBeGreaterThanOrEqual(Math.min(Date.parse(credential.notBefore), expiresAt - 1000));
        expect(reason === 'window_skipped' || isInWindow(chosen.windows, renewAt)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('time only makes it more urgent, and an expired one is never called anything else', () => {
    const instants = fc.tuple(fc.double({ min: -0.5, max: 1.5, noNaN: true }), fc.double({ min: -0.5, max: 1.5, noNaN: true }));
    fc.assert(
      fc.property(credentials, settings, instants, (credential, chosen, parts) => {
        const [startsAt, expiresAt] = [Date.parse(credential.notBefore), Date.parse(credential.notAfter)];
        const [early, late] = parts.toSorted((left, right) => left - right).map((part) => judgeRenewal(credential, chosen, startsAt + part * (expiresAt - startsAt)));
        expect(URGENCY.indexOf(late?.status ?? 'ok')).toBeGreaterThanOrEqual(URGENCY.indexOf(early?.status ?? 'ok'));
        expect(judgeRenewal(credential, chosen, expiresAt + 1).status).toBe('expired');
      }),
      { numRuns: 500 },
    );
  });

  it('a renewal begins only when it is due, and then inside a window or because the end is near', () => {
    fc.assert(
      fc.property(credentials, settings, fc.double({ min: 0, max: 1.2, noNaN: true }), (credential, chosen, part) => {
        const [startsAt, expiresAt] = [Date.parse(credential.notBefore), Date.parse(credential.notAfter)];
        const now = Math.floor(startsAt + part * (expiresAt - startsAt));
        const { mayBegin, renewAt, urgentAt } = judgeRenewal(credential, chosen, now);
        if (mayBegin) expect(now >= renewAt && (isInWindow(chosen.windows, now) || now >= urgentAt)).toBe(true);
        else expect(now < renewAt || (!isInWindow(chosen.windows, now) && now < urgentAt) || now < startsAt).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('the plan is the same on every host and at any time', () => {
    fc.assert(
      fc.property(credentials, settings, fc.nat(4000), (credential, chosen, days) => {
        const { status: _status, mayBegin: _mayBegin, ...plan } = judgeRenewal(credential, chosen, Date.parse(credential.notBefore) + days * DAY_MS);
        expect(plan).toEqual(planRenewal({ ...credential }, chosen));
      }),
    );
  });

  it('another certificate is renewed at another time, never further apart than the settings spread them', () => {
    fc.assert(
      fc.property(credentials, fc.stringMatching(/^[0-9A-F]{64}$/), fc.integer({ min: 0, max: 720 }), (credential, thumbprintSha256, jitterHours) => {
        const chosen = renewalSettingsSchema.parse({ jitterHours });
        const apart = Math.abs(planRenewal(credential, chosen).renewAt - planRenewal({ ...credential, thumbprintSha256 }, chosen).renewAt);
        expect(apart).toBeLessThanOrEqual(jitterHours * 3_600_000);
      }),
    );
  });
});
