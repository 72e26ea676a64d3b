import { describe, expect, it } from 'vitest';
import { findRoleTemplateId } from '../../src/sandbox/directory-roles';
import { setGraphVariants } from '../../src/sandbox/graph/index';
import { graphRules } from '../../src/sandbox/graph/rules';
import { routes } from '../../src/sandbox/graph/routes';
import { createFixture, errorOf, GRAPH_APP_ID, makeCertificate, makeProof, required, rowsOf, START } from './graph-support';

const READ = ['Directory.Read.All'];

describe('the bearer token', () => {
  const graph = createFixture();

  it('is required: without one the answer is 401 with a challenge', async () => {
    const reply = await graph.call('GET', '/v1.0/users', { bearer: '' });
    expect(reply.status).toBe(401);
    expect(errorOf(reply).code).toBe('InvalidAuthenticationToken');
    expect(reply.headers['www-authenticate']).toBe(
      `Bearer realm="", authorization_uri="https://login.test/common/oauth2/authorize", client_id="${GRAPH_APP_ID}"`,
    );
  });

  it.each([
    ['for another resource', { audience: 'https://outlook.office365.com' }, /Invalid audience/],
    ['that is no token', { bearer: 'abc' }, /not well formed/],
  ])('%s is refused', async (_, options, message) => {
    const reply = await graph.call('GET', '/v1.0/users', { roles: READ, ...options });
    expect(reply.status).toBe(401);
    expect(errorOf(reply).message).toMatch(message);
  });

  it('with a changed permission list is refused', async () => {
    const [header = '', claims = '', signature = ''] = graph.bearer({ roles: ['User.Read.All'] }).split('.');
    const raised = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    raised.roles = READ;
    const forged = [header, Buffer.from(JSON.stringify(raised)).toString('base64url'), signature].join('.');
    expect((await graph.call('GET', '/v1.0/users', { bearer: forged })).status).toBe(401);
  });

  it('reads the directory of its own tenant only', async () => {
    const contoso = await graph.call('GET', '/v1.0/organization', { roles: READ, tenant: 'contoso' });
    const fabrikam = await graph.call('GET', '/v1.0/organization', { roles: READ, tenant: 'fabrikam' });
    expect(rowsOf(contoso).map(({ id }) => id)).toEqual([graph.tenantId('contoso')]);
    expect(rowsOf(fabrikam).map(({ id }) => id)).toEqual([graph.tenantId('fabrikam')]);
    const foreign = `/v1.0/users/${graph.personId('fabrikam', 'nuno')}`;
    expect((await graph.call('GET', foreign, { roles: READ, tenant: 'contoso' })).status).toBe(404);
  });

  it('is refused once it has expired, in either of the two reported wordings', async () => {
    const late = createFixture();
    const bearer = late.bearer({ roles: READ });
    late.world.advance(4000);
    expect(errorOf(await late.call('GET', '/v1.0/users', { bearer })).message).toBe('Lifetime validation failed, the token is expired.');
    setGraphVariants(late.world, { expiredToken: 'expired' });
    expect(errorOf(await late.call('GET', '/v1.0/users', { bearer })).message).toBe('Access token has expired or is not yet valid.');
  });
});

