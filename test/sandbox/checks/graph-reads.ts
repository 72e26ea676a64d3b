/** Reads, lists, pages and batches, held against recorded exchanges and the concept pages. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { checksOf } from './check';
import { body, codeOf, rows, type Json, type Stage } from './client';

const USERS = { roles: ['User.Read.All'] };
const APPS = { roles: ['Application.Read.All'] };
const ROLES = { roles: ['RoleManagement.Read.Directory', 'Directory.Read.All'] };
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Every row of a listing, by following the links as they stand; a listing that never ends fails. */
async function allPages(stage: Stage, path: string): Promise<readonly Json[]> {
  const found: Json[] = [];
  let next: string | undefined = path;
  for (let page = 0; next !== undefined; page += 1) {
    assert.ok(page < 40, 'The pages never end');
    const reply = await stage.graph('GET', next, USERS);
    found.push(...rows(reply));
    const link = body(reply)['@odata.nextLink'];
    if (link !== undefined) assert.ok(typeof link === 'string' && URL.canParse(link), 'A next link is not absolute');
    next = link === undefined ? undefined : link.replace(/^https:\/\/[^/]+\/v1\.0/, '');
  }
  return found;
}

async function batch(stage: Stage, requests: readonly Json[]) {
  const reply = await stage.graph('POST', '/$batch', { roles: [...USERS.roles, ...APPS.roles, 'Organization.Read.All'], body: { requests } });
  return { status: reply.status, responses: (body(reply).responses ?? []) as readonly Json[] };
}

