/**
 * The GraphTransport port over Microsoft Graph v1.0. Promises: error answers are returned for a rule to judge; throttling
 * is obeyed by the injected clock within a budget; tokens go to the pinned origin only; a list is complete or says what
 * stopped it; a fresh read shares neither token nor socket with anything before it. Follows Microsoft Graph "paging",
 * "throttling" and "JSON batching"; retry and batch rules are in the files beside this one.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { Clock, GraphList, GraphQuestion, GraphResponse, GraphScope, GraphTransport, RandomSource, TokenSource } from '../ports';
import { buildBatch, MISSING_ANSWER, pathOf, readBatchAnswers, splitIntoBatches, type BatchAnswer } from './graph-batch';
import { createGraphPipeline, type GraphCall, type GraphPipeline, type GraphSession } from './graph-pipeline';
import { DEFAULT_PATIENCE_MS, fitsBudget, isWorthRepeating, planRetryDelayMs } from './graph-retry';
import type { HttpsClient } from './https-client';
import { HttpsFailure, type HttpsResponse } from './https-exchange';
import { graphErrorCode, graphErrorEvidence } from '../internal/graph-error';
import { parseJson } from '../internal/json';
import { readRetryAfterSeconds } from './retry-after';
import { createServicePauses, pauseKey, type ServicePauses } from './service-pauses';
import { pausedBy, throttledScopeOf } from './throttle-scope';

/** Half a million objects at the default page size: more is a loop that changes its address. */
const MAX_PAGES = 5000;

export interface GraphTransportOptions {
  /** Origin of Microsoft Graph, with port when it has one; no version, no trailing slash. */
  readonly graphHost: string;
  readonly tokens: TokenSource;
  /** Resource identifier for the app token, for example `https://graph.microsoft.com`. */
  readonly graphResource: string;
  readonly https: HttpsClient;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Shared with whoever else asks Graph for these apps, under `pauseKey` of tenant and app key; its own when absent. */
  readonly pauses?: ServicePauses | undefined;
  /** What one operation may spend on waiting; a longer wait is raised. Default two minutes. */
  readonly patienceMs?: number | undefined;
}

type Call = Omit<GraphCall, 'clientRequestId'> & { readonly once?: boolean };

interface Context extends GraphTransportOptions {
  readonly pauses: ServicePauses;
  readonly patienceMs: number;
  readonly exchange: GraphPipeline;
}

/**
 * The GraphTransport port. Every method raises `GRAPH_UNAVAILABLE`, `GRAPH_THROTTLED` (with `retryAfterSeconds` when the
 * service said), `GRAPH_ANSWER_INVALID` (a 2xx answer that is not JSON, endless paging), `GRAPH_ORIGIN_REFUSED`,
 * `TLS_UNTRUSTED`, `INPUT_INVALID` for a path that leaves v1.0, and whatever the TokenSource raises. In a batch, an item
 * that got no answer has status 0.
 */
export function createGraphTransport(options: GraphTransportOptions): GraphTransport {
  const context: Context = { ...options, pauses: options.pauses ?? createServicePauses(options.clock), patienceMs: options.patienceMs ?? DEFAULT_PATIENCE_MS, exchange: createGraphPipeline(options.graphHost) };
  const withSession = async <T>(scope: GraphScope, work: (session: GraphSession) => Promise<T>): Promise<T> => {
    const https = scope.fresh === true ? options.https.isolated() : options.https;
    try {
      return await work(openSession(options, scope, https));
    } finally {
      if (https !== options.https) https.close();
    }
  };

  return {
    send: (scope, request) =>
      withSession(scope, async (session) => {
        const call = { ...request, url: addressOf(options.graphHost, request.path), repeatable: request.method !== 'POST' && request.once !== true, once: request.once === true };
        return readAnswer(await sendPolitely(context, session, call));
      }),
    list: (scope, path) => withSession(scope, (session) => readPages(context, session, path)),
    batch: (scope, questions) =>
      withSession(scope, async (session) => {
        const answers: GraphResponse[] = [];
        for (const chunk of splitIntoBatches(questions)) answers.push(...(await sendBatch(context, session, chunk)));
        return answers;
      }),
  };
}

