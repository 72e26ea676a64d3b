/** Return All and Limit, as every list of n8n has them. */
import type { INodeProperties } from 'n8n-workflow';
import type { ItemParameters } from '../../host/operation';

export const PAGING: readonly INodeProperties[] = [
  { displayName: 'Return All', name: 'returnAll', type: 'boolean', default: false, description: 'Whether to return all results or only up to a given limit' },
  { displayName: 'Limit', name: 'limit', type: 'number', typeOptions: { minValue: 1 }, default: 50, description: 'Max number of results to return', displayOptions: { show: { returnAll: [false] } } },
];

export function page<T>(parameters: ItemParameters, items: readonly T[]): readonly T[] {
  return parameters.flag('returnAll') ? items : items.slice(0, parameters.optionalNumber('limit') ?? 50);
}
