/**
 * Grants what an app lacks in a tenant, and nothing twice: what is there stays, an accepted write is waited for and not sent
 * again, and "it exists already", "not found" or no answer at all count only when a read shows it. Least permissions:
 * Application.ReadWrite.All, AppRoleAssignment.ReadWrite.All; for delegated permissions DelegatedPermissionGrant.ReadWrite.All.
 * Microsoft Graph "Create servicePrincipal", "Grant an appRoleAssignment for a service principal", "Create oAuth2PermissionGrant".
 */
import * as z from 'zod/v4';
import { type Asked, type DirectoryAsk, done, isSuccess, notYet, parsed, patiently, refusalOf, write } from '../../directory-ask';
import { sameGuid } from '../../internal/guid';
import type { GraphResponse } from '../../ports';
import { findGrant, findPrincipal, listAssignments, listGrants, type PresentAssignment, type PresentGrant, sameScopes } from './present';
import type { ResolvedResource } from './resolve';

const principalSchema = z.object({ id: z.string().min(1) });

/** Writes that were answered with success: from then on only reading is left. */
type Accepted = Set<string>;

/** The app's service principal, made when there is none. Raises like {@link ensurePermissions}. */
export async function ensureServicePrincipal(ask: DirectoryAsk, appId: string): Promise<Asked<string>> {
  const what = 'Creating the service principal';
  return patiently(ask, async () => {
    const present = await findPrincipal(ask, appId, what);
    if (present !== undefined) return done(present);
    const answer = await write(ask, { method: 'POST', path: '/servicePrincipals', body: { appId } });
    if (answer?.status === 201) return done(parsed(answer, principalSchema, what).id);
    // 409: it is there and this replica has not seen it; 400: the new registration has not arrived where this is asked.
    if (answer === undefined || [400, 404, 409].includes(answer.status)) return notYet(what, answer);
    throw refusalOf(ask, answer, what);
  });
}

/**
 * Grants what is missing and reads until all of it is there. Raises the ask's refusals, `GRAPH_ANSWER_INVALID`, and what the
 * transport raises.
 */
export async function ensurePermissions(ask: DirectoryAsk, servicePrincipalId: string, resources: readonly ResolvedResource[]): Promise<Asked<void>> {
  const accepted: Accepted = new Set();
  const wants = (part: 'roles' | 'scopes') => resources.some((resource) => resource[part].length > 0);
  const assigned = wants('roles') ? await patiently(ask, async () => assignMissing(ask, servicePrincipalId, resources, accepted)) : done(undefined);
  if (assigned.kind === 'pending' || !wants('scopes')) return assigned;
  return patiently(ask, async () => grantMissing(ask, servicePrincipalId, resources, accepted));
}

async function assignMissing(ask: DirectoryAsk, principalId: string, resources: readonly ResolvedResource[], accepted: Accepted): Promise<Asked<void>> {
  const what = 'Granting application permissions';
  const missing = missingAssignments(await listAssignments(ask, principalId, what), resources);
  if (missing.length === 0) return done(undefined);
  let refused: GraphResponse | undefined;
  for (const { resourceId, appRoleId } of missing) {
    const name = `${resourceId}/${appRoleId}`;
    if (accepted.has(name)) continue;
    const answer = await write(ask, { method: 'POST', path: `/servicePrincipals/${encodeURIComponent(resourceId)}/appRoleAssignedTo`, body: { principalId, resourceId, appRoleId } });
    if (answer?.status === 401 || answer?.status === 403) throw refusalOf(ask, answer, what);
    // "Exists already" and "no such principal yet" are told apart by the next read, not by the wording of a 400.
    if (answer !== undefined && isSuccess(answer)) accepted.add(name);
    else refused = answer ?? refused;
  }
  return notYet(what, refused);
}

/** Pure. */
export function missingAssignments(present: readonly Pick<PresentAssignment, 'resourceId' | 'appRoleId'>[], resources: readonly ResolvedResource[]): readonly { readonly resourceId: string; readonly appRoleId: string }[] {
  const wanted = resources.flatMap(({ objectId, roles }) => roles.map((role) => ({ resourceId: objectId, appRoleId: role.id })));
  return wanted.filter(({ resourceId, appRoleId }) => !present.some((row) => sameGuid(row.resourceId, resourceId) && sameGuid(row.appRoleId, appRoleId)));
}

async function grantMissing(ask: DirectoryAsk, clientId: string, resources: readonly ResolvedResource[], accepted: Accepted): Promise<Asked<void>> {
  const what = 'Granting delegated permissions';
  const present = await listGrants(ask, clientId, what);
  let refused: GraphResponse | undefined;
  let isComplete = true;
  for (const resource of resources) {
    const { grant, missing } = missingScopes(present, resource);
    if (missing.length === 0) continue;
    isComplete = false;
    if (accepted.has(resource.objectId)) continue;
    const answer = grant === undefined ? await createGrant(ask, clientId, resource.objectId, missing) : await widenGrant(ask, grant, missing, what);
    if (answer?.status === 401 || answer?.status === 403) throw refusalOf(ask, answer, what);
    if (answer !== undefined && isSuccess(answer)) accepted.add(resource.objectId);
    else refused = answer ?? refused;
  }
  return isComplete ? done(undefined) : notYet(what, refused);
}

/** Pure. */
export function missingScopes(present: readonly PresentGrant[], { objectId, scopes }: ResolvedResource): { readonly grant: PresentGrant | undefined; readonly missing: readonly string[] } {
  const grant = present.find((row) => row.isForAll && sameGuid(row.resourceId, objectId));
  return { grant, missing: scopes.map(({ name }) => name).filter((name) => grant?.scopes.includes(name) !== true) };
}

async function createGrant(ask: DirectoryAsk, clientId: string, resourceId: string, scopes: readonly string[]): Promise<GraphResponse | undefined> {
  return write(ask, { method: 'POST', path: '/oauth2PermissionGrants', body: { clientId, consentType: 'AllPrincipals', resourceId, scope: scopes.join(' ') } });
}

/** A PATCH replaces the whole text, so what was there goes back with it; a replica that is behind must not have it forgotten. */
async function widenGrant(ask: DirectoryAsk, grant: PresentGrant, missing: readonly string[], what: string): Promise<GraphResponse | undefined> {
  const again = await findGrant(ask, grant.id, what);
  if (again === undefined || !sameScopes(again.scopes, grant.scopes)) return undefined;
  return write(ask, { method: 'PATCH', path: `/oauth2PermissionGrants/${encodeURIComponent(grant.id)}`, body: { scope: [...grant.scopes, ...missing].join(' ') } });
}
