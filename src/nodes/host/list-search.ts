/** Live drop-downs: what a resource locator offers, found through the same installation the operations use. */
import { type ILoadOptionsFunctions, type INode, type INodeListSearchItems, type INodeListSearchResult, NodeApiError } from 'n8n-workflow';
import { openHost, workplaceOf } from './installation';
import type { OtherField, Workplace } from './operation';
import { shownError } from './shown-error';

export type ListSearch = (this: ILoadOptionsFunctions, filter?: string) => Promise<INodeListSearchResult>;

/** `find` gives every entry; what the person typed is looked for in name and value, without regard to case. */
export function listSearch(find: (work: Workplace, other: OtherField) => Promise<readonly INodeListSearchItems[]>): ListSearch {
  return async function search(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
    try {
      const host = await openHost(this);
      try {
        const entries = await find(workplaceOf(host, undefined), otherFieldOf(this));
        return { results: entries.filter((entry) => matches(entry, filter)) };
      } finally {
        host.release();
      }
    } catch (reason) {
      throw shownInList(this.getNode(), reason);
    }
  };
}

/** Of all errors n8n's server hands only this class to a list whole; of any other the list shows the message without the next step. */
function shownInList(node: INode, reason: unknown): NodeApiError {
  const shown = shownError(node, reason);
  if (shown instanceof NodeApiError) return shown;
  const { message, description } = shown;
  return new NodeApiError(node, {}, { message, ...(typeof description === 'string' ? { description } : {}) });
}

function otherFieldOf(host: ILoadOptionsFunctions): OtherField {
  return (name) => {
    const value = host.getCurrentNodeParameter(name, { extractValue: true });
    return typeof value === 'string' ? value.trim() : '';
  };
}

function matches({ name, value }: INodeListSearchItems, filter: string | undefined): boolean {
  return `${name} ${String(value)}`.toLowerCase().includes((filter ?? '').trim().toLowerCase());
}
