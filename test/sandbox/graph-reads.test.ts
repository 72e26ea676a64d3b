import { beforeAll, describe, expect, it } from 'vitest';
import { createFixture, errorOf, GLOBAL_ADMINISTRATOR, GRAPH_APP_ID, required, rowsOf, type Fixture } from './graph-support';

const roles = ['Directory.Read.All'];

let graph: Fixture;
const get = (path: string, tenant = 'contoso') => graph.call('GET', `/v1.0${path}`, { roles, tenant });

beforeAll(() => {
  graph = createFixture();
});

describe('addresses', () => {
  it('reach a user by id, by name and in parentheses', async () => {
    const id = graph.personId('contoso', 'ada');
    for (const path of [`/users/${id}`, '/users/ada@contoso.example', "/users('ADA@contoso.example')", `/Users/${id.toUpperCase()}`]) {
      expect((await get(path)).json.id).toBe(id);
    }
  });

  it('reach a guest, whose name holds a number sign', async () => {
    const { userPrincipalName, id } = required(graph.tenant('contoso').users.list(graph.world.now()).find(({ userType }) => userType === 'Guest'));
    expect(userPrincipalName).toContain('#EXT#');
    expect((await get(`/users/${encodeURIComponent(userPrincipalName)}`)).json.id).toBe(id);
  });

  it("reach a service principal by (appId='…') in any case the recordings show", async () => {
    const id = graph.principalId('contoso', GRAPH_APP_ID);
    expect((await get(`/servicePrincipals(appId='${GRAPH_APP_ID}')`)).json.id).toBe(id);
    expect((await get(`/serviceprincipals/${id}`)).json.appId).toBe(GRAPH_APP_ID);
  });

  it('that lead nowhere are refused in the words of the service', async () => {
    const nobody = '99999999-9999-4999-8999-999999999999';
    const missing = await get(`/servicePrincipals/${nobody}`);
    expect([missing.status, errorOf(missing).code]).toEqual([404, 'Request_ResourceNotFound']);
    expect(errorOf(missing).message).toBe(`Resource '${nobody}' does not exist or one of its queried reference-property objects are not present.`);
    expect((await get('/servicePrincipals/abc')).status).toBe(400);
    expect(errorOf(await get('/colours')).message).toBe("Resource not found for the segment 'colours'.");
    expect(errorOf(await get(`/users/${nobody}/colours`)).message).toBe("Resource not found for the segment 'colours'.");
    expect(errorOf(await get(`/appRoleAssignments/${nobody}`)).message).toBe('Direct queries to this resource type are not supported.');
  });

  it('with a verb the service does not have answer 405, with one it has and the sandbox lacks 501', async () => {
    const user = graph.personId('contoso', 'ada');
    const call = (method: string, path: string) => graph.call(method, `/v1.0${path}`, { roles, body: {} });
    expect((await call('PATCH', `/servicePrincipals/${user}/appRoleAssignedTo/x`)).status).toBe(405);
    expect((await call('PUT', `/users/${user}`)).status).toBe(405);
    const missing = await call('PATCH', `/organization/${user}`);
    expect([missing.status, missing.gap]).toEqual([501, 'PATCH /v1.0/organization/{}']);
  });

  it.each(['/beta/users', '/v1.0/me/licenseDetails', '/v1.0/auditLogs/provisioning', '/v1.0/users/x/licenseDetails', '/v1.0/directoryRoles/delta', '/v1.0/users/delta', '/v1.0/servicePrincipals/microsoft.graph.agentIdentity', "/v1.0/groups(uniqueName='x')"])(
    'that exist there and not here say so: %s',
    async (path) => {
      const reply = await graph.call('GET', path, { roles });
      expect(reply.status).toBe(501);
      expect(errorOf(reply).code).toBe('SandboxNotModelled');
      expect(reply.gap).toBeTruthy();
    },
  );
});

