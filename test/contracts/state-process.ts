/**
 * A process of its own that works on a state file, or on PostgreSQL; bundled and started by tests. Over IPC it does what it
 * is told and answers with the outcome; without IPC it writes once, says so and leaves the store open.
 */
import { openPostgresStore } from '../../src/core/adapters/postgres-store';
import { openSqliteStore } from '../../src/core/adapters/sqlite-store';
import { createSystemClock } from '../../src/core/adapters/system-clock';
import type { IdentifiedStore } from '../../src/core/adapters/memory-store';
import type { StateStore } from '../../src/core/ports';
import { bindAs, ownAs } from './owning-process';

export type Order =
  | { readonly act: 'claim'; readonly key: string }
  | { readonly act: 'delete'; readonly key: string }
  | { readonly act: 'replace'; readonly key: string; readonly version: string }
  | { readonly act: 'increment'; readonly key: string; readonly times: number }
  | { readonly act: 'own'; readonly tenantId: string }
  | { readonly act: 'bind'; readonly accountId: string; readonly tenantId: string }
  | { readonly act: 'write'; readonly prefix: string };

const PARALLEL = 5;

async function obey(store: IdentifiedStore, order: Order): Promise<number> {
  if (order.act === 'own') return ownAs(store, process.pid, order.tenantId);
  if (order.act === 'bind') return bindAs(store, process.pid, order);
  if (order.act === 'claim') return wins(() => store.claim(order.key, String(process.pid)));
  if (order.act === 'delete') return wins(() => store.delete(order.key));
  if (order.act === 'replace') return wins(() => store.replace(order.key, order.version, String(process.pid)));
  if (order.act === 'increment') return increment(store, order.key, order.times);
  return writeUntilKilled(store, order.prefix);
}

async function wins(act: () => Promise<boolean>): Promise<number> {
  const outcomes = await Promise.all(Array.from({ length: PARALLEL }, act));
  return outcomes.filter(Boolean).length;
}

async function increment(store: StateStore, key: string, times: number): Promise<number> {
  for (let done = 0; done < times; ) {
    const stored = await store.get(key);
    if (stored !== undefined && (await store.replace(key, stored.version, String(Number(stored.value) + 1)))) done += 1;
  }
  return times;
}

async function writeUntilKilled(store: StateStore, prefix: string): Promise<never> {
  for (let written = 1; ; written += 1) {
    await store.set(`${prefix}${written}`, 'v');
    process.send?.(written);
  }
}

async function main(): Promise<void> {
  const [, , path = '', valueLength = '1', writes = '1'] = process.argv;
  const clock = createSystemClock();
  const store = await (path.startsWith('postgres:') ? openPostgresStore({ url: path, clock }) : openSqliteStore({ path, clock }));
  process.on('message', (order: Order) => void obey(store, order).then((outcome) => process.send?.(outcome)));
  if (process.send === undefined) {
    for (let index = 1; index <= Number(writes); index += 1) await store.set(`alone/${index}`, 'v'.repeat(Number(valueLength)));
    process.stdout.write('written');
  } else {
    process.send('ready');
  }
}

main().catch((error: unknown) => {
  process.stdout.write((error as { code?: string }).code ?? String(error));
  process.exitCode = 1;
});
