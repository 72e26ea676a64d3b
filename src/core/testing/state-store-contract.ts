/**
 * What every StateStore must do, as named checks over node:assert: run them with any test framework, or in a loop. Each
 * check makes a fresh, empty store. A store that passes may carry consent, bindings and one-time codes within its
 * `claimScope`; races between processes and outages need the backend itself and are not covered here.
 *
 * @example for (const check of stateStoreContract({ create: (clock) => openMyStore(clock) })) test(check.name, check.run);
 */
import assert from 'node:assert/strict';
import { hasCode } from '../errors';
import type { Clock, StateStore } from '../ports';
import { createMovableClock, type MovableClock } from './movable-clock';
import { collect, increment, present, race } from './store-probes';

export interface StateStoreContractOptions {
  /** A new and empty store that judges expiry by this clock. */
  create(clock: Clock): Promise<StateStore>;
  /** Only where the store needs a particular time. Default: a clock of its own for each check. */
  readonly clock?: MovableClock;
}

export interface ContractCheck {
  readonly name: string;
  run(): Promise<void>;
}

type Body = (store: StateStore, clock: MovableClock) => Promise<void>;

const START = Date.UTC(2026, 0, 1);

/** Keys that a backend confuses when it escapes, folds or sorts them wrongly; in the order of their code units. */
const AWKWARD_KEYS = ['', '%', '/', '/a', ':', 'A', '_', 'a', 'a%b', 'a/b', 'a:b', 'a\\b', 'a_b', 'aXb', "a'b", 'a"b', 'é', 'e\u0301', '日本', '\u{1F600}', '\uFB01', '\uFFFD'].sort();

/** The checks, in the order in which a failure is easiest to understand. */
export function stateStoreContract(options: StateStoreContractOptions): readonly ContractCheck[] {
  return Object.entries({ ...reading, ...versions, ...expiry, ...races, ...listing, ...limits }).map(([name, body]) => ({
    name,
    async run() {
      const clock = options.clock ?? createMovableClock(START);
      const store = await options.create(clock);
      try {
        await body(store, clock);
      } finally {
        await store.close();
      }
    },
  }));
}

const reading: Record<string, Body> = {
  'an absent key reads as undefined, and deleting or replacing it changes nothing': async (store) => {
    assert.equal(await store.get('k'), undefined);
    assert.equal(await store.delete('k'), false);
    assert.equal(await store.replace('k', '1', 'v'), false);
    assert.equal(await store.get('k'), undefined);
  },
  'a value is read as it was written, and overwritten by the next': async (store) => {
    await store.set('k', 'one');
    assert.equal((await present(store, 'k')).value, 'one');
    await store.set('k', 'two');
    assert.equal((await present(store, 'k')).value, 'two');
  },
  'an empty value is a value': async (store) => {
    await store.set('k', '');
    assert.equal((await present(store, 'k')).value, '');
    assert.equal(await store.claim('k', 'x'), false);
    assert.equal(await store.delete('k'), true);
  },
  'delete tells whether the key was there': async (store) => {
    await store.set('k', 'v');
    assert.equal(await store.delete('k'), true);
    assert.equal(await store.delete('k'), false);
    assert.equal(await store.get('k'), undefined);
  },
  'claim puts only where nothing is': async (store) => {
    assert.equal(await store.claim('k', 'first'), true);
    assert.equal(await store.claim('k', 'second'), false);
    assert.equal((await present(store, 'k')).value, 'first');
    await store.delete('k');
    assert.equal(await store.claim('k', 'third'), true);
  },
};

const versions: Record<string, Body> = {
  'replace swaps exactly the version it was given': async (store) => {
    await store.set('k', 'one');
    const { version } = await present(store, 'k');
    assert.equal(await store.replace('k', `${version}x`, 'no'), false);
    assert.equal(await store.replace('k', version, 'two'), true);
    assert.equal(await store.replace('k', version, 'three'), false);
    assert.equal((await present(store, 'k')).value, 'two');
  },
  'every write makes a version of its own, also of the same value': async (store) => {
    const seen = new Set<string>();
    const write = [() => store.set('k', 'v'), async () => store.replace('k', (await present(store, 'k')).version, 'v'), async () => (await store.delete('k')) && store.claim('k', 'v')];
    for (let round = 0; round < 3; round += 1) {
      for (const act of write) {
        await act();
        seen.add((await present(store, 'k')).version);
      }
    }
    assert.equal(seen.size, 9);
  },
  'a version does not come back when a key is deleted and made again': async (store) => {
    await store.claim('k', 'v');
    const { version } = await present(store, 'k');
    await store.delete('k');
    await store.claim('k', 'v');
    assert.equal(await store.replace('k', version, 'stale'), false);
    assert.equal((await present(store, 'k')).value, 'v');
  },
  'the version that list gives is the one that get gives': async (store) => {
    await store.set('k', 'v');
    const [row] = await collect(store, '');
    assert.deepEqual(row, { key: 'k', ...(await present(store, 'k')) });
  },
};