describe('permissions', () => {
  const graph = createFixture();
  const resource = graph.principalId('contoso', GRAPH_APP_ID);
  const sample = '00000000-0000-4000-8000-000000000000';

  it.each(routes.filter(({ template }) => template !== '/me').map((route) => [`${route.method} ${route.template}`, route] as const))('%s is closed to a token without any', async (_, route) => {
    const path = `/v1.0${route.template.replaceAll('{id}', sample)}`;
    const reply = await graph.call(route.method, path, route.method === 'GET' ? {} : { body: {} });
    expect(reply.status).toBe(403);
    expect(['Authorization_RequestDenied', 'UnknownError']).toContain(errorOf(reply).code);
  });

  it.each([
    ['GET', '/v1.0/users', ['User.Read.All']],
    ['GET', '/v1.0/groups', ['GroupMember.Read.All']],
    ['GET', '/v1.0/servicePrincipals', ['Application.Read.All']],
    ['GET', '/v1.0/oauth2PermissionGrants', ['Directory.Read.All']],
    ['GET', '/v1.0/roleManagement/directory/roleAssignments', ['RoleManagement.Read.Directory']],
    ['GET', '/v1.0/roleManagement/directory/roleEligibilityScheduleInstances', ['RoleEligibilitySchedule.Read.Directory']],
    ['GET', '/v1.0/organization', ['Organization.Read.All']],
    ['GET', '/v1.0/subscribedSkus', ['LicenseAssignment.Read.All']],
  ])('%s %s opens to %j', async (method, path, roles) => {
    expect((await graph.call(method, path, { roles })).status).toBe(200);
  });

  it.each([
    ['AppRoleAssignment.ReadWrite.All alone', ['AppRoleAssignment.ReadWrite.All'], 403],
    ['reading permissions alone', ['Directory.Read.All', 'Application.Read.All'], 403],
    ['Application.ReadWrite.All alone', ['Application.ReadWrite.All'], 403],
    ['both together', ['AppRoleAssignment.ReadWrite.All', 'Application.Read.All'], 400],
  ])('assigning an app role with %s answers %i', async (_, roles, status) => {
    const reply = await graph.call('POST', `/v1.0/servicePrincipals/${resource}/appRoleAssignedTo`, {
      roles,
      body: { principalId: sample, resourceId: resource, appRoleId: sample },
    });
    expect(reply.status).toBe(status);
  });

  it('hide the privileged identity refusal in a JSON string', async () => {
    const reply = await graph.call('GET', '/v1.0/roleManagement/directory/roleEligibilityScheduleInstances', { roles: ['User.Read.All'] });
    expect(reply.status).toBe(403);
    expect(errorOf(reply).code).toBe('UnknownError');
    expect(JSON.parse(errorOf(reply).message)).toMatchObject({ errorCode: 'PermissionScopeNotGranted' });
  });

  it('show the organization to a user-reading app without its plans', async () => {
    const [narrow] = rowsOf(await graph.call('GET', '/v1.0/organization', { roles: ['User.Read.All'] }));
    const [wide] = rowsOf(await graph.call('GET', '/v1.0/organization', { roles: ['Organization.Read.All'] }));
    expect(narrow).toMatchObject({ displayName: 'Contoso', countryLetterCode: null, assignedPlans: [] });
    expect(wide).toMatchObject({ displayName: 'Contoso', countryLetterCode: 'SE' });
    expect(required(wide).assignedPlans).not.toEqual([]);
  });

  it('withhold a principal from a caller who may list roles but not read people', async () => {
    const path = '/v1.0/roleManagement/directory/roleAssignments?$expand=principal';
    const ada = graph.personId('contoso', 'ada');
    const principal = async (roles: readonly string[]) =>
      rowsOf(await graph.call('GET', path, { roles })).find(({ principalId }) => principalId === ada)?.principal;
    expect(await principal(['RoleManagement.Read.Directory'])).toMatchObject({ id: ada, displayName: null, userPrincipalName: null });
    expect(await principal(['RoleManagement.Read.Directory', 'User.Read.All'])).toMatchObject({ id: ada, displayName: 'Ada Lindqvist' });
  });

  it('open /me to nobody but a person', async () => {
    const nora = { scopes: ['User.Read'], subject: graph.personId('contoso', 'nora') };
    expect((await graph.call('GET', '/v1.0/me', nora)).json.displayName).toBe('Nora Berg');
    expect(errorOf(await graph.call('GET', '/v1.0/me', { roles: ['User.Read.All'] })).message).toBe('/me request is only valid with delegated authentication flow.');
    expect((await graph.call('GET', '/v1.0/me', { ...nora, scopes: [] })).status).toBe(403);
  });

  it('let a person with User.Read see only that person', async () => {
    const self = graph.personId('contoso', 'nora');
    const scopes = ['User.Read'];
    expect((await graph.call('GET', `/v1.0/users/${self}`, { scopes, subject: self })).status).toBe(200);
    expect((await graph.call('GET', `/v1.0/users/${graph.personId('contoso', 'ada')}`, { scopes, subject: self })).status).toBe(403);
  });

  it('of a delegated token open a write to a Global Administrator; what others may write is not modelled', async () => {
    const ask = { scopes: ['Application.ReadWrite.All'], body: { accountEnabled: true } };
    expect((await graph.call('PATCH', `/v1.0/servicePrincipals/${resource}`, { ...ask, subject: graph.personId('contoso', 'ada') })).status).toBe(204);
    expect((await graph.call('PATCH', `/v1.0/servicePrincipals/${resource}`, { ...ask, subject: graph.personId('contoso', 'gina') })).status).toBe(204);
    expect((await graph.call('PATCH', `/v1.0/servicePrincipals/${resource}`, { ...ask, subject: graph.personId('contoso', 'amir') })).status).toBe(501);
    const reply = await graph.call('PATCH', `/v1.0/servicePrincipals/${resource}`, { scopes: ['Application.ReadWrite.All'], body: { accountEnabled: false } });
    expect(reply.status).toBe(501);
    expect(reply.gap).toMatch(/delegated/);
  });
});

