/** Service principals, app registrations, their credentials, owners and grants. */
import { getAppManagementPolicy, updateAppManagementPolicy } from './app-management';
import {
  createAppRoleAssignedTo,
  createAppRoleAssignment,
  deleteAppRoleAssignedTo,
  deleteAppRoleAssignment,
  listAppRoleAssignedTo,
  listAppRoleAssignments,
} from './app-role-assignments';
import {
  addKey,
  addPassword,
  addPrincipalKey,
  addPrincipalPassword,
  removeKey,
  removePassword,
  removePrincipalKey,
  removePrincipalPassword,
} from './application-credentials';
import { createApplication, deleteApplication, getApplication, listApplications, updateApplication } from './applications';
import {
  createFederatedCredential,
  deleteFederatedCredential,
  getFederatedCredential,
  listFederatedCredentials,
  updateFederatedCredential,
} from './federated-credentials';
import { getMemberGroups, listMemberOf, listMemberOfRoles, listTransitiveMemberOf, listTransitiveMemberOfRoles } from './memberships';
import {
  addApplicationOwner,
  addServicePrincipalOwner,
  listApplicationOwners,
  listServicePrincipalOwners,
  removeApplicationOwner,
  removeServicePrincipalOwner,
} from './owners';
import {
  createPermissionGrant,
  deletePermissionGrant,
  getPermissionGrant,
  listGrantsOfServicePrincipal,
  listPermissionGrants,
  updatePermissionGrant,
} from './permission-grants';
import { at, on, type GraphRoute } from './route';
import {
  createServicePrincipal,
  deleteServicePrincipal,
  getServicePrincipal,
  listServicePrincipals,
  updateServicePrincipal,
} from './service-principals';

const PRINCIPAL = '/servicePrincipals/{id}';
const APPLICATION = '/applications/{id}';

export const appRoutes: readonly GraphRoute[] = [
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
  on(`GET ${PRINCIPAL}/owners`, 'G-OWNER-LIST', 1, listServicePrincipalOwners),
  at(`${PRINCIPAL}/owners/$ref`, on(`POST ${PRINCIPAL}/owners`, 'G-OWNER-ADD', 1, addServicePrincipalOwner)),
  at(`${PRINCIPAL}/owners/{id}/$ref`, on(`DELETE ${PRINCIPAL}/owners/{id}`, 'G-OWNER-REMOVE', 1, removeServicePrincipalOwner)),
  on(`GET ${PRINCIPAL}/memberOf`, 'G-MEMBEROF-LIST', 2, listMemberOf),
  on(`GET ${PRINCIPAL}/transitiveMemberOf`, 'G-MEMBEROF-LIST', 2, listTransitiveMemberOf),
  at(`${PRINCIPAL}/memberOf/microsoft.graph.directoryRole`, on(`GET ${PRINCIPAL}/memberOf`, 'G-MEMBEROF-LIST', 2, listMemberOfRoles)),
  at(`${PRINCIPAL}/transitiveMemberOf/microsoft.graph.directoryRole`, on(`GET ${PRINCIPAL}/transitiveMemberOf`, 'G-MEMBEROF-LIST', 2, listTransitiveMemberOfRoles)),
  on(`POST ${PRINCIPAL}/getMemberGroups`, 'G-MEMBERGROUPS', 2, getMemberGroups),
  on(`POST ${PRINCIPAL}/addKey`, 'G-SP-ADD-KEY', 1, addPrincipalKey),
  on(`POST ${PRINCIPAL}/removeKey`, 'G-SP-REMOVE-KEY', 1, removePrincipalKey),
  on(`POST ${PRINCIPAL}/addPassword`, 'G-SP-ADD-PASSWORD', 1, addPrincipalPassword),
  on(`POST ${PRINCIPAL}/removePassword`, 'G-SP-REMOVE-PASSWORD', 1, removePrincipalPassword),
  on('GET /oauth2PermissionGrants', 'G-GRANT-LIST', 2, listPermissionGrants),
  on('POST /oauth2PermissionGrants', 'G-GRANT-POST', 1, createPermissionGrant),
  on('GET /oauth2PermissionGrants/{id}', 'G-GRANT-GET', 1, getPermissionGrant),
  on('PATCH /oauth2PermissionGrants/{id}', 'G-GRANT-PATCH', 1, updatePermissionGrant),
  on('DELETE /oauth2PermissionGrants/{id}', 'G-GRANT-DELETE', 1, deletePermissionGrant),
  on('GET /applications', 'G-APP-LIST', 2, listApplications),
  on('POST /applications', 'G-APP-POST', 1, createApplication),
  on(`GET ${APPLICATION}`, 'G-APP-GET', 1, getApplication),
  on(`PATCH ${APPLICATION}`, 'G-APP-PATCH', 1, updateApplication),
  on(`DELETE ${APPLICATION}`, 'G-APP-DELETE', 1, deleteApplication),
  on(`POST ${APPLICATION}/addKey`, 'G-APP-ADD-KEY', 1, addKey),
  on(`POST ${APPLICATION}/removeKey`, 'G-APP-REMOVE-KEY', 1, removeKey),
  on(`POST ${APPLICATION}/addPassword`, 'G-APP-ADD-PASSWORD', 1, addPassword),
  on(`POST ${APPLICATION}/removePassword`, 'G-APP-REMOVE-PASSWORD', 1, removePassword),
  on(`GET ${APPLICATION}/owners`, 'G-OWNER-LIST', 1, listApplicationOwners),
  at(`${APPLICATION}/owners/$ref`, on(`POST ${APPLICATION}/owners`, 'G-OWNER-ADD', 1, addApplicationOwner)),
  at(`${APPLICATION}/owners/{id}/$ref`, on(`DELETE ${APPLICATION}/owners/{id}`, 'G-OWNER-REMOVE', 1, removeApplicationOwner)),
  on(`GET ${APPLICATION}/federatedIdentityCredentials`, 'G-FIC', 1, listFederatedCredentials),
  on(`POST ${APPLICATION}/federatedIdentityCredentials`, 'G-FIC', 1, createFederatedCredential),
  on(`GET ${APPLICATION}/federatedIdentityCredentials/{id}`, 'G-FIC', 1, getFederatedCredential),
  on(`PATCH ${APPLICATION}/federatedIdentityCredentials/{id}`, 'G-FIC', 1, updateFederatedCredential),
  on(`DELETE ${APPLICATION}/federatedIdentityCredentials/{id}`, 'G-FIC', 1, deleteFederatedCredential),
  on('GET /policies/defaultAppManagementPolicy', 'G-POLICY-GET', 1, getAppManagementPolicy),
  on('PATCH /policies/defaultAppManagementPolicy', 'G-POLICY-PATCH', 1, updateAppManagementPolicy),
];
