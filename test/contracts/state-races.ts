/** What two processes on one store must agree on, whatever the backend. */
import { expect } from 'vitest';
import type { IdentifiedStore } from '../../src/core/adapters/memory-store';
import type { StateStore } from '../../src/core/ports';
import { boundOf, ownFor } from './owning-process';
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

/** Two processes want one tenant for accounts of their own, and bind different people to one account: one of each. */
export async function expectOneOwner(together: (given: Order) => Promise<readonly number[]>, store: IdentifiedStore): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    const wanted = `aaaaaaaa-0000-4000-8000-${String(1000 + round).padStart(12, '0')}`;
    expect(sum(await together({ act: 'own', tenantId: wanted })), `tenant, round ${round}`).toBe(1);
    const account = { accountId: `raced-${round}`, tenantId: `aaaaaaaa-0000-4000-8000-${String(2000 + round).padStart(12, '0')}` };
    await ownFor(store, account.accountId, account.tenantId);
    const pids = await together({ act: 'bind', ...account });
    expect(await boundOf(store, pids, account), `binding, round ${round}`).toHaveLength(1);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
