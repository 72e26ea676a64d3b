/**
 * How each modelled operation of the corpus is performed against the sandbox. The key is the operation as
 * `caseKeyOf` writes it; `type` is the metadata type of the answer's objects. A modelled operation without a case
 * fails the run, and so does a case whose operation is no longer modelled.
 */
import { on, type Case } from './case';
import { appCases } from './cases-apps';
import { directoryCases } from './cases-directory';
import { tenantCases } from './cases-tenant';
import { createFreshCertificate, createProof } from './certificates';
import { bodyOf, firstOf, type Identified, type Stage } from './stage';
import type { Reply } from '../sandbox/support';

const NOBODY = '99999999-9999-4999-8999-999999999999';
const GROUP_HEADERS = { ConsistencyLevel: 'eventual' };

export const cases: Readonly<Record<string, Case>> = {
  ...appCases,
  ...directoryCases,
  ...tenantCases,
  'GET /serviceprincipals 200': on('servicePrincipal', ({ ask }) => ask('GET', "/servicePrincipals?$filter=displayName eq 'Microsoft Graph'")),
  'GET /serviceprincipals 403': on('servicePrincipal', ({ ask }) => ask('GET', '/servicePrincipals', { roles: [] })),
  'GET /serviceprincipals/{} 200': on('servicePrincipal', ({ ask, ids }) => ask('GET', `/servicePrincipals/${ids.client}`)),
  'GET /serviceprincipals/{} 404': on('servicePrincipal', ({ ask }) => ask('GET', `/servicePrincipals/${NOBODY}`)),
  'POST /serviceprincipals 201': on('servicePrincipal', (stage) => createOtherPrincipal(stage)),
  'PATCH /serviceprincipals/{} 204': on('servicePrincipal', ({ ask, ids }) =>
    ask('PATCH', `/servicePrincipals/${ids.client}`, { body: { appRoleAssignmentRequired: true } }),
  ),
  'DELETE /serviceprincipals/{} 204': on('servicePrincipal', async (stage) => {
    await createOtherPrincipal(stage);
    const { id } = firstOf(await stage.ask('GET', `/servicePrincipals?$filter=appId eq '${otherAppId(stage)}'`));
    return stage.ask('DELETE', `/serviceprincipals/${id}`);
  }),
  'POST /serviceprincipals/{}/approleassignments 201': on('appRoleAssignment', ({ ask, ids }) =>
    ask('POST', `/servicePrincipals/${ids.client}/appRoleAssignments`, { body: assignment(ids) }),
  ),
  'GET /serviceprincipals/{}/approleassignments 200': on('appRoleAssignment', async (stage) => {
    await assign(stage);
    return stage.ask('GET', `/servicePrincipals/${stage.ids.client}/appRoleAssignments`);
  }),
  'GET /serviceprincipals/{}/approleassignedto 200': on('appRoleAssignment', async (stage) => {
    await assign(stage);
    return stage.ask('GET', `/servicePrincipals/${stage.ids.resource}/appRoleAssignedTo`);
  }),
  'DELETE /serviceprincipals/{}/approleassignments/{} 204': on('appRoleAssignment', async (stage) =>
    stage.ask('DELETE', `/servicePrincipals/${stage.ids.client}/appRoleAssignments/${await assign(stage)}`),
  ),
  'POST /serviceprincipals/{}/approleassignedto 201': on('appRoleAssignment', ({ ask, ids }) =>
    ask('POST', `/servicePrincipals/${ids.resource}/appRoleAssignedTo`, { body: assignment(ids) }),
  ),
  'DELETE /serviceprincipals/{}/approleassignedto/{} 204': on('appRoleAssignment', async (stage) =>
    stage.ask('DELETE', `/servicePrincipals/${stage.ids.resource}/appRoleAssignedTo/${await assign(stage)}`),
  ),
  'POST /oauth2permissiongrants 201': on('oAuth2PermissionGrant', ({ ask, ids }) => ask('POST', '/oauth2PermissionGrants', { body: grant(ids) })),
  'GET /oauth2permissiongrants 200': on('oAuth2PermissionGrant', async (stage) => {
    await ensureGrant(stage);
    return stage.ask('GET', `/oauth2PermissionGrants?$filter=clientId eq '${stage.ids.client}'`);
  }),
  'GET /oauth2permissiongrants/{} 200': on('oAuth2PermissionGrant', async (stage) => stage.ask('GET', `/oauth2PermissionGrants/${await ensureGrant(stage)}`)),
  'GET /serviceprincipals/{}/oauth2permissiongrants 200': on('oAuth2PermissionGrant', async (stage) => {
    await ensureGrant(stage);
    return stage.ask('GET', `/servicePrincipals/${stage.ids.client}/oauth2PermissionGrants`);
  }),
  'PATCH /oauth2permissiongrants/{} 204': on('oAuth2PermissionGrant', async (stage) =>
    stage.ask('PATCH', `/oauth2PermissionGrants/${await ensureGrant(stage)}`, { body: { scope: 'User.Read Mail.Read' } }),
  ),
  'DELETE /oauth2permissiongrants/{} 204': on('oAuth2PermissionGrant', async (stage) =>
    stage.ask('DELETE', `/oAuth2PermissionGrants/${await ensureGrant(stage)}`),
  ),
  'GET /rolemanagement/directory/roleassignments 200': on('unifiedRoleAssignment', ({ ask }) => ask('GET', '/roleManagement/directory/roleAssignments')),
  'GET /rolemanagement/directory/roleassignments/{} 200': on('unifiedRoleAssignment', async ({ ask }) => {
    const { id } = firstOf(await ask('GET', '/roleManagement/directory/roleAssignments'));
    return ask('GET', `/roleManagement/directory/roleAssignments/${id}`);
  }),
  'GET /rolemanagement/directory/roleeligibilityscheduleinstances 200': on('unifiedRoleEligibilityScheduleInstance', ({ ask }) =>
    ask('GET', '/roleManagement/directory/roleEligibilityScheduleInstances'),
  ),
  'GET /rolemanagement/directory/roledefinitions 200': on('unifiedRoleDefinition', ({ ask }) => ask('GET', '/roleManagement/directory/roleDefinitions')),
  'GET /rolemanagement/directory/roledefinitions/{} 200': on('unifiedRoleDefinition', ({ ask }) =>
    ask('GET', '/roleManagement/directory/roleDefinitions/fdd7a751-b60b-444a-984c-02652fe8fa1c'),
  ),
  'GET /groups 200': on('group', ({ ask }) => ask('GET', "/groups?$filter=startswith(displayName,'All')")),
  'GET /groups/{} 200': on('group', ({ ask, ids }) => ask('GET', `/groups/${ids.group}`)),
  'GET /groups/{} 404': on('group', ({ ask }) => ask('GET', `/groups/${NOBODY}`)),
  'GET /groups/{}/members 200': on('user', ({ ask, ids }) => ask('GET', `/groups/${ids.group}/members`)),
  'GET /groups/{}/transitivemembers 200': on('user', ({ ask, ids }) => ask('GET', `/groups/${ids.group}/transitiveMembers?$select=id,mail`)),
  'GET /groups/{}/members/microsoft.graph.user 200': on('user', ({ ask, ids }) =>
    ask('GET', `/groups/${ids.group}/members/microsoft.graph.user?$count=true&$select=displayName,id,mail`, { headers: GROUP_HEADERS }),
  ),
  'GET /groups/{}/transitivemembers/microsoft.graph.user 200': on('user', ({ ask, ids }) =>
    ask('GET', `/groups/${ids.group}/transitiveMembers/microsoft.graph.user?$count=true&$select=displayName,id,mail`, { headers: GROUP_HEADERS }),
  ),
  'GET /users 200': on('user', ({ ask }) => ask('GET', "/users?$filter=startswith(displayName,'A')")),
  'GET /users/{} 200': on('user', ({ ask, ids }) => ask('GET', `/users/${ids.user}`)),
  'POST /directoryobjects/getbyids 200': on('user', ({ ask, ids }) =>
    ask('POST', '/directoryObjects/getByIds', { body: { ids: [ids.user, ids.group, ids.client], types: ['user', 'group', 'servicePrincipal'] } }),
  ),
  'GET /organization 200': on('organization', ({ ask }) => ask('GET', '/organization')),
  'GET /organization/{} 200': on('organization', async ({ ask }) => {
    const { id } = firstOf(await ask('GET', '/organization'));
    return ask('GET', `/organization/${id}`);
  }),
  'GET /subscribedskus 200': on('subscribedSku', ({ ask }) => ask('GET', '/subscribedSkus')),
  'GET /subscribedskus/{} 200': on('subscribedSku', async ({ ask }) => {
    const { id } = firstOf(await ask('GET', '/subscribedSkus'));
    return ask('GET', `/subscribedSkus/${id}`);
  }),
  'GET /applications 200': on('application', ({ ask, application }) => ask('GET', `/applications?$filter=appId eq '${application.appId}'`, { tenant: 'partner' })),
  'GET /applications/{} 200': on('application', ({ ask, application }) => ask('GET', `/applications/${application.id}`, { tenant: 'partner' })),
  'GET /applications/{} 404': on('application', ({ ask }) => ask('GET', `/applications/${NOBODY}`, { tenant: 'partner' })),
  'POST /applications 201': on('application', (stage) => createApplication(stage)),
  'PATCH /applications/{} 204': on('application', ({ ask, application }) =>
    ask('PATCH', `/applications/${application.id}`, { tenant: 'partner', body: { displayName: 'New display name' } }),
  ),
  'DELETE /applications/{} 204': on('application', async (stage) => {
    const { id } = bodyOf(await createApplication(stage)) as Identified;
    return stage.ask('DELETE', `/applications/${id}`, { tenant: 'partner' });
  }),
  'POST /applications/{}/addkey 200': on('keyCredential', (stage) => addKey(stage)),
  'POST /applications/{}/removekey 204': on('keyCredential', async (stage) => {
    const { keyId } = bodyOf(await addKey(stage)) as { readonly keyId: string };
    return stage.ask('POST', `/applications/${stage.application.id}/removeKey`, { tenant: 'partner', body: { keyId, proof: proofOf(stage) } });
  }),
  'POST /applications/{}/addpassword 200': on('passwordCredential', (stage) => addPassword(stage)),
  'POST /applications/{}/removepassword 204': on('passwordCredential', async (stage) => {
    const { keyId } = bodyOf(await addPassword(stage)) as { readonly keyId: string };
    return stage.ask('POST', `/applications/${stage.application.id}/removePassword`, { tenant: 'partner', body: { keyId } });
  }),
  'POST /$batch 200': {
    type: 'user',
    view: batchEnvelope,
    perform: ({ ask, ids }) =>
    ask('POST', '/$batch', {
      body: {
        requests: [
          { id: '1', method: 'GET', url: `/users/${ids.user}` },
          { id: '2', method: 'GET', url: `/users/${NOBODY}` },
          { id: '3', method: 'PUT', url: `/users/${ids.user}`, body: {}, headers: { 'Content-Type': 'application/json' } },
          { id: '4', method: 'GET', url: 'users?$select=id&$filter=accountEnabled ne true&$count=true', headers: GROUP_HEADERS },
        ],
      },
    }),
  },
};

