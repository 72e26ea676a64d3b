/**
 * What this room believes of Graph's answers: the forms it reads (tolerant to more members, strict about the ones it
 * decides on) and the one place that turns a refused or cut answer into an error. An answer that is not complete is
 * never read as a shorter one.
 * Sources: Microsoft Graph v1.0 "List unifiedRoleAssignments", "user resource type", "Microsoft Graph error responses".
 */
import * as z from 'zod/v4';
import { type ErrorCode, OnboardingError } from '../errors';
import { graphErrorCode, graphErrorEvidence } from '../internal/graph-error';
import { isGuid } from '../internal/guid';
import type { GraphList, GraphResponse, GraphScope, Ports } from '../ports';

const guid = z.string().refine(isGuid).transform((id) => id.toLowerCase());
/** Graph writes null for what an object does not have and leaves out what was not asked for; here both are undefined. */
const text = z.string().nullish().transform((value) => value ?? undefined);
const flag = z.boolean().nullish().transform((value) => value ?? undefined);

/** A directory object of any type, as `$expand=principal`, group members and `getByIds` show it. */
export const directoryObjectSchema = z.object({
  '@odata.type': z.string().optional(),
  id: guid,
  displayName: text,
  userPrincipalName: text,
  accountEnabled: flag,
  userType: text,
  onPremisesSyncEnabled: flag,
  signInSessionsValidFromDateTime: text,
  assignedPlans: z
    .array(z.object({ servicePlanId: z.string().nullish(), capabilityStatus: z.string().nullish() }))
    .nullish()
    .transform((value) => value ?? undefined),
});

export type DirectoryObjectAnswer = z.infer<typeof directoryObjectSchema>;

/** A role assignment or eligibility; `principal` is null or absent for deleted objects and for unreadable ones. */
export const holdingSchema = z.object({
  principalId: guid,
  roleDefinitionId: z.string().transform((id) => id.toLowerCase()),
  directoryScopeId: text,
  principal: directoryObjectSchema.nullish().transform((value) => value ?? undefined),
});

export type HoldingAnswer = z.infer<typeof holdingSchema>;

const pageSchema = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().optional() });

export type Page = z.infer<typeof pageSchema>;

/** Names a read for the person who has to fix it. */
export interface ReadName {
  /** For example "the members of a role-assignable group". */
  readonly what: string;
  /** Least Graph application permission that allows it. */
  readonly permission: string;
}

/**
 * The error for an answer that is not a success. 403 is `ADMINS_UNREADABLE` and names permission and app; 429 is
 * `GRAPH_THROTTLED`, 5xx and no answer at all `GRAPH_UNAVAILABLE`, anything else `GRAPH_REFUSED`.
 */
export function refusalOf(response: GraphResponse, scope: GraphScope, read: ReadName): OnboardingError {
  const evidence = graphErrorEvidence(response);
  const options = { ...evidence, details: { tenantId: scope.tenantId, app: scope.appKey, permission: read.permission, ...evidence.details } };
  if (response.status === 403) {
    return new OnboardingError('ADMINS_UNREADABLE', `The app "${scope.appKey}" may not read ${read.what}: it needs ${read.permission} in tenant ${scope.tenantId}.`, options);
  }
  return new OnboardingError(refusalCode(response.status), `Microsoft Graph answered ${response.status} when asked for ${read.what}.`, options);
}

/** No licence for privileged identity management or for sign-in reports: a fact about the tenant, not an error. */
export function isLicenceAnswer(response: GraphResponse): boolean {
  const code = graphErrorCode(response.body);
  return code === 'AadPremiumLicenseRequired' || code === 'Authentication_RequestFromNonPremiumTenantOrB2CTenant';
}

/** For what is read only where licence and permission allow it. Raises like {@link refusalOf} for every other refusal. */
export function optionalReading(refused: GraphResponse, scope: GraphScope, read: ReadName): 'not_licensed' | 'not_permitted' {
  if (isLicenceAnswer(refused)) return 'not_licensed';
  if (refused.status === 403) return 'not_permitted';
  throw refusalOf(refused, scope, read);
}

function refusalCode(status: number): ErrorCode {
  if (status === 429) return 'GRAPH_THROTTLED';
  // 0: a batch item without an answer. 501 is a door that does not exist, not a disturbance that passes.
  return status === 0 || (status >= 500 && status !== 501) ? 'GRAPH_UNAVAILABLE' : 'GRAPH_REFUSED';
}

/** A complete list's items in their documented form. Raises like {@link refusalOf}, and `GRAPH_ANSWER_INVALID`. */
export function readItems<T>(list: GraphList, schema: z.ZodType<T>, scope: GraphScope, read: ReadName): T[] {
  if (list.stoppedBy !== undefined) throw refusalOf(list.stoppedBy, scope, read);
  return list.items.map((item) => parseAnswer(item, schema, undefined, read));
}

/** The body of a successful answer. Raises like {@link refusalOf}, and `GRAPH_ANSWER_INVALID`. */
export function readBody<T>(response: GraphResponse, schema: z.ZodType<T>, scope: GraphScope, read: ReadName): T {
  if (response.status !== 200) throw refusalOf(response, scope, read);
  return parseAnswer(response.body, schema, response.requestId, read);
}

/**
 * A list that was asked for inside a batch, which shows its first page only: a longer one is read again through the
 * transport, which follows the pages. A refusal is what stopped it. Raises `GRAPH_ANSWER_INVALID` and what the transport raises.
 */
export async function readListAnswer(ports: Pick<Ports, 'graph'>, scope: GraphScope, answer: GraphResponse, path: string, read: ReadName): Promise<GraphList> {
  if (answer.status !== 200) return { items: [], stoppedBy: answer };
  const page = readPage(answer, scope, read);
  return page['@odata.nextLink'] === undefined ? { items: page.value } : ports.graph.list(scope, path);
}

/** The first page of a list that was asked for inside a batch. */
export function readPage(response: GraphResponse, scope: GraphScope, read: ReadName): Page {
  return readBody(response, pageSchema, scope, read);
}

/** A batch shows a list's first page only; a longer one is read again through the transport, which follows the pages. */
export async function readWholeList(ports: Pick<Ports, 'graph'>, scope: GraphScope, answer: GraphResponse, path: string, read: ReadName): Promise<readonly unknown[]> {
  const page = readPage(answer, scope, read);
  if (page['@odata.nextLink'] === undefined) return page.value;
  const list = await ports.graph.list(scope, path);
  if (list.stoppedBy !== undefined) throw refusalOf(list.stoppedBy, scope, read);
  return list.items;
}

function parseAnswer<T>(value: unknown, schema: z.ZodType<T>, requestId: string | undefined, read: ReadName): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new OnboardingError('GRAPH_ANSWER_INVALID', `Microsoft Graph's answer for ${read.what} does not have the documented form.`, {
    correlationId: requestId,
    details: { at: path },
  });
}

/** An answer is missing from a batch. */
export function missingAnswer(read: ReadName): OnboardingError {
  return new OnboardingError('GRAPH_ANSWER_INVALID', `Microsoft Graph's batch holds no answer for ${read.what}.`);
}
