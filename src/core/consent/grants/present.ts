/**
 * What is granted to one app in one tenant, row by row with the ids that a change needs. Only whole lists count, and only rows
 * that name this very app, whatever a filter was taken for. Least permissions: Application.Read.All; for delegated grants
 * Directory.Read.All. Microsoft Graph "List appRoleAssignments", "List oauth2PermissionGrants".
 */
import * as z from 'zod/v4';
import { type DirectoryAsk, get, listAll, readOrAbsent } from '../../directory-ask';
import { sameGuid } from '../../internal/guid';

const principalSchema = z.object({ id: z.string().min(1), appId: z.string() });
const assignmentSchema = z.object({ id: z.string().min(1), principalId: z.string(), resourceId: z.string(), appRoleId: z.string() });
const grantSchema = z.object({ id: z.string().min(1), clientId: z.string(), resourceId: z.string(), consentType: z.string(), scope: z.string().nullish() });

export type PresentAssignment = Readonly<z.infer<typeof assignmentSchema>>;

export interface PresentGrant {
  readonly id: string;
  readonly resourceId: string;
  /** Whether it is the organisation's, and not one person's own. */
  readonly isForAll: boolean;
  readonly scopes: readonly string[];
}

/** Object id of the app's service principal; undefined when there is none, or none here yet. */
export async function findPrincipal(ask: DirectoryAsk, appId: string, what: string): Promise<string | undefined> {
  const found = readOrAbsent(ask, await get(ask, `/servicePrincipals(appId='${encodeURIComponent(appId)}')?$select=id,appId`), principalSchema, what);
  return found !== undefined && sameGuid(found.appId, appId) ? found.id : undefined;
}

export async function listAssignments(ask: DirectoryAsk, principalId: string, what: string): Promise<readonly PresentAssignment[]> {
  // A new principal that has not reached this replica: nothing is granted that it could show.
  const rows = (await listAll(ask, `/servicePrincipals/${encodeURIComponent(principalId)}/appRoleAssignments?$top=999`, assignmentSchema, what)) ?? [];
  return rows.filter((row) => sameGuid(row.principalId, principalId));
}

export async function listGrants(ask: DirectoryAsk, clientId: string, what: string): Promise<readonly PresentGrant[]> {
  const rows = (await listAll(ask, `/oauth2PermissionGrants?$filter=${encodeURIComponent(`clientId eq '${clientId}'`)}`, grantSchema, what)) ?? [];
  return rows.filter((row) => sameGuid(row.clientId, clientId)).map(readGrant);
}

/** The same grant from another socket: before its text is replaced, two reads must agree on it. */
export async function findGrant(ask: DirectoryAsk, grantId: string, what: string): Promise<PresentGrant | undefined> {
  const row = readOrAbsent(ask, await get(ask, `/oauth2PermissionGrants/${encodeURIComponent(grantId)}`), grantSchema, what);
  return row === undefined ? undefined : readGrant(row);
}

export function sameScopes(left: readonly string[], right: readonly string[]): boolean {
  return left.toSorted().join(' ') === right.toSorted().join(' ');
}

function readGrant({ id, resourceId, consentType, scope }: z.infer<typeof grantSchema>): PresentGrant {
  // A space-separated list, sometimes with a leading space.
  const scopes = [...new Set((scope ?? '').split(/\s+/).filter((name) => name !== ''))];
  return { id, resourceId, isForAll: consentType === 'AllPrincipals', scopes };
}
