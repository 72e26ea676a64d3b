/** From what the core answers to what a workflow carries: plain JSON, instants as ISO 8601 text. */
import type { IDataObject } from 'n8n-workflow';
import { isSecret } from '../../core/index';
import type { OperationResult } from './operation';

export function outputItems(result: OperationResult): readonly IDataObject[] {
  return (Array.isArray(result) ? result : [result]).map((item: unknown) => plain(item) as IDataObject);
}

function plain(value: unknown): unknown {
  // What has to leave in plain is revealed by its operation, on purpose.
  if (isSecret(value)) return value.toJSON();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, typeof member === 'number' && /(At|^since)$/.test(name) ? new Date(member).toISOString() : plain(member)]));
}
