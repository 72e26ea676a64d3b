/**
 * The directory half of the evidence: service principals of apps and resources, and what is granted to each app. Every
 * answer that is refused, cut or misshapen becomes "unread"; a 404 on a service principal is the one that says "absent".
 * Least Graph permission (application): Application.Read.All; Directory.Read.All for oauth2PermissionGrants.
 */
import * as z from 'zod/v4';
import { isOnboardingError } from '../errors';
import { sameGuid } from '../internal/guid';
import type { GraphResponse, GraphScope, Ports } from '../ports';
import type { PartnerApp } from './apps';
import type { DirectoryGrants, NamedPermission, ResourceEvidence, Unread } from './evidence-model';

type GraphPort = Pick<Ports, 'graph'>;
type Principal = DirectoryGrants['servicePrincipal'];

const named = z.object({ id: z.string(), value: z.string().nullish() });
const servicePrincipalSchema = z.object({
  id: z.string(),
  appId: z.string(),
  accountEnabled: z.boolean().nullish(),
  appRoles: z.array(named).nullish(),
  oauth2PermissionScopes: z.array(named).nullish(),
});
const assignmentSchema = z.object({ appRoleId: z.string(), resourceId: z.string(), principalId: z.string() });
const grantSchema = z.object({ clientId: z.string(), resourceId: z.string(), scope: z.string().nullish(), consentType: z.string() });
const listSchema = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().optional() });
const errorSchema = z.object({ error: z.object({ code: z.string() }) });
const organizationSchema = z.object({ value: z.array(z.object({ id: z.string(), verifiedDomains: z.array(z.object({ name: z.string(), isInitial: z.boolean().nullish() })) })) });

const SP_FIELDS = '$select=id,appId,accountEnabled,appRoles,oauth2PermissionScopes';

export interface PrincipalsRead {
  /** First label of the tenant's initial domain, which is also its SharePoint host's. */
  readonly sharePointHost: string | undefined;
  /** By resource app id. */
  readonly resources: ReadonlyMap<string, ResourceEvidence | null>;
  /** By the app's client id. */
  readonly principals: ReadonlyMap<string, Principal | Unread>;
}

export async function readPrincipals(ports: GraphPort, scope: GraphScope, apps: readonly PartnerApp[], resourceIds: readonly string[]): Promise<PrincipalsRead> {
  const appIds = [...resourceIds, ...apps.map((app) => app.appId)];
  const answers = await readBatch(ports, scope, ['/organization?$select=id,verifiedDomains', ...appIds.map((appId) => `/servicePrincipals(appId='${appId}')?${SP_FIELDS}`)]);
  const resources = new Map<string, ResourceEvidence | null>();
  const principals = new Map<string, Principal | Unread>();
  for (const [index, appId] of appIds.entries()) {
    const read = isUnread(answers) ? answers : readPrincipal(answers[index + 1]);
    if (index >= resourceIds.length) principals.set(appId, isUnread(read) || read === null ? read : { objectId: read.objectId, accountEnabled: read.accountEnabled });
    else if (!isUnread(read)) resources.set(appId, read);
  }
  return { sharePointHost: isUnread(answers) ? undefined : readSharePointHost(answers[0], scope.tenantId), resources, principals };
}

/** What is granted to each principal, in the order asked; one batch for all of them. */
export async function readAppGrants(ports: GraphPort, scope: GraphScope, principals: readonly (Principal | Unread | undefined)[]): Promise<readonly (DirectoryGrants | Unread)[]> {
  const present = principals.filter(isPresent);
  const paths = present.flatMap(({ objectId }) => [`/servicePrincipals/${objectId}/appRoleAssignments?$top=999`, `/oauth2PermissionGrants?$filter=${encodeURIComponent(`clientId eq '${objectId}'`)}`]);
  const answers = paths.length === 0 ? [] : await readBatch(ports, scope, paths);
  const grants: (DirectoryGrants | Unread)[] = [];
  for (const principal of principals) {
    if (principal === null) grants.push({ outcome: 'read', servicePrincipal: null, appRoles: [], scopes: [] });
    else if (!isPresent(principal)) grants.push(principal ?? unreadAnswer(undefined));
    else if (isUnread(answers)) grants.push(answers);
    else {
      const at = 2 * present.indexOf(principal);
      grants.push(await readGrants(ports, scope, principal, [answers[at], answers[at + 1]], [paths[at] ?? '', paths[at + 1] ?? '']));
    }
  }
  return grants;
}