function openSession({ tokens, graphResource }: GraphTransportOptions, scope: GraphScope, https: HttpsClient): GraphSession {
  const acquire = (fresh: boolean) =>
    tokens.acquire({ appKey: scope.appKey, tenantId: scope.tenantId, resource: graphResource, fresh, ...(scope.signal === undefined ? {} : { signal: scope.signal }) });
  let pending = scope.appToken === undefined ? undefined : Promise.resolve(scope.appToken);
  let fresh = scope.fresh === true;
  return {
    https,
    signal: scope.signal,
    caller: pauseKey(scope.tenantId, scope.appKey),
    appToken: () => (pending ??= acquire(fresh)),
    renewAppToken: () => {
      fresh = true;
      pending = undefined;
    },
  };
}

function addressOf(graphHost: string, path: string): string {
  const base = `${graphHost}/v1.0`;
  const url = path.startsWith('/') && URL.canParse(`${base}${path}`) ? new URL(`${base}${path}`) : undefined;
  if (url === undefined || url.hash !== '' || !url.pathname.startsWith('/v1.0/') || url.pathname.includes('//')) {
    throw new OnboardingError('INPUT_INVALID', 'A Graph path starts with "/" and stays below the version.', { details: { parameter: 'path' } });
  }
  return url.href;
}

/** Waits before a repeat; false when the retries or the budget of the operation are used up. */
type Patience = (retryAfterSeconds: number | undefined) => Promise<boolean>;

function createPatience({ clock, random, patienceMs }: Context, session: GraphSession): Patience {
  const startedAt = clock.now();
  let retries = 0;
  return async (retryAfterSeconds) => {
    const jitter = (random.bytes(1)[0] ?? 0) / 255;
    const delayMs = planRetryDelayMs({ retries, elapsedMs: clock.now() - startedAt, retryAfterSeconds, jitter, patienceMs });
    if (delayMs === undefined) return false;
    retries += 1;
    await clock.sleep(delayMs, session.signal);
    return true;
  };
}

/** One request until it is answered, refused for good, or out of patience. */
async function sendPolitely(context: Context, session: GraphSession, call: Call): Promise<HttpsResponse> {
  const patience = createPatience(context, session);
  let outcome = await attempt(context, session, call);
  if (isTokenRefused(outcome)) {
    session.renewAppToken();
    outcome = await attempt(context, session, call);
  }
  while (call.once !== true && isTransient(outcome, call.repeatable) && (await patience(retryAfterOf(context, outcome)))) {
    outcome = await attempt(context, session, call);
  }
  return settle(context, outcome);
}

async function attempt(context: Context, session: GraphSession, call: Call): Promise<HttpsResponse | HttpsFailure> {
  await outlastPause(context, session, call);
  try {
    const response = await context.exchange(session, { ...call, clientRequestId: context.random.uuid() });
    if (isWorthRepeating(response.status, true)) notePause(context, session, retryAfterOf(context, response), response.headers);
    return response;
  } catch (error) {
    if (error instanceof HttpsFailure) return error;
    throw error;
  }
}

/** Another read of this app in this tenant may have been told to wait: what is short is waited for, what is long is said. */
async function outlastPause({ pauses, clock, patienceMs }: Context, { caller, signal }: GraphSession, { once }: Call): Promise<void> {
  const startedAt = clock.now();
  const find = () => pausedBy(pauses, caller);
  for (let paused = find(); paused !== undefined; paused = find()) {
    const leftMs = Math.ceil((paused.retryAfterSeconds ?? 0) * 1000);
    if (once === true || !fitsBudget(clock.now() - startedAt, leftMs, patienceMs)) throw paused;
    await clock.sleep(leftMs, signal);
  }
}

function notePause({ pauses }: Context, { caller }: GraphSession, retryAfterSeconds: number | undefined, headers: Readonly<Record<string, string>> = {}): void {
  pauses.note(throttledScopeOf(caller, headers), { code: 'GRAPH_THROTTLED', retryAfterSeconds, serviceCode: undefined });
}

function isTransient(outcome: HttpsResponse | HttpsFailure, repeatable: boolean): boolean {
  return outcome instanceof HttpsFailure ? repeatable && outcome.kind !== 'too_large' : isWorthRepeating(outcome.status, repeatable);
}

function retryAfterOf(context: Context, outcome: HttpsResponse | HttpsFailure): number | undefined {
  return outcome instanceof HttpsFailure ? undefined : readRetryAfterSeconds(outcome.headers, context.clock.now());
}

