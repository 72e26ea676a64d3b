import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { setGraphVariants } from '../../src/sandbox/graph/index';
import { createTenant } from '../../src/sandbox/world';
import { graphRules, type GraphRuleId } from '../../src/sandbox/graph/rules';
import { directoryRequests } from './graph-rule-requests';
import { serviceRequests } from './graph-service-requests';
import { createFixture, GRAPH_APP_ID, makeCertificate, makeProof, required, START, type CallOptions, type Fixture, type Json } from './graph-support';

const NOBODY = '99999999-9999-4999-8999-999999999999';
const EVERY = [
  'Directory.Read.All',
  'Directory.ReadWrite.All',
  'Application.Read.All',
  'Application.ReadWrite.All',
  'AppRoleAssignment.ReadWrite.All',
  'RoleManagement.ReadWrite.Directory',
  'User.ReadWrite.All',
  'Group.ReadWrite.All',
  'AuditLog.Read.All',
  'Policy.Read.All',
  'Policy.ReadWrite.ApplicationConfiguration',
  'RoleManagement.Read.Directory',
  'Mail.Read',
  'MailboxSettings.Read',
  'Files.Read.All',
  'Sites.Read.All',
];

let graph: Fixture;
let ids: { readonly client: string; readonly resource: string; readonly role: string; readonly group: string; readonly application: string };
const certificate = makeCertificate('rules');

const call = (method: string, path: string, body?: unknown, options: CallOptions = {}) =>
  graph.call(method, `/v1.0${path}`, { roles: EVERY, ...(body === undefined ? {} : { body }), ...options });
const home = { tenant: 'partner' };
const upsert = { prefer: 'create-if-missing' };
const assignment = (change: Json = {}) => ({ principalId: ids.client, resourceId: ids.resource, appRoleId: ids.role, ...change });
const grant = (change: Json = {}) => ({ clientId: ids.client, consentType: 'AllPrincipals', resourceId: ids.resource, scope: 'User.Read', ...change });
const patchKeys = (entry: Json) => call('PATCH', `/applications/${ids.application}`, { keyCredentials: [{ key: certificate.base64, type: 'AsymmetricX509Cert', usage: 'Verify', ...entry }] }, home);
const rolling = (action: string, body: Json) => call('POST', `/applications/${ids.application}/${action}`, { proof: makeProof(certificate, ids.application, START), ...body }, home);
const batch = (requests: readonly Json[]) => call('POST', '/$batch', { requests });
const newKey = () => ({ keyCredential: { key: makeCertificate('next').base64, type: 'AsymmetricX509Cert', usage: 'Verify' }, passwordCredential: null });
const firstId = async (path: string) => String(required(((await call('GET', path)).json.value as readonly Json[])[0]).id);

beforeAll(async () => {
  graph = createFixture();
  graph.world.addTenant(createTenant(graph.tenantId('unlicensed'), 'unlicensed.sharepoint.com', []));
  const resource = graph.principalId('contoso', GRAPH_APP_ID);
  const contoso = graph.tenant('contoso');
  const client = String((await graph.call('POST', '/v1.0/servicePrincipals', { roles: EVERY, body: { appId: graph.app().appId } })).json.id);
  const role = required(required(contoso.servicePrincipals.get(resource, START)).appRoles[0]).id;
  ids = { client, resource, role, group: required(contoso.groups.list(START)[0]).id, application: graph.app().id };
  await patchKeys({});
  // addKey needs a key that is there already, on a service principal as on an application.
  const homeTenant = graph.tenant('partner');
  const principal = required(homeTenant.servicePrincipals.list(START).find(({ appId }) => appId === graph.app().appId));
  const { keyCredentials } = required(homeTenant.applications.get(ids.application, START));
  homeTenant.servicePrincipals.put(principal.id, { ...principal, keyCredentials }, START);
});

