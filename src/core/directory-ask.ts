/**
 * How a customer's directory is asked by somebody who may change it (its admin, an app with the rights), and what its answers
 * mean in general. Two kinds of "not yet": a new object that one replica has and another has not is asked for again for about
 * a minute and then left to the next call; a refusal is an error at once, under the code that the caller gives it. Microsoft
 * Graph "Resolve Microsoft Graph authorization errors", "Error responses".
 */
import * as z from 'zod/v4';
import { type ErrorCode, hasCode, OnboardingError } from './errors';
import { graphErrorCode, graphErrorEvidence } from './internal/graph-error';
import type { Clock, GraphRequest, GraphResponse, GraphScope, GraphTransport } from './ports';

/** What a refusal is called by whoever asks: the remedy depends on what was being done. */
export interface Refusals {
  /** 401: the access token has ended or is for something else. */
  readonly tokenRefused: ErrorCode;
  /** 403: a permission or a directory role is missing. */
  readonly notAllowed: ErrorCode;
  readonly refused: ErrorCode;
  /** The tenant does not have the resource, or the resource does not offer the permission. */
  readonly permissionUnknown: ErrorCode;
}

/** Graph as whoever holds the rights in this tenant sees it. */
export interface DirectoryAsk {
  readonly graph: GraphTransport;
  readonly clock: Clock;
  readonly tenantId: string;
  /** Whose access it is, for the transport's bookkeeping. */
  readonly appKey: string;
  readonly refusals: Refusals;
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

/** Why something is pending: the last refusal, when there was one. */
export function notYet(what: string, refused?: GraphResponse): Asked<never> {
  const why = refused === undefined ? 'not visible everywhere yet' : `not yet possible (${serviceCodeOf(refused) ?? `HTTP ${refused.status}`})`;
  return pending(`${what}: ${why}.`);
}

/** A service may still be replicating: the same question again, with growing pauses, until it is done or patience ends. */
export async function patiently<T>({ clock, signal }: Pick<DirectoryAsk, 'clock' | 'signal'>, attempt: () => Promise<Asked<T>>): Promise<Asked<T>> {
  for (const pauseMs of PAUSES_MS) {
    const asked = await attempt();
    if (asked.kind === 'done') return asked;
    await clock.sleep(pauseMs, signal);
  }
  return attempt();
}

/** Every call has a socket of its own, so that one replica does not answer twice. */
export function scopeOf({ tenantId, appKey, signal }: DirectoryAsk): GraphScope {
  return { tenantId, appKey, fresh: true, ...(signal === undefined ? {} : { signal }) };
}

export async function get(ask: DirectoryAsk, path: string): Promise<GraphResponse> {
  return ask.graph.send(scopeOf(ask), { method: 'GET', path });
}

/**
 * A write whose answer may be lost: undefined then, and only a read can say whether it was made. Raises what the transport
 * raises otherwise.
 */
export async function write(ask: DirectoryAsk, request: Omit<GraphRequest, 'method'> & { readonly method: 'POST' | 'PATCH' | 'DELETE' }): Promise<GraphResponse | undefined> {
  try {
    return await ask.graph.send(scopeOf(ask), request);
  } catch (error) {
    if (hasCode(error, 'GRAPH_UNAVAILABLE', 'GRAPH_ANSWER_INVALID')) return undefined;
    throw error;
  }
}

export function isSuccess({ status }: GraphResponse): boolean {
  return status >= 200 && status < 300;
}

/** The body of a 200; undefined for a 404. Raises the ask's refusals, `GRAPH_ANSWER_INVALID`. */
export function readOrAbsent<T>(ask: Pick<DirectoryAsk, 'refusals'>, answer: GraphResponse, schema: z.ZodType<T>, what: string): T | undefined {
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refusalOf(ask, answer, what);
  return parsed(answer, schema, what);
}

/** Raises `GRAPH_ANSWER_INVALID`. */
export function parsed<T>(answer: GraphResponse, schema: z.ZodType<T>, what: string): T {
  const body = schema.safeParse(answer.body);
  if (body.success) return body.data;
  throw new OnboardingError('GRAPH_ANSWER_INVALID', `${what}: the answer does not have the documented form.`, { correlationId: answer.requestId });
}

/** What a refused call means to whoever has to move next. `what` is the call, in words of ours. */
export function refusalOf({ refusals }: Pick<DirectoryAsk, 'refusals'>, answer: GraphResponse, what: string): OnboardingError {
  const evidence = graphErrorEvidence(answer);
  const { serviceCode } = evidence;
  const options = { ...evidence, details: { ...evidence.details, call: what } };
  if (answer.status === 401) return new OnboardingError(refusals.tokenRefused, `${what}: Microsoft Graph does not accept the access token.`, options);
  if (answer.status === 403) return new OnboardingError(refusals.notAllowed, `${what}: whoever the access token stands for, or the token itself, may not do this.`, options);
  return new OnboardingError(refusals.refused, `${what}: Microsoft Graph refused it (${serviceCode ?? `HTTP ${answer.status}`}).`, options);
}

export function serviceCodeOf(answer: GraphResponse): string | undefined {
  return graphErrorCode(answer.body);
}

/**
 * Whole lists only: a page that is missing could hold what we would otherwise make a second time. Undefined for a list of
 * something this replica does not know.
 */
export async function listAll<T>(ask: DirectoryAsk, path: string, schema: z.ZodType<T>, what: string): Promise<readonly T[] | undefined> {
  const list = await ask.graph.list(scopeOf(ask), path);
  if (list.stoppedBy?.status === 404) return undefined;
  if (list.stoppedBy !== undefined) throw refusalOf(ask, list.stoppedBy, what);
  const rows = z.array(schema).safeParse(list.items);
  if (rows.success) return rows.data;
  throw new OnboardingError('GRAPH_ANSWER_INVALID', `${what}: the answer does not have the documented form.`);
}
