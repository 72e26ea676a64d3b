/**
 * Activated directory roles and their members. Members come in one page, whatever `$top` says, and are those of the
 * whole tenant; holders in an administrative unit are scoped members. A role nobody activated is not found. Sources:
 * "List directoryRoles", "Get directoryRole", "List members", "List scopedMembers", "Activate directoryRole", "Add
 * directory role member", "Remove directory role member" reference pages, "Paging".
 */
import { checkMembers, contextUrl, keyAt, NO_CONTENT, readJson, type Answer, type Call } from './call';
import { requireObjectId } from './directory';
import { viewDirectoryRole } from './directory-objects';
import { activatedTemplates, directoryRoleId, findActivated, roleName } from './directory-role-ids';
import type { Key } from './address';
import { roleAssignmentId, scopedRoleMembershipId } from './ids';
import { answerList } from './listing';
import { answerObjects } from './object-lists';
import { readReference, refuseDoubled } from './references';
import { badRequest, NotModelled, notFound } from './refusal';
import builtInRoles from './built-in-roles.json';
import { readSingle } from './single';

const UNIT_SCOPE = '/administrativeUnits/';

export function listDirectoryRoles(call: Call): Answer {
  const { tenant } = call.caller;
  return answerList(call, {
    type: 'directoryRole',
    resource: 'DirectoryRole',
    context: 'directoryRoles',
    rows: (asOfMs) => activatedTemplates(tenant, asOfMs).map((templateId) => viewDirectoryRole(tenant, templateId)),
    filterable: { roleTemplateId: ['eq'], displayName: ['eq'] },
    isDirectory: true,
  });
}

export function getDirectoryRole(call: Call): Answer {
  return readSingle(call, 'directoryRoles', 'directoryRole', viewDirectoryRole(call.caller.tenant, requireActivated(call)));
}

export function activateDirectoryRole(call: Call): Answer {
  const body = readJson(call.body);
  checkMembers(body, 'directoryRole', ['roleTemplateId'], ['id', 'displayName', 'description', 'deletedDateTime']);
  const templateId = typeof body.roleTemplateId === 'string' ? body.roleTemplateId.toLowerCase() : '';
  const { world, caller } = call;
  if (roleName(templateId) === undefined) throw badRequest('G-DIRROLE-UNKNOWN', `Invalid role template identifier '${templateId}'.`);
  if (activatedTemplates(caller.tenant, world.now()).includes(templateId)) {
    throw badRequest('G-DIRROLE-CONFLICT', 'A conflicting object with one or more of the specified property values is present in the directory.');
  }
  caller.tenant.activatedRoles.put(templateId, { roleTemplateId: templateId }, world.now());
  return { status: 201, body: { '@odata.context': contextUrl(call, 'directoryRoles/$entity'), ...viewDirectoryRole(caller.tenant, templateId) } };
}

export function listRoleMembers(call: Call): Answer {
  const templateId = requireActivated(call);
  return answerObjects(call, (asOfMs) => holders(call, templateId, asOfMs), undefined, false);
}

export function addRoleMember(call: Call): Answer {
  const roleDefinitionId = requireActivated(call);
  const principalId = readReference(call);
  const { world, caller } = call;
  refuseDoubled(holders(call, roleDefinitionId, world.now()).includes(principalId), 'members');
  const id = roleAssignmentId(roleDefinitionId, principalId);
  caller.tenant.roleAssignments.put(id, { id, principalId, roleDefinitionId, directoryScopeId: '/' }, world.now());
  return NO_CONTENT;
}

export function removeRoleMember(call: Call): Answer {
  const templateId = requireActivated(call);
  const principalId = requireObjectId(keyAt(call, 1));
  const { tenant } = call.caller;
  const nowMs = call.world.now();
  const row = tenant.roleAssignments
    .list(nowMs)
    .find((assignment) => assignment.roleDefinitionId === templateId && assignment.principalId === principalId && assignment.directoryScopeId === '/');
  if (row === undefined) throw notFound(principalId);
  tenant.roleAssignments.delete(row.id, nowMs);
  return NO_CONTENT;
}

export function listScopedMembers(call: Call): Answer {
  const templateId = requireActivated(call);
  return answerScoped(call, ({ roleDefinitionId }) => roleDefinitionId === templateId);
}

/** Holders of any role in one administrative unit. */
export function listScopedRoleMembersOf(call: Call, unitId: string): Answer {
  return answerScoped(call, ({ directoryScopeId }) => directoryScopeId === `${UNIT_SCOPE}${unitId}`);
}

export function listRoleTemplates(call: Call): Answer {
  return answerList(call, {
    type: 'directoryRoleTemplate',
    resource: 'DirectoryRoleTemplate',
    context: 'directoryRoleTemplates',
    rows: () => Object.keys(builtInRoles).map(viewTemplate),
    filterable: {},
    isDirectory: false,
  });
}

export function getRoleTemplate(call: Call): Answer {
  const id = requireObjectId(keyAt(call, 0));
  if (roleName(id) === undefined) throw notFound(id);
  return readSingle(call, 'directoryRoleTemplates', 'directoryRoleTemplate', viewTemplate(id));
}

function answerScoped(call: Call, belongs: (row: { readonly roleDefinitionId: string; readonly directoryScopeId: string }) => boolean): Answer {
  const { tenant } = call.caller;
  return answerList(call, {
    type: 'scopedRoleMembership',
    resource: 'ScopedRoleMembership',
    context: 'scopedRoleMemberships',
    rows: (asOfMs) =>
      tenant.roleAssignments
        .list(asOfMs)
        .filter((row) => row.directoryScopeId.startsWith(UNIT_SCOPE) && belongs(row))
        .map(({ roleDefinitionId, directoryScopeId, principalId }) => {
          const roleId = directoryRoleId(tenant, roleDefinitionId);
          const administrativeUnitId = directoryScopeId.slice(UNIT_SCOPE.length);
          const displayName = tenant.users.get(principalId, asOfMs)?.displayName ?? null;
          return { id: scopedRoleMembershipId(roleId, administrativeUnitId, principalId), roleId, administrativeUnitId, roleMemberInfo: { id: principalId, displayName } };
        }),
    filterable: {},
    isDirectory: false,
  });
}

function holders(call: Call, templateId: string, asOfMs: number): readonly string[] {
  return call.caller.tenant.roleAssignments
    .list(asOfMs)
    .filter((row) => row.roleDefinitionId === templateId && row.directoryScopeId === '/')
    .map(({ principalId }) => principalId);
}

/** The template id of the role the path names, by its own id or as `(roleTemplateId='…')`. */
function requireActivated(call: Call): string {
  const key = keyAt(call, 0);
  const { tenant } = call.caller;
  const asOfMs = call.world.asOf('graph.get');
  const templateId = key.kind === 'alternate' ? templateIn(key) : findActivated(tenant, requireObjectId(key), asOfMs);
  if (templateId === undefined || !activatedTemplates(tenant, asOfMs).includes(templateId)) throw notFound(key.value);
  return templateId;
}

function templateIn(key: Extract<Key, { kind: 'alternate' }>): string {
  if (key.property.toLowerCase() === 'roletemplateid') return key.value.toLowerCase();
  throw new NotModelled(`alternate key ${key.property}`);
}

function viewTemplate(id: string) {
  const displayName = roleName(id) ?? null;
  return { id, deletedDateTime: null, description: displayName, displayName };
}
