/** The published contract over a real server, one schema for each check. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { openPostgresStore } from '../../src/core/adapters/postgres-store';
import { stateStoreContract } from '../../src/core/testing/state-store-contract';
import { binaries, type PostgresServer, startPostgres } from './postgres-server';

describe.skipIf(binaries === undefined)('PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const checks = stateStoreContract({
    create: (clock) => {
      made += 1;
      return openPostgresStore({ url: server.url(), clock, schema: `contract_${made}` });
    },
  });
  let made = 0;

  it.each(checks.map((check) => [check.name, check] as const))('%s', (_name, check) => check.run());
});