/** The bodies of successful items are other operations; the services behind some examples add headers of their own. */
function batchEnvelope(body: unknown): unknown {
  const { responses } = body as { readonly responses: readonly { readonly id: string; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown }[] };
  const shared = new Set(['Cache-Control', 'Content-Type', 'OData-Version', 'x-ms-resource-unit']);
  return {
    responses: responses.map((item) => ({
      id: item.id,
      status: item.status,
      headers: Object.fromEntries(Object.entries(item.headers).filter(([name]) => shared.has(name))),
      body: item.status >= 400 ? item.body : {},
    })),
  };
}

function assignment(ids: Stage['ids']) {
  return { principalId: ids.client, resourceId: ids.resource, appRoleId: ids.role };
}

function grant(ids: Stage['ids']) {
  return { clientId: ids.client, consentType: 'AllPrincipals', principalId: null, resourceId: ids.resource, scope: 'Directory.Read.All' };
}

async function assign({ ask, ids }: Stage): Promise<string> {
  await ask('POST', `/servicePrincipals/${ids.client}/appRoleAssignments`, { body: assignment(ids) });
  return firstOf(await ask('GET', `/servicePrincipals/${ids.client}/appRoleAssignments`)).id;
}

async function ensureGrant({ ask, ids }: Stage): Promise<string> {
  await ask('POST', '/oauth2PermissionGrants', { body: grant(ids) });
  return firstOf(await ask('GET', '/oauth2PermissionGrants')).id;
}

