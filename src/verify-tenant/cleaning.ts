/**
 * Takes away what the writing probes made, and nothing else: app registrations and service principals whose name begins with
 * `zz-verify-`, first from the directory, then from the recycle bin. It runs before the first write, for what an earlier run
 * had to leave, and after the last one, whatever happened.
 */
import type { Answer, Ask } from './model';
import { get } from './probe';
import { rowsOf, textOf } from './shape';

export const NAME_PREFIX = 'zz-verify-';

const ROUNDS = 6;
const WAIT_MS = 3000;
const NAMED = `$filter=${encodeURIComponent(`startswith(displayName,'${NAME_PREFIX}')`)}&$select=id,displayName`;
const LIVING = ['/v1.0/servicePrincipals', '/v1.0/applications'];
const DELETED = ['/v1.0/directory/deletedItems/microsoft.graph.servicePrincipal', '/v1.0/directory/deletedItems/microsoft.graph.application'];

export interface Cleaner {
  ask(ask: Ask): Promise<Answer>;
  wait(milliseconds: number): Promise<void>;
}

export interface Cleaned {
  readonly removed: number;
  /** Object ids of what is still there or still in the recycle bin. */
  readonly remaining: readonly string[];
}

/** Directory reads lag behind: it looks until two rounds in a row find nothing, six rounds at most. */
export async function removeEverything(cleaner: Cleaner): Promise<Cleaned> {
  let removed = 0;
  let quiet = 0;
  let remaining: readonly string[] = [];
  for (let round = 0; round < ROUNDS && quiet < 2; round += 1) {
    if (round > 0) await cleaner.wait(WAIT_MS);
    const living = await sweep(cleaner, LIVING, (collection, id) => `${collection}/${id}`);
    const deleted = await sweep(cleaner, DELETED, (_, id) => `/v1.0/directory/deletedItems/${id}`);
    removed += living.gone;
    remaining = [...living.left, ...deleted.left];
    quiet = living.found + deleted.found === 0 ? quiet + 1 : 0;
  }
  return { removed, remaining };
}

async function sweep(cleaner: Cleaner, collections: readonly string[], pathOf: (collection: string, id: string) => string): Promise<{ readonly found: number; readonly gone: number; readonly left: readonly string[] }> {
  const left: string[] = [];
  let found = 0;
  let gone = 0;
  for (const collection of collections) {
    for (const row of rowsOf(await cleaner.ask(get(`${collection}?${NAMED}`)))) {
      // The filter is the service's word for it; nothing is deleted on that alone.
      if (!textOf(row['displayName']).startsWith(NAME_PREFIX)) continue;
      found += 1;
      const { status } = await cleaner.ask({ host: 'graph', method: 'DELETE', path: pathOf(collection, textOf(row['id'])) });
      if (status === 204 || status === 404) gone += 1;
      else left.push(textOf(row['id']));
    }
  }
  return { found, gone, left };
}
