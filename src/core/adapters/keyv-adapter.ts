/**
 * The other direction: a StateStore as the storage of a Keyv (version 6), so that a host can keep its own cache in the
 * same file. Entries live under `keyv/<namespace>/`, apart from all records of ours. Errors of the store reach Keyv as
 * rejections. `clear` and the iterator see the namespace only.
 */
import type { StateStore } from '../ports';

export interface KeyvStorage {
  /** Keyv sets it when it has a namespace of its own. */
  namespace: string | undefined;
  /** Tells Keyv that `set` takes an absolute instant. */
  readonly capabilities: { readonly expires: true };
  get(key: string): Promise<unknown>;
  getMany(keys: readonly string[]): Promise<unknown[]>;
  has(key: string): Promise<boolean>;
  hasMany(keys: readonly string[]): Promise<boolean[]>;
  /** `expires` is milliseconds since the Unix epoch. */
  set(key: string, value: unknown, expires?: number): Promise<boolean>;
  setMany(entries: readonly { readonly key: string; readonly value: unknown; readonly expires?: number }[]): Promise<boolean[]>;
  delete(key: string): Promise<boolean>;
  deleteMany(keys: readonly string[]): Promise<boolean[]>;
  clear(): Promise<void>;
  iterator(): AsyncGenerator<[string, unknown], void>;
}

/**
 * `new Keyv({ store: createKeyvAdapter(store) })`. The store stays the caller's: disconnecting the Keyv does not close it.
 * Methods raise what the store raises.
 */
export function createKeyvAdapter(store: StateStore, options: { readonly namespace?: string } = {}): KeyvStorage {
  const adapter: KeyvStorage = {
    namespace: options.namespace,
    capabilities: { expires: true },
    async get(key) {
      const stored = await store.get(stateKey(adapter, key));
      return stored && decode(stored.value);
    },
    getMany: (keys) => each(keys, (key) => adapter.get(key)),
    has: async (key) => (await store.get(stateKey(adapter, key))) !== undefined,
    hasMany: (keys) => each(keys, (key) => adapter.has(key)),
    async set(key, value, expires) {
      await store.set(stateKey(adapter, key), encode(value), expires);
      return true;
    },
    setMany: (entries) => each(entries, ({ key, value, expires }) => adapter.set(key, value, expires)),
    delete: (key) => store.delete(stateKey(adapter, key)),
    deleteMany: (keys) => each(keys, (key) => adapter.delete(key)),
    async clear() {
      for await (const { key } of store.list(stateKey(adapter, ''))) await store.delete(key);
    },
    async *iterator() {
      const prefix = stateKey(adapter, '');
      for await (const { key, value } of store.list(prefix)) yield [key.slice(prefix.length), decode(value)];
    },
  };
  return adapter;
}

function stateKey(adapter: Pick<KeyvStorage, 'namespace'>, key: string): string {
  return `keyv/${encodeURIComponent(adapter.namespace ?? '')}/${key}`;
}

async function each<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await act(item));
  return results;
}

/** Keyv hands over text, or with its serialization switched off whatever it was given. */
function encode(value: unknown): string {
  return typeof value === 'string' ? `s${value}` : `j${JSON.stringify(value)}`;
}

function decode(text: string): unknown {
  return text.startsWith('s') ? text.slice(1) : (JSON.parse(text.slice(1)) as unknown);
}
