import { describe, expect, it } from 'vitest';
import type { CertificateRotation } from '../../../../src/core/certificates/rotation/rotation-model';
import { judgeRotation } from '../../../../src/core/certificates/rotation/rotation-watch';

const START = Date.UTC(2026, 2, 1);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const rotation = (fields: Partial<CertificateRotation> = {}): CertificateRotation => ({
  id: 'r', lineId: 'a', fromCertificateId: 'a', toCertificateId: 'b', state: 'proving', apps: [],
  proof: { goodRounds: 0, lastGoodAt: null, rounds: 0, lastProblem: null },
  startedAt: START, startedBy: 'op-1', activatedAt: null, lastFallbackAt: null, endedAt: null, nextStepAt: START, reasons: [], ...fields,
});
const oldPlan = { expiringAt: START + 60 * DAY_MS, expiresAt: START + 90 * DAY_MS };
const judge = (fields: Partial<CertificateRotation>, afterHours: number, everyHours = 24) =>
  judgeRotation({ rotation: rotation(fields), oldPlan, overlapHours: 24, checkEveryHours: everyHours }, START + afterHours * HOUR_MS)?.code;

describe('a rotation that is watched', () => {
  it('is fine while somebody takes its steps, and while the next one is not due', () => {
    expect(judge({}, 48)).toBeUndefined();
    expect(judge({ nextStepAt: START + 20 * DAY_MS }, 21 * 24)).toBeUndefined();
  });

  it.each(['issuing', 'registering', 'proving', 'overlap', 'retiring', 'rolling_back'] as const)('is overdue in state %s when two checks have passed without a step', (state) => {
    expect(judge({ state }, 48.1)).toBe('ROTATION_OVERDUE');
    expect(judge({ state }, 2.1, 1)).toBe('ROTATION_OVERDUE');
  });

  it('is overdue when the certificate it replaces counts as expiring before the end of the overlap', () => {
    expect(judge({ nextStepAt: oldPlan.expiringAt }, 60 * 24)).toBe('ROTATION_OVERDUE');
    const signing = { activatedAt: START + 59 * DAY_MS, nextStepAt: oldPlan.expiringAt };
    expect(judge({ ...signing, state: 'overlap' }, 60 * 24)).toBeUndefined();
    expect(judge({ ...signing, state: 'overlap', reasons: [{ code: 'CERTIFICATE_SIGNER_BEHIND', message: 'A signer is behind.' }] }, 60 * 24)).toBe('ROTATION_OVERDUE');
    expect(judge({ ...signing, state: 'retiring' }, 60 * 24)).toBeUndefined();
  });

  it('is overdue when the overlap lasts three times as long as it should, and says what blocks it', () => {
    const blocked: Partial<CertificateRotation> = { state: 'overlap', activatedAt: START, nextStepAt: START + 80 * HOUR_MS, reasons: [{ code: 'CERTIFICATE_IN_USE', message: 'backup.pfx still signs with it.' }] };
    expect(judge(blocked, 72)).toBeUndefined();
    expect(judgeRotation({ rotation: rotation(blocked), oldPlan, overlapHours: 24, checkEveryHours: 24 }, START + 73 * HOUR_MS)).toEqual({ code: 'ROTATION_OVERDUE', message: 'The old key cannot be retired. backup.pfx still signs with it.' });
  });

  it('has failed when it was rolled back, and is no concern once it is done', () => {
    expect(judge({ state: 'rolled_back' }, 1000)).toBe('ROTATION_FAILED');
    expect(judge({ state: 'done' }, 100_000)).toBeUndefined();
  });

  it('is judged without the old certificate when that is gone', () => {
    expect(judgeRotation({ rotation: rotation({ nextStepAt: START + 500 * DAY_MS }), oldPlan: undefined, overlapHours: 24, checkEveryHours: 24 }, START + 400 * DAY_MS)).toBeUndefined();
  });
});
