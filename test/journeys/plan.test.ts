/** The dry run along an onboarding: what it says at each stage, and that it never does anything. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VersionedTable } from '../../src/sandbox/versioned-table';
import { changePrincipal, rememberDirectory, removePermission, worldTenant } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

let story: Story;

beforeAll(async () => {
  story = await startStory();
  await story.onboarding.addAccount({ id: 'contoso', name: 'Contoso Ltd', expectedTenant: 'contoso.example' }, OPERATOR);
});

afterAll(async () => story.stop());

const plan = async (operatorId = OPERATOR) => story.installation.asOperator(operatorId).planConsent('contoso');

/** Everything that could have changed: our records with their versions, the audit, and the sandbox's directory. */
async function world() {
  const rows = (await Array.fromAsync(story.store.list(''))).map((row) => `${row.key} ${row.version}`);
  const audit = (await Array.fromAsync(story.installation.audit.list())).length;
  const now = story.sandbox.clock.now();
  const tables = Object.entries(worldTenant(story, 'contoso.example')).filter((entry): entry is [string, VersionedTable<object>] => entry[1] instanceof VersionedTable);
  return { rows, audit, events: story.events.length, directory: tables.map(([name, table]) => [name, JSON.stringify(table.list(now))]) };
}

describe('the plan of an onboarding before anybody consented', () => {
  it('is the whole ask with its reasons, everything new, and Microsoft is not asked', async () => {
    const [before, asked] = [await world(), story.sandbox.requests().length];
    const found = await plan();
    expect(found).toMatchObject({ accountId: 'contoso', expectedTenant: 'contoso.example', tenantId: null, comparedWith: 'nothing', state: 'new', waitingFor: 'consent', reasons: [] });
    expect(found.rounds.map(({ key, round, services }) => [key, round, services])).toEqual([['backup', 1, ['exchange', 'sharepoint', 'onedrive', 'directory']], ['restore', 2, ['exchange', 'sharepoint', 'onedrive', 'teams']]]);
    expect(found.rounds.flatMap(({ permissions }) => permissions).filter(({ status, reason }) => status !== 'new' || reason === '')).toEqual([]);
    expect(found.totals).toEqual({ asked: 18, granted: 0, new: 18, unknown: 0, unpublished: 0, surplus: 0 });
    expect(found.warnings.map(({ code, appKey, permission }) => [code, appKey, permission])).toContainEqual(['CONSENT_PERMISSION_DATED', 'backup', 'full_access_as_app']);
    expect(found.steps[0]).toMatchObject({ who: 'operator', does: expect.stringContaining('opens a consent request') as string });
    expect(await world()).toEqual(before);
    expect(story.sandbox.requests()).toHaveLength(asked);
  });

  it('is shown to whom the account is theirs, and to nobody else', async () => {
    await expect(plan('nobody')).rejects.toMatchObject({ code: 'OPERATOR_NOT_ALLOWED' });
    await expect(story.onboarding.planConsent('fabrikam')).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
  });
});

describe('the plan of an onboarding after consent', () => {
  let putBack: () => void;
  let written: Record<string, unknown>;

  beforeAll(async () => {
    const { url } = await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR });
    expect((await onboardAsAdmin(story, url, personWith(story.tenant('contoso.example'), 'Global Administrator'))).text('done')).toBeDefined();
    await advanceUntilSettled(story, 'contoso');
    putBack = rememberDirectory(story, 'contoso.example');
    ({ written } = story);
  }, 120_000);

  afterEach(async () => {
    putBack();
    await story.reconfigure(() => written);
  });

  it('is held against the directory, by name and id, and still without any effect', async () => {
    const before = await world();
    const found = await plan();
    expect(found).toMatchObject({ tenantId: story.tenant('contoso.example').tenantId, comparedWith: 'directory', totals: { asked: 18, granted: 18, new: 0, unknown: 0, unpublished: 0, surplus: 0 } });
    expect(found.rounds.flatMap(({ permissions }) => permissions).filter(({ id }) => id === null)).toEqual([]);
    expect(found.steps.map(({ state }) => state)).toEqual(['admin_needed', 'sso_validating', 'active']);
    expect(await world()).toEqual(before);
  });

  it('names after a newer declaration exactly what is new, what nobody can grant, and what is asked for no longer', async () => {
    await story.reconfigure((written) => ({
      apps: (written['apps'] as { key: string; requiredPermissions: { name: string }[] }[]).map((app) =>
        app.key === 'restore' ? app : Object.assign({}, app, { requiredPermissions: [...app.requiredPermissions.filter(({ name }) => name !== 'Mail.ReadWrite'), { template: 'groups', access: 'read' }, { resource: 'graph', type: 'application', name: 'Mail.Raed', reason: 'a typing error' }] }),
      ),
    }));
    const found = await plan();
    const statuses = found.rounds[0]?.permissions.filter(({ status }) => status !== 'granted').map(({ name, status }) => [name, status]);
    expect(statuses).toEqual([['Group.Read.All', 'new'], ['Mail.Raed', 'unpublished']]);
    expect(found.rounds[0]?.surplus).toMatchObject([{ name: 'Mail.ReadWrite', type: 'application' }]);
    expect(found.totals).toMatchObject({ new: 1, unpublished: 1, surplus: 1 });
    expect(found.steps[0]).toMatchObject({ who: 'operator', does: expect.stringContaining('permissions that are new') as string });
  });

  it('takes the one permission that is lost for new', async () => {
    removePermission(story, 'contoso.example', 'backup', 'Mail.ReadWrite');
    const found = await plan();
    expect(found.rounds[0]?.permissions.filter(({ status }) => status !== 'granted')).toMatchObject([{ name: 'Mail.ReadWrite', status: 'new', wasGranted: true, reason: 'reads mail to back it up' }]);
  });

  it('takes for new only what fresh tokens say is gone, when it may not read the directory any more', async () => {
    for (const key of ['backup', 'restore']) removePermission(story, 'contoso.example', key, 'Directory.Read.All');
    const found = await plan();
    expect(found.comparedWith).toBe('tokens');
    expect(found.comparison).toMatch(/no app may read the directory/);
    const added = found.rounds.flatMap(({ permissions }) => permissions.filter(({ status }) => status === 'new'));
    expect(added.map(({ name, wasGranted }) => [name, wasGranted])).toEqual([['Directory.Read.All', true], ['Directory.Read.All', true]]);
    expect(found.totals.surplus).toBeNull();
  });

  it('says of a disabled app what is granted to it all the same', async () => {
    changePrincipal(story, 'contoso.example', 'restore', { accountEnabled: false });
    const found = await plan();
    expect(found.rounds[1]).toMatchObject({ state: 'disabled', surplus: [] });
    expect(found.rounds[1]?.permissions.filter(({ status }) => status !== 'granted')).toEqual([]);
  });

  it('asks no admin again for what nobody can grant', async () => {
    const declare = async (...more: readonly object[]) => story.reconfigure(() => ({ apps: (written['apps'] as { key: string; requiredPermissions: object[] }[]).map((app) => (app.key === 'restore' ? app : Object.assign({}, app, { requiredPermissions: [...app.requiredPermissions, ...more] }))) }));
    const typo = { resource: 'graph', type: 'application', name: 'Mail.Raed', reason: 'a typing error' };
    const open = async () => story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR });
    await declare(typo);
    await open();
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'admin_needed' });
    await declare(typo, { template: 'groups', access: 'read' });
    expect(await open()).toMatchObject({ round: 1 });
    expect(await story.onboarding.status('contoso')).toMatchObject({ state: 'consent_pending' });
  });
});
