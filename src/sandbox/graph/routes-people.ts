/** People, groups, who is in what, the recycle bin. */
import {
  getDeletedItem,
  listDeletedApplications,
  listDeletedGroups,
  listDeletedServicePrincipals,
  listDeletedUsers,
  purgeDeletedItem,
  restoreDeletedItem,
} from './deleted-items';
import { getByIds, getDirectoryObject } from './directory-objects';
import { addGroupMember, createGroup, deleteGroup, removeGroupMember, updateGroup } from './group-writes';
import {
  getGroup,
  listGroups,
  listMemberGroups,
  listMembers,
  listMemberUsers,
  listTransitiveMemberGroups,
  listTransitiveMembers,
  listTransitiveMemberUsers,
} from './groups';
import {
  checkMemberGroups,
  getMemberGroups,
  listMemberOf,
  listMemberOfGroups,
  listMemberOfRoles,
  listTransitiveMemberOf,
  listTransitiveMemberOfGroups,
  listTransitiveMemberOfRoles,
} from './memberships';
import { addGroupOwner, listGroupOwners, removeGroupOwner } from './owners';
import { listGrantsOfUser } from './permission-grants';
import { getMailboxSettings, getMailFolder } from './mailboxes';
import { at, on, type GraphRoute } from './route';
import { getDrive } from './sites';
import { getTeam } from './teams';
import { createUser, deleteUser, updateUser } from './user-writes';
import { countUsers, getMe, getUser, listUsers } from './users';

const USER = '/users/{id}';
const GROUP = '/groups/{id}';
const OBJECT = '/directoryObjects/{id}';
const BIN = '/directory/deletedItems';