describe('what a person may write by directory role', () => {
  const graph = createFixture();
  const scopes = ['Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'Directory.ReadWrite.All'];
  const tenant = graph.tenant('contoso');
  const as = (alias: string) => ({ scopes, subject: graph.personId('contoso', alias) });
  const hold = (alias: string, role: string) => {
    const roleDefinitionId = required(findRoleTemplateId(role));
    const id = `${alias} ${role}`;
    tenant.roleAssignments.put(id, { ...required(tenant.roleAssignments.list(START)[0]), id, roleDefinitionId, principalId: graph.personId('contoso', alias), directoryScopeId: '/' }, START);
  };
  const upsert = (name: string, alias: string, headers = { prefer: 'create-if-missing' }) =>
    graph.call('PATCH', `/v1.0/applications(uniqueName='${name}')`, { ...as(alias), headers, body: { displayName: name, signInAudience: 'AzureADMyOrg' } });

  it('lets any member register an application once by its unique name, and change what is their own', async () => {
    const made = await upsert('one', 'nora');
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ uniqueName: 'one', signInAudience: 'AzureADMyOrg' });
    expect((await upsert('one', 'nora')).status).toBe(204);
    expect(tenant.applications.list(START).filter(({ uniqueName }) => uniqueName === 'one')).toHaveLength(1);
    expect((await graph.call('GET', "/v1.0/applications(uniqueName='one')", as('nora'))).json.id).toBe(made.json.id);
    expect((await graph.call('POST', '/v1.0/servicePrincipals', { ...as('nora'), body: { appId: made.json.appId } })).status).toBe(201);
    expect((await upsert('one', 'erik')).rule).toBe('G-ERR-ROLE');
    expect((await upsert('two', 'nora', { prefer: 'return=minimal' })).status).toBe(404);
    expect((await graph.call('DELETE', `/v1.0/applications/${String(made.json.id)}`, as('nora'))).status).toBe(204);
  });

  it("lets nobody but a Privileged Role Administrator grant Microsoft Graph's roles, and an Application Administrator change every application", async () => {
    const { json } = await upsert('three', 'nora');
    const client = String((await graph.call('POST', '/v1.0/servicePrincipals', { ...as('nora'), body: { appId: json.appId } })).json.id);
    const resource = graph.principalId('contoso', GRAPH_APP_ID);
    const role = required(required(tenant.servicePrincipals.get(resource, START)).appRoles[0]).id;
    const grant = (alias: string) => graph.call('POST', `/v1.0/servicePrincipals/${resource}/appRoleAssignedTo`, { ...as(alias), body: { principalId: client, resourceId: resource, appRoleId: role } });
    expect((await grant('nora')).status).toBe(403);
    hold('nora', 'Application Administrator');
    expect((await grant('nora')).status).toBe(403);
    hold('nora', 'Privileged Role Administrator');
    expect((await grant('nora')).status).toBe(201);
    expect((await upsert('three', 'nora')).status).toBe(204);
  });
});

describe('Application.ReadWrite.OwnedBy', () => {
  const graph = createFixture();
  const roles = ['Application.ReadWrite.OwnedBy'];
  const [own, other] = graph.tenant('partner').applications.list(graph.world.now()).map(({ id, appId }) => ({ id, appId }));
  const asOwn = { roles, tenant: 'partner', appId: required(own).appId };

  it('opens the own application and no other', async () => {
    expect((await graph.call('GET', `/v1.0/applications/${required(own).id}`, asOwn)).status).toBe(200);
    expect((await graph.call('GET', `/v1.0/applications/${required(other).id}`, asOwn)).status).toBe(403);
    expect((await graph.call('PATCH', `/v1.0/applications/${required(other).id}`, { ...asOwn, body: { displayName: 'Taken over' } })).status).toBe(403);
  });

  it('lists the own application only', async () => {
    expect(rowsOf(await graph.call('GET', '/v1.0/applications', asOwn)).map(({ appId }) => appId)).toEqual([required(own).appId]);
  });

  it('does not create a service principal for an app registered elsewhere', async () => {
    const reply = await graph.call('POST', '/v1.0/servicePrincipals', { roles, tenant: 'contoso', appId: required(own).appId, body: { appId: required(own).appId } });
    expect(reply.status).toBe(403);
    expect(errorOf(reply).message).toMatch(/must in the local tenant/);
  });

  it('is needed for addKey unless the older page is played', async () => {
    const signer = makeCertificate('first');
    const next = makeCertificate('second');
    const path = `/v1.0/applications/${required(own).id}`;
    const body = { keyCredentials: [{ key: signer.base64, type: 'AsymmetricX509Cert', usage: 'Verify' }] };
    expect((await graph.call('PATCH', path, { ...asOwn, body })).status).toBe(204);
    const add = () =>
      graph.call('POST', `${path}/addKey`, {
        ...asOwn,
        roles: [],
        body: { keyCredential: { key: next.base64, type: 'AsymmetricX509Cert', usage: 'Verify' }, passwordCredential: null, proof: makeProof(signer, required(own).id, START) },
      });
    expect((await add()).status).toBe(403);
    setGraphVariants(graph.world, { addKeyPermission: 'none' });
    expect((await add()).status).toBe(200);
  });
});

describe('the rules', () => {
  it('have a source or say that nobody said so', () => {
    expect(graphRules.filter((entry) => (entry.source === undefined) !== (entry.grade === 'assumed'))).toEqual([]);
  });
});
