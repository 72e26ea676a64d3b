/** What a person does in n8n's editor, over the interfaces the editor itself uses. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface WorkflowNode {
  readonly name: string;
  readonly type: string;
  readonly parameters: Json;
  readonly credentials?: Json;
  readonly webhookId?: string;
  readonly position?: readonly [number, number];
  readonly onError?: 'continueRegularOutput';
}

const PUBLISH_LIMIT_MS = 20_000;

/** Makes the owner of a fresh n8n and signs in as that person. */
export async function signUp(origin: string) {
  let cookie = '';

  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    // A kept socket may be closed at the moment it is used again, and nobody repeats a POST.
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: { cookie, connection: 'close', 'browser-id': 'one-browser', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const given = answer.headers.getSetCookie();
    if (given.length > 0) cookie = given.map((one) => one.split(';')[0]).join('; ');
    return { status: answer.status, body: parse(await answer.text()) };
  }

  /** The `data` of a good answer. Raises with what n8n said otherwise. */
  async function data(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 1500)}`);
    return (answer.body as { data: Json }).data;
  }

  const person = { email: 'owner@n8n.example', password: `A1${randomBytes(12).toString('hex')}`, firstName: 'Olive', lastName: 'Owner' };
  await data('POST', '/rest/owner/setup', person);

  async function publish(name: string, nodes: readonly WorkflowNode[]): Promise<string> {
    const connections = Object.fromEntries(nodes.slice(0, -1).map((node, index) => [node.name, { main: [[{ node: nodes[index + 1]?.name, type: 'main', index: 0 }]] }]));
    const placed = nodes.map((node, index) => ({ id: `${index}`, typeVersion: 1, position: [index * 200, 0], ...node }));
    return publishWorkflow({ name, nodes: placed, connections, settings: { executionOrder: 'v1', saveDataSuccessExecution: 'all', saveDataErrorExecution: 'all' } });
  }

  async function publishWorkflow(workflow: { readonly name: string; readonly nodes: readonly unknown[]; readonly connections: Json; readonly settings: Json }): Promise<string> {
    const created = await data('POST', '/rest/workflows', workflow);
    await data('POST', `/rest/workflows/${created['id'] as string}/activate`, { versionId: created['versionId'] });
    await untilPublished(created['id'] as string, workflow.name);
    return created['id'] as string;
  }

  /** Publishing goes on after n8n has said yes. */
  async function untilPublished(id: string, name: string): Promise<void> {
    let seen: Json = {};
    for (const deadline = Date.now() + PUBLISH_LIMIT_MS; Date.now() < deadline; await sleep(100)) {
      seen = await data('GET', `/rest/workflows/${id}/publication-status`);
      if (seen['status'] === 'published') return;
    }
    throw new Error(`"${name}" was not published: ${JSON.stringify(seen)}`);
  }

  return {
    call,
    data,
    publish,
    publishWorkflow,
    /** Who owns this n8n, to sign in with. */
    owner: { email: person.email, password: person.password },
    cookie: () => cookie,
    addCredential: async (name: string, type: string, fields: Json): Promise<Json> => data('POST', '/rest/credentials', { name, type, data: fields }),
    /** What the Test button says. */
    testCredential: async (credential: Json): Promise<Json> => data('POST', '/rest/credentials/test', { credentials: credential }),
  };
}

export type Client = Awaited<ReturnType<typeof signUp>>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