const expiry: Record<string, Body> = {
  'a key is there until the instant it expires at, and absent from then on': async (store, clock) => {
    await store.set('k', 'v', clock.now() + 1000);
    clock.advance(999);
    assert.equal((await present(store, 'k')).value, 'v');
    clock.advance(1);
    assert.equal(await store.get('k'), undefined);
    assert.deepEqual(await collect(store, ''), []);
  },
  'a key written with a time that has passed is absent at once': async (store, clock) => {
    await store.set('k', 'v', clock.now() - 1);
    assert.equal(await store.get('k'), undefined);
  },
  'a key replaced with a time that has passed is absent at once, which deletes it only as it was read': async (store, clock) => {
    await store.set('k', 'v', clock.now() + 10);
    const { version } = await present(store, 'k');
    await store.set('k', 'newer');
    assert.equal(await store.replace('k', version, '', 1), false);
    assert.equal((await present(store, 'k')).value, 'newer');
    const newer = (await present(store, 'k')).version;
    assert.equal(await store.replace('k', newer, '', 1), true);
    assert.equal(await store.get('k'), undefined);
    assert.deepEqual(await collect(store, ''), []);
    assert.equal(await store.replace('k', newer, 'late'), false);
    assert.equal(await store.claim('k', 'next'), true);
    assert.notEqual((await present(store, 'k')).version, newer);
  },
  'an expired key cannot be deleted or replaced': async (store, clock) => {
    await store.set('a', 'v', clock.now() + 10);
    await store.set('b', 'v', clock.now() + 10);
    const { version } = await present(store, 'b');
    clock.advance(10);
    assert.equal(await store.delete('a'), false);
    assert.equal(await store.replace('b', version, 'late'), false);
    assert.equal(await store.get('b'), undefined);
  },
  'an expired key can be claimed again, with a new version': async (store, clock) => {
    assert.equal(await store.claim('k', 'old', clock.now() + 10), true);
    const { version } = await present(store, 'k');
    clock.advance(9);
    assert.equal(await store.claim('k', 'early'), false);
    clock.advance(1);
    assert.equal(await store.claim('k', 'new'), true);
    assert.equal(await store.replace('k', version, 'stale'), false);
    clock.advance(1_000_000);
    assert.equal((await present(store, 'k')).value, 'new');
  },
  'writing without a time takes an earlier time away; replacing gives a new one': async (store, clock) => {
    await store.set('set', 'v', clock.now() + 10);
    await store.set('set', 'v');
    await store.set('replaced', 'v', clock.now() + 10);
    await store.replace('replaced', (await present(store, 'replaced')).version, 'v', clock.now() + 20);
    clock.advance(10);
    assert.notEqual(await store.get('set'), undefined);
    assert.notEqual(await store.get('replaced'), undefined);
    clock.advance(10);
    assert.equal(await store.get('replaced'), undefined);
  },
  'expiry is absolute: days may pass': async (store, clock) => {
    const day = 24 * 60 * 60 * 1000;
    await store.set('week', 'v', clock.now() + 7 * day);
    await store.set('month', 'v', clock.now() + 30 * day);
    clock.advance(8 * day);
    assert.deepEqual((await collect(store, '')).map((row) => row.key), ['month']);
  },
};

const races: Record<string, Body> = {
  'of many who claim a key at once, exactly one succeeds': async (store) => {
    const won = await race((racer) => store.claim('k', `racer ${racer}`));
    assert.equal(won.length, 1);
    assert.equal((await present(store, 'k')).value, `racer ${won[0]}`);
  },
  'of many who claim an expired key at once, exactly one succeeds': async (store, clock) => {
    await store.set('k', 'old', clock.now() + 1);
    clock.advance(1);
    assert.equal((await race((racer) => store.claim('k', `racer ${racer}`))).length, 1);
  },
  'of many who replace a version at once, exactly one succeeds': async (store) => {
    await store.set('k', 'v');
    const { version } = await present(store, 'k');
    const won = await race((racer) => store.replace('k', version, `racer ${racer}`));
    assert.equal(won.length, 1);
    assert.equal((await present(store, 'k')).value, `racer ${won[0]}`);
  },
  'of many who delete a key at once, exactly one was the one': async (store) => {
    await store.set('k', 'v');
    assert.equal((await race(() => store.delete('k'))).length, 1);
  },
  'no increment is lost between readers who swap what they read': async (store) => {
    await store.set('count', '0');
    await Promise.all(Array.from({ length: 10 }, () => increment(store, 'count')));
    assert.equal((await present(store, 'count')).value, '10');
  },
};