function otherAppId({ sandbox }: Stage): string {
  return sandbox.ready.apps[1]?.appId ?? '';
}

function createOtherPrincipal(stage: Stage): Promise<Reply> {
  return stage.ask('POST', '/servicePrincipals', { body: { appId: otherAppId(stage), accountEnabled: true } });
}

function createApplication({ ask, certificate }: Stage): Promise<Reply> {
  const keyCredentials = [{ '@odata.type': '#microsoft.graph.keyCredential', displayName: null, key: certificate.base64, type: 'AsymmetricX509Cert', usage: 'Verify' }];
  return ask('POST', '/applications', { tenant: 'partner', body: { displayName: 'zz-conformance', signInAudience: 'AzureADMultipleOrgs', keyCredentials } });
}

function proofOf({ certificate, application, sandbox }: Stage): string {
  return createProof(certificate, application.id, sandbox.world.now());
}

function addKey(stage: Stage): Promise<Reply> {
  const { base64: key } = createFreshCertificate('rolled', stage.sandbox.world.now());
  const keyCredential = { type: 'AsymmetricX509Cert', usage: 'Verify', key };
  return stage.ask('POST', `/applications/${stage.application.id}/addKey`, {
    tenant: 'partner',
    body: { keyCredential, passwordCredential: null, proof: proofOf(stage) },
  });
}

function addPassword({ ask, application }: Stage): Promise<Reply> {
  return ask('POST', `/applications/${application.id}/addPassword`, { tenant: 'partner', body: { passwordCredential: { displayName: 'rbac' } } });
}
