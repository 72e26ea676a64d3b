/**
 * The items of a batch meet trouble of their own: an item that a rule answers is taken out before the batch is carried out
 * and put back among the answers. Batches whose items depend on each other pass unharmed.
 */
import { RULE_HEADER, type SandboxRequest, type SandboxResponse } from '../http';
import { isJsonObject, type JsonObject } from '../jwt';
import { answerInstead } from './answers';
import { parseObject, type Asked } from './asked';
import type { FaultRule } from './plan';

interface Item {
  readonly id: string;
  readonly asked: Asked;
  readonly given: JsonObject;
}

/** Empty for anything but a batch of independent items. */
export function readItems(request: SandboxRequest, asked: Asked): readonly Item[] {
  if (request.method !== 'POST' || request.path.toLowerCase() !== '/v1.0/$batch') return [];
  const body = parseObject(request.body);
  const given: readonly unknown[] = Array.isArray(body?.requests) ? body.requests : [];
  const items = given.flatMap((item) => (isJsonObject(item) && typeof item.id === 'string' && typeof item.url === 'string' && item.dependsOn === undefined ? [item] : []));
  if (items.length < given.length) return [];
  return items.map((item) => ({ id: String(item.id), given: item, asked: askedOf(item, asked) }));
}

/** The batch without the items that are answered already; undefined when none is left. */
export function withoutItems(request: SandboxRequest, items: readonly Item[], answered: ReadonlyMap<string, FaultRule>): SandboxRequest | undefined {
  const left = items.filter(({ id }) => !answered.has(id));
  return left.length === 0 ? undefined : { ...request, body: Buffer.from(JSON.stringify({ requests: left.map(({ given }) => given) })) };
}

/** Put the troubled items among the others. */
export function withItems(response: SandboxResponse, request: SandboxRequest, answered: ReadonlyMap<string, FaultRule>, nowMs: number): SandboxResponse {
  const body = response.status === 200 ? parseObject(Buffer.from(response.body)) : undefined;
  if (body === undefined || !Array.isArray(body.responses)) return response;
  const troubled = [...answered].map(([id, rule]) => itemAnswer(id, answerInstead(rule, request, nowMs)));
  return { ...response, body: JSON.stringify({ ...body, responses: [...(body.responses as readonly unknown[]), ...troubled] }) };
}

function askedOf(item: JsonObject, batch: Asked): Asked {
  const path = String(item.url).split('?')[0] ?? '';
  return { ...batch, method: String(item.method).toUpperCase(), path: `/v1.0${path.startsWith('/') ? '' : '/'}${path}`, members: new Set(isJsonObject(item.body) ? Object.keys(item.body) : []) };
}

function itemAnswer(id: string, { status, headers, body }: SandboxResponse): JsonObject {
  const { 'content-type': contentType, 'retry-after': retryAfter, [RULE_HEADER]: rule } = headers;
  const text = String(body);
  const isJson = String(contentType).startsWith('application/json');
  return {
    id,
    status,
    headers: { 'Content-Type': contentType, [RULE_HEADER]: rule, ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }) },
    // What is not JSON travels in base64 inside a batch.
    body: isJson ? JSON.parse(text) : Buffer.from(text).toString('base64'),
  };
}
