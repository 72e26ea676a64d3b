/**
 * How the customer's tenant is asked and what its answers mean in general. Two kinds of "not yet": a new object that one
 * replica has and another has not is asked for again for about a minute and then left to the next call; a refusal is an
 * error at once. Microsoft Graph "Resolve Microsoft Graph authorization errors", "Error responses".
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { sameGuid } from '../internal/guid';
import type { Clock, GraphResponse, GraphScope, GraphTransport } from '../ports';

/** Graph as the customer's admin sees it. */
export interface AdminAsk {
  readonly graph: GraphTransport;
  readonly clock: Clock;
  readonly tenantId: string;
  readonly signal?: AbortSignal | undefined;
}

/** `pending`: not visible yet; whoever asks again later may see it. */
export type Asked<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'pending'; readonly message: string };

const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000, 30_000] as const;

export function done<T>(value: T): Asked<T> {
  return { kind: 'done', value };
}

export function pending(message: string): Asked<never> {
  return { kind: 'pending', message };
}

/** Raises `CUSTOMER_APP_PENDING` for whoever needs the app now. */
export function requireDone<T>(asked: Asked<T>): T {
  if (asked.kind === 'done') return asked.value;
  throw new OnboardingError('CUSTOMER_APP_PENDING', asked.message);
}

/** A service may still be replicating: the same question again, with growing pauses, until it is done or patience ends. */
export async function patiently<T>({ clock, signal }: Pick<AdminAsk, 'clock' | 'signal'>, attempt: () => Promise<Asked<T>>): Promise<Asked<T>> {
  for (const pauseMs of PAUSES_MS) {
    const asked = await attempt();
    if (asked.kind === 'done') return asked;
    await clock.sleep(pauseMs, signal);
  }
  return attempt();
}

/** Every read has a socket of its own, so that one replica does not answer twice. */
export function scopeOf({ tenantId, signal }: AdminAsk, fresh = true): GraphScope {
  return { tenantId, appKey: 'customer-admin', fresh, ...(signal === undefined ? {} : { signal }) };
}

export async function get(ask: AdminAsk, path: string): Promise<GraphResponse> {
  return ask.graph.send(scopeOf(ask), { method: 'GET', path });
}

export function isSuccess({ status }: GraphResponse): boolean {
  return status >= 200 && status < 300;
}

/** The body of a 200; undefined for a 404. Raises `CUSTOMER_APP_…` for a refusal, `GRAPH_ANSWER_INVALID`. */
export function readOrAbsent<T>(answer: GraphResponse, schema: z.ZodType<T>, what: string): T | undefined {
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refusalOf(answer, what);
  return parsed(answer, schema, what);
}

/** Raises `GRAPH_ANSWER_INVALID`. */
export function parsed<T>(answer: GraphResponse, schema: z.ZodType<T>, what: string): T {
  const body = schema.safeParse(answer.body);
  if (body.success) return body.data;
  throw new OnboardingError('GRAPH_ANSWER_INVALID', `${what}: the answer does not have the documented form.`, { correlationId: answer.requestId });
}

/** What a refused call means to whoever has to move next. `what` is the call, in words of ours. */
export function refusalOf(answer: GraphResponse, what: string): OnboardingError {
  const serviceCode = serviceCodeOf(answer);
  const options = { serviceCode, correlationId: answer.requestId, details: { status: answer.status, call: what } };
  if (answer.status === 401) return new OnboardingError('CUSTOMER_APP_TOKEN_REFUSED', `${what}: Microsoft Graph does not accept the admin's access token.`, options);
  if (answer.status === 403) return new OnboardingError('CUSTOMER_APP_NOT_ALLOWED', `${what}: the admin, or the access token, may not do this.`, options);
  return new OnboardingError('CUSTOMER_APP_REFUSED', `${what}: Microsoft Graph refused it (${serviceCode ?? `HTTP ${answer.status}`}).`, options);
}

export function serviceCodeOf(answer: GraphResponse): string | undefined {
  const code = (answer.body as { readonly error?: { readonly code?: unknown } } | undefined)?.error?.code;
  return typeof code === 'string' && /^[\w.-]{1,100}$/.test(code) ? code : undefined;
}

/** Whole lists only: a page that is missing could hold what we would otherwise make a second time. */
export async function listAll<T>(ask: AdminAsk, path: string, schema: z.ZodType<T>, what: string): Promise<readonly T[]> {
  const list = await ask.graph.list(scopeOf(ask), path);
  if (list.stoppedBy !== undefined) throw refusalOf(list.stoppedBy, what);
  const rows = z.array(schema).safeParse(list.items);
  if (rows.success) return rows.data;
  throw new OnboardingError('GRAPH_ANSWER_INVALID', `${what}: the answer does not have the documented form.`);
}

const organizationSchema = z.object({ value: z.array(z.object({ id: z.string() })) });
const personSchema = z.object({ id: z.string().min(1) });

/**
 * Who stands behind the access token: the tenant as Graph names it (what a token says of itself proves nothing until Graph has
 * taken it) and the person, for the audit. Raises `TENANT_MISMATCH` for any other tenant than the account's and for a
 * personal account, `CUSTOMER_APP_TOKEN_REFUSED` also for an app's own token, `CUSTOMER_APP_NOT_ALLOWED`. Least permission
 * (delegated): User.Read.
 */
export async function requireAdmin(ask: AdminAsk): Promise<{ readonly objectId: string }> {
  const what = 'Reading whose access token it is';
  const answer = await get(ask, '/organization?$select=id');
  if (answer.status !== 200) throw refusalOf(answer, what);
  const tenants = parsed(answer, organizationSchema, what).value;
  const [tenant] = tenants;
  if (tenants.length !== 1 || tenant === undefined || !sameGuid(tenant.id, ask.tenantId)) {
    throw new OnboardingError('TENANT_MISMATCH', 'The admin\'s access token is for another tenant than the one that belongs to this account.', { details: { tenantId: ask.tenantId, answeredTenant: tenant?.id ?? null } });
  }
  const person = await get(ask, '/me?$select=id');
  if (person.status === 400) throw new OnboardingError('CUSTOMER_APP_TOKEN_REFUSED', 'The access token is an app\'s; an admin\'s own is needed.', { correlationId: person.requestId });
  if (person.status !== 200) throw refusalOf(person, what);
  return { objectId: parsed(person, personSchema, what).id };
}
