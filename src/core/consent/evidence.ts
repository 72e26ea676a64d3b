/**
 * Asks whether consent is real: a fresh app token per app and resource, and the grants in the customer's directory.
 * Nothing is judged here, and nothing is read from the app registration (a manifest says what was asked for, not
 * what was granted). What could not be read is recorded as such; `judge.ts` never turns it green.
 * Least Graph permission (application): Directory.Read.All for oauth2PermissionGrants, Application.Read.All for the rest.
 * Sources: Microsoft Graph v1.0 "List appRoleAssignments", "List oauth2PermissionGrants", "List organization".
 */
import * as z from 'zod/v4';
import { hasCode, isOnboardingError, type OnboardingError } from '../errors';
import type { CloudEndpoints } from '../internal/clouds';
import { sameGuid } from '../internal/guid';
import type { AppToken, GraphResponse, GraphScope, Ports } from '../ports';
import { EXCHANGE_APP_ID, GRAPH_APP_ID, type PartnerApp, SHAREPOINT_APP_ID } from './apps';

export type TokenEvidence =
  | { readonly outcome: 'roles'; readonly roles: readonly string[] }
  | { readonly outcome: 'absent' | 'disabled' | 'resource_missing' | 'unknown'; readonly code: string; readonly serviceCode: string | undefined };

export interface Unread {
  readonly outcome: 'unknown';
  readonly code: string;
  readonly serviceCode: string | undefined;
}

export interface NamedPermission {
  readonly id: string;
  readonly name: string;
}

export interface ResourceEvidence {
  readonly objectId: string;
  readonly roles: readonly NamedPermission[];
  readonly scopes: readonly NamedPermission[];
}

export interface DirectoryGrants {
  readonly outcome: 'read';
  /** Null when the app has no service principal in the tenant. */
  readonly servicePrincipal: { readonly objectId: string; readonly accountEnabled: boolean } | null;
  readonly appRoles: readonly { readonly resourceObjectId: string; readonly roleId: string }[];
  readonly scopes: readonly { readonly resourceObjectId: string; readonly scope: string }[];
}

export interface AppEvidence {
  readonly appKey: string;
  /** By resource app id. */
  readonly tokens: ReadonlyMap<string, TokenEvidence>;
  readonly directory: DirectoryGrants | Unread;
}

export interface GrantEvidence {
  readonly tenantId: string;
  readonly readAt: number;
  /** By resource app id; null when the tenant has no service principal of that resource. */
  readonly resources: ReadonlyMap<string, ResourceEvidence | null>;
  readonly apps: readonly AppEvidence[];
}

export interface EvidenceInput {
  readonly tenantId: string;
  readonly apps: readonly PartnerApp[];
  /** The app whose token reads the directory. */
  readonly readerKey: string;
  readonly endpoints: CloudEndpoints;
  readonly signal?: AbortSignal | undefined;
}

type EvidencePorts = Pick<Ports, 'tokens' | 'graph' | 'clock'>;

const named = z.object({ id: z.string(), value: z.string().nullish() });
const servicePrincipalSchema = z.object({
  id: z.string(),
  appId: z.string(),
  accountEnabled: z.boolean().nullish(),
  appRoles: z.array(named).nullish(),
  oauth2PermissionScopes: z.array(named).nullish(),
});
const assignmentSchema = z.object({ appRoleId: z.string(), resourceId: z.string() });
const grantSchema = z.object({ resourceId: z.string(), scope: z.string().nullish(), consentType: z.string() });
const organizationSchema = z.object({ value: z.array(z.object({ id: z.string(), verifiedDomains: z.array(z.object({ name: z.string(), isInitial: z.boolean().nullish() })) })) });

const SP_FIELDS = '$select=id,appId,accountEnabled,appRoles,oauth2PermissionScopes';

