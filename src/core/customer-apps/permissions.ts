/**
 * What the app may do in the tenant: permissions are looked up on the tenant's own resource service principals, never in a
 * table of ours, and granted for the whole tenant. What is granted already stays and is not granted twice; "it exists
 * already" counts only when a read shows it. Microsoft Graph "Grant an appRoleAssignment for a service principal",
 * "Create oAuth2PermissionGrant". Least permissions (delegated): Application.ReadWrite.All, AppRoleAssignment.ReadWrite.All;
 * for delegated permissions also DelegatedPermissionGrant.ReadWrite.All.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { sameGuid } from '../internal/guid';
import type { GraphResponse } from '../ports';
import { type AdminAsk, type Asked, done, get, isSuccess, listAll, parsed, patiently, pending, readOrAbsent, refusalOf, scopeOf, serviceCodeOf } from './ask';
import type { WantedPermission } from './model';

export interface NamedPermission {
  readonly id: string;
  readonly name: string;
}

/** A resource in this tenant and what is wanted of it. */
export interface ResolvedResource {
  readonly resourceAppId: string;
  /** Its service principal's. */
  readonly objectId: string;
  readonly roles: readonly NamedPermission[];
  readonly scopes: readonly NamedPermission[];
}

const roleSchema = z.object({ id: z.string(), value: z.string().nullish(), isEnabled: z.boolean().nullish(), allowedMemberTypes: z.array(z.string()).nullish() });
const scopeSchema = z.object({ id: z.string(), value: z.string().nullish(), isEnabled: z.boolean().nullish() });
const resourceSchema = z.object({ id: z.string().min(1), appId: z.string(), appRoles: z.array(roleSchema).nullish(), oauth2PermissionScopes: z.array(scopeSchema).nullish() });
const principalSchema = z.object({ id: z.string().min(1), appId: z.string() });
const assignmentSchema = z.object({ principalId: z.string(), resourceId: z.string(), appRoleId: z.string() });
const grantSchema = z.object({ id: z.string().min(1), clientId: z.string(), resourceId: z.string(), consentType: z.string(), scope: z.string().nullish() });

/** Raises `CUSTOMER_APP_PERMISSION_UNKNOWN` naming the resource or the permission, and like every read here. */
export async function resolvePermissions(ask: AdminAsk, wanted: readonly WantedPermission[]): Promise<readonly ResolvedResource[]> {
  const resources: ResolvedResource[] = [];
  for (const [resourceAppId, permissions] of Map.groupBy(wanted, (permission) => permission.resourceAppId.toLowerCase())) {
    const answer = await get(ask, `/servicePrincipals(appId='${encodeURIComponent(resourceAppId)}')?$select=id,appId,appRoles,oauth2PermissionScopes`);
    const resource = readOrAbsent(answer, resourceSchema, 'Reading what a resource offers');
    if (resource === undefined || !sameGuid(resource.appId, resourceAppId)) throw unknownPermission('The customer\'s tenant does not have this resource.', { resourceAppId });
    const roles = permissions.filter(({ type }) => type === 'application').map((permission) => findRole(resource, permission));
    const scopes = permissions.filter(({ type }) => type === 'delegated').map((permission) => findScope(resource, permission));
    resources.push({ resourceAppId, objectId: resource.id, roles, scopes });
  }
  return resources;
}

function findRole(resource: z.infer<typeof resourceSchema>, wanted: WantedPermission): NamedPermission {
  const role = (resource.appRoles ?? []).find((candidate) => isMeant(candidate, wanted));
  const isUsable = role !== undefined && role.isEnabled !== false && role.allowedMemberTypes?.includes('Application') === true;
  if (isUsable) return { id: role.id.toLowerCase(), name: role.value ?? role.id };
  throw unknownPermission('The resource offers no such application permission.', { resourceAppId: resource.appId, permission: wanted.name ?? wanted.id ?? '' });
}

function findScope(resource: z.infer<typeof resourceSchema>, wanted: WantedPermission): NamedPermission {
  const scope = (resource.oauth2PermissionScopes ?? []).find((candidate) => isMeant(candidate, wanted));
  if (scope !== undefined && scope.isEnabled !== false && typeof scope.value === 'string') return { id: scope.id.toLowerCase(), name: scope.value };
  throw unknownPermission('The resource offers no such delegated permission.', { resourceAppId: resource.appId, permission: wanted.name ?? wanted.id ?? '' });
}

function isMeant(candidate: { readonly id: string; readonly value?: string | null | undefined }, { id, name }: WantedPermission): boolean {
  return (id === undefined || sameGuid(candidate.id, id)) && (name === undefined || candidate.value === name);
}

/** The app's service principal, made when there is none. Raises like {@link ensurePermissions}. */
export async function ensureServicePrincipal(ask: AdminAsk, appId: string): Promise<Asked<string>> {
  const what = 'Creating the service principal';
  return patiently(ask, async () => {
    const present = readOrAbsent(await get(ask, `/servicePrincipals(appId='${encodeURIComponent(appId)}')?$select=id,appId`), principalSchema, what);
    if (present !== undefined && sameGuid(present.appId, appId)) return done(present.id);
    const answer = await ask.graph.send(scopeOf(ask), { method: 'POST', path: '/servicePrincipals', body: { appId } });
    if (answer.status === 201) return done(parsed(answer, principalSchema, what).id);
    // 409: it is there and this replica has not seen it; 400: the new registration has not arrived where this is asked.
    if (answer.status === 409 || answer.status === 400 || answer.status === 404) return notYet(what, answer);
    throw refusalOf(answer, what);
  });
}

