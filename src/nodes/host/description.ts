/** Turns the table of operations into the menus and fields n8n draws. */
import { NodeConnectionTypes, type INodeProperties, type INodePropertyOptions } from 'n8n-workflow';
import type { Operation } from './operation';
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY } from './run-items';

/** The ordinary input and output of a node. */
export const MAIN = NodeConnectionTypes.Main;

/** A Resource menu, one Operation menu per resource, then every operation's fields, each shown only where it belongs. */
export function propertiesOf(resources: readonly INodePropertyOptions[], operations: readonly Operation[]): INodeProperties[] {
  return [
    menu('Resource', 'resource', resources),
    ...resources.map((resource) => operationMenu(String(resource.value), operations)),
    ...operations.flatMap((operation) => operation.fields.map((field) => shownFor(operation, field))),
  ];
}

/** Settings of the run itself, the same for every operation. */
export function optionsField(): INodeProperties {
  return {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    options: [
      {
        displayName: 'Concurrent Items',
        name: 'concurrency',
        type: 'number',
        typeOptions: { minValue: 1, maxValue: MAX_CONCURRENCY },
        default: DEFAULT_CONCURRENCY,
        description: 'How many items are worked on at the same time; the output keeps their order',
      },
    ],
  };
}

function operationMenu(resource: string, operations: readonly Operation[]): INodeProperties {
  const options = operations.filter((operation) => operation.resource === resource).map((operation) => operation.option);
  return { ...menu('Operation', 'operation', options), displayOptions: { show: { resource: [resource] } } };
}

function menu(displayName: string, name: string, options: readonly INodePropertyOptions[]): INodeProperties {
  const first = options[0]?.value ?? '';
  return { displayName, name, type: 'options', noDataExpression: true, options: [...options], default: first };
}

function shownFor(operation: Operation, field: INodeProperties): INodeProperties {
  const show = { ...field.displayOptions?.show, resource: [operation.resource], operation: [operation.option.value] };
  return { ...field, displayOptions: { ...field.displayOptions, show } };
}
