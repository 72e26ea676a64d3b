/**
 * What one operation of a node is: its place in the menus, its fields, and a function from parameters to plain data.
 * Types only, so that an operation file knows n8n by shape and nothing of it at run time.
 */
import type { IDataObject, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

/** The one item an operation works on. Reading a parameter the node does not declare is n8n's error, not ours. */
export interface ItemParameters {
  /** A text parameter, trimmed; empty when it was left empty. */
  text(name: string): string;
}

export interface Operation {
  /** Value of the Resource menu this belongs to. */
  readonly resource: string;
  /** Its entry in the Operation menu; `value` is what workflows store, so it never changes. */
  readonly option: INodePropertyOptions & { readonly value: string };
  /** Fields shown for this operation only; the `displayOptions` are added by the node. */
  readonly fields: readonly INodeProperties[];
  execute(parameters: ItemParameters): Promise<IDataObject>;
}
