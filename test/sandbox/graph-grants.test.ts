import { beforeEach, describe, expect, it } from 'vitest';
import { permissionGrantId } from '../../src/sandbox/graph/ids';
import { setGraphVariants } from '../../src/sandbox/graph/index';
import { createFixture, errorOf, GRAPH_APP_ID, required, rowsOf, type Fixture } from './graph-support';

const roles = ['Directory.ReadWrite.All', 'Directory.Read.All', 'AppRoleAssignment.ReadWrite.All', 'Application.Read.All'];
const NOBODY = '99999999-9999-4999-8999-999999999999';

let graph: Fixture;
let resource: string;
let client: string;
const call = (method: string, path: string, body?: unknown) => graph.call(method, `/v1.0${path}`, { roles, ...(body === undefined ? {} : { body }) });

beforeEach(async () => {
  graph = createFixture();
  resource = graph.principalId('contoso', GRAPH_APP_ID);
  client = String((await call('POST', '/servicePrincipals', { appId: graph.app().appId })).json.id);
});

describe('a service principal', () => {
  it('is created once per app', async () => {
    const again = await call('POST', '/servicePrincipals', { appId: graph.app().appId });
    expect([again.status, errorOf(again).code]).toEqual([409, 'Request_MultipleObjectsWithSameKeyValue']);
    expect(errorOf(again).message).toContain(graph.app().appId);
  });

  it('names its owner tenant and has no fraction in its creation time', async () => {
    const { json } = await call('GET', `/servicePrincipals(appId='${graph.app().appId}')`);
    expect(json).toMatchObject({ id: client, appOwnerOrganizationId: graph.tenantId('partner'), accountEnabled: true });
    expect(json.createdDateTime).toBe('2026-03-01T09:00:00Z');
  });

  it('answers its creation with a Location that is no URL to follow', async () => {
    const other = required(graph.tenant('partner').applications.list(graph.world.now())[1]);
    const reply = await call('POST', '/servicePrincipals', { appId: other.appId });
    expect(reply.status).toBe(201);
    expect(reply.headers.location).toMatch(/\/v2\/[0-9a-f-]{36}\/directoryObjects\/[0-9a-f-]{36}\/Microsoft\.DirectoryServices\.ServicePrincipal$/);
  });

  it.each([NOBODY, 'abc', ''])('for the unknown app "%s" is refused', async (appId) => {
    const reply = await call('POST', '/servicePrincipals', { appId });
    expect(reply.status).toBe(400);
    expect(errorOf(reply).message).toContain('does not reference a valid application object');
  });

  it('can be disabled by a boolean and by nothing else', async () => {
    expect((await call('PATCH', `/servicePrincipals/${client}`, { accountEnabled: 'false' })).status).toBe(400);
    expect((await call('PATCH', `/servicePrincipals/${client}`, { appId: NOBODY })).status).toBe(400);
    expect((await call('PATCH', `/servicePrincipals/${client}`, { preferredTokenSigningKeyThumbprint: 'x' })).status).toBe(501);
    expect((await call('PATCH', `/servicePrincipals/${client}`, { tags: 'x' })).status).toBe(400);
    const done = await call('PATCH', `/servicePrincipals/${client}`, { accountEnabled: false });
    expect([done.status, done.text, done.headers['content-type']]).toEqual([204, '', undefined]);
    expect((await call('GET', `/servicePrincipals/${client}`)).json.accountEnabled).toBe(false);
  });

  it('takes its grants and assignments along when it is deleted', async () => {
    const [role] = required(graph.tenant('contoso').servicePrincipals.get(resource, graph.world.now())).appRoles;
    await call('POST', `/servicePrincipals/${client}/appRoleAssignments`, { principalId: client, resourceId: resource, appRoleId: required(role).id });
    await call('POST', '/oauth2PermissionGrants', { clientId: client, consentType: 'AllPrincipals', resourceId: resource, scope: 'User.Read' });
    expect((await call('DELETE', `/servicePrincipals/${client}`)).status).toBe(204);
    expect((await call('GET', `/servicePrincipals/${client}`)).status).toBe(404);
    expect(rowsOf(await call('GET', `/servicePrincipals/${resource}/appRoleAssignedTo`))).toEqual([]);
    expect(rowsOf(await call('GET', '/oauth2PermissionGrants'))).toEqual([]);
  });
});

