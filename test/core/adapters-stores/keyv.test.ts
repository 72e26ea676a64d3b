import { EventEmitter } from 'node:events';
import Keyv from 'keyv';
import { describe, expect, it } from 'vitest';
import { createKeyvAdapter } from '../../../src/core/adapters/keyv-adapter';
import { openKeyvStore } from '../../../src/core/adapters/keyv-store';
import { createMemoryStore } from '../../../src/core/adapters/memory-store';
import { createMovableClock } from '../../../src/core/testing/movable-clock';

const unavailable = expect.objectContaining({ code: 'STATE_UNAVAILABLE' });
const clock = createMovableClock(Date.UTC(2026, 0, 1));

/** A backend that can be taken down, in the ways backends go down. */
class Backend {
  readonly rows = new Map<string, unknown>();
  down: false | 'throws' | 'is silent' | 'breaks off' = false;

  #answer<T>(normally: () => T, silently: T): T {
    if (this.down === 'throws') throw new Error('the backend is down');
    return this.down === 'is silent' ? silently : normally();
  }
  async get(key: string): Promise<unknown> {
    return this.#answer(() => this.rows.get(key), undefined);
  }
  async set(key: string, value: unknown): Promise<boolean> {
    return this.#answer(() => this.rows.set(key, value) === this.rows, false);
  }
  async has(key: string): Promise<boolean> {
    return this.#answer(() => this.rows.has(key), false);
  }
  async delete(key: string): Promise<boolean> {
    return this.#answer(() => this.rows.delete(key), false);
  }
  async clear(): Promise<void> {
    this.rows.clear();
  }
  async *iterator(): AsyncGenerator<[string, unknown]> {
    for (const [index, entry] of this.#answer(() => [...this.rows].toReversed(), []).entries()) {
      if (this.down === 'breaks off' && index === 1) throw new Error('the backend is down');
      yield entry;
    }
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function openOver(backend: Backend) {
  return openKeyvStore({ factory: () => new Keyv({ store: backend }), clock });
}

describe('a Keyv whose backend is down', () => {
  it.each(['throws', 'is silent'] as const)('never reads as "not found" when it %s', async (how) => {
    const backend = new Backend();
    const store = await openOver(backend);
    await store.set('k', 'v');
    const version = (await store.get('k'))?.version ?? '';
    backend.down = how;
    const calls = [
      () => store.get('k'),
      () => store.get('absent'),
      () => store.set('k', 'w'),
      () => store.delete('k'),
      () => store.claim('new', 'w'),
      () => store.replace('k', version, 'w'),
      () => collect(store.list('')),
    ];
    for (const call of calls) await expect(call(), call.toString()).rejects.toEqual(unavailable);
    backend.down = false;
    expect(await store.get('k')).toEqual({ value: 'v', version });
    expect(await store.get('new')).toBeUndefined();
  });

  it('rejects a list that broke off half-way, instead of giving a short one', async () => {
    const backend = new Backend();
    const store = await openOver(backend);
    for (const key of ['a', 'b', 'c']) await store.set(key, 'v');
    expect(await collect(store.list(''))).toHaveLength(3);
    backend.down = 'breaks off';
    await expect(collect(store.list(''))).rejects.toEqual(unavailable);
  });

  it('cannot be opened', async () => {
    for (const how of ['throws', 'is silent'] as const) {
      const backend = new Backend();
      backend.down = how;
      await expect(openOver(backend)).rejects.toEqual(unavailable);
    }
  });
});

describe('a Keyv that would hide its outages', () => {
  it('is refused when somebody listens to its errors', async () => {
    const factory = () => {
      const keyv = new Keyv({ store: new Backend() });
      keyv.on('error', () => undefined);
      return keyv;
    };
    await expect(openKeyvStore({ factory, clock })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is found out when somebody listens later', async () => {
    const backend = new Backend();
    const keyv = new Keyv({ store: backend });
    const store = await openKeyvStore({ factory: () => keyv, clock });
    await store.set('k', 'v');
    keyv.on('error', () => undefined);
    backend.down = 'throws';
    await expect(store.get('k')).rejects.toEqual(unavailable);
    await expect(store.delete('k')).rejects.toEqual(unavailable);
    await expect(store.set('k', 'w')).rejects.toEqual(unavailable);
    await expect(collect(store.list(''))).rejects.toEqual(unavailable);
  });

  it('is found out when its adapter only emits an error and ends the list', async () => {
    const backend = new Backend();
    class Quiet extends EventEmitter {
      readonly capabilities = { expires: true };
      failing = false;
      get = (key: string) => backend.get(key);
      set = (key: string, value: unknown) => backend.set(key, value);
      delete = (key: string) => backend.delete(key);
      clear = () => backend.clear();
      async *iterator() {
        for await (const entry of backend.iterator()) {
          yield entry;
          if (this.failing) return;
        }
      }
    }
    const quiet = new Quiet();
    const store = await openKeyvStore({ factory: () => new Keyv({ store: quiet }), clock });
    await store.set('a', 'v');
    await store.set('b', 'v');
    quiet.failing = true;
    await expect(collect(store.list(''))).rejects.toEqual(unavailable);
  });
});

describe('a Keyv that holds something else', () => {
  it('is refused as a record, not taken for a value', async () => {
    const keyv = new Keyv({ store: new Map() });
    const store = await openKeyvStore({ factory: () => keyv, clock });
    await keyv.set('state/k', 'a bare string');
    await keyv.set('foreign', 'not ours');
    await expect(store.get('k')).rejects.toMatchObject({ code: 'STATE_RECORD_INVALID' });
    await keyv.delete('state/k');
    expect(await collect(store.list(''))).toEqual([]);
  });

  it('keeps its store id between openings', async () => {
    const rows = new Map();
    const one = await openKeyvStore({ factory: () => new Keyv({ store: rows }), clock });
    const two = await openKeyvStore({ factory: () => new Keyv({ store: rows }), clock });
    expect(two.storeId).toBe(one.storeId);
  });
});

describe('one of our stores as the storage of a Keyv', () => {
  it('keeps values of any form, apart by namespace and from our own records', async () => {
    const store = createMemoryStore({ clock });
    await store.set('account/1', 'ours');
    const one = new Keyv({ store: createKeyvAdapter(store), namespace: 'one' });
    const two = new Keyv({ store: createKeyvAdapter(store, { namespace: 'two/%' }) });
    await one.set('k', { deep: [1, 'é'] });
    await two.set('k', 'text');
    expect(await one.get('k')).toEqual({ deep: [1, 'é'] });
    expect(await two.get('k')).toBe('text');
    expect(await one.has('absent')).toBe(false);
    expect(await one.get(['k', 'absent'])).toEqual([{ deep: [1, 'é'] }, undefined]);
    expect(await collect(one.iterator())).toEqual([['k', { deep: [1, 'é'] }]]);

    await one.clear();
    expect(await one.get('k')).toBeUndefined();
    expect(await two.get('k')).toBe('text');
    expect(await two.delete('k')).toBe(true);
    expect(await two.delete('k')).toBe(false);
    expect((await store.get('account/1'))?.value).toBe('ours');
  });

  it('keeps values of a Keyv that does not serialize', async () => {
    const keyv = new Keyv({ store: createKeyvAdapter(createMemoryStore({ clock })), serialization: false });
    await keyv.setMany<unknown>([{ key: 'a', value: { n: 1 } }, { key: 'b', value: 'text' }]);
    expect(await keyv.getMany(['a', 'b'])).toEqual([{ n: 1 }, 'text']);
    expect(await keyv.deleteMany(['a', 'c'])).toEqual([true, false]);
  });

  it('expires by the clock of the store', async () => {
    const moving = createMovableClock(Date.now());
    const keyv = new Keyv({ store: createKeyvAdapter(createMemoryStore({ clock: moving })) });
    await keyv.set('k', 'v', 60_000);
    expect(await keyv.get('k')).toBe('v');
    moving.advance(120_000);
    expect(await keyv.get('k')).toBeUndefined();
  });

  it('rejects while the store is out', async () => {
    const store = createMemoryStore({ clock });
    const keyv = new Keyv({ store: createKeyvAdapter(store) });
    await store.close();
    await expect(keyv.get('k')).rejects.toEqual(unavailable);
    await expect(keyv.set('k', 'v')).rejects.toEqual(unavailable);
  });
});
