/**
 * Which account is next: what an earlier run left open, then every account after its cursor, in the order of their ids. Reads
 * the store page by page and keeps none of it, so that ten thousand accounts take no more memory than ten.
 */
import { accountKind } from '../accounts/account';
import type { StateStore } from '../ports';

export interface Upcoming {
  /** Undefined when all were given out. `isNew`: it comes from the list, so the cursor moves to it. */
  next(): Promise<{ readonly accountId: string; readonly isNew: boolean } | undefined>;
  /** Stop reading the list. */
  end(): Promise<void>;
}

export function readUpcoming(store: Pick<StateStore, 'list'>, { open, cursor }: { readonly open: readonly string[]; readonly cursor: string | null }): Upcoming {
  const left = [...open];
  const listed = listAfter(store, cursor);
  return {
    next: async () => {
      const first = left.shift();
      if (first !== undefined) return { accountId: first, isNew: false };
      const { value, done } = await listed.next();
      return done === true ? undefined : { accountId: value, isNew: true };
    },
    end: async () => {
      await listed.return(undefined);
    },
  };
}

/** By key alone: an account whose record cannot be read is one finding of the sweep, not its end. */
async function* listAfter(store: Pick<StateStore, 'list'>, cursor: string | null): AsyncGenerator<string, undefined> {
  const prefix = `${accountKind.kind}/`;
  for await (const { key } of store.list(prefix)) {
    const id = key.slice(prefix.length);
    // Keys ascend by code unit, and so do texts compared here.
    if (cursor === null || id > cursor) yield id;
  }
  return undefined;
}
