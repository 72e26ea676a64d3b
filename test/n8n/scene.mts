/** What the stories of one real n8n share: the stage, the saved credentials, a way to run operations, and which of them ran. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, WorkflowNode } from './client.mts';
import { CUSTOMER, openStage, PACKAGE } from './stage.mts';

export const byId = (value: string) => ({ __rl: true, mode: 'id', value });
export const byChoice = (value: string) => ({ __rl: true, mode: 'list', value });
/** The customer that is onboarded, as a node names it. */
export const account = byId(CUSTOMER.id);

export type Kept = Readonly<Record<string, { readonly id: string; readonly name: string }>>;
/** Another call of the same published workflow. */
export type Run = (body?: Json) => Promise<readonly Json[]>;

const CALL_LIMIT_MS = 120_000;
const TOLD_TIME_LIMIT_MS = 300_000;
const LONGEST_NAP_MS = 30_000;

export async function openScene() {
  const stage = await openStage();
  const kept: Record<string, { readonly id: string; readonly name: string }> = {};
  const ran = new Set<string>();
  let workflows = 0;

  /** Publishes a workflow of a webhook and this one operation. */
  async function prepare(resource: string, operation: string, parameters: Json = {}, credentials: Json = kept): Promise<Run> {
    const path = `run-${(workflows += 1)}`;
    const name = `${resource} ${operation}`;
    const webhook: WorkflowNode = { name: 'Webhook', type: 'n8n-nodes-base.webhook', webhookId: path, parameters: { path, httpMethod: 'POST', responseMode: 'lastNode', responseData: 'allEntries' } };
    const workflowId = await stage.client.publish(name, [webhook, { name, type: `${PACKAGE}.m365Onboarding`, parameters: { resource, operation, ...parameters }, credentials }]);
    return async (body = {}) => {
      const answer = await fetch(`${stage.server.origin}/webhook/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(CALL_LIMIT_MS) });
      const text = await answer.text();
      assert.equal(answer.status, 200, `${name}: ${text} ${answer.status === 200 ? '' : await lastExecution(workflowId)}`);
      ran.add(`${resource}.${operation}`);
      return JSON.parse(text) as readonly Json[];
    };
  }

  async function executions(workflowId: string, status?: string): Promise<readonly { readonly id: string }[]> {
    const filter = encodeURIComponent(JSON.stringify({ workflowId, ...(status === undefined ? {} : { status: [status] }) }));
    return (await stage.client.data('GET', `/rest/executions?filter=${filter}`))['results'] as { id: string }[];
  }

  /** What n8n shows of an execution, its data included, as text. */
  const shown = async ({ id }: { readonly id: string }) => JSON.stringify(await stage.client.data('GET', `/rest/executions/${id}`));

  async function lastExecution(workflowId: string): Promise<string> {
    const [last] = await executions(workflowId);
    return last === undefined ? 'no execution' : shown(last);
  }

  const run = async (resource: string, operation: string, parameters?: Json, credentials?: Json): Promise<readonly Json[]> => (await prepare(resource, operation, parameters, credentials))();

  return {
    stage,
    /** The two credentials as n8n keeps them, for nodes to name. */
    kept,
    /** `resource.operation` of everything that went through. */
    ran,
    /** What must be found nowhere afterwards, beside the stage's own secrets. */
    carried: [] as string[],
    prepare,
    run,
    one: async (resource: string, operation: string, parameters?: Json): Promise<Json> => (await run(resource, operation, parameters))[0] ?? {},
    executions,
    shown,
    lastExecution,
    /** Does it again when it says to come back, until it says what is wanted. */
    until: async (resource: string, operation: string, parameters: Json, isDone: (answer: Json) => boolean): Promise<Json> => {
      const again = await prepare(resource, operation, parameters);
      let answer: Json = {};
      for (const deadline = Date.now() + TOLD_TIME_LIMIT_MS; Date.now() < deadline; ) {
        answer = (await again())[0] ?? {};
        if (isDone(answer)) return answer;
        const dueInMs = Date.parse(String(answer['nextCheckAt'])) - Date.now();
        await sleep(Math.min(Math.max(dueInMs, 250), LONGEST_NAP_MS) || 250);
      }
      return assert.fail(`${resource} ${operation} did not come to an end: ${JSON.stringify(answer)}`);
    },
    /** What a drop-down of the node's panel lists. */
    search: async (methodName: string, field: string, parameters: Json = {}, filter?: string): Promise<readonly Json[]> => {
      const found = await stage.client.data('POST', '/rest/dynamic-node-parameters/resource-locator-results', {
        path: `parameters.${field}`, methodName, nodeTypeAndVersion: { name: `${PACKAGE}.m365Onboarding`, version: 1 }, currentNodeParameters: parameters, credentials: kept, ...(filter === undefined ? {} : { filter }),
      });
      return found['results'] as readonly Json[];
    },
  };
}

export type Scene = Awaited<ReturnType<typeof openScene>>;

/** Polls, for what n8n does after it has answered. */
export async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean, limitMs = 30_000): Promise<T> {
  let value = await read();
  for (const deadline = Date.now() + limitMs; !holds(value) && Date.now() < deadline; value = await read()) await sleep(200);
  return value;
}
