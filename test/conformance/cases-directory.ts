/** Cases for people, groups, owners, directory roles and the recycle bin; see cases.ts. */
import { on, type Case } from './case';
import { bodyOf, firstOf, type Identified, type Stage } from './stage';
import type { Reply } from '../sandbox/support';

const ADVANCED = { ConsistencyLevel: 'eventual' };
const GROUPS_ADMINISTRATOR = 'fdd7a751-b60b-444a-984c-02652fe8fa1c';

export const directoryCases: Readonly<Record<string, Case>> = {
  'POST /groups 201': on('group', (stage) => createGroup(stage)),
  'PATCH /groups/{} 204': on('group', async (stage) => stage.ask('PATCH', `/groups/${await newGroup(stage)}`, { body: { description: 'Changed' } })),
  'DELETE /groups/{} 204': on('group', async (stage) => stage.ask('DELETE', `/groups/${await newGroup(stage)}`)),
  'POST /groups/{}/members/$ref 204': on('group', async (stage) => addMember(stage, await newGroup(stage), stage.ids.user)),
  'DELETE /groups/{}/members/{}/$ref 204': on('group', async (stage) => {
    const group = await newGroup(stage);
    await addMember(stage, group, stage.ids.user);
    return stage.ask('DELETE', `/groups/${group}/members/${stage.ids.user}/$ref`);
  }),
  'GET /groups/{}/owners 200': on('user', async (stage) => stage.ask('GET', `/groups/${await newGroup(stage)}/owners`)),
  'POST /groups/{}/owners/$ref 204': on('group', async (stage) => addOwner(stage, `/groups/${await newGroup(stage)}`)),
  'DELETE /groups/{}/owners/{}/$ref 204': on('group', async (stage) => {
    const group = `/groups/${await newGroup(stage)}`;
    await addOwner(stage, group);
    return stage.ask('DELETE', `${group}/owners/${stage.ids.user}/$ref`);
  }),
  'GET /groups/{}/memberof 200': on('group', async (stage) => stage.ask('GET', `/groups/${await nested(stage)}/memberOf`)),
  'GET /groups/{}/memberof/microsoft.graph.group 200': on('group', async (stage) =>
    stage.ask('GET', `/groups/${await nested(stage)}/memberOf/microsoft.graph.group?$count=true&$filter=startswith(displayName, 'z')`, { headers: ADVANCED }),
  ),
  'GET /groups/{}/transitivememberof 200': on('group', async (stage) => stage.ask('GET', `/groups/${await nested(stage)}/transitiveMemberOf`)),
  'GET /groups/{}/transitivemembers/microsoft.graph.group 200': {
    type: 'group',
    pageOnly: 'organizationId',
    perform: async (stage) => {
      const outer = await newGroup(stage);
      await addMember(stage, outer, await newGroup(stage));
      return stage.ask('GET', `/groups/${outer}/transitiveMembers/microsoft.graph.group?$count=true`, { headers: ADVANCED });
    },
  },
  'POST /groups/{}/getmembergroups 200': on('group', async (stage) => groupsOf(stage, `/groups/${await nested(stage)}`)),
  'GET /users/{}/memberof 200': on('group', ({ ask, person }) => ask('GET', `/users/${person('nora')}/memberOf`)),
  'GET /users/{}/transitivememberof 200': on('group', ({ ask, person }) => ask('GET', `/users/${person('nora')}/transitiveMemberOf`)),
  'POST /users/{}/getmembergroups 200': on('group', (stage) => groupsOf(stage, `/users/${stage.person('nora')}`)),
  'GET /users/{}/oauth2permissiongrants 200': on('oAuth2PermissionGrant', async ({ ask, ids, person }) => {
    const principalId = person('nora');
    await ask('POST', '/oauth2PermissionGrants', { body: { clientId: ids.client, consentType: 'Principal', principalId, resourceId: ids.resource, scope: 'User.Read' } });
    return ask('GET', `/users/${principalId}/oauth2PermissionGrants`);
  }),
  'POST /users 201': on('user', (stage) => createUser(stage)),
  'PATCH /users/{} 204': on('user', async (stage) => stage.ask('PATCH', `/users/${await newUser(stage)}`, { body: { jobTitle: 'Baker' } })),
  'DELETE /users/{} 204': on('user', async (stage) => stage.ask('DELETE', `/users/${await newUser(stage)}`)),
  'GET /me 200': on('user', async ({ ask, person }) => {
    const body = { givenName: 'Nora', surname: 'Berg', jobTitle: 'Baker', officeLocation: 'Malmo', businessPhones: ['+46 40 000000'] };
    await ask('PATCH', `/users/${person('nora')}`, { body });
    return ask('GET', '/me', { scopes: ['User.Read'], subject: person('nora') });
  }),
  'GET /directoryobjects/{} 200': on('user', ({ ask, ids }) => ask('GET', `/directoryObjects/${ids.user}`)),
  'POST /directoryobjects/{}/getmembergroups 200': on('group', (stage) => groupsOf(stage, `/directoryObjects/${stage.person('nora')}`)),
  'POST /directoryobjects/{}/checkmembergroups 200': on('group', ({ ask, person, ids }) =>
    ask('POST', `/directoryObjects/${person('nora')}/checkMemberGroups`, { body: { groupIds: [ids.group] } }),
  ),
  'GET /serviceprincipals/{}/memberof 200': on('group', async (stage) => stage.ask('GET', `/servicePrincipals/${await memberPrincipal(stage)}/memberOf`)),
  'GET /serviceprincipals/{}/transitivememberof 200': on('group', async (stage) =>
    stage.ask('GET', `/servicePrincipals/${await memberPrincipal(stage)}/transitiveMemberOf`),
  ),
  'GET /serviceprincipals/{}/transitivememberof/microsoft.graph.directoryrole 200': on('directoryRole', ({ ask, ids }) =>
    ask('GET', `/servicePrincipals/${ids.client}/transitiveMemberOf/microsoft.graph.directoryRole`),
  ),
  'GET /directoryroles 200': on('directoryRole', ({ ask }) => ask('GET', '/directoryRoles')),
  'GET /directoryroles/{} 200': on('directoryRole', async ({ ask }) => ask('GET', `/directoryRoles/${firstOf(await ask('GET', '/directoryRoles')).id}`)),
  'GET /directoryroles/{}/members 200': on('user', async ({ ask }) =>
    ask('GET', "/directoryRoles(roleTemplateId='f28a1f50-f6e7-4571-818b-6a12f2af6b6c')/members"),
  ),
  'GET /directoryroles/{}/scopedmembers 200': on('scopedRoleMembership', ({ ask }) =>
    ask('GET', '/directoryRoles/roleTemplateId=29232cdf-9323-42fd-ade2-1d097af3e4de/scopedMembers'),
  ),
  'POST /directoryroles 201': on('directoryRole', ({ ask }) => ask('POST', '/directoryRoles', { body: { roleTemplateId: 'b0f54661-2d74-4c50-afa3-1ec803f12efe' } })),
  'POST /directoryroles/{}/members/$ref 204': on('directoryRole', async (stage) => {
    await stage.ask('POST', '/directoryRoles', { body: { roleTemplateId: GROUPS_ADMINISTRATOR } });
    return stage.ask('POST', `/directoryRoles(roleTemplateId='${GROUPS_ADMINISTRATOR}')/members/$ref`, { body: reference(stage, stage.person('nora')) });
  }),
  'DELETE /directoryroles/{}/members/{}/$ref 204': on('directoryRole', async (stage) => {
    const role = '/directoryRoles/roleTemplateId=4d6ac14f-3453-41d0-bef9-a3e0c569773a';
    await stage.ask('POST', '/directoryRoles', { body: { roleTemplateId: '4d6ac14f-3453-41d0-bef9-a3e0c569773a' } });
    await stage.ask('POST', `${role}/members/$ref`, { body: reference(stage, stage.ids.user) });
    return stage.ask('DELETE', `${role}/members/${stage.ids.user}/$ref`);
  }),
  'GET /directoryroletemplates 200': on('directoryRoleTemplate', ({ ask }) => ask('GET', '/directoryRoleTemplates')),
  'GET /directoryroletemplates/{} 200': on('directoryRoleTemplate', ({ ask }) => ask('GET', `/directoryRoleTemplates/${GROUPS_ADMINISTRATOR}`)),
  'GET /directory/deleteditems/microsoft.graph.group 200': on('group', async (stage) => {
    await deletedGroup(stage);
    return stage.ask('GET', '/directory/deletedItems/microsoft.graph.group');
  }),
  'GET /directory/deleteditems/{} 200': on('group', async (stage) => stage.ask('GET', `/directory/deletedItems/${await deletedGroup(stage)}`)),
  'POST /directory/deleteditems/{}/restore 200': on('group', async (stage) => stage.ask('POST', `/directory/deletedItems/${await deletedGroup(stage)}/restore`)),
  'DELETE /directory/deleteditems/{} 204': on('group', async (stage) => stage.ask('DELETE', `/directory/deletedItems/${await deletedGroup(stage)}`)),
};

