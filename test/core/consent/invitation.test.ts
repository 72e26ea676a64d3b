import { describe, expect, it } from 'vitest';
import { openInvitation, requireInvitation, revokeInvitation } from '../../../src/core/consent/rounds/invitation';
import { corePorts } from '../../support/core-ports';

const base = { accountId: 'a1', publicBaseUrl: 'https://portal.example', operatorId: 'op-1' };
const ticketOf = (url: string) => new URL(url).pathname.split('/').at(-1) ?? '';
const codeOf = async (promise: Promise<unknown>) => promise.then(() => 'done', (error: { code?: string }) => error.code);

describe('a consent request', () => {
  it('points to our landing page and survives being opened by mail scanners', async () => {
    const ports = corePorts();
    const { url } = await openInvitation(ports, base);
    expect(url).toMatch(/^https:\/\/portal\.example\/invite\/[A-Za-z0-9_-]{43}$/);
    for (let visit = 0; visit < 5; visit += 1) expect(await codeOf(requireInvitation(ports, ticketOf(url)))).toBe('done');
  });

  it('keeps no usable address in the store', async () => {
    const ports = corePorts();
    const { url } = await openInvitation(ports, base);
    for await (const row of ports.store.list('')) expect(row.key + row.value).not.toContain(ticketOf(url));
  });

  it('ends after its lifetime and says so for a while', async () => {
    const ports = corePorts();
    const { url } = await openInvitation(ports, { ...base, ttlDays: 1 });
    ports.clock.advance(86_400_000);
    expect(await codeOf(requireInvitation(ports, ticketOf(url)))).toBe('CONSENT_INVITATION_EXPIRED');
  });

  it('replaces an older one, which then says so', async () => {
    const ports = corePorts();
    const first = await openInvitation(ports, base);
    const second = await openInvitation(ports, base);
    expect(await codeOf(requireInvitation(ports, ticketOf(first.url)))).toBe('CONSENT_INVITATION_REPLACED');
    expect(await codeOf(requireInvitation(ports, ticketOf(second.url)))).toBe('done');
  });

  it('can be withdrawn', async () => {
    const ports = corePorts();
    const { url } = await openInvitation(ports, base);
    expect(await revokeInvitation(ports, 'a1', 'op-1')).toBe(true);
    expect(await codeOf(requireInvitation(ports, ticketOf(url)))).toBe('CONSENT_INVITATION_REVOKED');
  });

  it('records which operator opened it', async () => {
    const ports = corePorts();
    await openInvitation(ports, base);
    expect(ports.audit.events).toMatchObject([{ action: 'consent.opened', actor: 'op-1', accountId: 'a1' }]);
  });

  it.each([0, -1, 91, Number.NaN])('refuses a lifetime of %s days', async (ttlDays) => {
    expect(await codeOf(openInvitation(corePorts(), { ...base, ttlDays }))).toBe('INPUT_INVALID');
  });

  it.each(['', 'x', '../../etc', 'A'.repeat(43), 'A'.repeat(5000)])('answers an unknown ticket with one code (%#)', async (ticket) => {
    expect(await codeOf(requireInvitation(corePorts(), ticket))).toBe('CONSENT_INVITATION_UNKNOWN');
  });
});
