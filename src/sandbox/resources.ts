/**
 * The three Microsoft resources every seeded tenant has: their permissions by name and GUID. A GUID is not
 * unique across resources (Exchange and Graph share some), so a permission is always looked up inside one.
 * Sources: the permissions Graph's own service principal listed on 2026-08-20; public listings for the others.
 */
import type { AppRole, PermissionScope, ServicePrincipal } from './model';
import rows from './resources.json';

export interface Resource {
  readonly appId: string;
  readonly displayName: string;
  readonly appRoles: readonly AppRole[];
  readonly scopes: readonly PermissionScope[];
}

export type ResourceKey = 'graph' | 'exchange' | 'sharepoint';

const APP_IDS: Readonly<Record<ResourceKey, string>> = {
  graph: '00000003-0000-0000-c000-000000000000',
  exchange: '00000002-0000-0ff1-ce00-000000000000',
  sharepoint: '00000003-0000-0ff1-ce00-000000000000',
};

/** Where the resources themselves are registered: Microsoft's own tenant. */
const MICROSOFT_TENANT_ID = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a';

export const RESOURCES: readonly Resource[] = rows.map((row) => ({
  appId: row.appId,
  displayName: row.displayName,
  appRoles: row.appRoles.map(([value = '', id = '', displayName = '']) => ({
    id,
    value,
    displayName,
    isEnabled: true,
    allowedMemberTypes: ['Application'],
  })),
  scopes: row.scopes.map(([value = '', id = '', adminConsentDisplayName = '', type]) => ({
    id,
    value,
    adminConsentDisplayName,
    isEnabled: true,
    type: type === 'User' ? 'User' : 'Admin',
  })),
}));

export function resourceByKey(key: ResourceKey): Resource {
  return requireResource(APP_IDS[key]);
}

export function isResourceKey(text: string): text is ResourceKey {
  return Object.hasOwn(APP_IDS, text);
}

export function findResource(appId: string): Resource | undefined {
  return RESOURCES.find((resource) => resource.appId === appId.toLowerCase());
}

/** The service principal a tenant has for a Microsoft resource. */
export function resourceServicePrincipal(resource: Resource, objectId: string, createdDateTime: string): ServicePrincipal {
  return {
    id: objectId,
    appId: resource.appId,
    displayName: resource.displayName,
    accountEnabled: true,
    appOwnerOrganizationId: MICROSOFT_TENANT_ID,
    servicePrincipalType: 'Application',
    appRoleAssignmentRequired: false,
    disabledByMicrosoftStatus: null,
    appRoles: resource.appRoles,
    oauth2PermissionScopes: resource.scopes,
    createdDateTime,
  };
}

function requireResource(appId: string): Resource {
  const resource = findResource(appId);
  if (resource === undefined) throw new Error(`resources.json lacks ${appId}.`);
  return resource;
}
