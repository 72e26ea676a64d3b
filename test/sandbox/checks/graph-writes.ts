/** Writes to service principals, grants and assignments, held against reference pages, recordings and reported refusals. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { checksOf } from './check';
import { body, codeOf, GRAPH, rows, type Json, type Stage } from './client';

const WRITE = ['Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All', 'Directory.Read.All'];

const ask = (stage: Stage, method: string, path: string, sent?: unknown) => stage.graph(method, path, { roles: WRITE, ...(sent === undefined ? {} : { body: sent }) });

async function pair(stage: Stage) {
  return { clientId: await stage.createPrincipal(), resourceId: await stage.principal(GRAPH) };
}

async function grant(stage: Stage, scope = 'User.Read') {
  const ids = await pair(stage);
  const reply = await ask(stage, 'POST', '/oauth2PermissionGrants', { ...ids, consentType: 'AllPrincipals', scope });
  assert.equal(reply.status, 201, reply.text.slice(0, 200));
  return { ...ids, id: String(body(reply).id) };
}

async function assign(stage: Stage, appRoleId: string, ids: { readonly clientId: string; readonly resourceId: string }) {
  return ask(stage, 'POST', `/servicePrincipals/${ids.clientId}/appRoleAssignments`, { principalId: ids.clientId, resourceId: ids.resourceId, appRoleId });
}

async function someRole(stage: Stage): Promise<string> {
  const { appRoles } = body(await ask(stage, 'GET', `/servicePrincipals(appId='${GRAPH}')?$select=appRoles`));
  const found = (appRoles as readonly Json[]).find(({ value }) => value === 'User.Read.All');
  return String(found?.id);
}

/** The .NET byte order of a GUID: the first three groups little-endian. */
function guidBytes(guid: string): Buffer {
  const hex = guid.replaceAll('-', '');
  const swapped = (from: number, to: number) => (hex.slice(from, to).match(/../g) ?? []).toReversed().join('');
  return Buffer.from(`${swapped(0, 8)}${swapped(8, 12)}${swapped(12, 16)}${hex.slice(16)}`, 'hex');
}

export const graphWriteChecks = checksOf('graph-writes', {
  'Deleting a service principal takes its grants and assignments along': ['G-SP-DELETE', async (stage) => {
    const { clientId, resourceId } = await grant(stage);
    await assign(stage, await someRole(stage), { clientId, resourceId });
    assert.equal((await ask(stage, 'DELETE', `/servicePrincipals/${clientId}`)).status, 204);
    assert.deepEqual(rows(await ask(stage, 'GET', `/oauth2PermissionGrants?$filter=clientId eq '${clientId}'`)), []);
    assert.ok(!rows(await ask(stage, 'GET', `/servicePrincipals/${resourceId}/appRoleAssignedTo`)).some(({ principalId }) => principalId === clientId));
  }],
  'A second service principal for an app is 409': ['G-SP-POST-DUPLICATE', async (stage) => {
    await stage.createPrincipal();
    const again = await ask(stage, 'POST', '/servicePrincipals', { appId: stage.app().appId });
    assert.deepEqual([again.status, codeOf(again)], [409, 'Request_MultipleObjectsWithSameKeyValue']);
  }],
  'A second grant for the same pair is 409': ['G-GRANT-DUPLICATE', async (stage) => {
    const { clientId, resourceId } = await grant(stage);
    const again = await ask(stage, 'POST', '/oauth2PermissionGrants', { clientId, resourceId, consentType: 'AllPrincipals', scope: 'Mail.Read' });
    assert.deepEqual([again.status, codeOf(again)], [409, 'Request_MultipleObjectsWithSameKeyValue']);
  }],
  'PATCH replaces the scopes of a grant': ['G-GRANT-PATCH', async (stage) => {
    const { id } = await grant(stage, 'User.Read openid');
    assert.equal((await ask(stage, 'PATCH', `/oauth2PermissionGrants/${id}`, { scope: 'profile' })).status, 204);
    assert.equal(body(await ask(stage, 'GET', `/oauth2PermissionGrants/${id}`)).scope, 'profile');
  }],
  'The id of a grant is made of its client and resource': ['G-GRANT-POST', async (stage) => {
    const { id, clientId, resourceId } = await grant(stage);
    assert.equal(id, Buffer.concat([guidBytes(clientId), guidBytes(resourceId)]).toString('base64url'));
  }],
  'A deleted grant is gone': ['G-GRANT-DELETE', async (stage) => {
    const { id } = await grant(stage);
    assert.equal((await ask(stage, 'DELETE', `/oauth2PermissionGrants/${id}`)).status, 204);
    assert.equal((await ask(stage, 'GET', `/oauth2PermissionGrants/${id}`)).status, 404);
  }],
  'Assigning a role twice is 400': ['G-ARA-DUPLICATE', async (stage) => {
    const [ids, role] = [await pair(stage), await someRole(stage)];
    assert.equal((await assign(stage, role, ids)).status, 201);
    assert.equal((await assign(stage, role, ids)).status, 400);
  }],
  'appRoleAssignedTo lists who holds roles on the resource': ['G-ARA-LIST', async (stage) => {
    const ids = await pair(stage);
    await assign(stage, await someRole(stage), ids);
    const listed = rows(await ask(stage, 'GET', `/servicePrincipals/${ids.resourceId}/appRoleAssignedTo`));
    assert.ok(listed.some(({ principalId, resourceId }) => principalId === ids.clientId && resourceId === ids.resourceId));
  }],
  'A role the resource does not have is 400': ['G-ARA-UNKNOWN-ROLE', async (stage) => assert.equal((await assign(stage, randomUUID(), await pair(stage))).status, 400)],
  'Creating an application answers seven fractional digits, reading it none': ['G-APP-POST', async (stage) => {
    const { id, createdDateTime: created } = body(await ask(stage, 'POST', '/applications', { displayName: 'Clock' }));
    assert.match(String(created), /\.\d{7}Z$/);
    assert.match(String(body(await ask(stage, 'GET', `/applications/${String(id)}`)).createdDateTime), /:\d\dZ$/);
  }],
});
