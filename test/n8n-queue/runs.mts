/**
 * Workflows behind a webhook, run on the workers. The webhook answers before the run begins, so nobody waits for a reply
 * that a dead worker owes; how a run ended is read from n8n's executions, and which worker had it from the workers' logs.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Json, WorkflowNode } from '../n8n/client.mts';
import { PACKAGE } from '../n8n/package.mts';
import type { N8nServer } from '../n8n/server.mts';

export interface Run {
  readonly id: string;
  readonly status: string;
  /** What the last node gave. */
  readonly items: readonly Json[];
  /** Message and description of the error that ended it; empty when it succeeded. */
  readonly error: string;
}

export interface Flow {
  readonly id: string;
  /** Calls the webhook. Settles when n8n has taken the call. */
  start(body?: Json): Promise<void>;
  /** Every run so far, once all that were started have ended; oldest first. */
  ended(): Promise<readonly Run[]>;
}

interface ExecutionData {
  readonly resultData: {
    readonly error?: { readonly message?: string; readonly description?: string | null };
    readonly lastNodeExecuted?: string;
    readonly runData: Readonly<Record<string, readonly { readonly data?: { readonly main?: readonly (readonly { readonly json: Json }[] | null)[] } }[]>>;
  };
}

/** How n8n keeps execution data as text. */
const { parse } = createRequire(new URL('../../e2e/n8n-host/package.json', import.meta.url))('flatted') as { readonly parse: (text: string) => ExecutionData };

const ENDED = new Set(['success', 'error', 'crashed', 'canceled']);
const END_LIMIT_MS = 120_000;
/** A kept socket may be closed at the moment it is used again, and nobody repeats a POST. */
const FRESH = { connection: 'close' };

export const byId = (value: string) => ({ __rl: true, mode: 'id', value });

/** One of the node's operations. */
export function operation(resource: string, name: string, parameters: Json, credentials: Json): WorkflowNode {
  return { name: `${resource} ${name}`, type: `${PACKAGE}.m365Onboarding`, parameters: { resource, operation: name, ...parameters }, credentials };
}

/** Publishes a workflow of a webhook and these nodes in a row. */
export async function publishFlow(client: Client, origin: string, path: string, nodes: readonly WorkflowNode[]): Promise<Flow> {
  const webhook: WorkflowNode = { name: 'Webhook', type: 'n8n-nodes-base.webhook', webhookId: path, parameters: { path, httpMethod: 'POST', responseMode: 'onReceived' } };
  const id = await client.publish(path, [webhook, ...nodes]);
  let started = 0;
  return {
    id,
    start: async (body = {}) => {
      started += 1;
      const answer = await fetch(`${origin}/webhook/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...FRESH }, body: JSON.stringify(body), signal: AbortSignal.timeout(30_000) });
      assert.equal(answer.status, 200, await answer.text());
    },
    ended: async () => endedRuns(client, id, started),
  };
}

/** The workflow's runs, once there are that many and none is under way. Raises with what it saw after a while. */
export async function endedRuns(client: Client, workflowId: string, count: number): Promise<readonly Run[]> {
  const address = `/rest/executions?limit=100&filter=${encodeURIComponent(JSON.stringify({ workflowId }))}`;
  let listed: { readonly id: string; readonly status: string }[] = [];
  for (const deadline = Date.now() + END_LIMIT_MS; Date.now() < deadline; await sleep(200)) {
    listed = (await client.data('GET', address))['results'] as { id: string; status: string }[];
    if (listed.length >= count && listed.every(({ status }) => ENDED.has(status))) return Promise.all(listed.toSorted((left, right) => Number(left.id) - Number(right.id)).map(async ({ id }) => readRun(client, id)));
  }
  throw new Error(`Of ${count} runs of ${workflowId}: ${JSON.stringify(listed.map(({ id, status }) => [id, status]))}`);
}

async function readRun(client: Client, id: string): Promise<Run> {
  const { status, data } = await client.data('GET', `/rest/executions/${id}`);
  const { error, lastNodeExecuted, runData } = parse(data as string).resultData;
  const last = runData[lastNodeExecuted ?? '']?.at(-1)?.data?.main?.[0] ?? [];
  return { id, status: String(status), items: last.map(({ json }) => json), error: error === undefined ? '' : `${error.message ?? ''} ${error.description ?? ''}` };
}

/** The runs this worker began, by its own log. */
export function begunBy(worker: N8nServer): ReadonlySet<string> {
  return new Set([...worker.log().matchAll(/Worker started execution (\d+)/g)].map(([, id = '']) => id));
}

/** Whether the worker is inside a node of this name, by its own log. */
export function isRunning(worker: N8nServer, node: string): boolean {
  const said = (what: string) => worker.log().split(`Running node "${node}" ${what}`).length - 1;
  return said('started') > said('finished');
}
