/** The tenant itself, its licences and domains, directory roles, administrative units, the audit log. */
import {
  getAdministrativeUnit,
  listAdministrativeUnits,
  listUnitMembers,
  listUnitScopedRoleMembers,
} from './administrative-units';
import { getDirectoryAudit, listDirectoryAudits, listSignIns } from './audits';
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
import { getDomain, listDomains } from './domains';
import { at, on, type GraphRoute } from './route';
import {
  getActiveInstance,
  getRoleEligibility,
  listActiveInstances,
  listOwnActiveInstances,
  listOwnEligibilities,
  listRoleEligibilities,
} from './role-schedules';
import { listGroupEligibilities } from './group-eligibilities';
import { createRoleAssignment, deleteRoleAssignment } from './role-writes';
import { getRoleAssignment, getRoleDefinition, listRoleAssignments, listRoleDefinitions } from './roles';
import { getRootSite } from './sites';
import { getOrganization, getSubscribedSku, listOrganization, listSubscribedSkus } from './tenant';

const DIRECTORY = '/roleManagement/directory';
const OWN = 'filterByCurrentUser/{id}';
const ROLE = '/directoryRoles/{id}';
const UNITS = '/directory/administrativeUnits';

export const tenantRoutes: readonly GraphRoute[] = [
  on(`GET ${DIRECTORY}/roleAssignments`, 'G-ROLE-LIST', 1, listRoleAssignments),
  on(`GET ${DIRECTORY}/roleAssignments/{id}`, 'G-ROLE-GET', 1, getRoleAssignment),
  on(`POST ${DIRECTORY}/roleAssignments`, 'G-ROLE-POST', 1, createRoleAssignment),
  on(`DELETE ${DIRECTORY}/roleAssignments/{id}`, 'G-ROLE-DELETE', 1, deleteRoleAssignment),
  at(`${DIRECTORY}/roleEligibilityScheduleInstances/${OWN}`, on(`GET ${DIRECTORY}/roleEligibilityScheduleInstances`, 'G-PIM-OWN', 1, listOwnEligibilities)),
  at(`${DIRECTORY}/roleAssignmentScheduleInstances/${OWN}`, on(`GET ${DIRECTORY}/roleAssignmentScheduleInstances`, 'G-PIM-OWN', 1, listOwnActiveInstances)),
  on(`GET ${DIRECTORY}/roleEligibilityScheduleInstances`, 'G-PIM-LIST', 1, listRoleEligibilities),
  on(`GET ${DIRECTORY}/roleEligibilityScheduleInstances/{id}`, 'G-PIM-GET', 1, getRoleEligibility),
  on(`GET ${DIRECTORY}/roleAssignmentScheduleInstances`, 'G-PIM-LIST', 1, listActiveInstances),
  on(`GET ${DIRECTORY}/roleAssignmentScheduleInstances/{id}`, 'G-PIM-GET', 1, getActiveInstance),
  on('GET /identityGovernance/privilegedAccess/group/eligibilityScheduleInstances', 'G-PIMGROUP-LIST', 1, listGroupEligibilities),
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
  on('GET /sites/root', 'G-SITE-ROOT', 1, getRootSite),
  on('GET /domains', 'G-DOMAIN-LIST', 1, listDomains),
  on('GET /domains/{id}', 'G-DOMAIN-GET', 1, getDomain),
  on('GET /auditLogs/directoryAudits', 'G-AUDIT-LIST', 1, listDirectoryAudits),
  on('GET /auditLogs/directoryAudits/{id}', 'G-AUDIT-GET', 1, getDirectoryAudit),
  on('GET /auditLogs/signIns', 'G-SIGNINS-LICENCE', 1, listSignIns),
  on('GET /subscribedSkus', 'G-SKU-LIST', 3, listSubscribedSkus),
  on('GET /subscribedSkus/{id}', 'G-SKU-LIST', 3, getSubscribedSku),
];