/**
 * Grants what is missing and reads until all of it is there. Raises `CUSTOMER_APP_NOT_ALLOWED`,
 * `CUSTOMER_APP_TOKEN_REFUSED`, `CUSTOMER_APP_REFUSED`, `GRAPH_ANSWER_INVALID`, and what the transport raises.
 */
export async function ensurePermissions(ask: AdminAsk, servicePrincipalId: string, resources: readonly ResolvedResource[]): Promise<Asked<void>> {
  const assigned = await patiently(ask, async () => assignMissing(ask, servicePrincipalId, resources));
  if (assigned.kind === 'pending' || resources.every(({ scopes }) => scopes.length === 0)) return assigned;
  return patiently(ask, async () => grantMissing(ask, servicePrincipalId, resources));
}

async function assignMissing(ask: AdminAsk, principalId: string, resources: readonly ResolvedResource[]): Promise<Asked<void>> {
  const what = 'Granting application permissions';
  const wanted = resources.flatMap(({ objectId, roles }) => roles.map((role) => ({ resourceId: objectId, appRoleId: role.id, name: role.name })));
  const missing = missingAssignments(await readAssignments(ask, principalId, what), principalId, wanted);
  if (missing.length === 0) return done(undefined);
  let refused: GraphResponse | undefined;
  for (const { resourceId, appRoleId } of missing) {
    const answer = await ask.graph.send(scopeOf(ask), { method: 'POST', path: `/servicePrincipals/${encodeURIComponent(resourceId)}/appRoleAssignedTo`, body: { principalId, resourceId, appRoleId } });
    if (answer.status === 401 || answer.status === 403) throw refusalOf(answer, what);
    // "Exists already" and "no such principal yet" are told apart by the next read, not by the wording of a 400.
    if (!isSuccess(answer)) refused = answer;
  }
  return notYet(what, refused);
}

/** Pure. */
export function missingAssignments<T extends { readonly resourceId: string; readonly appRoleId: string }>(present: readonly z.infer<typeof assignmentSchema>[], principalId: string, wanted: readonly T[]): readonly T[] {
  return wanted.filter(({ resourceId, appRoleId }) => !present.some((row) => sameGuid(row.principalId, principalId) && sameGuid(row.resourceId, resourceId) && sameGuid(row.appRoleId, appRoleId)));
}

async function readAssignments(ask: AdminAsk, principalId: string, what: string): Promise<readonly z.infer<typeof assignmentSchema>[]> {
  const path = `/servicePrincipals/${encodeURIComponent(principalId)}/appRoleAssignments?$top=999`;
  const list = await ask.graph.list(scopeOf(ask), path);
  // The new principal has not reached this replica: nothing is granted that it could show.
  if (list.stoppedBy?.status === 404) return [];
  if (list.stoppedBy !== undefined) throw refusalOf(list.stoppedBy, what);
  const rows = z.array(assignmentSchema).safeParse(list.items);
  if (rows.success) return rows.data;
  throw new OnboardingError('GRAPH_ANSWER_INVALID', `${what}: the answer does not have the documented form.`);
}

async function grantMissing(ask: AdminAsk, clientId: string, resources: readonly ResolvedResource[]): Promise<Asked<void>> {
  const what = 'Granting delegated permissions';
  const present = await listAll(ask, `/oauth2PermissionGrants?$filter=${encodeURIComponent(`clientId eq '${clientId}'`)}`, grantSchema, what);
  let refused: GraphResponse | undefined;
  let isComplete = true;
  for (const { objectId: resourceId, scopes } of resources.filter((resource) => resource.scopes.length > 0)) {
    const grant = present.find((row) => sameGuid(row.clientId, clientId) && sameGuid(row.resourceId, resourceId) && row.consentType === 'AllPrincipals');
    const granted = splitScopes(grant?.scope);
    const union = [...new Set([...granted, ...scopes.map(({ name }) => name)])];
    if (union.length === granted.length) continue;
    isComplete = false;
    // A PATCH replaces the whole text, so what was there goes back with it.
    const answer = await ask.graph.send(
      scopeOf(ask),
      grant === undefined
        ? { method: 'POST', path: '/oauth2PermissionGrants', body: { clientId, consentType: 'AllPrincipals', resourceId, scope: union.join(' ') } }
        : { method: 'PATCH', path: `/oauth2PermissionGrants/${encodeURIComponent(grant.id)}`, body: { scope: union.join(' ') } },
    );
    if (answer.status === 401 || answer.status === 403) throw refusalOf(answer, what);
    if (!isSuccess(answer)) refused = answer;
  }
  return isComplete ? done(undefined) : notYet(what, refused);
}

function splitScopes(scope: string | null | undefined): string[] {
  return (scope ?? '').split(/\s+/).filter((name) => name !== '');
}

function notYet(what: string, refused: GraphResponse | undefined): Asked<never> {
  const why = refused === undefined ? 'not visible everywhere yet' : `not yet possible (${serviceCodeOf(refused) ?? `HTTP ${refused.status}`})`;
  return pending(`${what}: ${why}.`);
}

function unknownPermission(message: string, details: { readonly resourceAppId: string; readonly permission?: string }): OnboardingError {
  return new OnboardingError('CUSTOMER_APP_PERMISSION_UNKNOWN', message, { details });
}
