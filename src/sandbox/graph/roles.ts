/**
 * Directory roles: active assignments and definitions. `$expand=principal` brings the whole principal (an inner
 * `$select` is ignored, reported), and none for a principal that is gone. Sources: "List unifiedRoleAssignments",
 * "unifiedRoleDefinition" reference pages, public threads, the built-in role list of 2026-08.
 */
import type { RoleAssignment } from '../model';
import builtInRoles from './built-in-roles.json';
import { contextUrl, keyAt, refuseCollectionOptions, type Answer, type Call } from './call';
import { viewObject, withholdUnreadable } from './directory-objects';
import { answerList, DEFAULT_PAGE_SIZE, type Listing } from './listing';
import { NotModelled, notFound } from './refusal';
import { project, type Wire } from './select';
import { readSingle } from './single';
import { tell } from '../lies/truth';

const DIRECTORY = 'roleManagement/directory';
type RoleRowType = 'unifiedRoleAssignment' | 'unifiedRoleEligibilityScheduleInstance' | 'unifiedRoleAssignmentScheduleInstance';

const EXPAND_PRINCIPAL = /^principal(?:\(.*\))?$/i;

export function listRoleAssignments(call: Call): Answer {
  const isExpanded = readExpand(call);
  return answerList(call, {
    ...shared('unifiedRoleAssignment', `${DIRECTORY}/roleAssignments`),
    rows: (asOfMs) => call.caller.tenant.roleAssignments.list(asOfMs).map((row) => withPrincipal(call, tell(call.world, 'L-ROLE-SCOPE', viewAssignment(row), (view) => ({ ...view, resourceScope: '/', directoryScopeId: '/' })), asOfMs, isExpanded)),
    filterable: { roleDefinitionId: ['eq', 'in'], principalId: ['eq', 'in'], directoryScopeId: ['eq'] },
  });
}

export function getRoleAssignment(call: Call): Answer {
  refuseCollectionOptions(call.query);
  const isExpanded = readExpand(call);
  const { value: id } = keyAt(call, 0);
  const asOfMs = call.world.asOf('graph.get');
  const assignment = call.caller.tenant.roleAssignments.get(id, asOfMs);
  if (assignment === undefined) throw notFound(id);
  // The examples show resourceScope in the list and not here.
  const { resourceScope: _, ...single } = viewAssignment(assignment);
  const view = withPrincipal(call, single, asOfMs, isExpanded);
  return {
    status: 200,
    body: {
      '@odata.context': contextUrl(call, `${DIRECTORY}/roleAssignments/$entity`),
      ...project(view, call.query.select, 'unifiedRoleAssignment'),
    },
  };
}

export function listRoleDefinitions(call: Call): Answer {
  return answerList(call, {
    type: 'unifiedRoleDefinition',
    resource: 'UnifiedRoleDefinition',
    context: `${DIRECTORY}/roleDefinitions`,
    rows: () => Object.entries(builtInRoles).map(([id, name]) => viewDefinition(id, name)),
    filterable: { id: ['eq', 'in'], displayName: ['eq', 'startswith'], isBuiltIn: ['eq'], templateId: ['eq'] },
    isDirectory: false,
  });
}

export function getRoleDefinition(call: Call): Answer {
  const id = keyAt(call, 0).value.toLowerCase();
  const name = (builtInRoles as Readonly<Record<string, string>>)[id];
  if (name === undefined) throw notFound(id);
  return readSingle(call, `${DIRECTORY}/roleDefinitions`, 'unifiedRoleDefinition', viewDefinition(id, name));
}

export function shared(type: RoleRowType, context: string): Omit<Listing, 'rows' | 'filterable'> {
  return { type, resource: type, context, pageSize: DEFAULT_PAGE_SIZE, isDirectory: false, expandable: ['principal'] };
}

export function readExpand(call: Call): boolean {
  const { expand } = call.query;
  if (expand === undefined) return false;
  if (EXPAND_PRINCIPAL.test(expand)) return true;
  throw new NotModelled(`$expand=${expand}`);
}

export function withPrincipal(call: Call, view: Wire, asOfMs: number, isExpanded: boolean): Wire {
  const principal = isExpanded ? viewObject(call, String(view.principalId), asOfMs) : undefined;
  return principal === undefined ? view : { ...view, principal: withholdUnreadable(call, principal) };
}

function viewAssignment(row: RoleAssignment): Wire {
  return {
    id: row.id,
    principalId: row.principalId,
    resourceScope: row.directoryScopeId,
    directoryScopeId: row.directoryScopeId,
    roleDefinitionId: row.roleDefinitionId,
  };
}

// What a role allows and its prose are not modelled: the lists are empty, the description repeats the name.
function viewDefinition(id: string, name: string): Wire {
  return {
    id,
    description: name,
    displayName: name,
    isBuiltIn: true,
    isEnabled: true,
    resourceScopes: ['/'],
    templateId: id,
    version: '1',
    rolePermissions: [],
    inheritsPermissionsFrom: [],
  };
}
