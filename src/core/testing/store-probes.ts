/** How the contract looks at a store: what is there, everything under a prefix, many at once. */
import assert from 'node:assert/strict';
import type { StateStore, StoredValue } from '../ports';

const RACERS = 100;

export async function present(store: StateStore, key: string): Promise<StoredValue> {
  const stored = await store.get(key);
  assert.ok(stored !== undefined, `${key} is absent`);
  return stored;
}

export async function collect(store: StateStore, prefix: string): Promise<({ readonly key: string } & StoredValue)[]> {
  const rows = [];
  for await (const row of store.list(prefix)) rows.push(row);
  return rows;
}

/** Everybody at once; the numbers of those who were told true. */
export async function race(act: (racer: number) => Promise<boolean>): Promise<number[]> {
  const outcomes = await Promise.all(Array.from({ length: RACERS }, (_, racer) => act(racer)));
  return outcomes.flatMap((won, racer) => (won ? [racer] : []));
}

export async function increment(store: StateStore, key: string): Promise<void> {
  for (;;) {
    const { value, version } = await present(store, key);
    if (await store.replace(key, version, String(Number(value) + 1))) return;
  }
}
