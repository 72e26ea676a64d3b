/**
 * Every modelled operation: its template, the rule it follows, the permission entry that opens it, what it costs
 * (resource units) and its handler. Literal templates stand before those with a key in the same place.
 * Costs: Microsoft Graph "Throttling limits", identity and access; several confirmed by recordings.
 */
import {
  createAppRoleAssignedTo,
  createAppRoleAssignment,
  deleteAppRoleAssignedTo,
  deleteAppRoleAssignment,
  listAppRoleAssignedTo,
  listAppRoleAssignments,
} from './app-role-assignments';
import { addKey, addPassword, removeKey, removePassword } from './application-credentials';
import { createApplication, deleteApplication, getApplication, listApplications, updateApplication } from './applications';
import { fitAddress, type Key, type Part } from './address';
import type { Handler } from './call';
import { getGroup, listGroups, listMembers, listMemberUsers, listTransitiveMembers, listTransitiveMemberUsers } from './groups';
import { getByIds } from './directory-objects';
import {
  createPermissionGrant,
  deletePermissionGrant,
  getPermissionGrant,
  listGrantsOfServicePrincipal,
  listPermissionGrants,
  updatePermissionGrant,
} from './permission-grants';
import type { Operation } from './permissions';
import { getRoleAssignment, getRoleDefinition, listRoleAssignments, listRoleDefinitions, listRoleEligibilities } from './roles';
import type { GraphRuleId } from './rules';
import {
  createServicePrincipal,
  deleteServicePrincipal,
  getServicePrincipal,
  listServicePrincipals,
  updateServicePrincipal,
} from './service-principals';
import { getOrganization, getSubscribedSku, listOrganization, listSubscribedSkus } from './tenant';
import { countUsers, getUser, listUsers } from './users';

export interface GraphRoute {
  readonly method: string;
  readonly template: string;
  readonly ruleId: GraphRuleId;
  readonly operation: Operation;
  readonly cost: number;
  readonly handler: Handler;
}

const PRINCIPAL = '/servicePrincipals/{id}';
const DIRECTORY = '/roleManagement/directory';

