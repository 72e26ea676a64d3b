/**
 * Directory roles: active assignments, eligibilities and definitions. `$expand=principal` brings the whole
 * principal (an inner `$select` is ignored, reported), and none for a principal that is gone. Eligibilities need
 * Entra ID P2. Sources: "List unifiedRoleAssignments", "List roleEligibilityScheduleInstances",
 * "unifiedRoleDefinition" reference pages, public threads, the built-in role list of 2026-08.
 */
import type { RoleAssignment, RoleEligibility } from '../model';
import builtInRoles from './built-in-roles.json';
import { contextUrl, keyAt, readSingle, refuseCollectionOptions, type Answer, type Call } from './call';
import { viewObject, withholdUnreadable } from './directory-objects';
import { roleEligibilityId } from './ids';
import { answerList, DEFAULT_PAGE_SIZE, type Listing } from './listing';
import { badRequest, NotModelled, notFound } from './refusal';
import { project, type Wire } from './select';

const DIRECTORY = 'roleManagement/directory';
const EXPAND_PRINCIPAL = /^principal(?:\(.*\))?$/i;

export function listRoleAssignments(call: Call): Answer {
  const isExpanded = readExpand(call);
  return answerList(call, {
    ...shared('unifiedRoleAssignment', `${DIRECTORY}/roleAssignments`),
    rows: (asOfMs) => call.caller.tenant.roleAssignments.list(asOfMs).map((row) => withPrincipal(call, viewAssignment(row), asOfMs, isExpanded)),
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

export function listRoleEligibilities(call: Call): Answer {
  const { tenant } = call.caller;
  if (!tenant.licences.has('AAD_PREMIUM_P2')) {
    throw badRequest(
      'G-PIM-LICENCE',
      'The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.',
      'AadPremiumLicenseRequired',
    );
  }
  const isExpanded = readExpand(call);
  return answerList(call, {
    ...shared('unifiedRoleEligibilityScheduleInstance', `${DIRECTORY}/roleEligibilityScheduleInstances`),
    rows: (asOfMs) => tenant.roleEligibilities.list(asOfMs).map((row) => withPrincipal(call, viewEligibility(row), asOfMs, isExpanded)),
    filterable: { roleDefinitionId: ['eq'], principalId: ['eq'], directoryScopeId: ['eq'], memberType: ['eq'] },
  });
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

function shared(type: 'unifiedRoleAssignment' | 'unifiedRoleEligibilityScheduleInstance', context: string): Omit<Listing, 'rows' | 'filterable'> {
  return { type, resource: type, context, pageSize: DEFAULT_PAGE_SIZE, isDirectory: false, expandable: ['principal'] };
}

function readExpand(call: Call): boolean {
  const { expand } = call.query;
  if (expand === undefined) return false;
  if (EXPAND_PRINCIPAL.test(expand)) return true;
  throw new NotModelled(`$expand=${expand}`);
}

function withPrincipal(call: Call, view: Wire, asOfMs: number, isExpanded: boolean): Wire {
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

function viewEligibility(row: RoleEligibility): Wire {
  const id = roleEligibilityId(row.roleDefinitionId, row.principalId);
  return {
    // What narrower scopes end in is not known; the id must only differ from the tenant-wide one.
    id: row.directoryScopeId === '/' ? id : id.replace(/1-e$/, `${row.directoryScopeId.slice(-12)}-e`),
    principalId: row.principalId,
    roleDefinitionId: row.roleDefinitionId,
    directoryScopeId: row.directoryScopeId,
    appScopeId: null,
    startDateTime: row.startDateTime,
    endDateTime: row.endDateTime,
    memberType: row.memberType,
    roleEligibilityScheduleId: row.id,
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
