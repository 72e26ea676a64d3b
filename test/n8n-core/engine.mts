/**
 * n8n's own engine without its server: its package loader, its expressions, its workflow execution and its webhook
 * context, over the packed package. What the server would add (routing, stored credentials) is stood in for here, so a
 * real server has the last word in the suite that starts one.
 */
import { createRequire } from 'node:module';
import type * as N8nWorkflow from 'n8n-workflow';
import type { IConnections, ICredentialType, IDataObject, INodeProperties, INode, INodeExecutionData, INodeType, IRun, IRunExecutionData, IPollFunctions, IWebhookData, IWebhookFunctions, Workflow } from 'n8n-workflow';

const hosted = createRequire(new URL('../../e2e/n8n-core-host/package.json', import.meta.url));
hosted('reflect-metadata');
const { ICredentialsHelper, NodeHelpers, Workflow: WorkflowClass, createRunExecutionData } = hosted('n8n-workflow') as typeof N8nWorkflow;
const { ExecutionLifecycleHooks, PackageDirectoryLoader, PollContext, WebhookContext, WorkflowExecute } = hosted('n8n-core') as EngineParts;

/** As much of n8n-core's exports as is used; its types cannot be read without installing it. */
interface EngineParts {
  readonly PackageDirectoryLoader: new (directory: string) => PackageLoader;
  readonly ExecutionLifecycleHooks: new (mode: string, executionId: string, workflow: object) => object;
  readonly WorkflowExecute: new (additionalData: object, mode: string, data: IRunExecutionData) => { processRunExecutionData(workflow: Workflow): Promise<IRun> };
  readonly PollContext: new (workflow: Workflow, node: INode, additionalData: object, mode: string, activation: string) => IPollFunctions;
  readonly WebhookContext: new (workflow: Workflow, node: INode, additionalData: object, mode: string, webhook: IWebhookData, closing: [], data: null) => IWebhookFunctions;
}

interface PackageLoader {
  loadAll(): Promise<void>;
  getNode(name: string): { readonly type: INodeType };
  getCredential(name: string): { readonly type: Pick<ICredentialType, 'properties' | 'supportedNodes' | 'restrictToSupportedNodes'> };
  readonly known: { readonly nodes: object };
}

export type CredentialData = Readonly<Record<string, IDataObject>>;

export interface NodeSpec {
  readonly name: string;
  /** Without the package's name. */
  readonly type: string;
  readonly parameters: INode['parameters'];
}

export const PACKAGE = 'n8n-nodes-m365-onboarding';
const START = 'Start';

const start = {
  description: { displayName: START, name: 'start', group: ['trigger'], version: 1, defaults: { name: START }, inputs: [], outputs: ['main'], properties: [], description: '' },
  execute(this: { getInputData(): INodeExecutionData[] }): Promise<INodeExecutionData[][]> {
    return Promise.resolve([this.getInputData()]);
  },
} as unknown as INodeType;

/**
 * Loads the package in this folder as n8n does. Credentials are what a user would have filled in, by type; `others` are the node
 * types of other packages.
 */