/** One independent read of everything: new tokens, new sockets. Raises only what makes every answer impossible. */
export async function readGrantEvidence(ports: EvidencePorts, input: EvidenceInput): Promise<GrantEvidence> {
  const resourceIds = [...new Set(input.apps.flatMap((app) => app.requiredPermissions.map((permission) => permission.resourceAppId)))];
  const scope: GraphScope = { tenantId: input.tenantId, appKey: input.readerKey, fresh: true, ...(input.signal === undefined ? {} : { signal: input.signal }) };
  const directory = await readDirectory(ports, scope, input.apps, resourceIds);
  const apps: AppEvidence[] = [];
  for (const app of input.apps) {
    const tokens = await readTokens(ports, input, app, directory.sharePointHost);
    apps.push({ appKey: app.key, tokens, directory: await readAppGrants(ports, scope, directory.principals.get(app.appId)) });
  }
  return { tenantId: input.tenantId, readAt: ports.clock.now(), resources: directory.resources, apps };
}

interface DirectoryRead {
  readonly sharePointHost: string | undefined;
  readonly resources: ReadonlyMap<string, ResourceEvidence | null>;
  readonly principals: ReadonlyMap<string, DirectoryGrants['servicePrincipal'] | Unread>;
}

async function readDirectory(ports: EvidencePorts, scope: GraphScope, apps: readonly PartnerApp[], resourceIds: readonly string[]): Promise<DirectoryRead> {
  const appIds = [...resourceIds, ...apps.map((app) => app.appId)];
  const paths = ['/organization?$select=id,verifiedDomains', ...appIds.map((appId) => `/servicePrincipals(appId='${appId}')?${SP_FIELDS}`)];
  const answers = await attempt(() => ports.graph.batch(scope, paths));
  const resources = new Map<string, ResourceEvidence | null>();
  const principals = new Map<string, DirectoryGrants['servicePrincipal'] | Unread>();
  for (const [index, appId] of appIds.entries()) {
    const read = answers.ok ? readPrincipal(answers.value[index + 1]) : answers.unread;
    if (index >= resourceIds.length) principals.set(appId, isUnread(read) || read === null ? read : { objectId: read.objectId, accountEnabled: read.accountEnabled });
    else if (!isUnread(read)) resources.set(appId, read);
  }
  return { sharePointHost: answers.ok ? readSharePointHost(answers.value[0], scope.tenantId) : undefined, resources, principals };
}

function readPrincipal(answer: GraphResponse | undefined): (ResourceEvidence & { readonly accountEnabled: boolean }) | null | Unread {
  if (answer?.status === 404) return null;
  const parsed = answer?.status === 200 ? servicePrincipalSchema.safeParse(answer.body) : undefined;
  if (parsed?.success !== true) return unreadAnswer(answer);
  const names = (items: readonly z.infer<typeof named>[] | null | undefined): NamedPermission[] => (items ?? []).map((item) => ({ id: item.id.toLowerCase(), name: item.value ?? item.id }));
  return { objectId: parsed.data.id, accountEnabled: parsed.data.accountEnabled !== false, roles: names(parsed.data.appRoles), scopes: names(parsed.data.oauth2PermissionScopes) };
}

/** SharePoint's audience is the tenant's own host, which is derived from its initial domain. */
function readSharePointHost(answer: GraphResponse | undefined, tenantId: string): string | undefined {
  const parsed = organizationSchema.safeParse(answer?.body);
  const tenant = parsed.success ? parsed.data.value[0] : undefined;
  if (tenant === undefined || !sameGuid(tenant.id, tenantId)) return undefined;
  return tenant.verifiedDomains.find((domain) => domain.isInitial === true)?.name.split('.')[0];
}

async function readTokens(ports: EvidencePorts, input: EvidenceInput, app: PartnerApp, sharePointHost: string | undefined): Promise<ReadonlyMap<string, TokenEvidence>> {
  const resourceIds = [...new Set(app.requiredPermissions.filter((permission) => permission.type === 'application').map((permission) => permission.resourceAppId))];
  const evidence = new Map<string, TokenEvidence>();
  for (const resourceAppId of resourceIds.length === 0 ? [GRAPH_APP_ID] : resourceIds) {
    const resource = resourceIdentifier(input.endpoints, resourceAppId, sharePointHost);
    evidence.set(resourceAppId, resource === undefined ? { outcome: 'unknown', code: 'CONSENT_UNKNOWN', serviceCode: undefined } : await readToken(ports, input, app.key, resource));
  }
  return evidence;
}

