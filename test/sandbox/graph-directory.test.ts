import { beforeAll, describe, expect, it } from 'vitest';
import { setGraphVariants } from '../../src/sandbox/graph/index';
import { scopedRoleMembershipId } from '../../src/sandbox/graph/ids';
import { createFixture, errorOf, GLOBAL_ADMINISTRATOR, required, rowsOf, type CallOptions, type Fixture, type Json } from './graph-support';

const EXCHANGE_ADMINISTRATOR = '29232cdf-9323-42fd-ade2-1d097af3e4de';
const roles = ['Directory.ReadWrite.All', 'Directory.Read.All', 'User.ReadWrite.All', 'Group.ReadWrite.All', 'Application.ReadWrite.All', 'RoleManagement.ReadWrite.Directory', 'AuditLog.Read.All'];

let graph: Fixture;
const call = (method: string, path: string, body?: unknown, options: CallOptions = {}) =>
  graph.call(method, `/v1.0${path}`, { roles, ...(body === undefined ? {} : { body }), ...options });
const at = (id: string) => ({ '@odata.id': `https://graph.test/v1.0/directoryObjects/${id}` });
const newGroup = async (change: Json = {}) =>
  String((await call('POST', '/groups', { displayName: 'zz', mailNickname: 'zz', mailEnabled: false, securityEnabled: true, ...change })).json.id);
const person = (alias: string) => graph.personId('contoso', alias);

beforeAll(() => {
  graph = createFixture();
});

describe('directory roles', () => {
  it('have an id of their own: the template id finds nothing', async () => {
    expect((await call('GET', `/directoryRoles/${GLOBAL_ADMINISTRATOR}`)).status).toBe(404);
    const role = (await call('GET', `/directoryRoles(roleTemplateId='${GLOBAL_ADMINISTRATOR}')`)).json;
    expect(role).toMatchObject({ displayName: 'Global Administrator', roleTemplateId: GLOBAL_ADMINISTRATOR });
    expect((await call('GET', `/directoryRoles/${String(role.id)}`)).json).toEqual(role);
  });

  it('nobody activated are not found', async () => {
    expect((await call('GET', "/directoryRoles(roleTemplateId='b0f54661-2d74-4c50-afa3-1ec803f12efe')/members")).status).toBe(404);
  });

  it('show groups unopened, and holders in a unit as scoped members only', async () => {
    const members = rowsOf(await call('GET', `/directoryRoles(roleTemplateId='${GLOBAL_ADMINISTRATOR}')/members?$top=1`));
    expect(members.length).toBeGreaterThan(2);
    expect(members.map((row) => row['@odata.type'])).toContain('#microsoft.graph.group');
    const exchange = `/directoryRoles(roleTemplateId='${EXCHANGE_ADMINISTRATOR}')`;
    expect(rowsOf(await call('GET', `${exchange}/members`)).map(({ id }) => id)).not.toContain(person('ulf'));
    const [scoped] = rowsOf(await call('GET', `${exchange}/scopedMembers`));
    expect(scoped).toMatchObject({ roleMemberInfo: { id: person('ulf'), displayName: 'Ulf Berger' } });
    const [unit] = rowsOf(await call('GET', '/directory/administrativeUnits'));
    expect(unit).toMatchObject({ id: required(scoped).administrativeUnitId, displayName: 'Malmo branch' });
  });

  it('name a scoped membership as the reference page does', () => {
    const id = scopedRoleMembershipId('41d12a2f-caa8-4e3e-ba14-05e5102ce085', 'dc626e71-4837-40eb-be4a-bc29d88a1178', '8e97c193-ea53-44fc-81eb-ab6bd0e05d70');
    expect(id).toBe('LyrRQajKPk66FAXlECzghXFuYtw3SOtAvkq8KdiKEXiTwZeOU-r8RIHrq2vQ4F1wU');
  });

  it('are given to groups that were made for it, and to no others', async () => {
    const give = (principalId: string) => call('POST', '/roleManagement/directory/roleAssignments', { principalId, roleDefinitionId: EXCHANGE_ADMINISTRATOR, directoryScopeId: '/' });
    expect((await give(await newGroup())).status).toBe(400);
    expect((await give(await newGroup({ isAssignableToRole: true }))).status).toBe(201);
    expect((await give('99999999-9999-4999-8999-999999999999')).status).toBe(404);
  });
});

