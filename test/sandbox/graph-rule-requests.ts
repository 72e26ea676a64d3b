/** One request per rule of people, groups, owners, directory roles, the recycle bin and credentials; see graph-rules.test.ts. */
import { DEFAULT_GRAPH_VARIANTS, type GraphVariants } from '../../src/sandbox/graph/index';
import type { GraphRuleId } from '../../src/sandbox/graph/rules';
import { makeCertificate, makeProof, required, START, type CallOptions, type Json, type Reply, type TestCertificate } from './graph-support';

type Call = (method: string, path: string, body?: unknown, options?: CallOptions) => Promise<Reply>;
type Request = readonly [GraphRuleId, () => Promise<Reply>];

interface Tools {
  readonly call: Call;
  readonly reference: () => { readonly client: string; readonly group: string };
  readonly person: (alias: string) => string;
  /** Object id of an application in the home tenant. */
  readonly home: () => string;
  readonly certificate: TestCertificate;
  readonly choose: (variants: Partial<GraphVariants>) => void;
}

const NOBODY = '99999999-9999-4999-8999-999999999999';
const GROUP = { displayName: 'zz', mailNickname: 'zz', mailEnabled: false, securityEnabled: true };
const at = (id: string) => ({ '@odata.id': `https://graph.test/v1.0/directoryObjects/${id}` });
const ROLES = '/roleManagement/directory/roleAssignments';
const ACTIVE = '/roleManagement/directory/roleAssignmentScheduleInstances';
const MEMBERSHIPS = '/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances';
const mayReadMemberships = { roles: ['PrivilegedEligibilitySchedule.Read.AzureADGroup'] };
const inHome = { tenant: 'partner' };

