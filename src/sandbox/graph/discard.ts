/**
 * Deleting a directory object: out of its table and into the recycle bin, and out of the places that name it. Assignments
 * and grants of a service principal go with it, which is how a customer withdraws consent at once; deleting an
 * application takes its service principal in the same tenant along. Sources: "Delete application", "Delete
 * servicePrincipal" reference pages, entra-docs manage-application-permissions, recorded exchanges of 2022.
 */
import type { DeletedItem, Tenant } from '../model';
import type { Call } from './call';
import { wholeSeconds } from './instants';
import { isLying } from '../lies/truth';

type Discarded = DeletedItem extends infer Item ? (Item extends DeletedItem ? Pick<Item, 'kind' | 'row'> : never) : never;

export function discard(call: Call, item: Discarded): void {
  const { tenant } = call.caller;
  const nowMs = call.world.now();
  const { id } = item.row;
  TABLES[item.kind](tenant).delete(id, nowMs);
  if (!isLying(call.world, 'L-SP-DELETE')) forget(tenant, id, nowMs);
  tenant.deletedItems.put(id, { ...item, id, deletedDateTime: wholeSeconds(nowMs) }, nowMs);
  if (item.kind !== 'application') return;
  const principal = tenant.servicePrincipals.list(nowMs).find(({ appId }) => appId === item.row.appId);
  if (principal !== undefined) discard(call, { kind: 'servicePrincipal', row: principal });
}

/** Back into its table, as it was. What had named it stays without it. */
export function restore(call: Call, item: DeletedItem): void {
  const { tenant } = call.caller;
  const nowMs = call.world.now();
  if (item.kind === 'application') tenant.applications.put(item.id, item.row, nowMs);
  else if (item.kind === 'servicePrincipal') tenant.servicePrincipals.put(item.id, item.row, nowMs);
  else if (item.kind === 'group') tenant.groups.put(item.id, item.row, nowMs);
  else tenant.users.put(item.id, item.row, nowMs);
  tenant.deletedItems.delete(item.id, nowMs);
}

const TABLES: Readonly<Record<DeletedItem['kind'], (tenant: Tenant) => { delete(id: string, atMs: number): boolean }>> = {
  application: (tenant) => tenant.applications,
  servicePrincipal: (tenant) => tenant.servicePrincipals,
  group: (tenant) => tenant.groups,
  user: (tenant) => tenant.users,
};

function forget(tenant: Tenant, id: string, nowMs: number): void {
  for (const grant of tenant.oauth2PermissionGrants.list(nowMs)) {
    if ([grant.clientId, grant.resourceId, grant.principalId].includes(id)) tenant.oauth2PermissionGrants.delete(grant.id, nowMs);
  }
  for (const assignment of tenant.appRoleAssignments.list(nowMs)) {
    if (assignment.principalId === id || assignment.resourceId === id) tenant.appRoleAssignments.delete(assignment.id, nowMs);
  }
  for (const group of tenant.groups.list(nowMs)) {
    if (group.memberIds.includes(id)) tenant.groups.put(group.id, { ...group, memberIds: group.memberIds.filter((member) => member !== id) }, nowMs);
  }
}