/** One request per rule, in an order in which each finds what it needs. */
const requests: readonly (readonly [GraphRuleId, () => ReturnType<typeof call>])[] = [
  ['G-SP-LIST', () => call('GET', '/servicePrincipals')],
  ['G-SP-GET', () => call('GET', `/servicePrincipals/${ids.client}`)],
  ['G-SP-POST', () => call('POST', '/servicePrincipals', { appId: graph.app().appId }, { tenant: 'fabrikam' })],
  ['G-SP-POST-DUPLICATE', () => call('POST', '/servicePrincipals', { appId: graph.app().appId })],
  ['G-SP-POST-UNKNOWN-APP', () => call('POST', '/servicePrincipals', { appId: NOBODY })],
  ['G-SP-POST-NOT-LOCAL', () => call('POST', '/servicePrincipals', { appId: graph.app().appId }, { roles: ['Application.ReadWrite.OwnedBy'] })],
  ['G-SP-PATCH', () => call('PATCH', `/servicePrincipals/${ids.client}`, { accountEnabled: true })],
  ['G-ARA-POST', () => call('POST', `/servicePrincipals/${ids.client}/appRoleAssignments`, assignment())],
  ['G-ARA-LIST', () => call('GET', `/servicePrincipals/${ids.client}/appRoleAssignments`)],
  ['G-ARA-DUPLICATE', () => call('POST', `/servicePrincipals/${ids.client}/appRoleAssignments`, assignment())],
  ['G-ARA-REFERENCE', () => call('POST', `/servicePrincipals/${ids.client}/appRoleAssignments`, assignment({ resourceId: NOBODY }))],
  ['G-ARA-UNKNOWN-ROLE', () => call('POST', `/servicePrincipals/${ids.client}/appRoleAssignments`, assignment({ appRoleId: NOBODY }))],
  ['G-ARA-DELETE', async () => call('DELETE', `/servicePrincipals/${ids.client}/appRoleAssignments/${await firstId(`/servicePrincipals/${ids.client}/appRoleAssignments`)}`)],
  ['G-GRANT-POST', () => call('POST', '/oauth2PermissionGrants', grant())],
  ['G-GRANT-DUPLICATE', () => call('POST', '/oauth2PermissionGrants', grant())],
  ['G-GRANT-REFERENCE', () => call('POST', '/oauth2PermissionGrants', grant({ resourceId: NOBODY }))],
  ['G-GRANT-LIST', () => call('GET', '/oauth2PermissionGrants')],
  ['G-SP-GRANTS', () => call('GET', `/servicePrincipals/${ids.client}/oauth2PermissionGrants`)],
  ['G-GRANT-GET', async () => call('GET', `/oauth2PermissionGrants/${await firstId('/oauth2PermissionGrants')}`)],
  ['G-GRANT-PATCH', async () => call('PATCH', `/oauth2PermissionGrants/${await firstId('/oauth2PermissionGrants')}`, { scope: '' })],
  ['G-GRANT-DELETE', async () => call('DELETE', `/oauth2PermissionGrants/${await firstId('/oauth2PermissionGrants')}`)],
  ['G-SP-DELETE', () => call('DELETE', `/servicePrincipals/${graph.principalId('fabrikam', graph.app().appId)}`, undefined, { tenant: 'fabrikam' })],
  ['G-ROLE-LIST', () => call('GET', '/roleManagement/directory/roleAssignments')],
  ['G-ROLE-GET', async () => call('GET', `/roleManagement/directory/roleAssignments/${await firstId('/roleManagement/directory/roleAssignments')}`)],
  ['G-PIM-LIST', () => call('GET', '/roleManagement/directory/roleEligibilityScheduleInstances')],
  ['G-PIM-LICENCE', () => call('GET', '/roleManagement/directory/roleEligibilityScheduleInstances', undefined, { tenant: 'fabrikam' })],
  ['G-PIM-DENIED', () => call('GET', '/roleManagement/directory/roleEligibilityScheduleInstances', undefined, { roles: [] })],
  ['G-ROLEDEF-LIST', () => call('GET', '/roleManagement/directory/roleDefinitions')],
  ['G-ROLEDEF-GET', () => call('GET', '/roleManagement/directory/roleDefinitions/62e90394-69f5-4237-9190-012177145e10')],
  ['G-GROUP-LIST', () => call('GET', '/groups')],
  ['G-GROUP-GET', () => call('GET', `/groups/${ids.group}`)],
  ['G-GROUP-MEMBERS', () => call('GET', `/groups/${ids.group}/members`)],
  ['G-GROUP-TRANSITIVE', () => call('GET', `/groups/${ids.group}/transitiveMembers`)],
  ['G-GROUP-CAST', () => call('GET', `/groups/${ids.group}/members/microsoft.graph.user?$count=true`, undefined, { headers: { consistencylevel: 'eventual' } })],
  ['G-GROUP-CAST-PLAIN', () => call('GET', `/groups/${ids.group}/members/microsoft.graph.user`)],
  ['G-USER-LIST', () => call('GET', '/users')],
  ['G-USER-GET', () => call('GET', '/users/ada@contoso.example')],
  ['G-USER-COUNT', () => call('GET', '/users/$count', undefined, { headers: { consistencylevel: 'eventual' } })],
  ['G-OBJ-GETBYIDS', () => call('POST', '/directoryObjects/getByIds', { ids: [] })],
  ['G-OBJ-IDS', () => call('POST', '/directoryObjects/getByIds', { ids: ['x'] })],
  ['G-ORG-LIST', () => call('GET', '/organization')],
  ...serviceRequests({ call, person: (tenant, alias) => graph.personId(tenant, alias), groupId: (name) => required(graph.tenant('contoso').groups.list(START).find(({ displayName }) => displayName === name)).id, world: () => graph.world }),
  ['G-SKU-LIST', () => call('GET', '/subscribedSkus')],
  ['G-APP-LIST', () => call('GET', '/applications', undefined, home)],
  ['G-APP-GET', () => call('GET', `/applications/${ids.application}`, undefined, home)],
  ['G-APP-GET-KEYS', () => call('GET', `/applications/${ids.application}?$select=keyCredentials`, undefined, home)],
  ['G-APP-POST', () => call('POST', '/applications', { displayName: 'zz', signInAudience: 'AzureADMyOrg' }, home)],
  ['G-APP-PATCH', () => call('PATCH', `/applications/${ids.application}`, { displayName: 'zz' }, home)],
  ['G-APP-UPSERT-ABSENT', () => call('PATCH', "/applications(uniqueName='zz')", { displayName: 'zz' }, home)],
  ['G-APP-UPSERT-MADE', () => call('PATCH', "/applications(uniqueName='zz')", { displayName: 'zz', signInAudience: 'AzureADMyOrg' }, { ...home, headers: upsert })],
  ['G-APP-UPSERT-PRESENT', () => call('PATCH', "/applications(uniqueName='zz')", { displayName: 'zz' }, { ...home, headers: upsert })],
  ['G-ERR-ROLE', () => call('DELETE', `/servicePrincipals/${ids.client}`, undefined, { scopes: EVERY, subject: graph.personId('contoso', 'nora') })],
  ['G-APP-PATCH-KEYS', () => patchKeys({})],
  ['G-APP-PASSWORDS', () => call('PATCH', `/applications/${ids.application}`, { passwordCredentials: [{}] }, home)],
  ['G-APP-DELETE', () => call('DELETE', `/applications/${required(graph.tenant('partner').applications.list(START).at(-1)).id}`, undefined, home)],
  ['G-APP-ADD-KEY', () => rolling('addKey', newKey())],
  ['G-APP-PROOF', () => rolling('addKey', { ...newKey(), proof: 'x' })],
  [
    'G-APP-REMOVE-KEY',
    async () => {
      const { keyCredentials } = (await call('GET', `/applications/${ids.application}`, undefined, home)).json;
      return rolling('removeKey', { keyId: required((keyCredentials as readonly Json[]).at(-1)).keyId });
    },
  ],
  ['G-APP-REMOVE-KEY-MISSING', () => rolling('removeKey', { keyId: NOBODY })],
  ['G-APP-ADD-PASSWORD', () => call('POST', `/applications/${ids.application}/addPassword`, {}, home)],
  [
    'G-APP-REMOVE-PASSWORD',
    async () => {
      const { keyId } = (await call('POST', `/applications/${ids.application}/addPassword`, {}, home)).json;
      return call('POST', `/applications/${ids.application}/removePassword`, { keyId }, home);
    },
  ],
  ['G-APP-REMOVE-PASSWORD-MISSING', () => call('POST', `/applications/${ids.application}/removePassword`, { keyId: NOBODY }, home)],
  ['G-KEY-DATES', () => patchKeys({ endDateTime: '2099-01-01T00:00:00Z' })],
  ['G-KEY-USAGE', () => patchKeys({ usage: 'Encrypt' })],
  [
    'G-KEY-NOT-UPDATABLE',
    async () => {
      const { keyCredentials } = (await call('GET', `/applications/${ids.application}`, undefined, home)).json;
      return patchKeys({ ...required((keyCredentials as readonly Json[])[0]), displayName: 'other' });
    },
  ],
  ['G-KEY-VALUE', () => patchKeys({ key: 'AAAA' })],
  ['G-KEY-INVALID', () => patchKeys({ keyId: 'x' })],
  ['G-BATCH', () => batch([{ id: '1', method: 'GET', url: '/organization' }])],
  ['G-BATCH-INVALID', () => batch([])],
  ['G-ERR-TOKEN', () => call('GET', '/users', undefined, { bearer: 'x' })],
  ['G-ERR-DENIED', () => call('GET', '/users', undefined, { roles: [] })],
  ['G-ERR-NOT-FOUND', () => call('GET', `/groups/${NOBODY}`)],
  ['G-ERR-METHOD', () => call('PUT', '/organization', {})],
  ['G-ERR-DIRECT', () => call('GET', `/appRoleAssignments/${NOBODY}`)],
  ['G-ERR-SEGMENT', () => call('GET', '/colours')],
  ['G-ERR-VERSION', () => graph.call('GET', '/v2.0/users', { roles: EVERY })],
  ['G-ERR-SELECT', () => call('GET', '/subscribedSkus?$select=colour')],
  ['G-ERR-OBJECT-ID', () => call('GET', '/groups/x')],
  ['G-ERR-QUERY-OPTION', () => call('GET', '/users?$colour=red')],
  ['G-ERR-TOP', () => call('GET', '/users?$top=0')],
  ['G-ERR-SKIPTOKEN', () => call('GET', '/users?$skiptoken=x')],
  ['G-ERR-FILTER', () => call('GET', '/groups?$filter=createdDateTime eq null')],
  ['G-ERR-FILTER-SYNTAX', () => call('GET', '/groups?$filter=x')],
  ['G-ERR-ADVANCED', () => call('GET', "/users?$filter=endsWith(mail,'x')")],
  ['G-ERR-SEARCH', () => call('GET', '/users?$search=x')],
  ['G-ERR-COUNT', () => call('GET', '/users/$count')],
  ['G-ERR-BODY', () => call('POST', '/servicePrincipals', [])],
  ['G-ERR-READ-ONLY', () => call('PATCH', `/servicePrincipals/${ids.client}`, { appId: NOBODY })],
  ['G-ERR-MEMBER', () => call('POST', '/oauth2PermissionGrants', grant({ colour: 'red' }))],
  ...directoryRequests({ call, reference: () => ids, person: (alias) => graph.personId('contoso', alias), home: () => graph.app().id, certificate, choose: (variants) => setGraphVariants(graph.world, variants) }),
  ['G-ERR-PARAMETER', () => rolling('addKey', { ...newKey(), colour: 'red' })],
];

