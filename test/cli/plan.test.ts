import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BACKUP_SERVICES, parsePermissions } from '../../src/core/index';
import { type CliStage, runCli, startCliStage } from './support';

let stage: CliStage;
beforeAll(async () => {
  stage = await startCliStage();
});
afterAll(async () => stage.stop());

describe('what is asked for, by command line', () => {
  it('plans an account without asking anybody anything, with exit code 0', async () => {
    await stage.cli('account', 'add', 'contoso', '--name', 'Contoso Ltd', '--tenant', 'contoso.example');
    const before = stage.sandbox.requests().length;
    const planned = await stage.cli('plan', 'contoso');
    expect(planned).toMatchObject({ code: 0, json: { accountId: 'contoso', tenantId: null, comparedWith: 'nothing', totals: { asked: 18, new: 18, granted: 0 }, state: 'new', waitingFor: 'consent', nextCheckAt: null, plannedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string } });
    expect(planned.json['warnings']).toContainEqual(expect.objectContaining({ code: 'CONSENT_PERMISSION_DATED', permission: 'full_access_as_app', effectiveAt: '2027-04-01T00:00:00.000Z' }));
    expect(stage.sandbox.requests()).toHaveLength(before);
    expect(await stage.cli('plan', 'nobody')).toMatchObject({ code: 3, json: { error: { code: 'ACCOUNT_NOT_FOUND' } } });
  });

  it('tells a person the whole ask, with reasons and what comes next', async () => {
    const { code, out } = await stage.text('plan', 'contoso');
    expect(code).toBe(0);
    for (const part of ['18 permissions asked for: 0 granted, 18 new', 'round 2: Northwind Backup – Restore', 'reads mail to back it up', '1. operator opens a consent request', 'because only an admin of the customer']) expect(out).toContain(part);
  });

  it('lists the apps as they are understood, templates written out', async () => {
    stage.edit((configuration) => ({ ...configuration, apps: (configuration['apps'] as object[]).map((app, index) => (index === 0 ? { ...app, services: undefined, requiredPermissions: [{ template: 'directory', access: 'read' }, { template: 'exchange', access: 'read' }] } : app)) }));
    const { code, json } = await stage.cli('apps', 'list');
    expect(code).toBe(0);
    expect(json).toMatchObject({ next: null, items: [{ key: 'backup', services: ['directory', 'exchange'] }, { key: 'restore' }] });
    const [backup] = json['items'] as { requiredPermissions: { name: string; reason: string }[] }[];
    expect(backup?.requiredPermissions.map(({ name }) => name)).toEqual(expect.arrayContaining(['Directory.Read.All', 'MailboxItem.Export.All']));
    expect((await stage.text('apps', 'list')).out).toMatch(/MailboxItem\.Export\.All .* as Exchange keeps them/);
  });

  it('refuses a declaration with the path of the field', async () => {
    stage.edit((configuration) => ({ ...configuration, apps: (configuration['apps'] as object[]).map((app, index) => (index === 0 ? { ...app, services: ['planner'] } : app)) }));
    expect(await stage.cli('apps', 'list')).toMatchObject({ code: 3, json: { error: { code: 'CONFIG_INVALID', message: expect.stringContaining('apps.0.services.0: is one of exchange') as string } } });
  });

  it('prints templates that can be pasted, without a configuration', async () => {
    const all = await runCli(['--json', 'apps', 'templates']);
    expect((all.json['items'] as unknown[]).length).toBe(2 * BACKUP_SERVICES.length);
    const { code, json } = await runCli(['--json', 'apps', 'templates', 'teams']);
    expect(code).toBe(0);
    for (const { permissions } of json['items'] as { permissions: unknown[] }[]) expect(parsePermissions(permissions)).toHaveLength(permissions.length);
    const { out } = await runCli(['apps', 'templates', 'teams']);
    expect(out).toContain('{"resource":"graph","type":"application","name":"ChannelMessage.Read.All","reason":"backs up the messages in channels"}');
    expect(await runCli(['--json', 'apps', 'templates', 'planner'])).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID' } } });
  });
});
