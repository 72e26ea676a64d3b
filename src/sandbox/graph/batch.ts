/**
 * `POST /$batch`: at most 20 requests with unique ids, each judged like a request of its own, answered together
 * with 200 in an order of the service's choosing (here: fixed by the ids, never the order sent). An item that
 * depends on a failed one answers 424. Source: Microsoft Graph "Combine multiple HTTP requests using JSON batching".
 */
import { createHash } from 'node:crypto';
import type { World } from '../model';
import { isJsonObject, type JsonObject } from '../jwt';
import { readJson, type Body } from './call';
import type { Caller } from './caller';
import { dispatch, type Ids, type Line, type Outcome } from './dispatch';
import { badRequest } from './refusal';
import { rule } from './rules';
import type { Wire } from './select';
import { itemOf } from './wire';
import { tellItems } from '../lies/graph';
import { isLying } from '../lies/truth';

const MAX_REQUESTS = 20;

interface Item {
  readonly id: string;
  readonly line: Line;
  readonly dependsOn: readonly string[];
}

export function answerBatch(world: World, caller: Caller, body: Body, ids: Ids): Outcome {
  const items = readItems(world, readJson(body));
  const outcomes = new Map<string, Outcome>();
  for (const item of inOrder(items)) {
    const hasFailed = item.dependsOn.some((id) => (outcomes.get(id)?.status ?? 500) >= 400) && !isLying(world, 'L-BATCH-DEPENDENCY');
    outcomes.set(item.id, hasFailed ? failedDependency() : dispatch(world, caller, item.line, ids));
  }
  const responses = items.map(({ id }) => ({ id, outcome: outcomes.get(id) ?? failedDependency() })).toSorted((a, b) => compare(rank(a.id), rank(b.id)));
  return {
    rule: rule('G-BATCH'),
    status: 200,
    body: { responses: tellItems(world, responses.map(({ id, outcome }): Wire => ({ id, ...itemOf(outcome) }))) },
    headers: {},
    units: 1,
    operation: 'POST /$batch',
    gaps: responses.flatMap(({ outcome }) => outcome.gaps),
    itemRules: responses.map(({ outcome }) => outcome.rule),
  };
}

function readItems(world: World, body: JsonObject): readonly Item[] {
  const { requests } = body;
  if (!Array.isArray(requests) || requests.length === 0) throw invalid('The batch request has no requests.');
  if (requests.length > MAX_REQUESTS && !isLying(world, 'L-BATCH-LIMIT')) throw invalid(`Number of batch request steps exceeds the maximum value of ${MAX_REQUESTS}.`);
  const items = requests.map(readItem);
  const known = new Set(items.map(({ id }) => id));
  if (known.size < items.length) throw invalid('The batch request has request ids that are not unique.');
  if (items.some(({ dependsOn }) => dependsOn.some((id) => !known.has(id)))) throw invalid('dependsOn names a request that is not in the batch.');
  return items;
}

function readItem(value: unknown): Item {
  if (!isJsonObject(value)) throw invalid('A request of the batch is not an object.');
  const { id, method, url } = value;
  if (typeof id !== 'string' || id === '') throw invalid('A request of the batch has no id.');
  if (typeof method !== 'string' || typeof url !== 'string') throw invalid(`Request '${id}' has no method or url.`);
  if (/^[a-z]+:/i.test(url)) throw invalid(`The url of request '${id}' is not relative.`);
  const headers = readHeaders(value.headers);
  const hasBody = value.body !== undefined && value.body !== null;
  const contentType = headers.get('content-type');
  if (hasBody && contentType === undefined) throw invalid(`Request '${id}' has a body and no Content-Type header.`);
  const [path = '', ...query] = (url.startsWith('/') ? url : `/${url}`).split('?');
  if (path.toLowerCase() === '/$batch') throw invalid('A batch request cannot hold another batch request.');
  const line: Line = {
    method: method.toUpperCase(),
    path,
    query: new URLSearchParams(query.join('?')),
    header: (name) => headers.get(name),
    body: { contentType, bytes: Buffer.from(hasBody ? JSON.stringify(value.body) : '') },
  };
  return { id, line, dependsOn: readDependencies(value.dependsOn) };
}

function readHeaders(value: unknown): ReadonlyMap<string, string> {
  if (!isJsonObject(value)) return new Map();
  return new Map(Object.entries(value).map(([name, text]) => [name.toLowerCase(), String(text)]));
}

function readDependencies(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((id) => typeof id === 'string')) return value;
  throw invalid('dependsOn is not a list of request ids.');
}

/** Every item after what it depends on. */
function inOrder(items: readonly Item[]): readonly Item[] {
  const done: Item[] = [];
  let waiting = [...items];
  while (waiting.length > 0) {
    const ready = waiting.filter(({ dependsOn }) => dependsOn.every((id) => done.some((item) => item.id === id)));
    if (ready.length === 0) throw invalid('The requests of the batch depend on each other in a circle.');
    done.push(...ready);
    waiting = waiting.filter((item) => !ready.includes(item));
  }
  return done;
}

function failedDependency(): Outcome {
  return {
    rule: rule('G-BATCH-DEPENDENCY'),
    status: 424,
    body: { error: { code: 'FailedDependency', message: 'A request this one depends on has failed.' } },
    headers: {},
    units: 1,
    gaps: [],
  };
}

function rank(id: string): string {
  return createHash('sha256').update(`batch ${id}`).digest('hex');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function invalid(message: string) {
  return badRequest('G-BATCH-INVALID', message, 'BadRequest');
}
