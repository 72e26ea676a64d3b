/**
 * What permissions are in this tenant: looked up on the tenant's own resource service principals, never in a table of ours,
 * since one GUID means different things on different resources. Least permission (delegated or application):
 * Application.Read.All. Microsoft Graph "Get servicePrincipal".
 */
import * as z from 'zod/v4';
import { type DirectoryAsk, get, readOrAbsent } from '../../directory-ask';
import { OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';

/** A permission somebody asks for; at least one of name and id. */
export interface WantedPermission {
  readonly resourceAppId: string;
  readonly type: 'application' | 'delegated';
  readonly name?: string | undefined;
  readonly id?: string | undefined;
}

export interface ResolvedPermission {
  readonly id: string;
  readonly name: string;
}

/** A resource in this tenant and what is wanted of it. */
export interface ResolvedResource {
  readonly resourceAppId: string;
  /** Its service principal's. */
  readonly objectId: string;
  readonly roles: readonly ResolvedPermission[];
  readonly scopes: readonly ResolvedPermission[];
}

const roleSchema = z.object({ id: z.string(), value: z.string().nullish(), isEnabled: z.boolean().nullish(), allowedMemberTypes: z.array(z.string()).nullish() });
const scopeSchema = z.object({ id: z.string(), value: z.string().nullish(), isEnabled: z.boolean().nullish() });
const resourceSchema = z.object({ id: z.string().min(1), appId: z.string(), appRoles: z.array(roleSchema).nullish(), oauth2PermissionScopes: z.array(scopeSchema).nullish() });

type Resource = z.infer<typeof resourceSchema>;

const FIELDS = '$select=id,appId,appRoles,oauth2PermissionScopes';

/** Raises the ask's `permissionUnknown` naming the resource or the permission, and like every read here. */
export async function resolvePermissions(ask: DirectoryAsk, wanted: readonly WantedPermission[]): Promise<readonly ResolvedResource[]> {
  const resources: ResolvedResource[] = [];
  for (const [resourceAppId, permissions] of Map.groupBy(wanted, (permission) => permission.resourceAppId.toLowerCase())) {
    const answer = await get(ask, `/servicePrincipals(appId='${encodeURIComponent(resourceAppId)}')?${FIELDS}`);
    const resource = readOrAbsent(ask, answer, resourceSchema, 'Reading what a resource offers');
    if (resource === undefined || !sameGuid(resource.appId, resourceAppId)) throw unknownPermission(ask, 'The customer\'s tenant does not have this resource.', { resourceAppId });
    const roles = permissions.filter(({ type }) => type === 'application').map((permission) => findRole(ask, resource, permission));
    const scopes = permissions.filter(({ type }) => type === 'delegated').map((permission) => findScope(ask, resource, permission));
    resources.push({ resourceAppId, objectId: resource.id, roles, scopes });
  }
  return resources;
}

/** Everything a resource offers, by its object id in this tenant; undefined when it cannot be read: then ids must do for names. */
export async function findOffered(ask: DirectoryAsk, objectId: string): Promise<ResolvedResource | undefined> {
  const answer = await get(ask, `/servicePrincipals/${encodeURIComponent(objectId)}?${FIELDS}`);
  const resource = answer.status === 200 ? resourceSchema.safeParse(answer.body).data : undefined;
  if (resource === undefined || !sameGuid(resource.id, objectId)) return undefined;
  const named = (rows: readonly { readonly id: string; readonly value?: string | null | undefined }[] | null | undefined) => (rows ?? []).map(({ id, value }) => ({ id: id.toLowerCase(), name: value ?? id }));
  return { resourceAppId: resource.appId.toLowerCase(), objectId: resource.id, roles: named(resource.appRoles), scopes: named(resource.oauth2PermissionScopes) };
}

function findRole(ask: DirectoryAsk, resource: Resource, wanted: WantedPermission): ResolvedPermission {
  const role = (resource.appRoles ?? []).find((candidate) => isMeant(candidate, wanted));
  const isUsable = role !== undefined && role.isEnabled !== false && role.allowedMemberTypes?.includes('Application') === true;
  if (isUsable) return { id: role.id.toLowerCase(), name: role.value ?? role.id };
  throw unknownPermission(ask, 'The resource offers no such application permission.', { resourceAppId: resource.appId, permission: wanted.name ?? wanted.id ?? '' });
}

function findScope(ask: DirectoryAsk, resource: Resource, wanted: WantedPermission): ResolvedPermission {
  const scope = (resource.oauth2PermissionScopes ?? []).find((candidate) => isMeant(candidate, wanted));
  if (scope !== undefined && scope.isEnabled !== false && typeof scope.value === 'string') return { id: scope.id.toLowerCase(), name: scope.value };
  throw unknownPermission(ask, 'The resource offers no such delegated permission.', { resourceAppId: resource.appId, permission: wanted.name ?? wanted.id ?? '' });
}

function isMeant(candidate: { readonly id: string; readonly value?: string | null | undefined }, { id, name }: WantedPermission): boolean {
  return (id === undefined || sameGuid(candidate.id, id)) && (name === undefined || candidate.value === name);
}

function unknownPermission({ refusals }: DirectoryAsk, message: string, details: { readonly resourceAppId: string; readonly permission?: string }): OnboardingError {
  return new OnboardingError(refusals.permissionUnknown, message, { details });
}