describe('an application permission', () => {
  const assign = async (side: string, path: string, change: Readonly<Record<string, unknown>> = {}) => {
    const role = required(graph.tenant('contoso').servicePrincipals.get(resource, graph.world.now())).appRoles[0];
    return call('POST', `/servicePrincipals/${path}/${side}`, { principalId: client, resourceId: resource, appRoleId: required(role).id, ...change });
  };

  it('shows on both sides once it is assigned, whichever side took the POST', async () => {
    const reply = await assign('appRoleAssignedTo', client);
    expect(reply.status).toBe(201);
    expect(reply.json.createdDateTime).toMatch(/\.\d{7}Z$/);
    const held = rowsOf(await call('GET', `/servicePrincipals/${client}/appRoleAssignments`));
    const given = rowsOf(await call('GET', `/servicePrincipals/${resource}/appRoleAssignedTo`));
    expect(held.map(({ id }) => id)).toEqual([reply.json.id]);
    expect(given).toEqual(held);
    expect(rowsOf(await call('GET', `/servicePrincipals/${client}/appRoleAssignedTo`))).toEqual([]);
  });

  it('has an id that begins with its principal', async () => {
    const { json } = await assign('appRoleAssignments', client);
    const bytes = Buffer.from(String(json.id), 'base64url');
    expect(bytes).toHaveLength(32);
    expect(String(json.id).slice(0, 21)).toBe(permissionGrantId(client, client, null).slice(0, 21));
  });

  it('is refused a second time in either of the two known wordings', async () => {
    await assign('appRoleAssignments', client);
    const again = await assign('appRoleAssignedTo', resource);
    expect([again.status, errorOf(again).message]).toEqual([400, 'EntitlementGrant entry already exists.']);
    setGraphVariants(graph.world, { duplicateAssignment: 'permission-being-assigned' });
    expect(errorOf(await assign('appRoleAssignments', client)).message).toBe('Permission being assigned already exists on the object');
  });

  it.each([
    ['an unknown principal', { principalId: NOBODY }],
    ['an unknown resource', { resourceId: NOBODY }],
    ['a role the resource does not have', { appRoleId: NOBODY }],
    ['an id that is none', { appRoleId: 'abc' }],
    ['a member it does not have', { colour: 'red' }],
  ])('is refused for %s', async (_, change) => {
    expect((await assign('appRoleAssignments', client, change)).status).toBe(400);
  });

  it('is refused on an address that is neither of its two sides', async () => {
    const exchange = graph.principalId('contoso', '00000002-0000-0ff1-ce00-000000000000');
    expect(errorOf(await assign('appRoleAssignedTo', exchange)).message).toBe('Not a valid reference update.');
  });

  it('is removed from either side, once', async () => {
    const { json } = await assign('appRoleAssignments', client);
    const id = String(json.id);
    expect((await call('DELETE', `/servicePrincipals/${client}/appRoleAssignedTo/${id}`)).status).toBe(404);
    expect((await call('DELETE', `/servicePrincipals/${resource}/appRoleAssignedTo/${id}`)).status).toBe(204);
    expect((await call('DELETE', `/servicePrincipals/${client}/appRoleAssignments/${id}`)).status).toBe(404);
    expect(rowsOf(await call('GET', `/servicePrincipals/${client}/appRoleAssignments`))).toEqual([]);
  });
});