async function readToken(ports: EvidencePorts, input: EvidenceInput, appKey: string, resource: string): Promise<TokenEvidence> {
  const signal = input.signal === undefined ? {} : { signal: input.signal };
  try {
    return judgeToken(await ports.tokens.acquire({ appKey, tenantId: input.tenantId, resource, fresh: true, ...signal }));
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return { outcome: refusedOutcome(error), code: error.code, serviceCode: error.serviceCode };
  }
}

function judgeToken(token: AppToken): TokenEvidence {
  // An undecodable token proves that the app may sign in, and nothing about its permissions.
  return token.claims === undefined ? { outcome: 'unknown', code: 'CONSENT_UNKNOWN', serviceCode: undefined } : { outcome: 'roles', roles: token.claims.roles };
}

function refusedOutcome(error: OnboardingError): 'absent' | 'disabled' | 'resource_missing' | 'unknown' {
  if (hasCode(error, 'STS_APP_NOT_IN_TENANT')) return 'absent';
  if (hasCode(error, 'STS_APP_DISABLED')) return 'disabled';
  return hasCode(error, 'STS_RESOURCE_MISSING') ? 'resource_missing' : 'unknown';
}

/** Resource identifier for a token request; undefined when the tenant's SharePoint host is not known. */
export function resourceIdentifier(endpoints: CloudEndpoints, resourceAppId: string, sharePointHost: string | undefined): string | undefined {
  if (resourceAppId === GRAPH_APP_ID) return endpoints.graphResource;
  if (resourceAppId === EXCHANGE_APP_ID) return endpoints.exchangeResource;
  if (resourceAppId !== SHAREPOINT_APP_ID) return resourceAppId;
  return sharePointHost === undefined ? undefined : `https://${sharePointHost}${endpoints.sharePointSuffix}`;
}

async function readAppGrants(ports: EvidencePorts, scope: GraphScope, principal: DirectoryGrants['servicePrincipal'] | Unread | undefined): Promise<DirectoryGrants | Unread> {
  if (principal === undefined || isUnread(principal)) return principal ?? unreadAnswer(undefined);
  if (principal === null) return { outcome: 'read', servicePrincipal: null, appRoles: [], scopes: [] };
  const filter = encodeURIComponent(`clientId eq '${principal.objectId}'`);
  const read = await attempt(async () => ({
    assignments: await ports.graph.list(scope, `/servicePrincipals/${principal.objectId}/appRoleAssignments?$top=999`),
    grants: await ports.graph.list(scope, `/oauth2PermissionGrants?$filter=${filter}`),
  }));
  if (!read.ok) return read.unread;
  const { assignments, grants } = read.value;
  const stopped = assignments.stoppedBy ?? grants.stoppedBy;
  const appRoles = z.array(assignmentSchema).safeParse(assignments.items);
  const scopes = z.array(grantSchema).safeParse(grants.items);
  if (stopped !== undefined || !appRoles.success || !scopes.success) return unreadAnswer(stopped);
  return {
    outcome: 'read',
    servicePrincipal: principal,
    appRoles: appRoles.data.map((row) => ({ resourceObjectId: row.resourceId, roleId: row.appRoleId.toLowerCase() })),
    scopes: scopes.data.filter((row) => row.consentType === 'AllPrincipals').flatMap((row) => splitScopes(row.scope).map((one) => ({ resourceObjectId: row.resourceId, scope: one }))),
  };
}

function splitScopes(scope: string | null | undefined): string[] {
  return (scope ?? '').split(/\s+/).filter((name) => name !== '');
}

function isUnread(value: unknown): value is Unread {
  return typeof value === 'object' && value !== null && (value as { outcome?: unknown }).outcome === 'unknown';
}

function unreadAnswer(answer: GraphResponse | undefined): Unread {
  const body = z.object({ error: z.object({ code: z.string() }) }).safeParse(answer?.body);
  return { outcome: 'unknown', code: answer !== undefined && answer.status >= 400 ? 'GRAPH_REFUSED' : 'GRAPH_ANSWER_INVALID', serviceCode: body.success ? body.data.error.code : undefined };
}

async function attempt<T>(ask: () => Promise<T>): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly unread: Unread }> {
  try {
    return { ok: true, value: await ask() };
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return { ok: false, unread: { outcome: 'unknown', code: error.code, serviceCode: error.serviceCode } };
  }
}
