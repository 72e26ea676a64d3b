/** Mailboxes, drives, sites and teams: who has one, and in which words the service says no. */
import { beforeAll, describe, expect, it } from 'vitest';
import { checkSeedFile } from '../../src/sandbox/seed-check';
import { createFixture, errorOf, required, rowsOf, type Fixture } from './graph-support';

const roles = ['Mail.ReadBasic.All', 'Files.Read.All', 'Sites.Read.All', 'Directory.Read.All'];

let graph: Fixture;
const get = (path: string, tenant = 'contoso', held: readonly string[] = roles) => graph.call('GET', `/v1.0${path}`, { roles: held, tenant });
const inbox = (tenant: string, alias: string, held?: readonly string[]) => get(`/users/${graph.personId(tenant, alias)}/mailFolders/inbox?$select=id,totalItemCount`, tenant, held);
const drive = (tenant: string, alias: string) => get(`/users/${graph.personId(tenant, alias)}/drive?$select=id,quota`, tenant);
const said = (reply: Awaited<ReturnType<typeof get>>) => [reply.status, errorOf(reply).code];

beforeAll(() => {
  graph = createFixture();
});

describe('a mailbox', () => {
  it('is there for a person with a plan that has one', async () => {
    expect((await inbox('contoso', 'nora')).json).toMatchObject({ id: expect.any(String) as unknown, totalItemCount: 0 });
  });

  it.each([
    ['a break-glass account without a licence', 'contoso', 'grace'],
    ['a guest', 'contoso', 'felix'],
    ['the Exchange plan that comes with almost everything', 'litware', 'person-2'],
    ['a mailbox that is still being made', 'wingtip', 'person-2'],
    ['a tenant without Exchange', 'adatum', 'person-2'],
  ])('is not there for %s', async (_who, tenant, alias) => {
    expect(said(await inbox(tenant, alias))).toEqual([404, 'MailboxNotEnabledForRESTAPI']);
  });

  it('needs a permission for mail, and no other one will do', async () => {
    expect(said(await inbox('contoso', 'nora', ['Directory.Read.All', 'MailboxSettings.Read']))).toEqual([403, 'Authorization_RequestDenied']);
    const settings = `/users/${graph.personId('contoso', 'nora')}/mailboxSettings`;
    expect((await get(settings, 'contoso', ['MailboxSettings.Read'])).json).toMatchObject({ timeZone: 'UTC' });
    expect((await get(settings, 'contoso', ['Mail.ReadWrite'])).status).toBe(403);
  });

  it('beyond the inbox of a present person, and under a personal token, is not modelled', async () => {
    expect((await get(`/users/${graph.personId('contoso', 'nora')}/mailFolders/drafts`)).gap).toBeTruthy();
    expect((await get('/users/99999999-9999-4999-8999-999999999999/mailFolders/inbox')).gap).toBeTruthy();
    const own = await graph.call('GET', '/v1.0/users/nora@contoso.example/mailFolders/inbox', { scopes: ['Mail.Read'], subject: graph.personId('contoso', 'nora') });
    expect(own.gap).toBeTruthy();
  });
});

describe('sites and drives', () => {
  it('are there with a licence for SharePoint, the root site naming its host', async () => {
    expect((await get('/sites/root?$select=id,webUrl,siteCollection')).json).toMatchObject({ webUrl: 'https://contoso.sharepoint.com', siteCollection: { hostname: 'contoso.sharepoint.com' } });
    expect((await drive('contoso', 'nora')).json).toMatchObject({ quota: { state: 'normal' } });
  });

  it.each(['adatum', 'litware'])('are refused in %s, which has none', async (tenant) => {
    for (const reply of [await get('/sites/root', tenant), await drive(tenant, 'person-2')]) {
      expect(said(reply)).toEqual([400, 'BadRequest']);
      expect(errorOf(reply).message).toBe('Tenant does not have a SPO license.');
    }
  });

  it('a drive nobody may have or has opened is 404', async () => {
    expect(said(await drive('contoso', 'grace'))).toEqual([404, 'ResourceNotFound']);
  });
});

describe('teams', () => {
  it('are found by what their groups say, and read by the id of the group', async () => {
    const [group, ...others] = rowsOf(await get("/groups?$filter=resourceProvisioningOptions/Any(x:x eq 'Team')&$top=1&$select=id"));
    expect(others).toEqual([]);
    expect((await get(`/teams/${String(required(group).id)}?$select=id,displayName`)).json).toMatchObject({ displayName: 'Sales' });
    expect(rowsOf(await get("/groups?$filter=resourceProvisioningOptions/Any(x:x eq 'Team')&$top=1&$select=id", 'fabrikam'))).toEqual([]);
  });

  it('a group without one is 404', async () => {
    const plain = required(graph.tenant('contoso').groups.list(graph.world.now()).find(({ team }) => team === undefined));
    expect(said(await get(`/teams/${plain.id}`))).toEqual([404, 'NotFound']);
  });
});

describe('licences', () => {
  it('have their plans in the subscription, with how far Microsoft is', async () => {
    const [sku] = rowsOf(await get('/subscribedSkus', 'wingtip'));
    expect(sku?.servicePlans).toContainEqual(expect.objectContaining({ servicePlanName: 'EXCHANGE_S_ENTERPRISE', provisioningStatus: 'PendingProvisioning' }));
    const [organization] = rowsOf(await get('/organization', 'litware'));
    // The trap: the service says exchange and enabled, and there is not one mailbox.
    expect(organization?.assignedPlans).toContainEqual(expect.objectContaining({ service: 'exchange', capabilityStatus: 'Enabled', servicePlanId: '113feb6c-3fe4-4440-bddc-54d774bf0318' }));
  });

  it('and the state of mailboxes, drives and teams can be set person by person in a seed', () => {
    const people = [{ alias: 'zoe', name: 'Zoe', licences: ['EXCHANGE_S_STANDARD'], mailbox: 'refused', drive: 'locked' }];
    const tenant = { key: 'tiny', name: 'Tiny', domain: 'tiny.example', prefix: 'tiny', country: 'FR', licences: ['TEAMS1'], pendingLicences: ['TEAMS1'], mailboxes: 'pending', people, groups: [{ name: 'Team', team: 'pending', members: ['zoe'] }] };
    expect(() => checkSeedFile({ tenants: [tenant] })).not.toThrow();
    expect(() => checkSeedFile({ tenants: [{ ...tenant, mailboxes: 'gone' }] })).toThrow(/tenants\[0\]\.mailboxes/);
  });
});
