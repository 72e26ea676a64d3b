/**
 * What a consent asks for, and what accepting it writes into the tenant: the service principal if it is absent,
 * one app role assignment per application permission, one delegated grant per resource. Every row is written
 * now, so each kind of read sees it only after its own lag.
 * Sources: "Admin consent on the Microsoft identity platform", "Grant tenant-wide admin consent".
 */
import { appRoleAssignmentId, permissionGrantId } from '../graph/ids';
import type { Application, OAuth2PermissionGrant, ServicePrincipal, Tenant, World } from '../model';
import { findResource } from '../resources';
import { findServicePrincipal } from './directory';

/** One line of the consent page. */
export interface PermissionRow {
  readonly resourceAppId: string;
  readonly resourceName: string;
  readonly id: string;
  readonly type: 'Role' | 'Scope';
  readonly value: string;
  readonly label: string;
}

/** Everything in the registration's required permissions, over all resources. */
export function staticPermissions(application: Application): PermissionRow[] {
  return application.requiredResourceAccess.flatMap((access) =>
    access.resourceAccess.map((entry) => permissionRow(access.resourceAppId, (candidate) => candidate.id === entry.id, entry.type)),
  );
}

/** Delegated permissions of one resource by name; undefined when one does not exist there. */
export function delegatedPermissions(resourceAppId: string, names: readonly string[]): PermissionRow[] | undefined {
  const known = new Set(findResource(resourceAppId)?.scopes.map((scope) => scope.value));
  if (!names.every((name) => known.has(name))) return undefined;
  return names.map((name) => permissionRow(resourceAppId, (candidate) => candidate.value === name, 'Scope'));
}

/** The resource ids among these permissions that have no service principal in the tenant. */
export function missingResources(world: World, tenant: Tenant, permissions: readonly PermissionRow[]): string[] {
  const wanted = new Set(permissions.map((row) => row.resourceAppId));
  return [...wanted].filter((appId) => findServicePrincipal(tenant, appId, world.now()) === undefined);
}

/** Grant these permissions for everybody (`principalId` null) or, delegated ones only, for one person. */
export function grantPermissions(
  world: World,
  tenant: Tenant,
  application: Application,
  permissions: readonly PermissionRow[],
  principalId: string | null,
): void {
  const client = ensureServicePrincipal(world, tenant, application);
  for (const resourceAppId of new Set(permissions.map((row) => row.resourceAppId))) {
    const resource = findServicePrincipal(tenant, resourceAppId, world.now());
    if (resource === undefined) continue;
    const rows = permissions.filter((row) => row.resourceAppId === resourceAppId);
    for (const row of rows) if (row.type === 'Role') assignRole(world, tenant, client, resource, row.id);
    const scopes = rows.filter((row) => row.type === 'Scope').map((row) => row.value);
    if (scopes.length > 0) grantScopes(world, tenant, client, resource, scopes, principalId);
  }
}

/** Whether an administrator granted the app anything delegated on this resource for everybody. */
export function hasTenantWideGrant(world: World, tenant: Tenant, appId: string, resourceAppId: string): boolean {
  const client = findServicePrincipal(tenant, appId, world.now());
  const resource = findServicePrincipal(tenant, resourceAppId, world.now());
  return tenant.oauth2PermissionGrants
    .list(world.now())
    .some((grant) => grant.clientId === client?.id && grant.resourceId === resource?.id && grant.consentType === 'AllPrincipals');
}

/** Delegated permissions of one resource this person may use through the app now, tenant-wide grants included. */
export function grantedScopes(world: World, tenant: Tenant, appId: string, resourceAppId: string, userId: string): ReadonlySet<string> {
  const now = world.now();
  const client = findServicePrincipal(tenant, appId, now);
  const resource = findServicePrincipal(tenant, resourceAppId, now);
  const grants = tenant.oauth2PermissionGrants
    .list(now)
    .filter((grant) => grant.clientId === client?.id && grant.resourceId === resource?.id)
    .filter((grant) => grant.consentType === 'AllPrincipals' || grant.principalId === userId);
  return new Set(grants.flatMap((grant) => splitScope(grant.scope)));
}

function splitScope(scope: string): string[] {
  return scope.split(' ').filter((part) => part !== '');
}

function permissionRow(resourceAppId: string, isWanted: (candidate: { id: string; value: string }) => boolean, type: 'Role' | 'Scope'): PermissionRow {
  const resource = findResource(resourceAppId);
  const role = type === 'Role' ? resource?.appRoles.find(isWanted) : undefined;
  const scope = type === 'Scope' ? resource?.scopes.find(isWanted) : undefined;
  const found = role ?? scope;
  if (resource === undefined || found === undefined) throw new Error(`The registration asks for an unknown permission of ${resourceAppId}.`);
  const label = role?.displayName ?? scope?.adminConsentDisplayName ?? found.value;
  return { resourceAppId, resourceName: resource.displayName, id: found.id, type, value: found.value, label };
}

function ensureServicePrincipal(world: World, tenant: Tenant, application: Application): ServicePrincipal {
  const existing = findServicePrincipal(tenant, application.appId, world.now());
  if (existing !== undefined) return existing;
  const created: ServicePrincipal = {
    id: world.newGuid(),
    appId: application.appId,
    displayName: application.displayName,
    accountEnabled: true,
    appOwnerOrganizationId: ownerOf(world, application),
    servicePrincipalType: 'Application',
    appRoleAssignmentRequired: false,
    disabledByMicrosoftStatus: null,
    appRoles: [],
    oauth2PermissionScopes: [],
    createdDateTime: new Date(world.now()).toISOString(),
  };
  tenant.servicePrincipals.put(created.id, created, world.now());
  return created;
}

function ownerOf(world: World, application: Application): string {
  for (const tenant of world.tenants.inUse()) {
    if (tenant.applications.get(application.id, world.now()) !== undefined) return tenant.tenantId;
  }
  return world.homeTenantId;
}

function assignRole(world: World, tenant: Tenant, client: ServicePrincipal, resource: ServicePrincipal, appRoleId: string): void {
  const isThere = tenant.appRoleAssignments
    .list(world.now())
    .some((row) => row.principalId === client.id && row.resourceId === resource.id && row.appRoleId === appRoleId);
  if (isThere) return;
  const id = appRoleAssignmentId(client.id, world.newGuid());
  tenant.appRoleAssignments.put(
    id,
    {
      id,
      appRoleId,
      principalId: client.id,
      principalType: 'ServicePrincipal',
      principalDisplayName: client.displayName,
      resourceId: resource.id,
      resourceDisplayName: resource.displayName,
      createdDateTime: new Date(world.now()).toISOString(),
    },
    world.now(),
  );
}

function grantScopes(
  world: World,
  tenant: Tenant,
  client: ServicePrincipal,
  resource: ServicePrincipal,
  scopes: readonly string[],
  principalId: string | null,
): void {
  const id = permissionGrantId(client.id, resource.id, principalId);
  const before = tenant.oauth2PermissionGrants.get(id, world.now());
  const union = new Set([...splitScope(before?.scope ?? ''), ...scopes]);
  const grant: OAuth2PermissionGrant = {
    id,
    clientId: client.id,
    consentType: principalId === null ? 'AllPrincipals' : 'Principal',
    principalId,
    resourceId: resource.id,
    scope: [...union].join(' '),
  };
  tenant.oauth2PermissionGrants.put(id, grant, world.now());
}
