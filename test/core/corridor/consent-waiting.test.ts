import { describe, expect, it } from 'vitest';
import { CLAIM_DEADLINE_MS, nextLookAt, PAGE_PATIENCE_MS, type PendingClaim } from '../../../src/core/consent/rounds/progress';
import { describeClaim, describeSilence } from '../../../src/core/corridor/consent/waiting';
import { randomSupportCode, sameSupportCode, supportCodeOf } from '../../../src/core/internal/support-code';

const at = Date.parse('2026-03-01T09:00:00Z');
const MINUTE = 60_000;
const claim: PendingClaim = { round: 1, appKey: 'backup', tenantId: 'tenant-c', expectedTenantId: 'tenant-e', browserHash: 'b', claimedAt: at, tried: null };
const tried = (after: number, notBefore = 0) => ({ ...claim, tried: { at: at + after, code: 'STS_APP_NOT_IN_TENANT', serviceCode: 'AADSTS700016', notBefore } });

describe('an answer that waits for its proof', () => {
  it('is looked at at once, then quickly for some minutes, then patiently for a day, and then no more', () => {
    expect(nextLookAt(claim)).toBe(at);
    expect(nextLookAt(tried(0))).toBe(at + 15_000);
    expect(nextLookAt(tried(PAGE_PATIENCE_MS))).toBe(at + 10 * MINUTE);
    expect(nextLookAt(tried(CLAIM_DEADLINE_MS - 1))).toBe(at + CLAIM_DEADLINE_MS - 1 + 5 * MINUTE);
    expect(nextLookAt(tried(CLAIM_DEADLINE_MS))).toBeNull();
  });

  it('is not looked at before Microsoft wants to be asked again', () => {
    expect(nextLookAt(tried(0, at + 10 * MINUTE))).toBe(at + 10 * MINUTE);
  });

  it('names expected, claimed and proven tenant in one sentence, and what the last look was answered', () => {
    const { code, message } = describeClaim(tried(MINUTE), 2);
    expect(code).toBe('CONSENT_CLAIM_UNPROVEN');
    expect(message).toContain('tenant tenant-e was expected, the browser came back at 2026-03-01T09:00:00.000Z with tenant tenant-c, and no tenant was proven');
    expect(message).toContain('AADSTS700016');
    expect(describeClaim({ ...claim, expectedTenantId: null }, 2).message).toContain('any customer\'s tenant could answer');
  });

  it('is called what it is after a day: nothing was granted', () => {
    expect(describeClaim(tried(CLAIM_DEADLINE_MS), 2).message).toContain('nothing was granted: the admin opens the invitation again');
  });
});

describe('silence', () => {
  const sent = { round: 1, appKey: 'backup', stateHash: 's', sentAt: at, answered: false };
  const silence = (minutes: number, changes: Partial<typeof sent> = {}, rounds: { round: number; appKey: string; claimedTenantId: string; callbackAt: number }[] = []) => describeSilence({ sent: { ...sent, ...changes } }, { rounds }, { rounds: 2, now: at + minutes * MINUTE });

  it('means nothing for some minutes: the admin may be reading', () => {
    expect(silence(4)).toBeUndefined();
  });

  it('is then named with both explanations and the way on, and never becomes a decline', () => {
    const reason = silence(5);
    expect(reason?.code).toBe('CONSENT_UNANSWERED');
    expect(reason?.message).toMatch(/5 minutes ago.*may not consent.*Need admin approval.*closed before.*same invitation/);
    expect(silence(60 * 24 * 6)).toMatchObject({ code: 'CONSENT_UNANSWERED', message: expect.stringContaining('144 hours ago') as string });
  });

  it('is over when the browser came back, or another browser answered the round', () => {
    expect(silence(60, { answered: true })).toBeUndefined();
    expect(silence(60, {}, [{ round: 1, appKey: 'backup', claimedTenantId: 't', callbackAt: at }])).toBeUndefined();
  });
});

describe('a support code', () => {
  it('is the same for the same refusal, and another one for another', () => {
    expect(supportCodeOf('a')).toBe(supportCodeOf('a'));
    expect(supportCodeOf('a')).not.toBe(supportCodeOf('b'));
    expect(supportCodeOf('a')).toMatch(/^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/);
  });

  it('is understood as somebody types it who heard it on the telephone', () => {
    const code = randomSupportCode(new Uint8Array([1, 2, 3, 40, 50, 60, 70, 255]));
    expect(sameSupportCode(code, code.toLowerCase().replace('-', ' '))).toBe(true);
    expect(sameSupportCode(code, code.slice(0, 4))).toBe(false);
    expect(sameSupportCode('', '')).toBe(false);
  });
});