async function readGrants(ports: GraphPort, scope: GraphScope, principal: NonNullable<Principal>, answers: readonly [GraphResponse | undefined, GraphResponse | undefined], paths: readonly [string, string]): Promise<DirectoryGrants | Unread> {
  const assignments = await readWhole(ports, scope, answers[0], paths[0], assignmentSchema);
  const scopes = await readWhole(ports, scope, answers[1], paths[1], grantSchema);
  if (isUnread(assignments)) return assignments;
  if (isUnread(scopes)) return scopes;
  return {
    outcome: 'read',
    servicePrincipal: principal,
    // What another app holds proves nothing about this one, whatever the filter was taken for.
    appRoles: assignments.filter((row) => sameGuid(row.principalId, principal.objectId)).map((row) => ({ resourceObjectId: row.resourceId, roleId: row.appRoleId.toLowerCase() })),
    // A grant for one person is not the organisation's consent.
    scopes: scopes.filter((row) => sameGuid(row.clientId, principal.objectId) && row.consentType === 'AllPrincipals').flatMap((row) => splitScopes(row.scope).map((one) => ({ resourceObjectId: row.resourceId, scope: one }))),
  };
}

/** A batch item holds one page; a longer list is read again, page by page. */
async function readWhole<T>(ports: GraphPort, scope: GraphScope, answer: GraphResponse | undefined, path: string, schema: z.ZodType<T>): Promise<readonly T[] | Unread> {
  const page = answer?.status === 200 ? listSchema.safeParse(answer.body) : undefined;
  if (page?.success !== true) return unreadAnswer(answer);
  const whole = page.data['@odata.nextLink'] === undefined ? { items: page.data.value } : await attempt(() => ports.graph.list(scope, path));
  if (isUnread(whole)) return whole;
  const rows = z.array(schema).safeParse(whole.items);
  return 'stoppedBy' in whole || !rows.success ? unreadAnswer('stoppedBy' in whole ? whole.stoppedBy : answer) : rows.data;
}

async function readBatch(ports: GraphPort, scope: GraphScope, paths: readonly string[]): Promise<readonly GraphResponse[] | Unread> {
  return attempt(() => ports.graph.batch(scope, paths));
}

function readPrincipal(answer: GraphResponse | undefined): (ResourceEvidence & { readonly accountEnabled: boolean }) | null | Unread {
  if (answer?.status === 404) return null;
  const parsed = answer?.status === 200 ? servicePrincipalSchema.safeParse(answer.body) : undefined;
  if (parsed?.success !== true) return unreadAnswer(answer);
  const names = (items: readonly z.infer<typeof named>[] | null | undefined): NamedPermission[] => (items ?? []).map((item) => ({ id: item.id.toLowerCase(), name: item.value ?? item.id }));
  return { objectId: parsed.data.id, accountEnabled: parsed.data.accountEnabled !== false, roles: names(parsed.data.appRoles), scopes: names(parsed.data.oauth2PermissionScopes) };
}

function readSharePointHost(answer: GraphResponse | undefined, tenantId: string): string | undefined {
  const parsed = organizationSchema.safeParse(answer?.body);
  const tenant = parsed.success ? parsed.data.value[0] : undefined;
  if (tenant === undefined || !sameGuid(tenant.id, tenantId)) return undefined;
  return tenant.verifiedDomains.find((domain) => domain.isInitial === true)?.name.split('.')[0];
}

/** A space-separated list, sometimes with a leading space. */
function splitScopes(scope: string | null | undefined): string[] {
  return (scope ?? '').split(/\s+/).filter((name) => name !== '');
}

function isPresent(principal: Principal | Unread | undefined): principal is NonNullable<Principal> {
  return principal !== undefined && principal !== null && !isUnread(principal);
}

function isUnread(value: unknown): value is Unread {
  return typeof value === 'object' && value !== null && 'outcome' in value && value.outcome === 'unknown';
}

function unreadAnswer(answer: GraphResponse | undefined): Unread {
  const body = errorSchema.safeParse(answer?.body);
  return { outcome: 'unknown', code: answer !== undefined && answer.status >= 400 ? 'GRAPH_REFUSED' : 'GRAPH_ANSWER_INVALID', serviceCode: body.success ? body.data.error.code : undefined };
}

async function attempt<T>(ask: () => Promise<T>): Promise<T | Unread> {
  try {
    return await ask();
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return { outcome: 'unknown', code: error.code, serviceCode: error.serviceCode };
  }
}
