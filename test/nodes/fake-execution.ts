/** The part of n8n's contexts the nodes of this package use, over plain parameters: one object per input item. */
import type { IExecuteFunctions, IExecuteResponsePromiseData, ILoadOptionsFunctions, INode, NodeTypeAndVersion } from 'n8n-workflow';

export type Credentials = Readonly<Record<string, object>>;

export interface FakeExecutionOptions {
  readonly continueOnFail?: boolean;
  readonly credentials?: Credentials | undefined;
  /** As the engine names the node; the tool made of it has `Tool` at the end. */
  readonly nodeType?: string;
  readonly isToolExecution?: boolean;
  readonly signal?: AbortSignal;
  /** The nodes before this one, in any order, and the names of those that have run. */
  readonly before?: readonly NodeTypeAndVersion[];
  readonly ran?: readonly string[];
  /** By a node's name, the names of those of `before` that come after it. */
  readonly after?: Readonly<Record<string, readonly string[]>>;
  /** Binary data of the incoming items, by field; the same for all of them. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Takes what the node answers to the call that started the execution. */
  readonly onResponse?: (response: IExecuteResponsePromiseData) => void;
}

/** A Webhook node that leaves its answer to a later node. */
export function webhookNode(parameters: NonNullable<NodeTypeAndVersion['parameters']> = {}): NodeTypeAndVersion {
  return { name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, disabled: false, parameters: { responseMode: 'responseNode', authentication: 'basicAuth', ...parameters } };
}

export function fakeExecution(items: readonly Readonly<Record<string, unknown>>[], options: FakeExecutionOptions = {}): IExecuteFunctions {
  const fake = {
    ...fakeNode(options),
    getInputData: () => items.map((item) => ({ json: item })),
    continueOnFail: () => options.continueOnFail === true,
    isToolExecution: () => options.isToolExecution === true,
    getExecutionCancelSignal: () => options.signal,
    helpers: fakeFiles(options.files ?? {}),
    getParentNodes: () => options.before ?? [],
    getChildNodes: (name: string) => (options.before ?? []).filter((node) => (options.after?.[name] ?? []).includes(node.name)),
    getWorkflowDataProxy: () => ({ $: (name: string) => ({ isExecuted: (options.ran ?? []).includes(name) }) }),
    sendResponse: async (response: IExecuteResponsePromiseData) => options.onResponse?.(response),
    getNodeParameter: (name: string, itemIndex: number, fallback?: unknown, how?: { readonly extractValue?: boolean }) => extract(items[itemIndex]?.[name], how) ?? fallback,
  };
  return fake as unknown as IExecuteFunctions;
}

/** Binary data as n8n keeps it in memory. */
function fakeFiles(files: Readonly<Record<string, Uint8Array>>) {
  const require = (field: string): Uint8Array => {
    const file = files[field];
    if (file === undefined) throw new Error(`The item has no binary field '${field}'`);
    return file;
  };
  return {
    assertBinaryData: (_itemIndex: number, field: string) => ({ data: '', mimeType: 'application/octet-stream', bytes: require(field).length }),
    getBinaryDataBuffer: async (_itemIndex: number, field: string) => Buffer.from(require(field)),
    prepareBinaryData: async (bytes: Buffer, fileName: string, mimeType: string) => ({ data: bytes.toString('base64'), fileName, mimeType }),
  };
}

/** What a drop-down of the panel is filled with. */
export function fakePanel(parameters: Readonly<Record<string, unknown>>, options: FakeExecutionOptions = {}): ILoadOptionsFunctions {
  const fake = {
    ...fakeNode(options),
    getCurrentNodeParameter: (name: string, how?: { readonly extractValue?: boolean }) => extract(parameters[name], how),
  };
  return fake as unknown as ILoadOptionsFunctions;
}

function fakeNode({ credentials = {}, nodeType = 'm365Onboarding' }: FakeExecutionOptions) {
  const node: INode = { id: 'node-1', name: 'M365 Onboarding', type: `n8n-nodes-m365-onboarding.${nodeType}`, typeVersion: 1, position: [0, 0], parameters: {}, credentials: Object.fromEntries(Object.keys(credentials).map((type) => [type, { id: type, name: type }])) };
  return {
    getNode: () => node,
    getCredentials: async (type: string) => {
      const data = credentials[type];
      if (data === undefined) throw new Error(`No credential of type ${type} is set.`);
      return data;
    },
  };
}

/** A resource locator is `{mode, value}`; what a node asks for is the value. */
function extract(value: unknown, how: { readonly extractValue?: boolean } | undefined): unknown {
  const isLocator = typeof value === 'object' && value !== null && 'mode' in value && 'value' in value;
  return isLocator && how?.extractValue === true ? value.value : value;
}