export const peopleRoutes: readonly GraphRoute[] = [
  on('GET /groups', 'G-GROUP-LIST', 1, listGroups),
  on('POST /groups', 'G-GROUP-POST', 1, createGroup),
  on(`GET ${GROUP}`, 'G-GROUP-GET', 1, getGroup),
  on(`PATCH ${GROUP}`, 'G-GROUP-PATCH', 1, updateGroup),
  on(`DELETE ${GROUP}`, 'G-GROUP-DELETE', 1, deleteGroup),
  on(`GET ${GROUP}/members`, 'G-GROUP-MEMBERS', 3, listMembers),
  on(`GET ${GROUP}/transitiveMembers`, 'G-GROUP-TRANSITIVE', 5, listTransitiveMembers),
  at(`${GROUP}/members/microsoft.graph.user`, on(`GET ${GROUP}/members`, 'G-GROUP-CAST', 3, listMemberUsers)),
  at(`${GROUP}/members/microsoft.graph.group`, on(`GET ${GROUP}/members`, 'G-GROUP-CAST', 3, listMemberGroups)),
  at(`${GROUP}/transitiveMembers/microsoft.graph.user`, on(`GET ${GROUP}/transitiveMembers`, 'G-GROUP-CAST', 5, listTransitiveMemberUsers)),
  at(`${GROUP}/transitiveMembers/microsoft.graph.group`, on(`GET ${GROUP}/transitiveMembers`, 'G-GROUP-CAST', 5, listTransitiveMemberGroups)),
  at(`${GROUP}/members/$ref`, on(`POST ${GROUP}/members`, 'G-GROUP-ADD', 1, addGroupMember)),
  at(`${GROUP}/members/{id}/$ref`, on(`DELETE ${GROUP}/members/{id}`, 'G-GROUP-REMOVE', 1, removeGroupMember)),
  on(`GET ${GROUP}/owners`, 'G-OWNER-LIST', 1, listGroupOwners),
  at(`${GROUP}/owners/$ref`, on(`POST ${GROUP}/owners`, 'G-OWNER-ADD', 1, addGroupOwner)),
  at(`${GROUP}/owners/{id}/$ref`, on(`DELETE ${GROUP}/owners/{id}`, 'G-OWNER-REMOVE', 1, removeGroupOwner)),
  on(`GET ${GROUP}/memberOf`, 'G-MEMBEROF-LIST', 2, listMemberOf),
  at(`${GROUP}/memberOf/microsoft.graph.group`, on(`GET ${GROUP}/memberOf`, 'G-MEMBEROF-LIST', 2, listMemberOfGroups)),
  at(`${GROUP}/transitiveMemberOf`, on(`GET ${GROUP}/memberOf`, 'G-MEMBEROF-LIST', 2, listTransitiveMemberOf)),
  at(`${GROUP}/getMemberGroups`, on(`POST ${OBJECT}/getMemberGroups`, 'G-MEMBERGROUPS', 2, getMemberGroups)),
  at('/users/$count', on('GET /users', 'G-USER-COUNT', 2, countUsers)),
  on('GET /users', 'G-USER-LIST', 2, listUsers),
  on('POST /users', 'G-USER-POST', 1, createUser),
  on(`GET ${USER}`, 'G-USER-GET', 1, getUser),
  on(`PATCH ${USER}`, 'G-USER-PATCH', 1, updateUser),
  on(`DELETE ${USER}`, 'G-USER-DELETE', 1, deleteUser),
  on('GET /me', 'G-USER-ME', 1, getMe),
  on(`GET ${USER}/memberOf`, 'G-MEMBEROF-LIST', 2, listMemberOf),
  on(`GET ${USER}/transitiveMemberOf`, 'G-MEMBEROF-LIST', 2, listTransitiveMemberOf),
  at(`${USER}/memberOf/microsoft.graph.group`, on(`GET ${USER}/memberOf`, 'G-MEMBEROF-LIST', 2, listMemberOfGroups)),
  at(`${USER}/memberOf/microsoft.graph.directoryRole`, on(`GET ${USER}/memberOf`, 'G-MEMBEROF-LIST', 2, listMemberOfRoles)),
  at(`${USER}/transitiveMemberOf/microsoft.graph.group`, on(`GET ${USER}/transitiveMemberOf`, 'G-MEMBEROF-LIST', 2, listTransitiveMemberOfGroups)),
  at(`${USER}/transitiveMemberOf/microsoft.graph.directoryRole`, on(`GET ${USER}/transitiveMemberOf`, 'G-MEMBEROF-LIST', 2, listTransitiveMemberOfRoles)),
  at(`${USER}/getMemberGroups`, on(`POST ${OBJECT}/getMemberGroups`, 'G-MEMBERGROUPS', 2, getMemberGroups)),
  on(`GET ${USER}/oauth2PermissionGrants`, 'G-USER-GRANTS', 2, listGrantsOfUser),
  on(`GET ${USER}/mailFolders/{id}`, 'G-MAIL-FOLDER', 1, getMailFolder),
  on(`GET ${USER}/mailboxSettings`, 'G-MAIL-SETTINGS', 1, getMailboxSettings),
  on(`GET ${USER}/drive`, 'G-DRIVE-GET', 1, getDrive),
  on('GET /teams/{id}', 'G-TEAM-GET', 1, getTeam),
  on('POST /directoryObjects/getByIds', 'G-OBJ-GETBYIDS', 3, getByIds),
  on(`GET ${OBJECT}`, 'G-OBJ-GET', 1, getDirectoryObject),
  on(`POST ${OBJECT}/getMemberGroups`, 'G-MEMBERGROUPS', 2, getMemberGroups),
  on(`POST ${OBJECT}/checkMemberGroups`, 'G-CHECKGROUPS', 4, checkMemberGroups),
  on(`GET ${BIN}/microsoft.graph.application`, 'G-BIN-LIST', 1, listDeletedApplications),
  on(`GET ${BIN}/microsoft.graph.servicePrincipal`, 'G-BIN-LIST', 1, listDeletedServicePrincipals),
  on(`GET ${BIN}/microsoft.graph.group`, 'G-BIN-LIST', 1, listDeletedGroups),
  on(`GET ${BIN}/microsoft.graph.user`, 'G-BIN-LIST', 1, listDeletedUsers),
  on(`GET ${BIN}/{id}`, 'G-BIN-GET', 1, getDeletedItem),
  on(`DELETE ${BIN}/{id}`, 'G-BIN-PURGE', 1, purgeDeletedItem),
  on(`POST ${BIN}/{id}/restore`, 'G-BIN-RESTORE', 1, restoreDeletedItem),
];
