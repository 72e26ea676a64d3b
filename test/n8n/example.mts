/** The workflows this package comes with, put into an n8n as its user imports and publishes them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client, Json, WorkflowNode } from './client.mts';

const FOLDER = fileURLToPath(new URL('../../examples/n8n/', import.meta.url));

export interface ExampleWorkflow {
  readonly name: string;
  readonly nodes: readonly WorkflowNode[];
  readonly connections: Json;
  readonly settings: Json;
}

export type KeptCredentials = Readonly<Record<string, { readonly id: string; readonly name: string }>>;

export function readExample(name: string): ExampleWorkflow {
  return JSON.parse(readFileSync(`${FOLDER}${name}.workflow.json`, 'utf8')) as ExampleWorkflow;
}

/** The example with these credentials chosen wherever a node names one of their types. */
export function withCredentials(example: ExampleWorkflow, kept: KeptCredentials): ExampleWorkflow {
  const nodes = example.nodes.map((node) => (node.credentials === undefined ? node : { ...node, credentials: Object.fromEntries(Object.keys(node.credentials).map((type) => [type, kept[type]])) }));
  return { ...example, nodes };
}

/** Imported with these credentials chosen, and published. Gives the workflow's id. */
export async function publishExample(client: Client, example: ExampleWorkflow, kept: KeptCredentials): Promise<string> {
  return client.publishWorkflow(withCredentials(example, kept));
}
