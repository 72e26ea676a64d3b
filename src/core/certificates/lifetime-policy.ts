/**
 * How long a certificate may live by the home tenant's app management policy, asked before one is made: a longer one would be
 * refused when it is registered. What cannot be read limits nothing here and is said. Microsoft Graph
 * "tenantAppManagementPolicy resource type", "keyCredentialConfiguration"; durations by ISO 8601, years and months as .NET counts them.
 */
import * as z from 'zod/v4';
import { isOnboardingError, OnboardingError } from '../errors';
import type { Ports } from '../ports';
import { DEFAULT_LIFETIME_DAYS } from './model';

/** `none`: the policy was read and limits nothing. `unreadable`: nobody knows; `reason` is an error code or an HTTP status. */
export type LifetimeLimit = { readonly kind: 'none' } | { readonly kind: 'limited'; readonly maxDays: number } | { readonly kind: 'unreadable'; readonly reason: string };

const restrictionSchema = z.object({
  restrictionType: z.string(),
  state: z.string().nullish(),
  maxLifetime: z.string().nullish(),
  restrictForAppsCreatedAfterDateTime: z.iso.datetime({ offset: true }).nullish(),
});
const policySchema = z.object({
  isEnabled: z.boolean(),
  applicationRestrictions: z.object({ keyCredentials: z.array(restrictionSchema).nullish() }).nullish(),
});

export interface LifetimeRestriction {
  readonly maxDays: number;
  /** Milliseconds since the Unix epoch: apps that were registered later are restricted. Null: all are. */
  readonly appsCreatedAfterAt: number | null;
}

/** Pure. The restrictions in force; undefined when the answer does not have the documented form. */
export function readLifetimePolicy(body: unknown): readonly LifetimeRestriction[] | undefined {
  const policy = policySchema.safeParse(body).data;
  if (policy === undefined) return undefined;
  if (!policy.isEnabled) return [];
  const inForce = (policy.applicationRestrictions?.keyCredentials ?? []).filter(({ restrictionType, state }) => restrictionType === 'asymmetricKeyLifetime' && state !== 'disabled');
  const restrictions = inForce.map(({ maxLifetime, restrictForAppsCreatedAfterDateTime: after }) => ({
    maxDays: readDurationDays(maxLifetime ?? ''),
    appsCreatedAfterAt: after === null || after === undefined ? null : Date.parse(after),
  }));
  return restrictions.every(isReadable) ? restrictions : undefined;
}

function isReadable(restriction: { readonly maxDays: number | undefined; readonly appsCreatedAfterAt: number | null }): restriction is LifetimeRestriction {
  return restriction.maxDays !== undefined;
}

/** Pure. Whole days of an ISO 8601 duration, rounded down; undefined for what is none. */
export function readDurationDays(text: string): number | undefined {
  const match = /^P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (match === null) return undefined;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.floor(years * 365 + months * 30 + weeks * 7 + days + (hours * 3600 + minutes * 60 + seconds) / 86_400);
}

/** Pure. The strictest restriction that reaches one of the apps; a registration of unknown age counts as reached. */
export function judgeLifetime(restrictions: readonly LifetimeRestriction[], appsCreatedAt: readonly (number | undefined)[]): LifetimeLimit {
  const reaching = restrictions.filter(({ appsCreatedAfterAt: after }) => after === null || appsCreatedAt.length === 0 || appsCreatedAt.some((at) => at === undefined || at > after));
  if (reaching.length === 0) return { kind: 'none' };
  return { kind: 'limited', maxDays: Math.min(...reaching.map(({ maxDays }) => maxDays)) };
}

/**
 * Pure. The lifetime of a new certificate: as asked, else a year or what the policy allows. What is no lifetime at all is
 * left to whoever makes the certificate. Raises `CERTIFICATE_POLICY_LIFETIME` (`details.maxDays`) for what the policy would refuse.
 */
export function chooseLifetimeDays(asked: number | undefined, limit: LifetimeLimit): number {
  if (limit.kind !== 'limited') return asked ?? DEFAULT_LIFETIME_DAYS;
  const { maxDays } = limit;
  const days = asked ?? Math.min(DEFAULT_LIFETIME_DAYS, maxDays);
  if (!(days > maxDays) && maxDays >= 1) return days;
  const asFor = asked === undefined ? {} : { lifetimeDays: asked };
  throw new OnboardingError('CERTIFICATE_POLICY_LIFETIME', `The home tenant's app management policy allows certificates of at most ${maxDays} days.`, { details: { maxDays, ...asFor } });
}

export interface LifetimeQuestion {
  readonly homeTenantId: string;
  /** In this order, until one of them gets an answer. */
  readonly apps: readonly { readonly key: string; readonly appId: string }[];
  /** Ends the whole question; what is not known by then is unreadable. */
  readonly signal?: AbortSignal | undefined;
}

/** Never rejects. Least permission (application): Policy.Read.All; without it the answer is `unreadable`. */
export async function readLifetimeLimit(ports: Pick<Ports, 'graph'>, question: LifetimeQuestion): Promise<LifetimeLimit> {
  let limit: LifetimeLimit = { kind: 'unreadable', reason: 'APP_UNKNOWN' };
  for (const { key } of question.apps) {
    limit = await askAs(ports, question, key).catch((error: unknown): LifetimeLimit => ({ kind: 'unreadable', reason: isOnboardingError(error) ? error.code : 'TIME_LIMIT' }));
    if (limit.kind !== 'unreadable' || question.signal?.aborted === true) break;
  }
  return limit;
}

async function askAs({ graph }: Pick<Ports, 'graph'>, { homeTenantId, apps, signal }: LifetimeQuestion, appKey: string): Promise<LifetimeLimit> {
  const scope = { tenantId: homeTenantId, appKey, ...(signal === undefined ? {} : { signal }) };
  const answer = await graph.send(scope, { method: 'GET', path: '/policies/defaultAppManagementPolicy' });
  if (answer.status !== 200) return { kind: 'unreadable', reason: `HTTP ${answer.status}` };
  const restrictions = readLifetimePolicy(answer.body);
  if (restrictions === undefined) return { kind: 'unreadable', reason: 'GRAPH_ANSWER_INVALID' };
  if (restrictions.every(({ appsCreatedAfterAt }) => appsCreatedAfterAt === null)) return judgeLifetime(restrictions, []);
  const paths = apps.map(({ appId }) => `/applications(appId='${encodeURIComponent(appId)}')?$select=createdDateTime`);
  return judgeLifetime(restrictions, (await graph.batch(scope, paths)).map(({ status, body }) => (status === 200 ? readCreatedAt(body) : undefined)));
}

function readCreatedAt(body: unknown): number | undefined {
  const created = z.object({ createdDateTime: z.iso.datetime({ offset: true }) }).safeParse(body).data;
  return created === undefined ? undefined : Date.parse(created.createdDateTime);
}
