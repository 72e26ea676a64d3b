import { describe, expect, it } from 'vitest';
import { mintRoundState, redeemRoundState, requireBrowser, startBrowser } from '../../../src/core/consent/rounds/rounds';
import { sha256Base64Url } from '../../../src/core/internal/encoding';
import { corePorts } from '../../support/core-ports';

async function startedRound() {
  const ports = corePorts();
  const { browserSecret } = await startBrowser(ports, { accountId: 'a1', invitationHash: 'h', epoch: 1 });
  const { state } = await mintRoundState(ports, { accountId: 'a1', invitationHash: 'h', appKey: 'backup', round: 1, browserHash: sha256Base64Url(browserSecret), expectedTenantId: null });
  return { ports, browserSecret, state };
}

const codeOf = async (promise: Promise<unknown>) => promise.then(() => 'done', (error: { code?: string }) => error.code);

describe('the state of a consent round', () => {
  it('is redeemed once in the browser that started', async () => {
    const { ports, browserSecret, state } = await startedRound();
    expect(await redeemRoundState(ports, state, browserSecret)).toMatchObject({ accountId: 'a1', appKey: 'backup', round: 1 });
    expect(await codeOf(redeemRoundState(ports, state, browserSecret))).toBe('CONSENT_STATE_REPLAYED');
  });

  it('lets exactly one of two racing callbacks win', async () => {
    const { ports, browserSecret, state } = await startedRound();
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => codeOf(redeemRoundState(ports, state, browserSecret).then(() => undefined))));
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'CONSENT_STATE_REPLAYED')).toHaveLength(9);
  });

  it('is refused in a foreign browser without being spent for its owner', async () => {
    const { ports, browserSecret, state } = await startedRound();
    expect(await codeOf(redeemRoundState(ports, state, undefined))).toBe('CONSENT_BROWSER_MISMATCH');
    expect(await codeOf(redeemRoundState(ports, state, 'A'.repeat(43)))).toBe('CONSENT_BROWSER_MISMATCH');
    expect(await codeOf(redeemRoundState(ports, state, browserSecret))).toBe('done');
  });

  it('tells a forged state from an expired one', async () => {
    const { ports, browserSecret, state } = await startedRound();
    expect(await codeOf(redeemRoundState(ports, 'B'.repeat(43), browserSecret))).toBe('CONSENT_STATE_UNKNOWN');
    ports.clock.advance(3_600_000);
    expect(await codeOf(redeemRoundState(ports, state, browserSecret))).toBe('CONSENT_STATE_EXPIRED');
  });

  it('appears in the store only as a hash', async () => {
    const { ports, browserSecret, state } = await startedRound();
    for await (const row of ports.store.list('')) {
      expect(row.key + row.value).not.toContain(state);
      expect(row.key + row.value).not.toContain(browserSecret);
    }
  });

  it('forgets a browser after its time', async () => {
    const { ports, browserSecret } = await startedRound();
    expect(await requireBrowser(ports, browserSecret)).toMatchObject({ accountId: 'a1' });
    ports.clock.advance(3 * 3_600_000);
    expect(await codeOf(requireBrowser(ports, browserSecret))).toBe('CONSENT_BROWSER_MISMATCH');
  });
});
