import { describe, expect, it } from 'vitest';
import { classifyOutcome } from '../../../src/core/corridor/web-outcomes';

const at = 1_700_000_000_000;

describe('the outcome of a request', () => {
  it('says that a consent is only claimed, and by which round', () => {
    expect(classifyOutcome({ type: 'consent.claimed', at, accountId: 'a', data: { round: 1, tenantId: 't' } }, 2)).toEqual({ accountId: 'a', outcome: 'consent_claimed', round: 1, rounds: 2, tenantId: 't', tenantIs: 'claimed', reasons: [], at });
  });

  it('says that ownership is proven', () => {
    expect(classifyOutcome({ type: 'sso.ownership_proven', at, accountId: 'a', data: { tenantId: 't' } }, 2)).toMatchObject({ outcome: 'ownership_proven', round: null, tenantIs: 'proven' });
  });

  it('carries the reason of a refusal, and no tenant where none was named', () => {
    const event = { type: 'consent.declined', at, accountId: 'a', data: { round: 2, tenantId: null, code: 'CONSENT_DECLINED', message: 'm', serviceCode: 'AADSTS65004' } };
    expect(classifyOutcome(event, 2)).toMatchObject({ outcome: 'consent_declined', tenantId: null, tenantIs: null, reasons: [{ code: 'CONSENT_DECLINED', message: 'm' }] });
  });

  it('is nothing for what no browser did', () => {
    expect(classifyOutcome({ type: 'consent.granted', at, accountId: 'a', data: {} }, 2)).toBeUndefined();
  });
});