describe('the recycle bin', () => {
  it('takes what is deleted, gives it back without what named it, and forgets it when told', async () => {
    const id = await newGroup();
    await call('POST', `/groups/${id}/members/$ref`, at(person('nora')));
    expect((await call('DELETE', `/groups/${id}`)).status).toBe(204);
    expect((await call('GET', `/groups/${id}`)).status).toBe(404);
    expect((await call('GET', `/directory/deletedItems/${id}`)).json).toMatchObject({ '@odata.type': '#microsoft.graph.group', deletedDateTime: '2026-03-01T09:00:00Z' });
    expect((await call('POST', `/directory/deletedItems/${id}/restore`)).status).toBe(200);
    expect((await call('GET', `/groups/${id}`)).json.deletedDateTime).toBeNull();
    await call('DELETE', `/groups/${id}`);
    expect((await call('DELETE', `/directory/deletedItems/${id}`)).status).toBe(204);
    expect((await call('POST', `/directory/deletedItems/${id}/restore`)).status).toBe(404);
  });

  it('takes the service principal along with its application, and is closed to permissions for other types', async () => {
    const home = { tenant: 'partner' };
    const application = (await call('POST', '/applications', { displayName: 'zz' }, home)).json;
    const principal = (await call('POST', '/servicePrincipals', { appId: application.appId }, home)).json;
    await call('DELETE', `/applications/${String(application.id)}`, undefined, home);
    expect((await call('GET', `/servicePrincipals/${String(principal.id)}`, undefined, home)).status).toBe(404);
    expect(rowsOf(await call('GET', '/directory/deletedItems/microsoft.graph.servicePrincipal', undefined, home)).map(({ id }) => id)).toEqual([principal.id]);
    const path = `/directory/deletedItems/${String(application.id)}`;
    expect((await call('GET', path, undefined, { ...home, roles: ['User.ReadWrite.All'] })).status).toBe(403);
    expect((await call('DELETE', path, undefined, { ...home, roles: ['User.ReadWrite.All'] })).status).toBe(403);
  });
});

describe('the audit log', () => {
  it('tells of a write who made it to what, and shows it only after its own lag', async () => {
    graph.world.setReplicationLagMs({ 'graph.auditLog': 120_000 });
    const id = await newGroup();
    const seen = async () => rowsOf(await call('GET', "/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Add group'")).flatMap(({ targetResources }) => (targetResources as readonly Json[]).map((target) => target.id));
    expect(await seen()).not.toContain(id);
    graph.world.advance(121);
    expect(await seen()).toContain(id);
    const [entry] = rowsOf(await call('GET', '/auditLogs/directoryAudits?$top=1'));
    expect(entry).toMatchObject({ loggedByService: 'Core Directory', result: 'success', initiatedBy: { user: null } });
    expect(rowsOf(await call('GET', '/auditLogs/directoryAudits?$filter=activityDateTime ge 2027-01-01T00:00:00Z'))).toEqual([]);
    graph.world.setReplicationLagMs({ 'graph.auditLog': 0 });
  });
});

describe('$expand', () => {
  it('brings at most twenty related objects, with an inner $select', async () => {
    const id = await newGroup();
    for (let index = 0; index < 21; index += 1) await call('POST', `/groups/${id}/members/$ref`, at(await newGroup()));
    const { members } = (await call('GET', `/groups/${id}?$select=id&$expand=members($select=id)`)).json as { readonly members: readonly Json[] };
    expect(members).toHaveLength(20);
    expect(Object.keys(required(members[0])).toSorted()).toEqual(['@odata.type', 'id']);
  });

  it('needs the permission of the relation, and a relation that exists', async () => {
    const ask = (relation: string, permission: string) => call('GET', `/users/${person('nora')}?$select=id&$expand=${relation}`, undefined, { roles: [permission] });
    expect((await ask('memberOf', 'User.Read.All')).status).toBe(403);
    expect((await ask('memberOf', 'Directory.Read.All')).status).toBe(200);
    expect(errorOf(await ask('colours', 'Directory.Read.All')).message).toMatch(/^Parsing OData Select and Expand failed/);
  });
});

describe('variants', () => {
  it('put an empty page in the middle, and the listing is whole all the same', async () => {
    setGraphVariants(graph.world, { emptyPages: 'middle' });
    const ids: unknown[] = [];
    const sizes: number[] = [];
    for (let path = '/users?$top=4&$select=id'; path !== ''; ) {
      const reply = await call('GET', path);
      const rows = rowsOf(reply);
      sizes.push(rows.length);
      ids.push(...rows.map(({ id }) => id));
      const next = reply.json['@odata.nextLink'];
      path = typeof next === 'string' ? (next.split('/v1.0')[1] ?? '') : '';
    }
    setGraphVariants(graph.world, { emptyPages: 'none' });
    expect(sizes.slice(0, 3)).toEqual([4, 0, 4]);
    expect(new Set(ids).size).toBe(rowsOf(await call('GET', '/users?$select=id')).length);
  });

  it('name the inner error otherwise, give tips, and decide what an unknown name selects', async () => {
    setGraphVariants(graph.world, { innerErrorName: 'innererror', tips: 'present', unknownSelect: 'ignored' });
    expect(Object.keys((await call('GET', '/groups/x')).json.error as object)).toContain('innererror');
    expect((await call('GET', '/groups')).json['@microsoft.graph.tips']).toMatch(/\$select/);
    expect(Object.keys(required(rowsOf(await call('GET', '/users?$select=id,colour'))[0]))).toEqual(['id']);
    setGraphVariants(graph.world, { innerErrorName: 'innerError', tips: 'absent', unknownSelect: 'refused' });
    expect((await call('GET', '/users?$select=id,colour')).status).toBe(400);
    setGraphVariants(graph.world, { unknownSelect: 'not-modelled' });
    expect((await call('GET', '/users?$select=id,colour')).status).toBe(501);
  });
});
