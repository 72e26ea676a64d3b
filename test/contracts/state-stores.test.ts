import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Keyv from 'keyv';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createKeyvAdapter } from '../../src/core/adapters/keyv-adapter';
import { openKeyvStore } from '../../src/core/adapters/keyv-store';
import { createMemoryStore } from '../../src/core/adapters/memory-store';
import { openSqliteStore } from '../../src/core/adapters/sqlite-store';
import { startSqliteThread, type SqliteThread } from '../../src/core/adapters/sqlite-worker';
import { createSystemClock } from '../../src/core/adapters/system-clock';
import type { Clock, StateStore } from '../../src/core/ports';
import { stateStoreContract } from '../../src/core/testing/state-store-contract';

const folder = mkdtempSync(join(tmpdir(), 'state-contract-'));
const names = (function* () {
  for (let made = 1; ; made += 1) yield `store-${made}`;
})();
const nextName = () => names.next().value ?? '';

// Keyv's own clock is the host's, and it never speaks before ours: what lies below it may share one file.
let below: StateStore;
beforeAll(async () => {
  below = await openSqliteStore({ path: join(folder, 'below.db'), clock: createSystemClock() });
});
afterAll(async () => {
  await below.close();
  rmSync(folder, { recursive: true });
});

/** One thread for all files, one after the other: starting threads would take most of the time. */
const thread = startSqliteThread();
const lentThread = (): SqliteThread => ({
  alive: true,
  send: (request) => thread.send(request),
  end: async () => void (await thread.send({ operation: 'close' })),
});
afterAll(() => thread.end());

const STORES: Record<string, (clock: Clock) => Promise<StateStore>> = {
  memory: async (clock) => createMemoryStore({ clock }),
  sqlite: (clock) => openSqliteStore({ path: join(folder, `${nextName()}.db`), clock, startThread: lentThread }),
  'Keyv over a Map': (clock) => openKeyvStore({ factory: () => new Keyv({ store: new Map() }), clock }),
  'Keyv over our sqlite': (clock) => openKeyvStore({ factory: () => new Keyv({ store: createKeyvAdapter(below), namespace: nextName() }), clock }),
};

describe.each(Object.entries(STORES))('%s', (_name, create) => {
  it.each(stateStoreContract({ create }).map((check) => [check.name, check] as const))('%s', (_name, check) => check.run());
});
