/** One batch by app id: what counts as an answer, and what never does. */
import { describe, expect, it } from 'vitest';
import { parseApps } from '../../../src/core/consent/apps/apps';
import { readDirectory, readRecycleBin } from '../../../src/core/consent/evidence/evidence-directory';
import type { GraphResponse, GraphTransport } from '../../../src/core/ports';

const APP = '66666666-eeee-4eee-8eee-666666666666';
const OURS = '11111111-aaaa-4aaa-8aaa-111111111111';
const OTHERS = '22222222-bbbb-4bbb-8bbb-222222222222';
const GRAPH = '33333333-cccc-4ccc-8ccc-333333333333';
const [HELD, FOREIGN] = ['44444444-dddd-4ddd-8ddd-444444444444', '55555555-eeee-4eee-8eee-555555555555'];

const apps = parseApps([{ key: 'backup', appId: APP, round: 1, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'Directory.Read.All', reason: 'r' }] }]);
const scope = { tenantId: 'tenant', appKey: 'backup' };
const ok = (body: object): GraphResponse => ({ status: 200, body, requestId: undefined });
const refused = (status: number, code: string): GraphResponse => ({ status, body: { error: { code } }, requestId: undefined });

/** Answers by what a path ends in; what is not named was left out of the answer. */
function graphWith(answers: { readonly principal?: GraphResponse; readonly roles?: GraphResponse; readonly grants?: GraphResponse; readonly bin?: GraphResponse; readonly pages?: Awaited<ReturnType<GraphTransport['list']>> }) {
  const batches: (readonly string[])[] = [];
  const answerTo = (path: string) => {
    if (path.includes('/appRoleAssignments')) return answers.roles;
    if (path.includes('/oauth2PermissionGrants')) return answers.grants;
    return path.startsWith('/directory/deletedItems') ? answers.bin : answers.principal;
  };
  const graph: GraphTransport = {
    batch: async (_scope, questions) => {
      const paths = questions.filter((question) => typeof question === 'string');
      batches.push(paths);
      return paths.map((path) => answerTo(path) ?? { status: 0, body: undefined, requestId: undefined });
    },
    list: async () => answers.pages ?? { items: [] },
    send: () => Promise.reject(new Error('Only batches are expected.')),
  };
  return { graph, batches };
}

const principal = ok({ id: OURS, appId: APP, accountEnabled: true, disabledByMicrosoftStatus: null, appRoleAssignmentRequired: false });
const complete = { principal, roles: ok({ value: [{ appRoleId: HELD, resourceId: GRAPH, principalId: OURS.toUpperCase() }] }), grants: ok({ value: [{ clientId: OURS, resourceId: GRAPH, scope: ' openid', consentType: 'AllPrincipals' }] }) };

async function read(answers: Parameters<typeof graphWith>[0], readsDelegatedGrants = true) {
  const ports = graphWith(answers);
  const { grants } = await readDirectory(ports, scope, { apps, resourceIds: [], readsDelegatedGrants, withSharePointHost: false });
  return { found: grants.get(APP), batches: ports.batches };
}