describe('a delegated grant', () => {
  const grant = (change: Readonly<Record<string, unknown>> = {}) =>
    call('POST', '/oauth2PermissionGrants', { clientId: client, consentType: 'AllPrincipals', principalId: null, resourceId: resource, scope: 'User.Read', ...change });

  it('is found by every filter the client has, joined by and', async () => {
    const { json } = await grant();
    expect(json.id).toBe(permissionGrantId(client, resource, null));
    const filter = `clientId eq '${client}' and consentType eq 'AllPrincipals' and resourceId eq '${resource}' and principalId eq null`;
    expect(rowsOf(await call('GET', `/oauth2PermissionGrants?$filter=${encodeURIComponent(filter)}`)).map(({ id }) => id)).toEqual([json.id]);
    expect(rowsOf(await call('GET', `/oauth2PermissionGrants?$filter=clientId eq '${resource}'`))).toEqual([]);
    expect(rowsOf(await call('GET', `/servicePrincipals/${client}/oauth2PermissionGrants`))).toHaveLength(1);
    expect((await call('GET', `/oauth2PermissionGrants/${String(json.id)}`)).json.scope).toBe('User.Read');
  });

  it('is refused a second time; a PATCH replaces its whole scope', async () => {
    const { json } = await grant();
    const again = await grant({ scope: 'Mail.Read' });
    expect([again.status, errorOf(again).message]).toEqual([409, 'Permission entry already exists.']);
    expect((await call('PATCH', `/oauth2PermissionGrants/${String(json.id)}`, { scope: 'Mail.Read' })).status).toBe(204);
    expect((await call('GET', `/oauth2PermissionGrants/${String(json.id)}`)).json.scope).toBe('Mail.Read');
    expect((await call('PATCH', `/oauth2PermissionGrants/${String(json.id)}`, { clientId: NOBODY })).status).toBe(400);
  });

  it('for one person is another grant, with the person in its id', async () => {
    await grant();
    const nora = graph.personId('contoso', 'nora');
    const { status, json } = await grant({ consentType: 'Principal', principalId: nora });
    expect([status, json.id]).toEqual([201, permissionGrantId(client, resource, nora)]);
  });

  it.each([
    ['a person although it is for all', { principalId: NOBODY }],
    ['nobody although it is for one', { consentType: 'Principal' }],
    ['an unknown kind', { consentType: 'Everybody' }],
    ['no scope', { scope: undefined }],
    ['a retired member', { expiryTime: '2030-01-01T00:00:00Z' }],
  ])('is refused when it names %s', async (_, change) => {
    expect((await grant(change)).status).toBe(400);
  });

  it('to an object this replica does not have is 400 or 404, as chosen', async () => {
    expect(errorOf(await grant({ resourceId: NOBODY }))).toMatchObject({ code: 'Request_ResourceNotFound' });
    expect((await grant({ resourceId: NOBODY })).status).toBe(400);
    setGraphVariants(graph.world, { missingReference: 404 });
    expect((await grant({ resourceId: NOBODY })).status).toBe(404);
  });

  it('is deleted once', async () => {
    const { json } = await grant();
    expect((await call('DELETE', `/oAuth2PermissionGrants/${String(json.id)}`)).status).toBe(204);
    expect((await call('DELETE', `/oauth2PermissionGrants/${String(json.id)}`)).status).toBe(404);
  });
});

describe('bodies', () => {
  it.each([
    ['without a content type', { rawBody: '{}', headers: { 'content-type': '' } }],
    ['of another type', { rawBody: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['that is broken', { rawBody: '{' }],
    ['that is a list', { rawBody: '[]' }],
  ])('%s are refused', async (_, options) => {
    const reply = await graph.call('POST', '/v1.0/oauth2PermissionGrants', { roles, ...options });
    expect(reply.status).toBe(400);
    expect(errorOf(reply).message).toMatch(/^Unable to read JSON request payload/);
  });
});

describe('replication', () => {
  it('shows a write late to lists, later to reads by id, and never undoes it', async () => {
    graph.world.advance(60);
    graph.world.setReplicationLagMs({ 'graph.list': 10_000, 'graph.get': 30_000 });
    const other = required(graph.tenant('partner').applications.list(graph.world.now())[1]);
    const { json, status } = await call('POST', '/servicePrincipals', { appId: other.appId });
    expect(status).toBe(201);
    const seen = async () => [
      rowsOf(await call('GET', `/servicePrincipals?$filter=appId eq '${other.appId}'`)).length,
      (await call('GET', `/servicePrincipals/${String(json.id)}`)).status,
      (await call('POST', '/servicePrincipals', { appId: other.appId })).status,
    ];
    expect(await seen()).toEqual([0, 404, 409]);
    graph.world.advance(11);
    expect(await seen()).toEqual([1, 404, 409]);
    const early = { clientId: String(json.id), consentType: 'AllPrincipals', resourceId: resource, scope: 'User.Read' };
    expect((await call('POST', '/oauth2PermissionGrants', early)).status).toBe(400);
    graph.world.advance(20);
    expect(await seen()).toEqual([1, 200, 409]);
    expect((await call('POST', '/oauth2PermissionGrants', early)).status).toBe(201);
  });

  it('keeps both changes when a PATCH is served by a replica that has not seen the one before', async () => {
    graph.world.advance(60);
    graph.world.setReplicationLagMs({ 'graph.get': 30_000 });
    await call('PATCH', `/servicePrincipals/${client}`, { accountEnabled: false });
    await call('PATCH', `/servicePrincipals/${client}`, { appRoleAssignmentRequired: true });
    graph.world.advance(31);
    expect((await call('GET', `/servicePrincipals/${client}`)).json).toMatchObject({ accountEnabled: false, appRoleAssignmentRequired: true });
  });
});