export const routes: readonly GraphRoute[] = [
  on('GET /servicePrincipals', 'G-SP-LIST', 1, listServicePrincipals),
  on('POST /servicePrincipals', 'G-SP-POST', 1, createServicePrincipal),
  on(`GET ${PRINCIPAL}`, 'G-SP-GET', 1, getServicePrincipal),
  on(`PATCH ${PRINCIPAL}`, 'G-SP-PATCH', 1, updateServicePrincipal),
  on(`DELETE ${PRINCIPAL}`, 'G-SP-DELETE', 1, deleteServicePrincipal),
  on(`GET ${PRINCIPAL}/appRoleAssignments`, 'G-ARA-LIST', 2, listAppRoleAssignments),
  on(`POST ${PRINCIPAL}/appRoleAssignments`, 'G-ARA-POST', 1, createAppRoleAssignment),
  on(`DELETE ${PRINCIPAL}/appRoleAssignments/{id}`, 'G-ARA-DELETE', 1, deleteAppRoleAssignment),
  on(`GET ${PRINCIPAL}/appRoleAssignedTo`, 'G-ARA-LIST', 2, listAppRoleAssignedTo),
  on(`POST ${PRINCIPAL}/appRoleAssignedTo`, 'G-ARA-POST', 1, createAppRoleAssignedTo),
  on(`DELETE ${PRINCIPAL}/appRoleAssignedTo/{id}`, 'G-ARA-DELETE', 1, deleteAppRoleAssignedTo),
  on(`GET ${PRINCIPAL}/oauth2PermissionGrants`, 'G-SP-GRANTS', 2, listGrantsOfServicePrincipal),
  on('GET /oauth2PermissionGrants', 'G-GRANT-LIST', 2, listPermissionGrants),
  on('POST /oauth2PermissionGrants', 'G-GRANT-POST', 1, createPermissionGrant),
  on('GET /oauth2PermissionGrants/{id}', 'G-GRANT-GET', 1, getPermissionGrant),
  on('PATCH /oauth2PermissionGrants/{id}', 'G-GRANT-PATCH', 1, updatePermissionGrant),
  on('DELETE /oauth2PermissionGrants/{id}', 'G-GRANT-DELETE', 1, deletePermissionGrant),
  on(`GET ${DIRECTORY}/roleAssignments`, 'G-ROLE-LIST', 1, listRoleAssignments),
  on(`GET ${DIRECTORY}/roleAssignments/{id}`, 'G-ROLE-GET', 1, getRoleAssignment),
  on(`GET ${DIRECTORY}/roleEligibilityScheduleInstances`, 'G-PIM-LIST', 1, listRoleEligibilities),
  on(`GET ${DIRECTORY}/roleDefinitions`, 'G-ROLEDEF-LIST', 1, listRoleDefinitions),
  on(`GET ${DIRECTORY}/roleDefinitions/{id}`, 'G-ROLEDEF-GET', 1, getRoleDefinition),
  on('GET /groups', 'G-GROUP-LIST', 1, listGroups),
  on('GET /groups/{id}', 'G-GROUP-GET', 1, getGroup),
  on('GET /groups/{id}/members', 'G-GROUP-MEMBERS', 3, listMembers),
  on('GET /groups/{id}/transitiveMembers', 'G-GROUP-TRANSITIVE', 5, listTransitiveMembers),
  cast('GET /groups/{id}/members', listMemberUsers, 3),
  cast('GET /groups/{id}/transitiveMembers', listTransitiveMemberUsers, 5),
  { ...on('GET /users', 'G-USER-COUNT', 2, countUsers), template: '/users/$count' },
  on('GET /users', 'G-USER-LIST', 2, listUsers),
  on('GET /users/{id}', 'G-USER-GET', 1, getUser),
  on('POST /directoryObjects/getByIds', 'G-OBJ-GETBYIDS', 3, getByIds),
  on('GET /organization', 'G-ORG-LIST', 1, listOrganization),
  on('GET /organization/{id}', 'G-ORG-LIST', 1, getOrganization),
  on('GET /subscribedSkus', 'G-SKU-LIST', 3, listSubscribedSkus),
  on('GET /subscribedSkus/{id}', 'G-SKU-LIST', 3, getSubscribedSku),
  on('GET /applications', 'G-APP-LIST', 2, listApplications),
  on('POST /applications', 'G-APP-POST', 1, createApplication),
  on('GET /applications/{id}', 'G-APP-GET', 1, getApplication),
  on('PATCH /applications/{id}', 'G-APP-PATCH', 1, updateApplication),
  on('DELETE /applications/{id}', 'G-APP-DELETE', 1, deleteApplication),
  on('POST /applications/{id}/addKey', 'G-APP-ADD-KEY', 1, addKey),
  on('POST /applications/{id}/removeKey', 'G-APP-REMOVE-KEY', 1, removeKey),
  on('POST /applications/{id}/addPassword', 'G-APP-ADD-PASSWORD', 1, addPassword),
  on('POST /applications/{id}/removePassword', 'G-APP-REMOVE-PASSWORD', 1, removePassword),
];

export interface FoundRoute {
  readonly route: GraphRoute;
  readonly keys: readonly Key[];
}

/** The routes whose template fits, whatever their method. */
export function routesAt(parts: readonly Part[]): readonly FoundRoute[] {
  return routes.flatMap((route) => {
    const keys = fitAddress(route.template, parts);
    return keys === undefined ? [] : [{ route, keys }];
  });
}

function on(operation: Operation, ruleId: GraphRuleId, cost: number, handler: Handler): GraphRoute {
  const [method = '', template = ''] = operation.split(' ');
  return { method, template, ruleId, operation, cost, handler };
}

function cast(operation: Operation, handler: Handler, cost: number): GraphRoute {
  const route = on(operation, 'G-GROUP-CAST', cost, handler);
  return { ...route, template: `${route.template}/microsoft.graph.user` };
}
