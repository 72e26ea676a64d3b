/**
 * Giving and taking directory roles, in the whole tenant or a part of it. A group must have been made for it. Sources:
 * "Create unifiedRoleAssignment", "Delete unifiedRoleAssignment" reference pages, "Use Microsoft Entra groups to manage
 * role assignments".
 */
import type { RoleAssignment } from '../model';
import { checkMembers, contextUrl, keyAt, NO_CONTENT, readJson, type Answer, type Call } from './call';
import { roleName } from './directory-role-ids';
import { isGuid, roleAssignmentId } from './ids';
import { badRequest, notFound } from './refusal';

const SCOPE = /^\/(?:$|[0-9a-f-]{36}$|administrativeUnits\/([0-9a-f-]{36})$)/i;

export function createRoleAssignment(call: Call): Answer {
  const body = readJson(call.body);
  checkMembers(body, 'unifiedRoleAssignment', ['principalId', 'roleDefinitionId', 'directoryScopeId'], ['id', 'appScopeId', 'condition']);
  const [principalId, roleDefinitionId] = [readId(body.principalId, 'principalId'), readId(body.roleDefinitionId, 'roleDefinitionId')];
  const directoryScopeId = readScope(call, body.directoryScopeId);
  requirePrincipal(call, principalId);
  if (roleName(roleDefinitionId) === undefined) throw notFound(roleDefinitionId);
  const { world, caller } = call;
  const wide = roleAssignmentId(roleDefinitionId, principalId);
  // What narrower scopes end in is not known; it must only differ from the tenant-wide one.
  const id = directoryScopeId === '/' ? wide : wide.replace(/1$/, directoryScopeId.slice(-12));
  if (caller.tenant.roleAssignments.get(id, world.now()) !== undefined) {
    throw badRequest('G-ROLE-CONFLICT', 'A conflicting object with one or more of the specified property values is present in the directory.');
  }
  const assignment: RoleAssignment = { id, principalId, roleDefinitionId, directoryScopeId };
  caller.tenant.roleAssignments.put(id, assignment, world.now());
  return { status: 201, body: { '@odata.context': contextUrl(call, 'roleManagement/directory/roleAssignments/$entity'), ...assignment } };
}

export function deleteRoleAssignment(call: Call): Answer {
  const { value: id } = keyAt(call, 0);
  const { tenant } = call.caller;
  if (tenant.roleAssignments.get(id, call.world.asOf('graph.get')) === undefined || !tenant.roleAssignments.delete(id, call.world.now())) throw notFound(id);
  return NO_CONTENT;
}

function readId(value: unknown, name: string): string {
  if (typeof value === 'string' && isGuid(value)) return value.toLowerCase();
  throw badRequest('G-ERR-MEMBER', `Invalid value specified for property '${name}' of resource 'UnifiedRoleAssignment'.`);
}

function readScope(call: Call, value: unknown): string {
  const found = typeof value === 'string' ? SCOPE.exec(value) : null;
  if (found === null) throw badRequest('G-ERR-MEMBER', "Invalid value specified for property 'directoryScopeId' of resource 'UnifiedRoleAssignment'.");
  const [scope, unitId] = found;
  if (unitId !== undefined && call.caller.tenant.administrativeUnits.get(unitId.toLowerCase(), call.world.now()) === undefined) throw notFound(unitId);
  return scope;
}

function requirePrincipal(call: Call, id: string): void {
  const { users, groups, servicePrincipals } = call.caller.tenant;
  const asOfMs = call.world.asOf('graph.reference');
  const group = groups.get(id, asOfMs);
  if (group !== undefined && group.isAssignableToRole !== true) {
    throw badRequest('G-ROLE-GROUP', 'Only role-assignable groups may be assigned a directory role.');
  }
  if (group === undefined && users.get(id, asOfMs) === undefined && servicePrincipals.get(id, asOfMs) === undefined) throw notFound(id);
}