const listing: Record<string, Body> = {
  'an empty store lists nothing': async (store) => {
    assert.deepEqual(await collect(store, ''), []);
    assert.deepEqual(await collect(store, 'a'), []);
  },
  'keys of any characters stay apart and come in the order of their code units': async (store) => {
    for (const key of AWKWARD_KEYS.toReversed()) await store.set(key, `value of ${key}`);
    assert.deepEqual((await collect(store, '')).map((row) => row.key), AWKWARD_KEYS);
    for (const key of AWKWARD_KEYS) assert.equal((await present(store, key)).value, `value of ${key}`);
  },
  'a prefix is taken literally, by case and by character': async (store) => {
    for (const key of AWKWARD_KEYS) await store.set(key, 'v');
    for (const prefix of [...AWKWARD_KEYS, 'a_', 'a%', '日', 'zz']) {
      assert.deepEqual((await collect(store, prefix)).map((row) => row.key), AWKWARD_KEYS.filter((key) => key.startsWith(prefix)), `prefix ${prefix}`);
    }
  },
  'more keys than any page holds are all listed, in order': async (store) => {
    const keys = Array.from({ length: 530 }, (_, index) => `k/${String(index).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => store.set(key, key)));
    await store.set('l', 'beyond');
    assert.deepEqual((await collect(store, 'k/')).map((row) => row.value), keys);
  },
  'keys that are deleted while listing cause none of the others to be skipped': async (store) => {
    const keys = Array.from({ length: 270 }, (_, index) => `k/${String(index).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => store.set(key, key)));
    const seen: string[] = [];
    for await (const { key } of store.list('k/')) {
      seen.push(key);
      await store.delete(key);
    }
    assert.deepEqual(seen, keys);
    assert.deepEqual(await collect(store, 'k/'), []);
  },
  'keys that are written while listing neither repeat others nor break the order': async (store) => {
    const keys = Array.from({ length: 270 }, (_, index) => `k/${String(index).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => store.set(key, key)));
    const seen: string[] = [];
    for await (const { key } of store.list('k/')) {
      seen.push(key);
      await store.set(key, 'rewritten');
      if (seen.length === 10) await store.set('k/0000a', 'behind');
    }
    assert.deepEqual(seen.filter((key) => keys.includes(key)), keys);
    assert.deepEqual(seen, seen.toSorted());
  },
  'a list may be left early': async (store) => {
    for (const key of ['a', 'b', 'c']) await store.set(key, 'v');
    for await (const { key } of store.list('')) {
      assert.equal(key, 'a');
      break;
    }
    await store.set('d', 'v');
    assert.equal((await collect(store, '')).length, 4);
  },
};

const limits: Record<string, Body> = {
  'a value of 256 KiB and any characters comes back unchanged': async (store) => {
    const value = 'a"\\\n\0é日\u{1F600}'.repeat(32 * 1024).slice(0, 256 * 1024);
    await store.set('k', value);
    assert.ok((await present(store, 'k')).value === value);
    const [row] = await collect(store, '');
    assert.ok(row?.value === value);
  },
  'text with half a surrogate pair is refused instead of changed': async (store) => {
    const half = 'a\uD83D';
    for (const act of [() => store.set(half, 'v'), () => store.set('k', half), () => store.claim('k', half), () => store.get(half), () => store.delete(half)]) {
      await assert.rejects(act, (error) => hasCode(error, 'INPUT_INVALID'));
    }
    assert.deepEqual(await collect(store, ''), []);
  },
  'a closed store refuses every call, and may be closed twice': async (store) => {
    await store.set('k', 'v');
    await store.close();
    await store.close();
    const calls = [() => store.get('k'), () => store.set('k', 'v'), () => store.delete('k'), () => store.claim('k', 'v'), () => store.replace('k', '1', 'v'), () => collect(store, '')];
    for (const call of calls) await assert.rejects(call, (error) => hasCode(error, 'STATE_UNAVAILABLE'));
  },
};
