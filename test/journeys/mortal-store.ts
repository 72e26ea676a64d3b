/** A store on whose writes something ends: this process, or the patience of the one who called. */
import type { IdentifiedStore } from '../../src/core/adapters/memory-store';
import { OnboardingError } from '../../src/core/errors';

/** Calls `wrote` after every write that changed something, before the caller learns of it. */
export function watchWrites(store: IdentifiedStore, wrote: () => void): IdentifiedStore {
  const after = (changed: boolean): boolean => {
    if (changed) wrote();
    return changed;
  };
  return {
    ...passThrough(store),
    set: async (key, value, expiresAt) => {
      await store.set(key, value, expiresAt);
      after(true);
    },
    delete: async (key) => after(await store.delete(key)),
    claim: async (key, value, expiresAt) => after(await store.claim(key, value, expiresAt)),
    replace: async (key, version, value, expiresAt) => after(await store.replace(key, version, value, expiresAt)),
  };
}

export interface DyingStore {
  readonly store: IdentifiedStore;
  /** Dies right after this many more writes; never, when absent. */
  dieAfter(writes: number | undefined): void;
  /** True when it has died since. */
  readonly died: () => boolean;
}

/** As if the process had been killed right after a write: nothing is written or read any more until it is revived. */
export function createDyingStore(inner: IdentifiedStore): DyingStore {
  let left: number | undefined;
  let dead = false;
  const check = () => {
    if (dead) throw new OnboardingError('STATE_UNAVAILABLE', 'The state is gone.');
  };
  const watched = watchWrites(inner, () => {
    if (left === undefined) return;
    left -= 1;
    if (left > 0) return;
    dead = true;
    check();
  });
  const guard = <A extends readonly unknown[], R>(act: (...all: A) => Promise<R>) => async (...all: A): Promise<R> => {
    check();
    return act(...all);
  };
  const store: IdentifiedStore = {
    ...passThrough(watched),
    get: guard((key: string) => watched.get(key)),
    set: guard((key: string, value: string, expiresAt?: number) => watched.set(key, value, expiresAt)),
    delete: guard((key: string) => watched.delete(key)),
    claim: guard((key: string, value: string, expiresAt?: number) => watched.claim(key, value, expiresAt)),
    replace: guard((key: string, version: string, value: string, expiresAt?: number) => watched.replace(key, version, value, expiresAt)),
  };
  return {
    store,
    dieAfter: (writes) => {
      dead = false;
      left = writes;
    },
    died: () => dead,
  };
}

/** Lets something happen right before a write; what it throws is what the writer gets. */
export function createInterruptedStore(store: IdentifiedStore, before: (key: string) => Promise<void>): IdentifiedStore {
  return {
    ...passThrough(store),
    set: async (key, value, expiresAt) => {
      await before(key);
      await store.set(key, value, expiresAt);
    },
    delete: async (key) => before(key).then(async () => store.delete(key)),
    claim: async (key, value, expiresAt) => before(key).then(async () => store.claim(key, value, expiresAt)),
    replace: async (key, version, value, expiresAt) => before(key).then(async () => store.replace(key, version, value, expiresAt)),
  };
}

function passThrough(store: IdentifiedStore): IdentifiedStore {
  return {
    claimScope: store.claimScope,
    durable: store.durable,
    storeId: store.storeId,
    get: (key) => store.get(key),
    set: (key, value, expiresAt) => store.set(key, value, expiresAt),
    delete: (key) => store.delete(key),
    list: (prefix) => store.list(prefix),
    claim: (key, value, expiresAt) => store.claim(key, value, expiresAt),
    replace: (key, version, value, expiresAt) => store.replace(key, version, value, expiresAt),
    close: () => store.close(),
  };
}

/** A test that dies after one write after the other takes every fourth; all of them with `EVERY_WRITE=1`, as long as that takes. */
export const DEATH_STRIDE = process.env['EVERY_WRITE'] === '1' ? 1 : 4;
