/**
 * Runs the chosen operation once per input item, a few at a time, with one installation for all of them. Output keeps
 * the order of the items and names the item it came from. An AI agent gets reads only.
 */
import { type IExecuteFunctions, type INodeExecutionData, NodeOperationError } from 'n8n-workflow';
import { asOnboardingError } from '../../core/index';
import { readAdminToken } from './admin-token';
import { requireCaller } from './caller';
import { type HostInstallation, openHost, workplaceOf } from './installation';
import { filesOf } from './item-files';
import type { InstalledOperation, ItemFiles, ItemWorkplace, Operation } from './operation';
import { outputItems } from './output';
import { parametersOf } from './parameters';
import { shownError } from './shown-error';

export const DEFAULT_CONCURRENCY = 4;
export const MAX_CONCURRENCY = 16;

/** The installation is opened when the first item needs it; an operation that needs none runs without a credential. */
interface Run {
  readonly host: IExecuteFunctions;
  readonly operations: readonly Operation[];
  readonly signal: AbortSignal | undefined;
  readonly open: () => Promise<HostInstallation>;
}

/** Raises n8n's own error, with the item's index, unless the node is set to continue on fail. */
export async function runItems(host: IExecuteFunctions, operations: readonly Operation[]): Promise<INodeExecutionData[][]> {
  let opened: Promise<HostInstallation> | undefined;
  const open = () => (opened ??= openHost(host));
  const run: Run = { host, operations, signal: cancelSignalOf(host), open };
  try {
    const outputs = await inOrder(host.getInputData().length, concurrencyOf(host), async (itemIndex) => runItem(run, itemIndex));
    return [outputs.flat()];
  } finally {
    await opened?.then((installation) => installation.release()).catch(() => undefined);
  }
}

async function runItem(run: Run, itemIndex: number): Promise<INodeExecutionData[]> {
  const { host } = run;
  const pairedItem = { item: itemIndex };
  try {
    if (run.signal?.aborted === true) throw new NodeOperationError(host.getNode(), 'The execution was cancelled', { itemIndex });
    const operation = chosenOperation(run, itemIndex);
    const parameters = parametersOf(host, itemIndex);
    const files = filesOf(host, itemIndex);
    const result = operation.kind === 'offline' ? await operation.execute(parameters) : await operation.execute(parameters, { ...(await workplaceFor(run, operation, itemIndex)), ...files });
    const binary = files.attached();
    return outputItems(result).map((json) => ({ json, ...(binary === undefined ? {} : { binary }), pairedItem }));
  } catch (reason) {
    if (run.signal?.aborted === true || !host.continueOnFail()) throw shownError(host.getNode(), reason, itemIndex);
    return [{ json: { error: reason instanceof NodeOperationError ? { message: reason.message } : asOnboardingError(reason).toJSON() }, pairedItem }];
  }
}

function chosenOperation({ host, operations }: Run, itemIndex: number): Operation {
  const resource = host.getNodeParameter('resource', itemIndex);
  const name = host.getNodeParameter('operation', itemIndex);
  const chosen = operations.find((operation) => operation.resource === resource && operation.option.value === name);
  if (chosen !== undefined) return chosen;
  throw new NodeOperationError(host.getNode(), 'This operation is not known to the installed version of the node', { itemIndex });
}

async function workplaceFor(run: Run, operation: InstalledOperation, itemIndex: number): Promise<Omit<ItemWorkplace, keyof ItemFiles>> {
  if (operation.kind === 'effect' && isTool(run.host)) {
    throw new NodeOperationError(run.host.getNode(), `An AI agent may not run "${operation.option.name}"`, {
      itemIndex,
      description: 'As a tool this node only reads. Put what changes something into the workflow itself, where a person decides that it runs.',
    });
  }
  return { ...workplaceOf(await run.open(), run.signal), requireCaller: () => requireCaller(run.host, itemIndex), adminToken: async () => readAdminToken(run.host, itemIndex) };
}

/** n8n makes the tool out of the node under the node's name with `Tool` at its end; newer versions also say so. */
function isTool(host: IExecuteFunctions): boolean {
  const { isToolExecution } = host as Partial<Pick<IExecuteFunctions, 'isToolExecution'>>;
  return isToolExecution?.call(host) === true || host.getNode().type.endsWith('Tool');
}

function cancelSignalOf(host: IExecuteFunctions): AbortSignal | undefined {
  return (host as Partial<Pick<IExecuteFunctions, 'getExecutionCancelSignal'>>).getExecutionCancelSignal?.call(host);
}

function concurrencyOf(host: IExecuteFunctions): number {
  const { concurrency } = host.getNodeParameter('options', 0, {}) as { readonly concurrency?: unknown };
  return Math.min(MAX_CONCURRENCY, Math.max(1, Math.floor(Number(concurrency ?? DEFAULT_CONCURRENCY)) || DEFAULT_CONCURRENCY));
}

/** After a refusal no further item starts; those under way end first, so that no effect is left half seen. */
async function inOrder<T>(count: number, limit: number, work: (index: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  const refusals: { readonly index: number; readonly reason: unknown }[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count && refusals.length === 0) {
      const index = next++;
      try {
        results[index] = await work(index);
      } catch (reason) {
        refusals.push({ index, reason });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
  const [first] = refusals.toSorted((left, right) => left.index - right.index);
  if (first !== undefined) throw first.reason;
  return results;
}