describe('every rule', () => {
  it.each(requests)('%s is followed by some answer', async (id, ask) => {
    expect((await ask()).rule).toBe(id);
  });

  it('is on the list above, or answers inside a batch', async () => {
    const listed = new Set<string>(requests.map(([id]) => id));
    expect(graphRules.map(({ id }) => id).filter((id) => !listed.has(id))).toEqual(['G-BATCH-DEPENDENCY']);
    const reply = await batch([
      { id: '1', method: 'GET', url: '/groups/x' },
      { id: '2', method: 'GET', url: '/organization', dependsOn: ['1'] },
    ]);
    expect(reply.text).toContain('G-BATCH-DEPENDENCY;grade=documented');
  });
});

describe('whatever is asked', () => {
  const KNOWN = new Set([200, 400, 401, 403, 404, 405, 501]);

  it('is answered: no filter, path or page token breaks the sandbox', async () => {
    const piece = fc.constantFrom("'", '(', ')', ' eq ', ' and ', 'not ', 'displayName', 'accountEnabled', "'a'", 'true', 'null', ' in ', ',', '/any(', ':', 'startswith(', '%', '\u0000', 'é');
    const filter = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const target = fc.oneof(
      filter.map((text) => `/users?$filter=${encodeURIComponent(text)}`),
      fc.string().map((text) => `/users?$skiptoken=${encodeURIComponent(text)}`),
      fc.string().map((text) => `/users/${encodeURIComponent(text)}`),
      fc.string().map((text) => `/users?$select=${encodeURIComponent(text)}`),
      fc.array(fc.constantFrom('users', 'groups', 'servicePrincipals', "(appId='x')", '$count', 'x', '..', '%', "('"), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    );
    await fc.assert(
      fc.asyncProperty(target, async (path) => {
        expect(KNOWN).toContain((await call('GET', path)).status);
      }),
      { numRuns: 150, seed: 20_260_301 },
    );
  });

  it('never changes the directory when it is refused', async () => {
    const before = JSON.stringify(graph.tenant('partner').applications.list(START));
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const reply = await call('PATCH', `/applications/${ids.application}`, { keyCredentials: [value], displayName: 'changed' }, home);
        expect(reply.status).toBeGreaterThanOrEqual(400);
      }),
      { numRuns: 60, seed: 20_260_301 },
    );
    expect(JSON.stringify(graph.tenant('partner').applications.list(START))).toBe(before);
  });
});
