/**
 * State in this process's memory: for tests, demos and try-outs. It keeps every promise of the StateStore port within one
 * process, and none beyond it: `durable` is false, and nothing is left when the process ends.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, StateStore } from '../ports';
import { isExpired, requireStorable, storeClosed } from './state-text';

/** A store with a name of its own, to which sealed values are bound. */
export type IdentifiedStore = StateStore & { readonly storeId: string };

export interface MemoryStoreOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Default: random, since nothing outlives this store. */
  readonly storeId?: string;
}

interface Row {
  readonly value: string;
  readonly version: string;
  readonly expiresAt: number | undefined;
}

/** Every method raises `STATE_UNAVAILABLE` after `close`, and `INPUT_INVALID` for text with half a surrogate pair. */
export function createMemoryStore(options: MemoryStoreOptions): IdentifiedStore {
  const rows = new Map<string, Row>();
  let writes = 0;
  let closed = false;

  function requireOpen(key: string, value?: string): void {
    if (closed) throw storeClosed();
    requireStorable(key, value);
  }

  function liveRow(key: string): Row | undefined {
    const row = rows.get(key);
    if (row === undefined || !isExpired(row.expiresAt, options.clock.now())) return row;
    rows.delete(key);
    return undefined;
  }

  function write(key: string, value: string, expiresAt: number | undefined): void {
    writes += 1;
    rows.set(key, { value, version: String(writes), expiresAt });
  }

  return {
    claimScope: 'process',
    durable: false,
    storeId: options.storeId ?? randomUUID(),
    async get(key) {
      requireOpen(key);
      const row = liveRow(key);
      return row && { value: row.value, version: row.version };
    },
    async set(key, value, expiresAt) {
      requireOpen(key, value);
      write(key, value, expiresAt);
    },
    async delete(key) {
      requireOpen(key);
      return liveRow(key) !== undefined && rows.delete(key);
    },
    async *list(prefix) {
      requireOpen(prefix);
      const keys = [...rows.keys()].filter((key) => key.startsWith(prefix)).sort();
      for (const key of keys) {
        requireOpen(key);
        const row = liveRow(key);
        if (row !== undefined) yield { key, value: row.value, version: row.version };
      }
    },
    async claim(key, value, expiresAt) {
      requireOpen(key, value);
      if (liveRow(key) !== undefined) return false;
      write(key, value, expiresAt);
      return true;
    },
    async replace(key, expectedVersion, value, expiresAt) {
      requireOpen(key, value);
      if (liveRow(key)?.version !== expectedVersion) return false;
      write(key, value, expiresAt);
      return true;
    },
    async close() {
      closed = true;
      rows.clear();
    },
  };
}
