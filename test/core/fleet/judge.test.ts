import { describe, expect, it } from 'vitest';
import { ERROR_CATALOG, type ErrorCode } from '../../../src/core/error-catalog';
import { OnboardingError } from '../../../src/core/errors';
import { isUnsettled, judgeFailure, judgeLook } from '../../../src/core/fleet/judge';
import { addVerdict, countsOf, emptyTally, MAX_NAMED } from '../../../src/core/fleet/tally';

const NOW = Date.parse('2026-03-01T09:00:00Z');
const HOUR = 3_600_000;
const active = (seenAgoMs: number | null) => ({ state: 'active' as const, reasons: [], consentEvidenceAt: seenAgoMs === null ? null : NOW - seenAgoMs });

describe('an active account', () => {
  it.each([
    ['seen by this look', active(0), null, 'ok'],
    ['seen half an hour ago and not due', active(HOUR / 2), NOW + HOUR / 2, 'ok'],
    ['due, and not seen by this look', active(HOUR / 2), NOW - 1, 'failed'],
    ['not due, and not seen for hours', active(3 * HOUR), NOW + HOUR, 'failed'],
    ['never seen', active(null), NOW + HOUR, 'failed'],
  ] as const)('that was %s', (_name, after, nextCheckAt, kind) => {
    const verdict = judgeLook({ startedAt: NOW, before: { nextCheckAt }, after });
    expect(verdict.kind).toBe(kind);
    if (verdict.kind === 'failed') expect(verdict).toMatchObject({ code: 'CONSENT_UNKNOWN', unavailable: true });
  });
});

it('an account that regressed is named with each of its codes once', () => {
  const reasons = ['STS_APP_DISABLED', 'CONSENT_UNKNOWN', 'STS_APP_DISABLED'].map((code) => ({ code, message: '' }));
  expect(judgeLook({ startedAt: NOW, before: { nextCheckAt: null }, after: { state: 'attention', reasons, consentEvidenceAt: NOW } })).toEqual({ kind: 'attention', codes: ['STS_APP_DISABLED', 'CONSENT_UNKNOWN'] });
});

it('an account that waits is no finding', () => {
  for (const state of ['new', 'consent_pending', 'consent_verifying', 'consented', 'admin_needed', 'sso_validating'] as const) {
    expect(judgeLook({ startedAt: NOW, before: { nextCheckAt: null }, after: { state, reasons: [], consentEvidenceAt: null } })).toEqual({ kind: 'waiting' });
  }
});

describe('a look that failed', () => {
  it.each([
    ['STS_APP_NOT_IN_TENANT', { kind: 'attention', codes: ['STS_APP_NOT_IN_TENANT'] }],
    ['TENANT_NOT_FOUND', { kind: 'attention', codes: ['TENANT_NOT_FOUND'] }],
    ['GRAPH_THROTTLED', { kind: 'failed', code: 'GRAPH_THROTTLED', unavailable: true }],
    ['STATE_RECORD_TAMPERED', { kind: 'failed', code: 'STATE_RECORD_TAMPERED', unavailable: false }],
    ['APP_CREDENTIAL_UNUSABLE', { kind: 'failed', code: 'APP_CREDENTIAL_UNUSABLE', unavailable: false }],
    ['ACCOUNT_REMOVING', undefined],
  ] as const)('with %s', (code, verdict) => {
    expect(judgeFailure(new OnboardingError(code, ''))).toEqual(verdict);
  });

  it('is never well, whatever the code', () => {
    for (const code of Object.keys(ERROR_CATALOG) as ErrorCode[]) expect(judgeFailure(new OnboardingError(code, ''))?.kind, code).not.toBe('ok');
  });
});

it('only what time can mend is worth another look', () => {
  expect(isUnsettled({ kind: 'ok' }, true)).toBe(false);
  expect(isUnsettled({ kind: 'failed', code: 'GRAPH_UNAVAILABLE', unavailable: true }, false)).toBe(true);
  expect(isUnsettled({ kind: 'failed', code: 'UNEXPECTED', unavailable: false }, true)).toBe(false);
  expect([isUnsettled({ kind: 'waiting' }, true), isUnsettled({ kind: 'waiting' }, false)]).toEqual([true, false]);
  expect(isUnsettled({ kind: 'attention', codes: ['CONSENT_UNKNOWN'] }, true)).toBe(true);
  expect(isUnsettled({ kind: 'attention', codes: ['CONSENT_UNKNOWN', 'STS_APP_DISABLED'] }, true)).toBe(false);
  expect(isUnsettled({ kind: 'attention', codes: [] }, true)).toBe(false);
});

it('a tally counts everybody once and names the first hundred', () => {
  let tally = emptyTally();
  for (let index = 0; index < MAX_NAMED + 50; index += 1) {
    tally = addVerdict(tally, `a-${index}`, { kind: 'attention', codes: ['X'] });
    tally = addVerdict(tally, `f-${index}`, { kind: 'failed', code: 'Y', unavailable: index % 2 === 0 });
  }
  tally = addVerdict(addVerdict(tally, 'w', { kind: 'waiting' }), 'o', { kind: 'ok' });
  expect(countsOf(tally)).toEqual({ accounts: 302, ok: 1, attention: 150, waiting: 1, failed: 150, unavailable: 75 });
  expect([tally.regressed.length, tally.failures.length, tally.regressed[0]?.accountId, tally.failures.at(-1)?.accountId]).toEqual([100, 100, 'a-0', 'f-99']);
});
