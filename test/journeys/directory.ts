/** Things that happen in a customer's directory behind our back: written straight into the sandbox's world. */
import { randomUUID } from 'node:crypto';
import type { ServicePrincipal, Tenant, User } from '../../src/sandbox/model';
import { VersionedTable } from '../../src/sandbox/versioned-table';
import type { Story } from './story';

type Stage = Pick<Story, 'sandbox'>;

export function worldTenant({ sandbox }: Stage, domain: string): Tenant {
  const tenant = sandbox.world.tenants.findByDomain(domain);
  if (tenant === undefined) throw new Error(`The world has no tenant ${domain}.`);
  return tenant;
}

/** Takes a picture of the directory; the function it gives puts everything back as it was. */
export function rememberDirectory(stage: Stage, domain: string): () => void {
  const tables = Object.values(worldTenant(stage, domain)).filter((value): value is VersionedTable<{ readonly id: string }> => value instanceof VersionedTable);
  const pictures = tables.map((table) => ({ table, rows: new Map(table.list(stage.sandbox.clock.now()).map((row) => [row.id, row])) }));
  return () => {
    const now = stage.sandbox.clock.now();
    for (const { table, rows } of pictures) {
      for (const { id } of table.list(now)) if (!rows.has(id)) table.delete(id, now);
      // Rows are replaced and never changed, so the same object is the same row.
      for (const [id, row] of rows) if (table.get(id, now) !== row) table.put(id, row, now);
    }
  };
}

/** Takes a picture of the state; the function it gives puts it back and starts over with an empty memory. */
export async function rememberState(story: Pick<Story, 'store' | 'reconfigure'>): Promise<() => Promise<void>> {
  const rows = await Array.fromAsync(story.store.list(''));
  return async () => {
    for (const { key } of await Array.fromAsync(story.store.list(''))) await story.store.delete(key);
    for (const { key, value } of rows) await story.store.set(key, value);
    await story.reconfigure(() => ({}));
  };
}

function requireRow<T>(row: T | undefined, what: string): T {
  if (row === undefined) throw new Error(`The directory has no ${what}.`);
  return row;
}

export function principalOf(stage: Stage, domain: string, appKey: string): ServicePrincipal {
  const appId = stage.sandbox.ready.apps.find((app) => app.key === appKey)?.appId;
  const rows = worldTenant(stage, domain).servicePrincipals.list(stage.sandbox.clock.now());
  return requireRow(rows.find((row) => row.appId === appId), `service principal of ${appKey} in ${domain}`);
}

export function changePrincipal(stage: Stage, domain: string, appKey: string, change: Partial<ServicePrincipal>): void {
  const row = principalOf(stage, domain, appKey);
  worldTenant(stage, domain).servicePrincipals.put(row.id, { ...row, ...change }, stage.sandbox.clock.now());
}

/** The customer deletes the enterprise application, and with it every grant. */
export function deletePrincipal(stage: Stage, domain: string, appKey: string): void {
  const tenant = worldTenant(stage, domain);
  const now = stage.sandbox.clock.now();
  const { id } = principalOf(stage, domain, appKey);
  for (const row of tenant.appRoleAssignments.list(now)) if (row.principalId === id) tenant.appRoleAssignments.delete(row.id, now);
  for (const row of tenant.oauth2PermissionGrants.list(now)) if (row.clientId === id) tenant.oauth2PermissionGrants.delete(row.id, now);
  tenant.servicePrincipals.delete(id, now);
}

/** The same as the admin centre does it: into the recycle bin, from where it can be restored. */
export function softDeletePrincipal(stage: Stage, domain: string, appKey: string): void {
  const row = principalOf(stage, domain, appKey);
  const now = stage.sandbox.clock.now();
  deletePrincipal(stage, domain, appKey);
  worldTenant(stage, domain).deletedItems.put(row.id, { kind: 'servicePrincipal', row, id: row.id, deletedDateTime: new Date(now).toISOString() }, now);
}