export function directoryRequests({ call, reference, person, home, certificate, choose }: Tools): readonly Request[] {
  const idOf = async (reply: Promise<Reply>) => String((await reply).json.id);
  const firstId = async (path: string) => String(required(((await call('GET', path)).json.value as readonly Json[])[0]).id);
  const newGroup = () => idOf(call('POST', '/groups', GROUP));
  const user = (name: string, domain = 'contoso.example') => ({
    userPrincipalName: `${name}@${domain}`,
    displayName: name,
    mailNickname: name,
    accountEnabled: true,
    passwordProfile: { password: 'zz' },
  });
  const binned = async () => {
    const id = await newGroup();
    await call('DELETE', `/groups/${id}`);
    return `/directory/deletedItems/${id}`;
  };
  const proof = (objectId: string) => makeProof(certificate, objectId, START);
  const policy = (keyCredentials: readonly Json[], passwordCredentials: readonly Json[]) =>
    call('PATCH', '/policies/defaultAppManagementPolicy', { isEnabled: true, applicationRestrictions: { keyCredentials, passwordCredentials } }, inHome);
  const underPolicy = async (ask: () => Promise<Reply>) => {
    await policy([{ restrictionType: 'asymmetricKeyLifetime', maxLifetime: 'P30D' }], [{ restrictionType: 'passwordAddition' }]);
    const reply = await ask();
    await policy([], []);
    return reply;
  };
  return [
    ['G-OWNER-LIST', () => call('GET', `/groups/${reference().group}/owners`)],
    ['G-OWNER-ADD', () => call('POST', `/groups/${reference().group}/owners/$ref`, at(person('nora')))],
    ['G-OWNER-REMOVE', () => call('DELETE', `/groups/${reference().group}/owners/${person('nora')}/$ref`)],
    ['G-REF-MISSING', () => call('POST', `/groups/${reference().group}/members/$ref`, at(NOBODY))],
    ['G-REF-INVALID', () => call('POST', `/groups/${reference().group}/members/$ref`, { '@odata.id': 'nora' })],
    ['G-GROUP-POST', () => call('POST', '/groups', GROUP)],
    ['G-ERR-REQUIRED', () => call('POST', '/groups', { displayName: 'zz' })],
    ['G-GROUP-PATCH', async () => call('PATCH', `/groups/${await newGroup()}`, { description: 'zz' })],
    ['G-GROUP-ADD', async () => call('POST', `/groups/${await newGroup()}/members/$ref`, at(person('nora')))],
    [
      'G-REF-DOUBLED',
      async () => {
        const id = await newGroup();
        await call('POST', `/groups/${id}/members/$ref`, at(person('nora')));
        return call('POST', `/groups/${id}/members/$ref`, at(person('nora')));
      },
    ],
    [
      'G-GROUP-REMOVE',
      async () => {
        const id = await newGroup();
        await call('POST', `/groups/${id}/members/$ref`, at(person('nora')));
        return call('DELETE', `/groups/${id}/members/${person('nora')}/$ref`);
      },
    ],
    ['G-GROUP-DELETE', async () => call('DELETE', `/groups/${await newGroup()}`)],
    ['G-MEMBEROF-LIST', () => call('GET', `/users/${person('nora')}/memberOf`)],
    ['G-MEMBERGROUPS', () => call('POST', `/users/${person('nora')}/getMemberGroups`, { securityEnabledOnly: false })],
    ['G-CHECKGROUPS', () => call('POST', `/directoryObjects/${person('nora')}/checkMemberGroups`, { groupIds: [reference().group] })],
    ['G-USER-POST', () => call('POST', '/users', user('zz'))],
    ['G-USER-TAKEN', () => call('POST', '/users', user('ZZ'))],
    ['G-USER-DOMAIN', () => call('POST', '/users', user('zz', 'elsewhere.example'))],
    ['G-USER-PATCH', () => call('PATCH', '/users/zz@contoso.example', { jobTitle: 'zz' })],
    ['G-USER-DELETE', () => call('DELETE', '/users/zz@contoso.example')],
    ['G-USER-ME', () => call('GET', '/me', undefined, { scopes: ['User.Read'], subject: person('nora') })],
    ['G-ERR-ME', () => call('GET', '/me')],
    ['G-USER-GRANTS', () => call('GET', `/users/${person('nora')}/oauth2PermissionGrants`)],
    ['G-OBJ-GET', () => call('GET', `/directoryObjects/${person('nora')}`)],
    ['G-BIN-LIST', () => call('GET', '/directory/deletedItems/microsoft.graph.user')],
    ['G-BIN-GET', async () => call('GET', await binned())],
    ['G-BIN-RESTORE', async () => call('POST', `${await binned()}/restore`)],
    ['G-BIN-PURGE', async () => call('DELETE', await binned())],
    ['G-FIC', () => call('GET', `/applications/${home()}/federatedIdentityCredentials`, undefined, inHome)],
    ['G-SP-ADD-PASSWORD', () => call('POST', `/servicePrincipals/${reference().client}/addPassword`, {})],
    [
      'G-SP-REMOVE-PASSWORD',
      async () => {
        const { keyId } = (await call('POST', `/servicePrincipals/${reference().client}/addPassword`, {})).json;
        return call('POST', `/servicePrincipals/${reference().client}/removePassword`, { keyId });
      },
    ],
    ['G-POLICY-GET', () => call('GET', '/policies/defaultAppManagementPolicy', undefined, inHome)],
    ['G-POLICY-PATCH', () => policy([], [])],
    ['G-POLICY-PASSWORD', () => underPolicy(() => call('POST', `/applications/${home()}/addPassword`, {}, inHome))],
    [
      'G-POLICY-LIFETIME',
      () =>
        underPolicy(() =>
          call('POST', `/applications/${home()}/addKey`, { keyCredential: { key: makeCertificate('long').base64, type: 'AsymmetricX509Cert', usage: 'Verify' }, proof: proof(home()) }, inHome),
        ),
    ],
    ['G-DIRROLE-LIST', () => call('GET', '/directoryRoles')],
    ['G-DIRROLE-GET', async () => call('GET', `/directoryRoles/${await firstId('/directoryRoles')}`)],
    ['G-DIRROLE-POST', () => call('POST', '/directoryRoles', { roleTemplateId: 'b0f54661-2d74-4c50-afa3-1ec803f12efe' })],
    ['G-DIRROLE-CONFLICT', () => call('POST', '/directoryRoles', { roleTemplateId: 'b0f54661-2d74-4c50-afa3-1ec803f12efe' })],
    ['G-DIRROLE-UNKNOWN', () => call('POST', '/directoryRoles', { roleTemplateId: NOBODY })],
    ['G-DIRROLE-MEMBERS', async () => call('GET', `/directoryRoles/${await firstId('/directoryRoles')}/members`)],
    ['G-DIRROLE-ADD', async () => call('POST', `/directoryRoles/${await firstId('/directoryRoles')}/members/$ref`, at(person('nora')))],
    ['G-DIRROLE-REMOVE', async () => call('DELETE', `/directoryRoles/${await firstId('/directoryRoles')}/members/${person('nora')}/$ref`)],
    ['G-DIRROLE-SCOPED', async () => call('GET', `/directoryRoles/${await firstId('/directoryRoles')}/scopedMembers`)],
    ['G-DIRROLE-TEMPLATES', () => call('GET', '/directoryRoleTemplates')],
    ['G-ROLE-POST', () => giveRole(person('nora'))],
    ['G-ROLE-CONFLICT', () => giveRole(person('nora'))],
    ['G-ROLE-GROUP', async () => giveRole(await newGroup())],
    ['G-ROLE-DELETE', async () => call('DELETE', `${ROLES}/${await firstId(`${ROLES}?$filter=principalId eq '${person('nora')}'`)}`)],
    ['G-PIMGROUP-LIST', () => call('GET', `${MEMBERSHIPS}?$filter=groupId eq '${reference().group}'`, undefined, mayReadMemberships)],
    ['G-PIMGROUP-FILTER', () => call('GET', MEMBERSHIPS, undefined, mayReadMemberships)],
    ['G-USER-SIGNINS', () => call('GET', '/users?$select=id,signInActivity')],
    ['G-USER-SIGNINS-LICENCE', () => call('GET', '/users?$select=id,signInActivity', undefined, { tenant: 'unlicensed' })],
    ['G-PIM-GET', async () => call('GET', `${ACTIVE}/${await firstId(ACTIVE)}`)],
    ['G-PIM-OWN', () => call('GET', `${ACTIVE}/filterByCurrentUser(on='principal')`, undefined, { scopes: ['RoleManagement.Read.Directory'], subject: person('ada') })],
    ['G-DOMAIN-LIST', () => call('GET', '/domains')],
    ['G-DOMAIN-GET', () => call('GET', '/domains/contoso.example')],
    ['G-AUDIT-LIST', () => call('GET', '/auditLogs/directoryAudits')],
    ['G-AUDIT-GET', async () => call('GET', `/auditLogs/directoryAudits/${await firstId('/auditLogs/directoryAudits')}`)],
    ['G-SIGNINS-LICENCE', () => call('GET', '/auditLogs/signIns', undefined, { tenant: 'unlicensed' })],
    ['G-CONCURRENT', () => playing({ concurrentWrites: 409 }, async () => (await rename()) && rename())],
    ['G-EXPAND', () => call('GET', '/groups?$expand=members')],
    ['G-ERR-EXPAND', () => call('GET', '/groups?$expand=members&$count=true', undefined, { headers: { consistencylevel: 'eventual' } })],
    ['G-PAGE-EMPTY', () => playing({ emptyPages: 'middle' }, async () => call('GET', String((await call('GET', '/users?$top=2')).json['@odata.nextLink']).split('/v1.0')[1] ?? ''))],
    ['G-UNIT-LIST', () => call('GET', '/directory/administrativeUnits')],
    ['G-UNIT-GET', async () => call('GET', `/directory/administrativeUnits/${await firstId('/directory/administrativeUnits')}`)],
    ['G-UNIT-MEMBERS', async () => call('GET', `/directory/administrativeUnits/${await firstId('/directory/administrativeUnits')}/members`)],
    ['G-UNIT-SCOPED', async () => call('GET', `/directory/administrativeUnits/${await firstId('/directory/administrativeUnits')}/scopedRoleMembers`)],
    ['G-SP-ADD-KEY', async () => rollPrincipalKey('addKey', { keyCredential: { key: makeCertificate('next').base64, type: 'AsymmetricX509Cert', usage: 'Verify' } })],
    ['G-SP-REMOVE-KEY', async () => rollPrincipalKey('removeKey', {})],
  ];

  async function playing(variants: Partial<GraphVariants>, ask: () => Promise<Reply>): Promise<Reply> {
    choose(variants);
    const reply = await ask();
    choose(DEFAULT_GRAPH_VARIANTS);
    return reply;
  }

  function rename(): Promise<Reply> {
    return call('PATCH', `/applications/${home()}`, { displayName: 'zz' }, inHome);
  }

  function giveRole(principalId: string): Promise<Reply> {
    return call('POST', ROLES, { principalId, roleDefinitionId: '7be44c8a-adaf-4e2a-84d6-ab2649e08a13', directoryScopeId: '/' });
  }

  /** Of the application's service principal at home, whose first key another principal's upload stands in for. */
  async function rollPrincipalKey(action: 'addKey' | 'removeKey', body: Json): Promise<Reply> {
    const { appId } = (await call('GET', `/applications/${home()}`, undefined, inHome)).json;
    const principal = (await call('GET', `/servicePrincipals(appId='${String(appId)}')`, undefined, inHome)).json;
    const id = String(principal.id);
    const keys = principal.keyCredentials as readonly Json[];
    const keyId = action === 'removeKey' ? required(keys.at(-1)).keyId : undefined;
    return call('POST', `/servicePrincipals/${id}/${action}`, { ...body, ...(keyId === undefined ? {} : { keyId }), proof: proof(id) }, inHome);
  }
}
