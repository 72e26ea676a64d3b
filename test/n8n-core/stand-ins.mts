/** n8n's own nodes that the example workflow uses, as far as it uses them: the engine comes without them. */
import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties, INodeType } from 'n8n-workflow';

type Execute = (this: IExecuteFunctions) => Promise<INodeExecutionData[][]>;

interface Conditions {
  readonly conditions: readonly { readonly leftValue: unknown }[];
}

interface Assignments {
  readonly assignments: readonly { readonly name: string; readonly value: unknown }[];
}

function standIn(name: string, parameters: readonly string[], outputs: number, execute: Execute): INodeType {
  const properties = parameters.map((parameter): INodeProperties => ({ displayName: parameter, name: parameter, type: 'json', default: {} }));
  const description = { displayName: name, name, group: ['transform'], version: [1, 1.3, 2.1, 2.3, 3.4], defaults: { name }, inputs: ['main'], outputs: Array.from({ length: outputs }, () => 'main'), properties, description: '' };
  return { description, execute } as unknown as INodeType;
}

/** Only "is true", the one comparison the example makes. */
async function branch(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
  const answers = this.getInputData().map((item, index) => ({ item: { ...item, pairedItem: { item: index } }, holds: (this.getNodeParameter('conditions', index) as unknown as Conditions).conditions.every(({ leftValue }) => leftValue === true) }));
  return [true, false].map((wanted) => answers.filter(({ holds }) => holds === wanted).map(({ item }) => item));
}

async function assign(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
  return [this.getInputData().map((_, index) => ({ json: Object.fromEntries((this.getNodeParameter('assignments', index) as unknown as Assignments).assignments.map(({ name, value }) => [name, value])) as IDataObject, pairedItem: { item: index } }))];
}

async function handOn(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
  return [this.getInputData()];
}

async function refuse(): Promise<INodeExecutionData[][]> {
  throw new Error('A node that is switched off ran.');
}

export const STAND_INS: Readonly<Record<string, INodeType>> = {
  'n8n-nodes-base.if': standIn('if', ['conditions'], 2, branch),
  'n8n-nodes-base.set': standIn('set', ['assignments'], 1, assign),
  'n8n-nodes-base.noOp': standIn('noOp', [], 1, handOn),
  'n8n-nodes-base.scheduleTrigger': standIn('scheduleTrigger', ['rule'], 1, handOn),
  'n8n-nodes-base.emailSend': standIn('emailSend', [], 1, refuse),
  'n8n-nodes-base.stickyNote': standIn('stickyNote', ['content'], 0, refuse),
};