/** Every application and delegated permission of the app is taken away; its service principal stays. */
export function removeGrants(stage: Stage, domain: string, appKey: string): void {
  const tenant = worldTenant(stage, domain);
  const now = stage.sandbox.clock.now();
  const { id } = principalOf(stage, domain, appKey);
  for (const row of tenant.appRoleAssignments.list(now)) if (row.principalId === id) tenant.appRoleAssignments.delete(row.id, now);
  for (const row of tenant.oauth2PermissionGrants.list(now)) if (row.clientId === id) tenant.oauth2PermissionGrants.delete(row.id, now);
}

/** Somebody grants the app one more application permission of Microsoft Graph. */
export function addPermission(stage: Stage, domain: string, appKey: string, name: string): void {
  const tenant = worldTenant(stage, domain);
  const now = stage.sandbox.clock.now();
  const principal = principalOf(stage, domain, appKey);
  const found = tenant.servicePrincipals.list(now).flatMap((row) => row.appRoles.map((role) => ({ row, role }))).find(({ role }) => role.value === name);
  const { row, role } = requireRow(found, `permission ${name}`);
  const id = randomUUID();
  tenant.appRoleAssignments.put(id, { id, appRoleId: role.id, principalId: principal.id, principalType: 'ServicePrincipal', principalDisplayName: principal.displayName, resourceId: row.id, resourceDisplayName: row.displayName, createdDateTime: new Date(now).toISOString() }, now);
}

/** One application permission is taken away; returns its GUID. */
export function removePermission(stage: Stage, domain: string, appKey: string, name: string): string {
  const tenant = worldTenant(stage, domain);
  const now = stage.sandbox.clock.now();
  const { id } = principalOf(stage, domain, appKey);
  const role = tenant.servicePrincipals.list(now).flatMap((row) => row.appRoles.map((appRole) => ({ resourceId: row.id, appRole }))).find(({ resourceId, appRole }) => appRole.value === name && tenant.appRoleAssignments.list(now).some((row) => row.principalId === id && row.resourceId === resourceId && row.appRoleId === appRole.id));
  const assignment = tenant.appRoleAssignments.list(now).find((row) => row.principalId === id && row.appRoleId === role?.appRole.id && row.resourceId === role.resourceId);
  tenant.appRoleAssignments.delete(requireRow(assignment, `grant of ${name} to ${appKey}`).id, now);
  return role?.appRole.id ?? '';
}

export function findPerson(stage: Stage, domain: string, alias: string): User {
  const people = worldTenant(stage, domain).users.list(stage.sandbox.clock.now());
  return requireRow(people.find((row) => row.userPrincipalName.startsWith(`${alias}@`) || row.userPrincipalName.startsWith(`${alias}_`)), alias);
}

export function changePerson(stage: Stage, domain: string, alias: string, change: Partial<User>): User {
  const row = { ...findPerson(stage, domain, alias), ...change };
  worldTenant(stage, domain).users.put(row.id, row, stage.sandbox.clock.now());
  return row;
}

export function deletePerson(stage: Stage, domain: string, alias: string): User {
  const row = findPerson(stage, domain, alias);
  const tenant = worldTenant(stage, domain);
  const now = stage.sandbox.clock.now();
  for (const role of tenant.roleAssignments.list(now)) if (role.principalId === row.id) tenant.roleAssignments.delete(role.id, now);
  tenant.users.delete(row.id, now);
  return row;
}

/** Somebody new with the name, mail and roles of somebody who was deleted. */
export function recreatePerson(stage: Stage, domain: string, former: User, roleDefinitionId: string): User {
  const tenant = worldTenant(stage, domain);
  const now = stage.sandbox.clock.now();
  const row: User = { ...former, id: randomUUID() };
  tenant.users.put(row.id, row, now);
  const assignment = randomUUID();
  tenant.roleAssignments.put(assignment, { id: assignment, principalId: row.id, roleDefinitionId, directoryScopeId: '/' }, now);
  return row;
}

export function removeRoles(stage: Stage, domain: string, objectId: string): void {
  const tenant = worldTenant(stage, domain);
  const now = stage.sandbox.clock.now();
  for (const row of tenant.roleAssignments.list(now)) if (row.principalId === objectId) tenant.roleAssignments.delete(row.id, now);
}