export async function loadEngine(directory: string, credentials: CredentialData, others: Readonly<Record<string, INodeType>> = {}) {
  const standIns: Readonly<Record<string, INodeType>> = { ...others, 'test.start': start };
  const loader = new PackageDirectoryLoader(directory);
  await loader.loadAll();
  const typeOf = (name: string) => loader.getNode(name.split('.').pop() ?? '').type;
  const nodeTypes = {
    getByName: typeOf,
    getByNameAndVersion: (name: string, version?: number) => (standIns[name] ?? NodeHelpers.getVersionedNodeType(typeOf(name), version)),
    getKnownTypes: () => loader.known.nodes,
  };

  function buildWorkflow(specs: readonly NodeSpec[]): Workflow {
    const named = Object.fromEntries(Object.keys(credentials).map((type) => [type, { id: type, name: type }]));
    const nodes: INode[] = specs.map(({ name, type, parameters }, index) => ({ id: String(index), name, type: `${PACKAGE}.${type}`, typeVersion: 1, position: [0, 0], parameters, credentials: named, webhookId: 'a-webhook' }));
    nodes.unshift({ id: 'start', name: START, type: 'test.start', typeVersion: 1, position: [0, 0], parameters: {} });
    return new WorkflowClass({ id: 'w', name: 'w', nodes, connections: inARow(nodes), nodeTypes, active: false, settings: {} } as unknown as ConstructorParameters<typeof WorkflowClass>[0]);
  }

  /** A workflow as n8n exports it. */
  function importWorkflow({ nodes, connections, settings }: { readonly nodes: readonly object[]; readonly connections: object; readonly settings: object }): Workflow {
    return new WorkflowClass({ id: 'w', name: 'w', nodes, connections, nodeTypes, active: true, settings } as unknown as ConstructorParameters<typeof WorkflowClass>[0]);
  }

  /** Run from the node of this name, which gets (and, being the start, hands on) these items. */
  async function run(workflow: Workflow, items: readonly IDataObject[], from = START): Promise<IRun> {
    const data = createRunExecutionData({
      executionData: { nodeExecutionStack: [{ node: workflow.getNode(from) as INode, data: { main: [items.map((json) => ({ json }))] }, source: null }] },
    });
    return new WorkflowExecute(additionalData(), 'webhook', data).processRunExecutionData(workflow);
  }

  function additionalData(more: object = {}) {
    return {
      hooks: new ExecutionLifecycleHooks('webhook', '1', { id: 'w' }),
      credentialsHelper: new FilledInCredentials(credentials, loader),
      executionId: '1',
      webhookBaseUrl: 'http://localhost/webhook',
      webhookTestBaseUrl: 'http://localhost/webhook-test',
      webhookWaitingBaseUrl: 'http://localhost/webhook-waiting',
      formWaitingBaseUrl: 'http://localhost/form-waiting',
      restApiUrl: 'http://localhost/rest',
      instanceBaseUrl: 'http://localhost',
      variables: {},
      currentNodeExecutionIndex: 0,
      logAiEvent: () => undefined,
      setExecutionStatus: () => undefined,
      ...more,
    };
  }

  /** The webhooks of a node with their paths worked out by n8n's expressions, as its server registers them. */
  function webhooksOf(workflow: Workflow, nodeName: string) {
    const node = workflow.getNode(nodeName) as INode;
    return (typeOf(node.type).description.webhooks ?? []).map((description) => {
      const path = String(workflow.expression.getSimpleParameterValue(node, description.path, 'internal', {}));
      return { method: description.httpMethod, description, path: NodeHelpers.getNodeWebhookPath('w', node, path, description.isFullPath) };
    });
  }

  /** Call the node's webhook in n8n's context. */
  async function callWebhook(workflow: Workflow, nodeName: string, webhook: ReturnType<typeof webhooksOf>[number], http: { readonly httpRequest: object; readonly httpResponse: object }) {
    const node = workflow.getNode(nodeName) as INode;
    const data = { node: nodeName, path: webhook.path, httpMethod: webhook.method, webhookDescription: webhook.description, workflowId: 'w' } as unknown as IWebhookData;
    const context = new WebhookContext(workflow, node, additionalData(http), 'webhook', data, [], null);
    return typeOf(node.type).webhook?.call(context);
  }

  /** Poll the node in n8n's context, as its server does when the time has come. */
  async function poll(workflow: Workflow, nodeName: string, mode: 'trigger' | 'manual' = 'trigger'): Promise<readonly IDataObject[]> {
    const node = workflow.getNode(nodeName) as INode;
    const output = await typeOf(node.type).poll?.call(new PollContext(workflow, node, additionalData(), mode, 'activate'));
    return output?.flat().map(({ json }) => json) ?? [];
  }

  return { loader, buildWorkflow, importWorkflow, run, webhooksOf, callWebhook, poll };
}

function inARow(nodes: readonly INode[]): IConnections {
  return Object.fromEntries(nodes.slice(0, -1).map((node, index) => [node.name, { main: [[{ node: nodes[index + 1]?.name ?? '', type: 'main' as const, index: 0 }]] }]));
}

/** What the last node put out, or the reason why the run ended. */
export function outputOf(run: IRun, nodeName: string): readonly IDataObject[] {
  const { error, runData } = run.data.resultData;
  if (error !== undefined) throw new Error(`${error.message} ${'description' in error ? String(error.description) : ''}`);
  return (runData[nodeName]?.[0]?.data?.['main']?.[0] ?? []).map(({ json }) => json);
}

class FilledInCredentials extends ICredentialsHelper {
  readonly #credentials: CredentialData;
  readonly #loader: PackageLoader;

  constructor(credentials: CredentialData, loader: PackageLoader) {
    super();
    this.#credentials = credentials;
    this.#loader = loader;
  }

  override getParentTypes(): string[] {
    return [];
  }

  override async getDecrypted(_data: unknown, _node: unknown, type: string): Promise<never> {
    return this.#credentials[type] as never;
  }

  override getCredentials = (async () => undefined) as never;
  override authenticate = (async (_data: unknown, _type: string, request: unknown) => request) as never;
  override preAuthentication = (async () => undefined) as never;
  override runPreAuthentication = (async () => undefined) as never;
  override updateCredentials = (async () => undefined) as never;
  override updateCredentialsOauthTokenData = (async () => undefined) as never;

  override getCredentialsProperties(type: string): INodeProperties[] {
    return isOfN8n(type) ? [] : this.#loader.getCredential(type).type.properties;
  }

  /** n8n's rule: a credential type that is restricted lets in the nodes it names. */
  override isCredentialUsableByNode(type: string, nodeType: string): boolean {
    if (isOfN8n(type)) return true;
    const { restrictToSupportedNodes, supportedNodes = [] } = this.#loader.getCredential(type).type;
    return restrictToSupportedNodes !== true || supportedNodes.some((name) => nodeType === name || nodeType === `${PACKAGE}.${name}`);
  }
}

/** A credential type that comes with n8n and not with the package. */
function isOfN8n(type: string): boolean {
  return !type.startsWith('m365');
}