describe('reading the directory', () => {
  it('asks for everything about an app in one batch, by its app id', async () => {
    const { found, batches } = await read(complete);
    expect(found).toEqual({ outcome: 'read', servicePrincipal: { objectId: OURS, accountEnabled: true, disabledByMicrosoft: null, assignmentRequired: false }, appRoles: [{ resourceObjectId: GRAPH, roleId: HELD }], scopes: [{ resourceObjectId: GRAPH, scope: 'openid' }] });
    expect(batches).toEqual([[expect.stringMatching(/^\/servicePrincipals\(appId='66666666-[-e0-9]+'\)\?\$select=/), `/servicePrincipals(appId='${APP}')/appRoleAssignments?$top=999`, `/servicePrincipals(appId='${APP}')/oauth2PermissionGrants`]]);
  });

  it('does not ask for delegated grants that no app may read, and says so instead of "none"', async () => {
    const { found, batches } = await read(complete, false);
    expect(batches.flat().filter((path) => path.includes('oauth2PermissionGrants'))).toEqual([]);
    expect(found).toMatchObject({ outcome: 'read', scopes: null });
  });

  it('counts what the app itself holds, and nothing of another app that a mistaken answer lists beside it', async () => {
    const roles = ok({ value: [{ appRoleId: HELD, resourceId: GRAPH, principalId: OURS }, { appRoleId: FOREIGN, resourceId: GRAPH, principalId: OTHERS }] });
    const grants = ok({ value: [{ clientId: OTHERS, resourceId: GRAPH, scope: 'User.Read', consentType: 'AllPrincipals' }, { clientId: OURS, resourceId: GRAPH, scope: 'Mail.Read', consentType: 'Principal' }] });
    expect((await read({ ...complete, roles, grants })).found).toMatchObject({ appRoles: [{ roleId: HELD }], scopes: [] });
  });

  it.each<[string, Parameters<typeof graphWith>[0], string]>([
    ['the principal is refused', { ...complete, principal: refused(403, 'Authorization_RequestDenied') }, 'GRAPH_REFUSED'],
    ['the principal is another app\'s', { ...complete, principal: ok({ id: OTHERS, appId: OTHERS, accountEnabled: true }) }, 'GRAPH_ANSWER_INVALID'],
    ['the assignments are refused', { ...complete, roles: refused(403, 'Authorization_RequestDenied') }, 'GRAPH_REFUSED'],
    ['the assignments are not there yet', { ...complete, roles: refused(404, 'Request_ResourceNotFound') }, 'GRAPH_REFUSED'],
    ['the delegated grants are refused', { ...complete, grants: refused(403, 'Authorization_RequestDenied') }, 'GRAPH_REFUSED'],
    ['an item of the batch was left out', { principal, roles: complete.roles }, 'GRAPH_ANSWER_INVALID'],
    ['a row does not say whose it is', { ...complete, roles: ok({ value: [{ appRoleId: HELD, resourceId: GRAPH }] }) }, 'GRAPH_ANSWER_INVALID'],
    ['a later page is cut', { ...complete, roles: ok({ value: [], '@odata.nextLink': 'https://graph.microsoft.com/v1.0/next' }), pages: { items: [], stoppedBy: refused(403, 'Authorization_RequestDenied') } }, 'GRAPH_REFUSED'],
  ])('knows nothing of the app when %s', async (_what, answers, code) => {
    expect((await read(answers)).found).toMatchObject({ outcome: 'unknown', code });
  });

  it('believes a 404 of the principal, and only that, to mean that it is not there', async () => {
    expect((await read({ principal: refused(404, 'Request_ResourceNotFound'), roles: refused(404, 'Request_ResourceNotFound'), grants: refused(404, 'Request_ResourceNotFound') })).found).toMatchObject({ outcome: 'read', servicePrincipal: null });
  });

  it('reads what Microsoft and the tenant switched', async () => {
    const changed = ok({ id: OURS, appId: APP, accountEnabled: false, disabledByMicrosoftStatus: 'DisabledDueToViolationOfServicesAgreement', appRoleAssignmentRequired: true });
    expect((await read({ ...complete, principal: changed })).found).toMatchObject({ servicePrincipal: { accountEnabled: false, disabledByMicrosoft: 'DisabledDueToViolationOfServicesAgreement', assignmentRequired: true } });
    const explicit = ok({ id: OURS, appId: APP, disabledByMicrosoftStatus: 'NotDisabled' });
    expect((await read({ ...complete, principal: explicit })).found).toMatchObject({ servicePrincipal: { accountEnabled: true, disabledByMicrosoft: null, assignmentRequired: false } });
  });
});

describe('the recycle bin', () => {
  it('explains an absence, of this app only, and a refusal explains nothing', async () => {
    const rows = { value: [{ appId: OTHERS, deletedDateTime: '2026-01-01T00:00:00Z' }, { appId: APP, deletedDateTime: '2026-02-02T00:00:00Z' }] };
    expect(await readRecycleBin(graphWith({ bin: ok(rows) }), scope, [APP])).toEqual(new Map([[APP, '2026-02-02T00:00:00Z']]));
    expect(await readRecycleBin(graphWith({ bin: refused(403, 'Authorization_RequestDenied') }), scope, [APP])).toEqual(new Map());
    expect(await readRecycleBin(graphWith({}), scope, [APP])).toEqual(new Map());
  });
});
