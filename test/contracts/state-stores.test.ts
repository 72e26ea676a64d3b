import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Keyv from 'keyv';
import { afterAll, describe, it } from 'vitest';
import { createKeyvAdapter } from '../../src/core/adapters/keyv-adapter';
import { openKeyvStore } from '../../src/core/adapters/keyv-store';
import { createMemoryStore } from '../../src/core/adapters/memory-store';
import { openSqliteStore } from '../../src/core/adapters/sqlite-store';
import type { Clock, StateStore } from '../../src/core/ports';
import { stateStoreContract } from '../../src/core/testing/state-store-contract';

const folder = mkdtempSync(join(tmpdir(), 'state-contract-'));
let files = 0;
const openSqlite = (clock: Clock) => openSqliteStore({ path: join(folder, `${(files += 1)}.db`), clock });

afterAll(() => rmSync(folder, { recursive: true }));

const STORES: Record<string, (clock: Clock) => Promise<StateStore>> = {
  memory: async (clock) => createMemoryStore({ clock }),
  sqlite: openSqlite,
  'Keyv over a Map': (clock) => openKeyvStore({ factory: () => new Keyv({ store: new Map() }), clock }),
  'Keyv over our sqlite': keyvOverSqlite,
};

async function keyvOverSqlite(clock: Clock): Promise<StateStore> {
  const sqlite = await openSqlite(clock);
  const store = await openKeyvStore({ factory: () => new Keyv({ store: createKeyvAdapter(sqlite), namespace: 'host' }), clock });
  const close = async () => {
    await store.close();
    await sqlite.close();
  };
  return { ...store, close };
}

describe.each(Object.entries(STORES))('%s', (_name, create) => {
  it.each(stateStoreContract({ create }).map((check) => [check.name, check] as const))('%s', (_name, check) => check.run());
});
