/**
 * What a person may write depends on the directory roles the person holds, too: everything for a Global Administrator; app
 * registrations, service principals and grants as far as the pages name the roles. Any other write by anybody else is not
 * modelled. Sources: "Upsert application", "Grant an appRoleAssignment for a service principal", "Create
 * oAuth2PermissionGrant" reference pages; entra-docs permissions-reference.md, users-default-permissions.md.
 */
import { GRAPH_APP_ID } from '../access-tokens';
import { requireRoleTemplateId } from '../directory-roles';
import { keyAt, readJson, type Call } from './call';
import { activeRoleTemplates, GLOBAL_ADMINISTRATOR } from './directory-role-ids';
import type { Operation } from './permissions';
import { GraphRefusal, NotModelled } from './refusal';
import { rule } from './rules';

type Standing = ReadonlySet<string>;

const APP_ROLES = ['Application Administrator', 'Cloud Application Administrator'].map(requireRoleTemplateId);
const GRANT_ROLES = [...APP_ROLES, requireRoleTemplateId('Privileged Role Administrator')];
const GRAPH_GRANT_ROLES = [requireRoleTemplateId('Privileged Role Administrator')];

const ALLOWED: Partial<Readonly<Record<Operation, (call: Call, roles: Standing) => boolean>>> = {
  'POST /applications': (call) => isMember(call),
  'PATCH /applications/{id}': (call, roles) => holds(roles, APP_ROLES) || ownsApplication(call) || (addressed(call) === undefined && isMember(call)),
  'DELETE /applications/{id}': (call, roles) => holds(roles, APP_ROLES) || ownsApplication(call),
  'POST /servicePrincipals': (call, roles) => holds(roles, APP_ROLES) || ownsNamedApp(call),
  'DELETE /servicePrincipals/{id}': (_call, roles) => holds(roles, APP_ROLES),
  'POST /servicePrincipals/{id}/appRoleAssignments': mayAssign,
  'POST /servicePrincipals/{id}/appRoleAssignedTo': mayAssign,
  'POST /oauth2PermissionGrants': (_call, roles) => holds(roles, GRANT_ROLES),
  'PATCH /oauth2PermissionGrants/{id}': (_call, roles) => holds(roles, GRANT_ROLES),
  'DELETE /directory/deletedItems/{id}': (_call, roles) => holds(roles, APP_ROLES),
};

/** Refuses with 403 whoever lacks the role. */
export function requireDirectoryRole(call: Call, operation: Operation): void {
  const { caller, world } = call;
  if (caller.kind === 'application') return;
  const roles = activeRoleTemplates(caller.tenant, caller.objectId, world.now());
  if (roles.has(GLOBAL_ADMINISTRATOR)) return;
  const allowed = ALLOWED[operation];
  if (allowed === undefined) throw new NotModelled('this write with a delegated token of anybody but a Global Administrator');
  if (!allowed(call, roles)) throw new GraphRefusal(rule('G-ERR-ROLE'), 403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
}

function holds(roles: Standing, any: readonly string[]): boolean {
  return any.some((role) => roles.has(role));
}

function isMember({ caller, world }: Call): boolean {
  const person = caller.tenant.users.get(caller.objectId, world.now());
  return person !== undefined && person.userType === 'Member';
}

function mayAssign(call: Call, roles: Standing): boolean {
  const { resourceId } = readJson(call.body);
  const resource = typeof resourceId === 'string' ? call.caller.tenant.servicePrincipals.get(resourceId.toLowerCase(), call.world.now()) : undefined;
  return holds(roles, resource?.appId === GRAPH_APP_ID ? GRAPH_GRANT_ROLES : GRANT_ROLES);
}

function ownsApplication(call: Call): boolean {
  return addressed(call)?.ownerIds?.includes(call.caller.objectId) === true;
}

function addressed(call: Call) {
  const key = keyAt(call, 0);
  const value = key.value.toLowerCase();
  return call.caller.tenant.applications.list(call.world.now()).find((row) => {
    if (key.kind === 'id') return row.id === value;
    return key.property === 'uniqueName' ? row.uniqueName === key.value : row.appId === value;
  });
}

function ownsNamedApp(call: Call): boolean {
  const { appId } = readJson(call.body);
  const wanted = String(appId).toLowerCase();
  return call.caller.tenant.applications.list(call.world.now()).some((row) => row.appId === wanted && row.ownerIds?.includes(call.caller.objectId) === true);
}