describe('directory roles', () => {
  const expanded = `/roleManagement/directory/roleAssignments?$filter=roleDefinitionId eq '${GLOBAL_ADMINISTRATOR}'&$expand=principal`;

  it('bring users, groups and service principals with their types', async () => {
    const all = rowsOf(await get('/roleManagement/directory/roleAssignments?$expand=principal'));
    const types = new Set(all.map(({ principal }) => (principal as Record<string, unknown>)['@odata.type']));
    expect(types).toEqual(new Set(['#microsoft.graph.user', '#microsoft.graph.group', '#microsoft.graph.servicePrincipal']));
  });

  it('show what discovery has to tell apart: disabled, guest, group', async () => {
    const principals = rowsOf(await get(expanded)).map(({ principal }) => principal as Record<string, unknown>);
    expect(principals.find(({ displayName }) => displayName === 'Dora Vance')).toMatchObject({ accountEnabled: false, userType: 'Member' });
    expect(principals.find(({ userType }) => userType === 'Guest')).toMatchObject({ accountEnabled: true });
    expect(principals.find((row) => row['@odata.type'] === '#microsoft.graph.group')).toMatchObject({ isAssignableToRole: true });
  });

  it('ignore an inner $select, as the service does', async () => {
    const [plain] = rowsOf(await get(expanded));
    const [inner] = rowsOf(await get(`${expanded}($select=id)`));
    expect(inner).toEqual(plain);
  });

  it('leave the principal out when it is gone', async () => {
    const own = createFixture();
    const ada = own.personId('contoso', 'ada');
    own.tenant('contoso').users.delete(ada, own.world.now());
    const row = rowsOf(await own.call('GET', `/v1.0${expanded}`, { roles })).find(({ principalId }) => principalId === ada);
    expect(row).toBeDefined();
    expect(row).not.toHaveProperty('principal');
  });

  it('tell a narrower scope from the tenant-wide one', async () => {
    const scopes = rowsOf(await get('/roleManagement/directory/roleAssignments')).map(({ directoryScopeId }) => String(directoryScopeId));
    expect(scopes.filter((scope) => scope !== '/')).toEqual([expect.stringMatching(/^\/administrativeUnits\//)]);
  });

  it('show eligibilities with P2 and the licence refusal without', async () => {
    const path = '/roleManagement/directory/roleEligibilityScheduleInstances?$expand=principal';
    const [eligible] = rowsOf(await graph.call('GET', `/v1.0${path}`, { roles: [...roles, 'RoleManagement.Read.Directory'] }));
    expect(eligible).toMatchObject({ memberType: 'Direct', appScopeId: null, principal: { displayName: 'Piotr Zielinski' } });
    const refused = await graph.call('GET', `/v1.0${path}`, { roles: ['RoleManagement.Read.Directory'], tenant: 'fabrikam' });
    expect([refused.status, errorOf(refused).code]).toEqual([400, 'AadPremiumLicenseRequired']);
  });

  it('are defined by their template id', async () => {
    const { json } = await get(`/roleManagement/directory/roleDefinitions/${GLOBAL_ADMINISTRATOR}`);
    expect(json).toMatchObject({ displayName: 'Global Administrator', templateId: GLOBAL_ADMINISTRATOR, isBuiltIn: true });
    expect(rowsOf(await get("/roleManagement/directory/roleDefinitions?$filter=displayName eq 'Exchange Administrator'"))).toHaveLength(1);
  });
});

describe('groups', () => {
  const groupNamed = (name: string) => required(graph.tenant('contoso').groups.list(graph.world.now()).find(({ displayName }) => displayName === name)).id;

  it('show members with their types, and what was selected of them', async () => {
    const id = groupNamed('Tier 0 administrators');
    const [member] = rowsOf(await get(`/groups/${id}/members?$select=id,userPrincipalName,accountEnabled`));
    expect(member).toEqual({
      '@odata.type': '#microsoft.graph.user',
      id: graph.personId('contoso', 'gina'),
      userPrincipalName: 'gina@contoso.example',
      accountEnabled: true,
    });
  });

  it('flatten nested groups once, circles included', async () => {
    const own = createFixture();
    const { groups } = own.tenant('contoso');
    const [outer, inner] = groups.list(own.world.now()).map((group) => required(group));
    groups.put(required(outer).id, { ...required(outer), memberIds: [required(inner).id, own.personId('contoso', 'gina')] }, own.world.now());
    groups.put(required(inner).id, { ...required(inner), memberIds: [required(outer).id, own.personId('contoso', 'gina')] }, own.world.now());
    const path = `/v1.0/groups/${required(outer).id}/transitiveMembers`;
    const ids = rowsOf(await own.call('GET', path, { roles })).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain(own.personId('contoso', 'gina'));
    const users = await own.call('GET', `${path}/microsoft.graph.user?$count=true`, { roles, headers: { consistencylevel: 'eventual' } });
    expect(rowsOf(users).map(({ id }) => id)).toEqual([own.personId('contoso', 'gina')]);
    expect((await own.call('GET', `${path}/microsoft.graph.user`, { roles })).status).toBe(400);
  });

  it('withhold members from a caller who may not read people', async () => {
    const reply = await graph.call('GET', `/v1.0/groups/${groupNamed('All staff')}/members`, { roles: ['GroupMember.Read.All'] });
    expect(rowsOf(reply)[0]).toMatchObject({ '@odata.type': '#microsoft.graph.user', displayName: null });
  });
});

describe('objects by id', () => {
  const getByIds = (body: unknown) => graph.call('POST', '/v1.0/directoryObjects/getByIds', { roles, body });

  it('come with their types and without the unknown ones', async () => {
    const ids = [graph.personId('contoso', 'ada'), graph.principalId('contoso', GRAPH_APP_ID), '99999999-9999-4999-8999-999999999999'];
    expect(rowsOf(await getByIds({ ids })).map((row) => row['@odata.type'])).toEqual(['#microsoft.graph.user', '#microsoft.graph.servicePrincipal']);
    expect(rowsOf(await getByIds({ ids, types: ['user'] })).map(({ id }) => id)).toEqual([ids[0]]);
  });

  it.each([{ ids: ['abc'] }, { ids: 'abc' }, { ids: Array.from({ length: 1001 }, () => GRAPH_APP_ID) }, { ids: [], types: 'user' }])(
    'are refused for a bad list',
    async (body) => {
      expect((await getByIds(body)).status).toBe(400);
    },
  );
});

describe('the tenant', () => {
  it('shows its domains and licences', async () => {
    const [organization] = rowsOf(await get('/organization'));
    expect(organization).toMatchObject({ id: graph.tenantId('contoso'), tenantType: 'AAD', displayName: 'Contoso' });
    const [sku] = rowsOf(await get('/subscribedSkus'));
    expect(required(sku).servicePlans).toContainEqual(expect.objectContaining({ servicePlanName: 'AAD_PREMIUM_P2' }));
    expect((await get(`/subscribedSkus/${String(required(sku).id)}`)).json.skuId).toBe(required(sku).skuId);
    expect((await get(`/organization/${graph.tenantId('fabrikam')}`)).status).toBe(404);
  });
});

describe('headers', () => {
  it('are as recorded on success, refusal and empty answers', async () => {
    const good = await get('/users');
    expect(good.headers).toMatchObject({
      'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
      'odata-version': '4.0',
      'strict-transport-security': 'max-age=31536000',
      'cache-control': 'no-cache',
      'x-ms-resource-unit': '2',
      'x-sandbox-rule': 'G-USER-LIST;grade=recorded',
    });
    expect(JSON.parse(required(good.headers['x-ms-ags-diagnostic']))).toHaveProperty('ServerInfo.DataCenter');
    const bad = await get('/users/nobody@contoso.example');
    expect(bad.headers['content-type']).toBe('application/json');
    expect(bad.headers).not.toHaveProperty('odata-version');
  });

  it('echo a client-request-id that is a GUID and repeat the own id otherwise', async () => {
    const id = '0a0b0c0d-0000-4000-8000-000000000001';
    const echoed = await graph.call('GET', '/v1.0/users/nobody', { roles, headers: { 'client-request-id': id } });
    expect(echoed.headers['client-request-id']).toBe(id);
    expect(errorOf(echoed).innerError['client-request-id']).toBe(id);
    const injected = await graph.call('GET', '/v1.0/users/nobody', { roles, headers: { 'client-request-id': 'x\r\nset-cookie: a=b' } });
    expect(injected.headers['client-request-id']).toBe(injected.headers['request-id']);
  });
});
