import { describe, expect, it } from 'vitest';
import { type AccessLevel, lowerAccessLevel, readAccessLevel, setAccessLevelByAdmin, settleLevelAudit } from '../../../src/core/accounts/access-level';
import { ADA, dyingStore, TENANT, testPorts, type TestPorts } from '../sso/support';

const KEY = 'accounts/access-level/contoso';

const raise = (ports: TestPorts, level: AccessLevel, evidenceId = 'evidence-1') => setAccessLevelByAdmin(ports, { accountId: 'contoso', tenantId: TENANT, adminObjectId: ADA, level, evidenceId });
const lower = (ports: Parameters<typeof lowerAccessLevel>[0], level: AccessLevel) => lowerAccessLevel(ports, { accountId: 'contoso', level, operatorId: 'op-1' });
const level = (ports: TestPorts) => readAccessLevel(ports, 'contoso');
const lowerings = (ports: TestPorts) => ports.audit.events.filter((event) => event.action === 'accounts.access_level_lowered').map((event) => event.details?.['level']);

describe('the access level', () => {
  it('is none until the customer\'s admin says otherwise', async () => {
    const ports = testPorts();
    expect(await level(ports)).toBe('none');
    await raise(ports, 'restricted');
    expect(await level(ports)).toBe('restricted');
    expect(ports.audit.events.map((event) => [event.phase, event.actor, event.details?.['level']])).toEqual([['intent', `customer-admin:${ADA}`, 'restricted'], ['outcome', `customer-admin:${ADA}`, 'restricted']]);
  });

  it.each<[AccessLevel, AccessLevel]>([['none', 'restricted'], ['none', 'full'], ['restricted', 'full']])('cannot be raised by an operator from %s to %s', async (from, to) => {
    const ports = testPorts();
    await raise(ports, from);
    await expect(lower(ports, to)).rejects.toMatchObject({ code: 'ACCESS_LEVEL_RAISE_REFUSED' });
    expect(await level(ports)).toBe(from);
  });

  it('cannot be raised in the store: an edited level, and a level moved over from another account, are refused', async () => {
    const ports = testPorts();
    await raise(ports, 'restricted');
    const stored = (await ports.store.get(KEY))?.value ?? '';
    await ports.store.set('accounts/access-level/fabrikam', stored);
    await expect(readAccessLevel(ports, 'fabrikam')).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
    await ports.store.set(KEY, stored.replace('restricted', 'full'));
    await expect(level(ports)).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
  });

  it('is not raised while the audit is down', async () => {
    const ports = testPorts();
    ports.audit.down = true;
    await expect(raise(ports, 'full')).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await level(ports)).toBe('none');
  });

  it('is lowered while the audit is down, and no raise passes before the entries are written', async () => {
    const ports = testPorts();
    await raise(ports, 'full');
    ports.audit.down = true;
    for (const next of ['restricted', 'none'] as const) {
      await expect(lower(ports, next)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
      expect(await level(ports)).toBe(next);
    }
    await expect(raise(ports, 'full', 'evidence-2')).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await level(ports)).toBe('none');
    ports.audit.down = false;
    await raise(ports, 'full', 'evidence-2');
    expect(lowerings(ports)).toEqual(['restricted', 'none']);
    expect(await level(ports)).toBe('full');
  });

  it('owes the entry to the audit when the process dies right after the lowering, and pays it once', async () => {
    const ports = testPorts();
    await raise(ports, 'full');
    // One write: the level itself. The audit of this test is not in the store, so it dies along.
    ports.audit.down = true;
    await expect(lower({ ...ports, store: dyingStore(ports.store, 1) }, 'none')).rejects.toThrow();
    ports.audit.down = false;
    expect(await level(ports)).toBe('none');
    expect(lowerings(ports)).toEqual([]);
    for (let turn = 0; turn < 2; turn += 1) await settleLevelAudit(ports, 'contoso');
    expect(lowerings(ports)).toEqual(['none']);
  });

  it('is lowered once however often it is asked for, and an admin\'s own decision is not written as an operator\'s', async () => {
    const ports = testPorts();
    await raise(ports, 'restricted');
    expect(await lower(ports, 'restricted')).toBe('restricted');
    expect(lowerings(ports)).toEqual([]);
    for (let turn = 0; turn < 3; turn += 1) expect(await lower(ports, 'none')).toBe('none');
    expect(lowerings(ports)).toEqual(['none']);
  });
});
