/** The part of n8n's execution a node of this package uses, over plain parameters: one object per input item. */
import type { IExecuteFunctions, INode } from 'n8n-workflow';

export interface FakeExecutionOptions {
  readonly continueOnFail?: boolean;
}

export function fakeExecution(items: readonly Readonly<Record<string, unknown>>[], options: FakeExecutionOptions = {}): IExecuteFunctions {
  const node: INode = { id: 'node-1', name: 'M365 Onboarding', type: 'n8n-nodes-m365-onboarding.m365Onboarding', typeVersion: 1, position: [0, 0], parameters: {} };
  const fake = {
    getInputData: () => items.map(() => ({ json: {} })),
    getNode: () => node,
    continueOnFail: () => options.continueOnFail === true,
    getNodeParameter: (name: string, itemIndex: number, fallback?: unknown) => items[itemIndex]?.[name] ?? fallback,
  };
  return fake as unknown as IExecuteFunctions;
}
