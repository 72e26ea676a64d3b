/** The tenant itself, its licences and domains, directory roles, administrative units, the audit log. */
import {
  getAdministrativeUnit,
  listAdministrativeUnits,
  listUnitMembers,
  listUnitScopedRoleMembers,
} from './administrative-units';
import {
  activateDirectoryRole,
  addRoleMember,
  getDirectoryRole,
  getRoleTemplate,
  listDirectoryRoles,
  listRoleMembers,
  listRoleTemplates,
  listScopedMembers,
  removeRoleMember,
} from './directory-roles';
import { at, on, type GraphRoute } from './route';
import { getRoleAssignment, getRoleDefinition, listRoleAssignments, listRoleDefinitions, listRoleEligibilities } from './roles';
import { getOrganization, getSubscribedSku, listOrganization, listSubscribedSkus } from './tenant';

const DIRECTORY = '/roleManagement/directory';
const ROLE = '/directoryRoles/{id}';
const UNITS = '/directory/administrativeUnits';

export const tenantRoutes: readonly GraphRoute[] = [
  on(`GET ${DIRECTORY}/roleAssignments`, 'G-ROLE-LIST', 1, listRoleAssignments),
  on(`GET ${DIRECTORY}/roleAssignments/{id}`, 'G-ROLE-GET', 1, getRoleAssignment),
  on(`GET ${DIRECTORY}/roleEligibilityScheduleInstances`, 'G-PIM-LIST', 1, listRoleEligibilities),
  on(`GET ${DIRECTORY}/roleDefinitions`, 'G-ROLEDEF-LIST', 1, listRoleDefinitions),
  on(`GET ${DIRECTORY}/roleDefinitions/{id}`, 'G-ROLEDEF-GET', 1, getRoleDefinition),
  on('GET /directoryRoles', 'G-DIRROLE-LIST', 1, listDirectoryRoles),
  on('POST /directoryRoles', 'G-DIRROLE-POST', 1, activateDirectoryRole),
  on(`GET ${ROLE}`, 'G-DIRROLE-GET', 1, getDirectoryRole),
  on(`GET ${ROLE}/members`, 'G-DIRROLE-MEMBERS', 2, listRoleMembers),
  at(`${ROLE}/members/$ref`, on(`POST ${ROLE}/members`, 'G-DIRROLE-ADD', 1, addRoleMember)),
  at(`${ROLE}/members/{id}/$ref`, on(`DELETE ${ROLE}/members/{id}`, 'G-DIRROLE-REMOVE', 1, removeRoleMember)),
  on(`GET ${ROLE}/scopedMembers`, 'G-DIRROLE-SCOPED', 1, listScopedMembers),
  on('GET /directoryRoleTemplates', 'G-DIRROLE-TEMPLATES', 1, listRoleTemplates),
  on('GET /directoryRoleTemplates/{id}', 'G-DIRROLE-TEMPLATES', 1, getRoleTemplate),
  on(`GET ${UNITS}`, 'G-UNIT-LIST', 1, listAdministrativeUnits),
  on(`GET ${UNITS}/{id}`, 'G-UNIT-GET', 1, getAdministrativeUnit),
  on(`GET ${UNITS}/{id}/members`, 'G-UNIT-MEMBERS', 1, listUnitMembers),
  on(`GET ${UNITS}/{id}/scopedRoleMembers`, 'G-UNIT-SCOPED', 1, listUnitScopedRoleMembers),
  on('GET /organization', 'G-ORG-LIST', 1, listOrganization),
  on('GET /organization/{id}', 'G-ORG-LIST', 1, getOrganization),
  on('GET /subscribedSkus', 'G-SKU-LIST', 3, listSubscribedSkus),
  on('GET /subscribedSkus/{id}', 'G-SKU-LIST', 3, getSubscribedSku),
];
