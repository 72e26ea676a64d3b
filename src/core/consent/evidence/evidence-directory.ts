/**
 * The directory half of the evidence: service principals of apps and resources, and what is granted to each app, all
 * addressed by app id so that one batch holds everything. Every answer that is refused, cut or misshapen becomes "unread"; a
 * 404 on a service principal is the one that says "absent". Least Graph permission (application): Application.Read.All;
 * Directory.Read.All for delegated grants, which are not asked for without it.
 */
import { isOnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import type { GraphResponse, GraphScope, Ports } from '../../ports';
import type { PartnerApp } from '../apps/apps';
import { assignmentSchema, grantSchema, listSchema, readDeleted, readPrincipal, readPublished, readSharePointHost, splitScopes, unreadAnswer } from './directory-answers';
import type { AppPrincipal, DirectoryGrants, ResourceEvidence, Unread } from './evidence-model';

type GraphPort = Pick<Ports, 'graph'>;

export interface DirectoryPlan {
  readonly apps: readonly PartnerApp[];
  /** Resources to read what they publish; those that are known already are left out. */
  readonly resourceIds: readonly string[];
  readonly readsDelegatedGrants: boolean;
  /** For the token of SharePoint's own resource. */
  readonly withSharePointHost: boolean;
}

export interface DirectoryRead {
  /** First label of the tenant's initial domain, which is also its SharePoint host's. */
  readonly sharePointHost: string | undefined;
  /** By resource app id; what could not be read is not in it. */
  readonly resources: ReadonlyMap<string, ResourceEvidence | null>;
  /** By the app's client id. */
  readonly grants: ReadonlyMap<string, DirectoryGrants | Unread>;
}

type Answers = ReadonlyMap<string, GraphResponse | undefined>;

/** One batch while it has room for everything: two items or three for each app, one for each resource, one for the host. */
export async function readDirectory(ports: GraphPort, scope: GraphScope, plan: DirectoryPlan): Promise<DirectoryRead> {
  const paths = [...(plan.withSharePointHost ? [ORGANIZATION] : []), ...plan.resourceIds.map(publishedPath), ...plan.apps.flatMap((app) => pathsOf(app.appId, plan))];
  const answers = await readBatch(ports, scope, paths);
  if (isUnread(answers)) return { sharePointHost: undefined, resources: new Map(), grants: new Map(plan.apps.map((app) => [app.appId, answers])) };
  const resources = new Map<string, ResourceEvidence | null>();
  for (const resourceAppId of plan.resourceIds) {
    const published = readPublished(answers.get(publishedPath(resourceAppId)), resourceAppId);
    if (!isUnread(published)) resources.set(resourceAppId, published);
  }
  const grants = new Map<string, DirectoryGrants | Unread>();
  for (const app of plan.apps) grants.set(app.appId, await readApp(ports, scope, app.appId, answers, plan));
  return { sharePointHost: readSharePointHost(answers.get(ORGANIZATION), scope.tenantId), resources, grants };
}

/**
 * When the principals of these apps were put into the recycle bin, by client id. A read that is refused is no news: this
 * explains an absence and decides nothing.
 */
export async function readRecycleBin(ports: GraphPort, scope: GraphScope, appIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const answers = await readBatch(ports, scope, appIds.map(deletedPath));
  if (isUnread(answers)) return new Map();
  return new Map(appIds.flatMap((appId): [string, string][] => {
    const deletedAt = readDeleted(answers.get(deletedPath(appId)), appId);
    return deletedAt === undefined ? [] : [[appId, deletedAt]];
  }));
}

const ORGANIZATION = '/organization?$select=id,verifiedDomains';
const publishedPath = (appId: string) => `/servicePrincipals(appId='${appId}')?$select=id,appId,appRoles,oauth2PermissionScopes`;
const principalPath = (appId: string) => `/servicePrincipals(appId='${appId}')?$select=id,appId,accountEnabled,disabledByMicrosoftStatus,appRoleAssignmentRequired`;
const assignmentsPath = (appId: string) => `/servicePrincipals(appId='${appId}')/appRoleAssignments?$top=999`;
const delegatedPath = (appId: string) => `/servicePrincipals(appId='${appId}')/oauth2PermissionGrants`;
const deletedPath = (appId: string) => `/directory/deletedItems/microsoft.graph.servicePrincipal?$filter=${encodeURIComponent(`appId eq '${appId}'`)}&$select=id,appId,deletedDateTime`;

function pathsOf(appId: string, { readsDelegatedGrants }: DirectoryPlan): readonly string[] {
  return [principalPath(appId), assignmentsPath(appId), ...(readsDelegatedGrants ? [delegatedPath(appId)] : [])];
}

async function readApp(ports: GraphPort, scope: GraphScope, appId: string, answers: Answers, { readsDelegatedGrants }: DirectoryPlan): Promise<DirectoryGrants | Unread> {
  const principal = readPrincipal(answers.get(principalPath(appId)), appId);
  if (isUnread(principal)) return principal;
  if (principal === null) return { outcome: 'read', servicePrincipal: null, appRoles: [], scopes: readsDelegatedGrants ? [] : null };
  const assignments = await readWhole(ports, scope, assignmentsPath(appId), answers, assignmentSchema.safeParse.bind(assignmentSchema));
  const grants = readsDelegatedGrants ? await readWhole(ports, scope, delegatedPath(appId), answers, grantSchema.safeParse.bind(grantSchema)) : null;
  if (isUnread(assignments)) return assignments;
  if (isUnread(grants)) return grants;
  return { outcome: 'read', servicePrincipal: principal, appRoles: rolesOf(principal, assignments), scopes: grants === null ? null : scopesOf(principal, grants) };
}

// What another app holds proves nothing about this one, whatever the address was taken for.
function rolesOf(principal: AppPrincipal, rows: readonly Assignment[]): DirectoryGrants['appRoles'] {
  return rows.filter((row) => sameGuid(row.principalId, principal.objectId)).map((row) => ({ resourceObjectId: row.resourceId, roleId: row.appRoleId.toLowerCase() }));
}

// A grant for one person is not the organisation's consent.
function scopesOf(principal: AppPrincipal, rows: readonly Grant[]): NonNullable<DirectoryGrants['scopes']> {
  return rows.filter((row) => sameGuid(row.clientId, principal.objectId) && row.consentType === 'AllPrincipals').flatMap((row) => splitScopes(row.scope).map((scope) => ({ resourceObjectId: row.resourceId, scope })));
}

type Parse<T> = (row: unknown) => { readonly success: true; readonly data: T } | { readonly success: false };
type Assignment = ReturnType<typeof assignmentSchema.parse>;
type Grant = ReturnType<typeof grantSchema.parse>;

/** A batch item holds one page; a longer list is read again, page by page. */
async function readWhole<T>(ports: GraphPort, scope: GraphScope, path: string, answers: Answers, parse: Parse<T>): Promise<readonly T[] | Unread> {
  const answer = answers.get(path);
  const page = answer?.status === 200 ? listSchema.safeParse(answer.body) : undefined;
  if (page?.success !== true) return unreadAnswer(answer);
  const whole = page.data['@odata.nextLink'] === undefined ? { items: page.data.value } : await attempt(() => ports.graph.list(scope, path));
  if (isUnread(whole)) return whole;
  if ('stoppedBy' in whole && whole.stoppedBy !== undefined) return unreadAnswer(whole.stoppedBy);
  const rows = whole.items.map(parse);
  const read = rows.flatMap((row) => (row.success ? [row.data] : []));
  return read.length === rows.length ? read : unreadAnswer(undefined);
}

async function readBatch(ports: GraphPort, scope: GraphScope, paths: readonly string[]): Promise<Answers | Unread> {
  const answers = await attempt(() => ports.graph.batch(scope, paths));
  return isUnread(answers) ? answers : new Map(paths.map((path, index) => [path, answers[index]]));
}

function isUnread(value: unknown): value is Unread {
  return typeof value === 'object' && value !== null && 'outcome' in value && value.outcome === 'unknown';
}

async function attempt<T>(ask: () => Promise<T>): Promise<T | Unread> {
  try {
    return await ask();
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return { outcome: 'unknown', code: error.code, serviceCode: error.serviceCode };
  }
}