/** An answer passes; what stands for "no answer" becomes an error. */
function settle(context: Context, outcome: HttpsResponse | HttpsFailure): HttpsResponse {
  if (outcome instanceof HttpsFailure) {
    const details = { host: outcome.host, reason: outcome.systemCode ?? outcome.kind };
    throw new OnboardingError('GRAPH_UNAVAILABLE', 'Microsoft Graph could not be reached.', { cause: outcome, details });
  }
  if (!isWorthRepeating(outcome.status, true)) return outcome;
  const code = outcome.status === 429 ? 'GRAPH_THROTTLED' : 'GRAPH_UNAVAILABLE';
  throw new OnboardingError(code, `Microsoft Graph kept answering ${outcome.status}.`, {
    ...graphErrorEvidence(readPlain(outcome), outcome.headers['date']),
    retryAfterSeconds: retryAfterOf(context, outcome),
  });
}

function isTokenRefused(outcome: HttpsResponse | HttpsFailure): boolean {
  return !(outcome instanceof HttpsFailure) && outcome.status === 401 && graphErrorCode(parseJson(outcome.text)) === 'InvalidAuthenticationToken';
}

function readPlain(response: HttpsResponse): GraphResponse {
  return { status: response.status, body: parseJson(response.text), requestId: response.headers['request-id'] };
}

function readAnswer(response: HttpsResponse): GraphResponse {
  const answer = readPlain(response);
  const isBroken = answer.body === undefined && response.text.trim() !== '' && response.status < 300;
  if (isBroken) throw new OnboardingError('GRAPH_ANSWER_INVALID', 'Microsoft Graph\'s answer is not JSON.', graphErrorEvidence(answer, response.headers['date']));
  return answer;
}

const pageSchema = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().min(1).optional() });

async function readPages(context: Context, session: GraphSession, path: string): Promise<GraphList> {
  const items: unknown[] = [];
  const visited = new Set<string>();
  for (let url: string | undefined = addressOf(context.graphHost, path); url !== undefined; ) {
    if (visited.has(url) || visited.size >= MAX_PAGES) throw new OnboardingError('GRAPH_ANSWER_INVALID', 'The pages of a list never end.', { details: { pages: visited.size } });
    visited.add(url);
    const answer = readAnswer(await sendPolitely(context, session, { method: 'GET', url, repeatable: true }));
    const page = answer.status === 200 ? pageSchema.safeParse(answer.body).data : undefined;
    if (page === undefined) return { items, stoppedBy: answer };
    for (const item of page.value) items.push(item);
    url = page['@odata.nextLink'];
  }
  return { items };
}

async function sendBatch(context: Context, session: GraphSession, questions: readonly GraphQuestion[]): Promise<readonly GraphResponse[]> {
  for (const question of questions) addressOf(context.graphHost, pathOf(question));
  const patience = createPatience(context, session);
  const answers = new Map<number, BatchAnswer>();
  let open = [...questions.keys()];
  do {
    for (const [position, answer] of await askBatch(context, session, questions, open)) answers.set(position, answer);
    open = open.filter((position) => isWorthRepeating(answers.get(position)?.response.status ?? 0, true));
    for (const { headers } of open.flatMap((position) => answers.get(position) ?? [])) notePause(context, session, readRetryAfterSeconds(headers, context.clock.now()), headers);
  } while (open.length > 0 && (await patience(longestRetryAfter(context, answers, open))));
  return questions.map((_, position) => answers.get(position)?.response ?? MISSING_ANSWER);
}

async function askBatch(context: Context, session: GraphSession, questions: readonly GraphQuestion[], positions: readonly number[]): Promise<ReadonlyMap<number, BatchAnswer>> {
  const call: Call = { method: 'POST', url: `${context.graphHost}/v1.0/$batch`, body: buildBatch(questions, positions), repeatable: true };
  const outer = readAnswer(await sendPolitely(context, session, call));
  if (outer.status === 200) return readBatchAnswers(outer.body);
  // A refused batch is the answer to each of its items.
  return new Map(positions.map((position) => [position, { response: outer, headers: {} }]));
}

function longestRetryAfter(context: Context, answers: ReadonlyMap<number, BatchAnswer>, positions: readonly number[]): number | undefined {
  const asked = positions.flatMap((position) => readRetryAfterSeconds(answers.get(position)?.headers ?? {}, context.clock.now()) ?? []);
  return asked.length === 0 ? undefined : Math.max(...asked);
}
