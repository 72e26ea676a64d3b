/** What two processes on one store must agree on, whatever the backend. */
import { expect } from 'vitest';
import type { StateStore } from '../../src/core/ports';
import type { Order } from './state-process';

/** `together` gives both processes the same order at once and returns what each of them changed. */
export async function expectOneWinner(together: (given: Order) => Promise<readonly number[]>, store: StateStore): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const key = `race/${round}`;
    expect(sum(await together({ act: 'claim', key })), key).toBe(1);
    const claimed = await store.get(key);
    expect(sum(await together({ act: 'replace', key, version: claimed?.version ?? '' })), key).toBe(1);
    expect(sum(await together({ act: 'delete', key })), key).toBe(1);
    expect(await store.get(key)).toBeUndefined();
  }
  await store.set('count', '0');
  await together({ act: 'increment', key: 'count', times: 30 });
  expect((await store.get('count'))?.value).toBe('60');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
