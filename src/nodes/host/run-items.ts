/**
 * Runs the chosen operation once per input item. An error of the core becomes the kind of error n8n shows: what
 * happened as its message, whose move it is and the next step below. Every output names the item it came from.
 */
import { NodeOperationError, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import { OnboardingError, asOnboardingError, isOnboardingError } from '../../core/index';
import type { ItemParameters, Operation } from './operation';

/** Raises n8n's own error, with the item's index, unless the node is set to continue on fail. */
export async function runItems(host: IExecuteFunctions, operations: readonly Operation[]): Promise<INodeExecutionData[][]> {
  const output: INodeExecutionData[] = [];
  for (const [itemIndex] of host.getInputData().entries()) {
    output.push(await runItem(host, operations, itemIndex));
  }
  return [output];
}

async function runItem(host: IExecuteFunctions, operations: readonly Operation[], itemIndex: number): Promise<INodeExecutionData> {
  try {
    const operation = chosenOperation(host, operations, itemIndex);
    return { json: await operation.execute(parametersOf(host, itemIndex)), pairedItem: { item: itemIndex } };
  } catch (reason) {
    if (!host.continueOnFail()) throw shownError(host, reason, itemIndex);
    return { json: { error: asOnboardingError(reason).toJSON() }, pairedItem: { item: itemIndex } };
  }
}

function chosenOperation(host: IExecuteFunctions, operations: readonly Operation[], itemIndex: number): Operation {
  const resource = host.getNodeParameter('resource', itemIndex);
  const name = host.getNodeParameter('operation', itemIndex);
  const chosen = operations.find((operation) => operation.resource === resource && operation.option.value === name);
  if (chosen !== undefined) return chosen;
  throw new NodeOperationError(host.getNode(), 'This operation is not known to the installed version of the node', { itemIndex });
}

function parametersOf(host: IExecuteFunctions, itemIndex: number): ItemParameters {
  return {
    text: (name) => {
      const value = host.getNodeParameter(name, itemIndex, '');
      // An expression can put anything into a text field.
      if (typeof value === 'string' || typeof value === 'number') return String(value).trim();
      throw new OnboardingError('INPUT_INVALID', `The parameter "${name}" must be text.`, { details: { parameter: name } });
    },
  };
}

function shownError(host: IExecuteFunctions, reason: unknown, itemIndex: number): NodeOperationError {
  if (reason instanceof NodeOperationError) return reason;
  const error = asOnboardingError(reason);
  // A foreign error's own message may hold a secret, so only our errors speak for themselves.
  return new NodeOperationError(host.getNode(), isOnboardingError(reason) ? error.message : 'The operation ended unexpectedly', {
    itemIndex,
    description: descriptionOf(error),
    type: error.code,
  });
}

function descriptionOf(error: OnboardingError): string {
  const service = error.serviceCode === undefined ? '' : ` Microsoft's code: ${error.serviceCode}.`;
  return `${error.remedy} The next move is the ${error.owner}'s. Code: ${error.code}.${service}`;
}
