import { describe, expect, it } from 'vitest';
import { parseApps } from '../../../../src/core/consent/apps/apps';
import { findHolder, planProbes } from '../../../../src/core/consent/services/plan-probes';
import { compareServices } from '../../../../src/core/consent/services/records';
import { listTemplates, TEMPLATE_ACCESS } from '../../../../src/core/consent/apps/templates';
import { choosePeople } from '../../../../src/core/consent/services/people';
import { declare, granted, list, person, plan, PLANS } from './support';

const of = (service: string, plans: ReturnType<typeof planProbes>) => plans.find((one) => one.service === service);

describe('choosing the app and the permission of a probe', () => {
  it('takes an app that declares the service and holds a permission that shows it at work', () => {
    const apps = parseApps([declare(['Directory.Read.All', 'exchange/Exchange.ManageAsApp'], ['exchange', 'directory'], 'first', 1), declare(['Mail.ReadWrite'], ['exchange'], 'second', 2)]);
    const plans = planProbes(apps, [granted(['Directory.Read.All', 'exchange/Exchange.ManageAsApp'], 'first'), granted(['Mail.ReadWrite'], 'second')]);
    expect(of('exchange', plans)).toMatchObject({ grant: { appKey: 'second', permission: 'Mail.ReadWrite', probe: 'inbox' }, missing: [] });
    expect(of('directory', plans)).toMatchObject({ grant: { appKey: 'first', permission: 'Directory.Read.All', probe: 'people' } });
    expect(of('teams', plans)).toBeUndefined();
  });

  it('prefers the inbox to the settings of a mailbox, whichever app holds which', () => {
    const apps = parseApps([declare(['MailboxSettings.Read'], ['exchange'], 'first', 1), declare(['Mail.Read'], ['exchange'], 'second', 2)]);
    expect(of('exchange', planProbes(apps, [granted(['MailboxSettings.Read'], 'first'), granted(['Mail.Read'], 'second')]))?.grant?.probe).toBe('inbox');
    expect(of('exchange', plan(['MailboxSettings.Read']))?.grant?.probe).toBe('mailbox_settings');
  });

  it('never takes a permission of the same name on another resource, or a delegated one', () => {
    expect(of('exchange', plan(['exchange/Mail.Read']))).toMatchObject({ grant: null, unprovable: ['Mail.Read'] });
    const delegated = granted(['Mail.Read']);
    const apps = parseApps([declare(['Mail.Read'])]);
    const rows = delegated.granted.map((one) => ({ ...one, type: 'delegated' as const }));
    expect(of('exchange', planProbes(apps, [{ ...delegated, granted: rows }]))).toMatchObject({ grant: null, missing: [{ permission: 'Mail.Read' }] });
  });

  it('knows what was declared by its id alone', () => {
    const [app] = [{ ...declare(), requiredPermissions: [{ resource: 'graph', type: 'application', id: '810C84A8-4A9E-49E6-BF7D-12D183F40D01', reason: 'mail' }] }];
    expect(of('exchange', planProbes(parseApps([app]), []))?.missing).toEqual([{ appKey: 'backup', permission: 'Mail.Read' }]);
    const held = { ...granted(['Mail.Read']), granted: granted(['Mail.Read']).granted.map((one) => ({ ...one, id: '810c84a8-4a9e-49e6-bf7d-12d183f40d01' })) };
    expect(of('exchange', planProbes(parseApps([app]), [held]))?.missing).toEqual([]);
  });

  it.each(TEMPLATE_ACCESS)('finds a probe for every ready-made template, to %s', (access) => {
    for (const { name, permissions } of listTemplates().filter((template) => template.access === access)) {
      const names = permissions.map((permission) => permission.name);
      expect(of(name, planProbes(parseApps([declare(names, [name])]), [granted(names)])), name).toMatchObject({ grant: { appKey: 'backup' }, missing: [] });
    }
  });

  it('asks what belongs to no service with the preferred app, if it may, or any that may', () => {
    const grants = [granted(['Mail.Read'], 'first'), granted(['Directory.Read.All'], 'second'), granted(['User.Read.All'], 'third')];
    expect(findHolder(['User.Read.All', 'Directory.Read.All'], grants, 'third')).toBe('third');
    expect(findHolder(['User.Read.All', 'Directory.Read.All'], grants, 'first')).toBe('second');
    expect(findHolder(['Nothing.Read.All'], grants, 'first')).toBe('first');
  });
});

describe('choosing people', () => {
  const mail = [PLANS.EXCHANGE_S_ENTERPRISE];

  it('takes enabled members who are licensed, the longest licensed first, and three at most', () => {
    const since = (number: number, at: string) => ({ ...person(number), assignedPlans: [{ assignedDateTime: at, capabilityStatus: 'Enabled', servicePlanId: mail[0] }] });
    const chosen = choosePeople(list(person(1, [PLANS.EXCHANGE_S_FOUNDATION]), person(2, mail, { accountEnabled: false }), person(3, mail, { userType: 'Guest' }), since(4, '2026-02-01T00:00:00Z'), since(5, '2020-01-01T00:00:00Z'), since(6, '2024-01-01T00:00:00Z'), since(7, '2025-01-01T00:00:00Z')), mail);
    expect(chosen?.people.map(({ id }) => id.at(-1))).toEqual(['5', '6', '7']);
  });

  it('puts nothing into a path that is not an object id', () => {
    expect(choosePeople(list(person(1, mail, { id: 'x/../../groups' })), mail)).toBeUndefined();
  });
});

describe('what got worse', () => {
  const known = (state: 'ready' | 'pending' | 'unknown' | 'probe_failed', settled = state === 'unknown' ? null : state) => [{ service: 'exchange' as const, state, settled, code: null, message: '' }];
  const now = (state: 'ready' | 'pending' | 'unknown' | 'probe_failed' | 'not_licensed') => [{ service: 'exchange' as const, state, code: null }];

  it('is what is further from ready than it was last known to be', () => {
    expect(compareServices(known('ready'), now('probe_failed'))).toEqual([{ service: 'exchange', from: 'ready', to: 'probe_failed', code: null }]);
    expect(compareServices(known('pending'), now('not_licensed'))).toHaveLength(1);
    for (const better of [now('ready'), now('pending')]) expect(compareServices(known('probe_failed'), better)).toEqual([]);
    expect(compareServices(known('ready'), now('ready'))).toEqual([]);
    expect(compareServices([], now('probe_failed'))).toEqual([]);
  });

  it('is nothing that could not be read, and what could not be read hides no loss', () => {
    expect(compareServices(known('ready'), now('unknown'))).toEqual([]);
    expect(compareServices([{ ...known('unknown')[0], settled: 'ready', service: 'exchange', state: 'unknown', code: null, message: '' }], now('probe_failed'))).toHaveLength(1);
  });
});