let made = 0;

function createGroup({ ask }: Stage): Promise<Reply> {
  return ask('POST', '/groups', { body: { displayName: `zz-group-${(made += 1)}`, mailNickname: 'zz', mailEnabled: false, securityEnabled: true } });
}

async function newGroup(stage: Stage): Promise<string> {
  return (bodyOf(await createGroup(stage)) as Identified).id;
}

async function deletedGroup(stage: Stage): Promise<string> {
  const id = await newGroup(stage);
  await stage.ask('DELETE', `/groups/${id}`);
  return id;
}

/** A group in a group. */
async function nested(stage: Stage): Promise<string> {
  const [outer, inner] = [await newGroup(stage), await newGroup(stage)];
  await addMember(stage, outer, inner);
  return inner;
}

async function memberPrincipal(stage: Stage): Promise<string> {
  await addMember(stage, await newGroup(stage), stage.ids.client);
  return stage.ids.client;
}

function createUser({ ask }: Stage): Promise<Reply> {
  const name = `zz-person-${(made += 1)}`;
  const passwordProfile = { password: 'Recorded-1234!!', forceChangePasswordNextSignIn: false };
  return ask('POST', '/users', { body: { userPrincipalName: `${name}@contoso.example`, displayName: name, mailNickname: name, accountEnabled: true, passwordProfile } });
}

async function newUser(stage: Stage): Promise<string> {
  return (bodyOf(await createUser(stage)) as Identified).id;
}

function reference({ sandbox }: Stage, id: string) {
  return { '@odata.id': `${sandbox.world.origins.graph}/v1.0/directoryObjects/${id}` };
}

function addMember(stage: Stage, group: string, id: string): Promise<Reply> {
  return stage.ask('POST', `/groups/${group}/members/$ref`, { body: reference(stage, id) });
}

function addOwner(stage: Stage, owned: string): Promise<Reply> {
  return stage.ask('POST', `${owned}/owners/$ref`, { body: reference(stage, stage.ids.user) });
}

function groupsOf({ ask }: Stage, path: string): Promise<Reply> {
  return ask('POST', `${path}/getMemberGroups`, { body: { securityEnabledOnly: false } });
}