export const graphReadChecks = checksOf('graph-reads', {
  'A member without a value is null and present': ['G-USER-GET', async (stage) => {
    const user = body(await stage.graph('GET', `/users/${stage.person('contoso/ada').objectId}`, USERS));
    for (const name of ['givenName', 'jobTitle', 'mobilePhone', 'officeLocation', 'surname']) assert.equal(user[name], null, name);
  }],
  'A success has the OData content type, a refusal plain JSON': ['G-USER-LIST', async (stage) => {
    const [good, bad] = [await stage.graph('GET', '/users', USERS), await stage.graph('GET', '/users', {})];
    assert.match(String(good.headers['content-type']), /^application\/json;odata\.metadata=minimal;odata\.streaming=true;IEEE754Compatible=false/);
    assert.equal(bad.headers['content-type'], 'application/json');
  }],
  'Every answer has a request-id': ['G-USER-LIST', async (stage) => assert.match(String((await stage.graph('GET', '/users', USERS)).headers['request-id']), GUID)],
  'The client\'s request id comes back': ['G-USER-LIST', async (stage) => {
    const id = randomUUID();
    assert.equal((await stage.graph('GET', '/users', { ...USERS, headers: { 'client-request-id': id } })).headers['client-request-id'], id);
  }],
  'What is not there is 404 Request_ResourceNotFound': ['G-ERR-NOT-FOUND', async (stage) => {
    const reply = await stage.graph('GET', `/servicePrincipals/${randomUUID()}`, APPS);
    assert.deepEqual([reply.status, codeOf(reply)], [404, 'Request_ResourceNotFound']);
  }],
  '$select answers the selected members alone': ['G-USER-LIST', async (stage) => {
    for (const row of rows(await stage.graph('GET', '/users?$select=id,mail', USERS))) assert.deepEqual(Object.keys(row).toSorted(), ['id', 'mail']);
  }],
  '$filter leaves out what does not match': ['G-USER-LIST', async (stage) => {
    const { upn } = stage.person('contoso/ada');
    const found = rows(await stage.graph('GET', `/users?$filter=userPrincipalName eq '${upn}'`, USERS));
    assert.deepEqual(found.map((row) => row.userPrincipalName), [upn]);
  }],
  '$top bounds a page': ['G-USER-LIST', async (stage) => assert.equal(rows(await stage.graph('GET', '/users?$top=3', USERS)).length, 3)],
  '$count without ConsistencyLevel is ignored': ['G-USER-LIST', async (stage) => {
    const silent = body(await stage.graph('GET', '/users?$count=true', USERS));
    const asked = body(await stage.graph('GET', '/users?$count=true', { ...USERS, headers: { ConsistencyLevel: 'eventual' } }));
    assert.deepEqual(['@odata.count' in silent, typeof asked['@odata.count']], [false, 'number']);
  }],
  'A next link is absolute': ['G-USER-LIST', async (stage) => {
    assert.match(String(body(await stage.graph('GET', '/users?$top=3', USERS))['@odata.nextLink']), /^https:\/\/[^/]+\/v1\.0\/users\?/);
  }],
  'Pages hold every row': ['G-USER-LIST', async (stage) => {
    const paged = new Set((await allPages(stage, '/users?$top=3')).map((row) => row.id));
    for (const { objectId } of [stage.person('contoso/ada'), stage.person('contoso/erik'), stage.person('contoso/nora'), stage.person('contoso/amir'), stage.person('contoso/ulf')]) assert.ok(paged.has(objectId));
    assert.deepEqual(paged, new Set((await allPages(stage, '/users')).map((row) => row.id)));
  }],
  'No row is on two pages': ['G-USER-LIST', async (stage) => {
    const ids = (await allPages(stage, '/users?$top=3')).map((row) => row.id);
    assert.equal(ids.length, new Set(ids).size);
  }],
  'The last page has no next link': ['G-USER-LIST', async (stage) => assert.ok(!('@odata.nextLink' in body(await stage.graph('GET', '/users?$top=999', USERS))))],
  'A role held in one unit shows the unit': ['G-ROLE-LIST', async (stage) => {
    const held = rows(await stage.graph('GET', `/roleManagement/directory/roleAssignments?$filter=principalId eq '${stage.person('contoso/ulf').objectId}'`, ROLES));
    assert.match(String(held[0]?.directoryScopeId), /^\/administrativeUnits\//);
  }],
  'A guest is a guest': ['G-USER-GET', async (stage) => {
    const guest = rows(await stage.graph('GET', '/users?$select=userPrincipalName,userType', USERS)).find((row) => String(row.userPrincipalName).includes('#EXT#'));
    assert.equal(guest?.userType, 'Guest');
  }],
  'Without P2 eligibilities are refused': ['G-PIM-LICENCE', async (stage) => {
    const reply = await stage.graph('GET', '/roleManagement/directory/roleEligibilityScheduleInstances', { tenant: 'fabrikam', roles: ['RoleEligibilitySchedule.Read.Directory'] });
    assert.deepEqual([reply.status, codeOf(reply)], [400, 'AadPremiumLicenseRequired']);
  }],
  'A batch takes twenty requests': ['G-BATCH-INVALID', async (stage) => {
    const requests = Array.from({ length: 21 }, (_, index) => ({ id: String(index), method: 'GET', url: '/organization' }));
    assert.equal((await batch(stage, requests)).status, 400);
    assert.equal((await batch(stage, requests.slice(1))).status, 200);
  }],
  'Each item of a batch has its own status': ['G-BATCH', async (stage) => {
    const { responses } = await batch(stage, [{ id: 'gone', method: 'GET', url: `/users/${randomUUID()}` }]);
    assert.equal(responses[0]?.status, 404);
  }],
  'Each answer of a batch has the id of its request': ['G-BATCH', async (stage) => {
    const people = ['contoso/ada', 'contoso/erik', 'contoso/nora'].map((path) => stage.person(path).objectId);
    const { responses } = await batch(stage, people.map((id) => ({ id, method: 'GET', url: `/users/${id}` })));
    assert.equal(responses.length, 3);
    for (const { id, body: user } of responses) assert.equal((user as Json).id, id);
  }],
  'What depends on a failed item is 424': ['G-BATCH-DEPENDENCY', async (stage) => {
    const { responses } = await batch(stage, [
      { id: 'first', method: 'GET', url: `/users/${randomUUID()}` },
      { id: 'second', method: 'GET', url: '/organization', dependsOn: ['first'] },
    ]);
    assert.equal(responses.find(({ id }) => id === 'second')?.status, 424);
  }],
});
