/** What the contract does not ask, because it needs the server itself: outages, rights, tables, time-outs, TLS. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStateStore } from '../../src/core/adapters/open-store';
import { openSchema } from '../../src/core/adapters/postgres-schema';
import { openPostgresStore, type PostgresStoreOptions } from '../../src/core/adapters/postgres-store';
import type { IdentifiedStore } from '../../src/core/adapters/memory-store';
import { createMovableClock } from '../../src/core/testing/movable-clock';
import { stateStoreContract } from '../../src/core/testing/state-store-contract';
import { binaries, PASSWORD, type PostgresServer, startPostgres } from './postgres-server';

const DAY_MS = 24 * 60 * 60 * 1000;
const clock = createMovableClock(Date.UTC(2026, 2, 4));
const unavailable = expect.objectContaining({ code: 'STATE_UNAVAILABLE' });
const refused = expect.objectContaining({ code: 'STATE_LOCATION_REFUSED' });
let server: PostgresServer;
let made = 0;
const opened: IdentifiedStore[] = [];

async function open(options: Partial<PostgresStoreOptions> = {}): Promise<IdentifiedStore> {
  const store = await openPostgresStore({ url: server.url(), clock, schema: newSchema(), ...options });
  opened.push(store);
  return store;
}

function newSchema(): string {
  made += 1;
  return `store_${made}`;
}

describe.skipIf(binaries === undefined)('state in PostgreSQL', () => {
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });
  afterAll(() => server.stop());

  describe('that cannot be reached', () => {
    it('is unavailable while the server is down, never empty, and keeps what was confirmed when it is back', async () => {
      const store = await open({ maxSessions: 3 });
      const confirmed: string[] = [];
      const isBusy = Promise.withResolvers<void>();
      const writers = Array.from({ length: 6 }, (_, writer) =>
        writeUntilRefused(store, `kill/${writer}/`, (key) => {
          confirmed.push(key);
          if (confirmed.length === 200) isBusy.resolve();
        }),
      );
      await isBusy.promise;
      await server.kill();
      for (const reason of await Promise.all(writers)) expect(reason).toEqual(unavailable);

      const calls = [() => store.get('kill/0/1'), () => store.set('k', 'v'), () => store.delete('k'), () => store.claim('k', 'v'), () => store.replace('k', 'x', 'v'), () => keysOf(store, 'kill/')];
      for (const call of calls) await expect(call()).rejects.toEqual(unavailable);
      await expect(open()).rejects.toEqual(unavailable);

      await server.start();
      const kept = new Set(await keysOf(store, 'kill/'));
      expect(confirmed.filter((key) => !kept.has(key))).toEqual([]);
      // One write of each writer may have been on its way.
      expect(kept.size).toBeLessThanOrEqual(confirmed.length + writers.length);
      expect(await store.claim('k', 'v')).toBe(true);
    });

    it('says of a write that the server died over that it may have been made', async () => {
      const schema = newSchema();
      const store = await open({ schema });
      await store.set('k', 'old');
      const release = await lockRow(schema, 'k');
      const outcome = store.set('k', 'new').catch((error: unknown) => error);
      await until(async () => (await waiting()) === 1);
      await server.kill();
      expect(await outcome).toMatchObject({ code: 'STATE_UNAVAILABLE', details: { mayHaveLanded: true }, message: expect.stringContaining('the write may have been made all the same') as unknown });
      await release();
      await server.start();
      expect((await store.get('k'))?.value).toBe('old');
    });

    it('says so, too, of a write that was made and whose answer was lost on the way', async () => {
      const gate = await startGate(server.port);
      const store = await open({ url: server.url().replace(String(server.port), String(gate.port)), maxSessions: 1 });
      await store.set('other', 'v');
      // Waits in line behind what the store does by itself after a write.
      await store.get('other');
      gate.swallow();
      const outcome = await store.claim('k', 'v').catch((error: unknown) => error);
      expect(outcome).toMatchObject({ code: 'STATE_UNAVAILABLE', details: { mayHaveLanded: true } });
      gate.forward();
      expect((await store.get('k'))?.value).toBe('v');
      expect(await store.claim('k', 'again')).toBe(false);
      await store.close();
      await gate.close();
    });

    it('is unavailable when the server answers no more, and is told from a server that is only slow', async () => {
      const gate = await startGate(server.port);
      const schema = newSchema();
      const store = await open({ url: server.url().replace(String(server.port), String(gate.port)), schema, timeoutMs: 300, maxSessions: 1 });
      await store.set('k', 'v');
      await store.get('k');
      gate.stall();
      const outcomes = await Promise.all([store.set('k', 'w'), store.set('k', 'x'), store.get('k')].map((call) => call.catch((error: unknown) => error)));
      expect(outcomes).toMatchObject([{ code: 'STATE_UNAVAILABLE', details: { mayHaveLanded: true } }, { code: 'STATE_UNAVAILABLE', details: { mayHaveLanded: false } }, { code: 'STATE_UNAVAILABLE', details: {} }]);
      gate.forward();
      expect((await store.get('k'))?.value).toMatch(/^[vw]$/);

      const release = await lockRow(schema, 'k');
      await expect(store.set('k', 'x')).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', details: { mayHaveLanded: false, sqlState: '57014' } });
      await release();
      await store.close();
      await gate.close();
    });

    it('is unavailable when another store or none is at its place after a restart', async () => {
      const schema = newSchema();
      const store = await open({ schema });
      await store.set('k', 'v');
      await server.run(`ALTER SCHEMA ${schema} RENAME TO ${schema}_away`);
      await expect(store.get('k')).rejects.toEqual(unavailable);
      await server.kill();
      await server.start();
      await expect(store.get('k')).rejects.toEqual(unavailable);
      await (await open({ schema })).set('other', 'v');
      await expect(store.get('k')).rejects.toThrow('Another store is at this place');
      await expect(store.claim('k', 'stolen')).rejects.toEqual(unavailable);
      await server.run(`DROP SCHEMA ${schema} CASCADE`, `ALTER SCHEMA ${schema}_away RENAME TO ${schema}`);
      expect((await store.get('k'))?.value).toBe('v');
    });

    it('is unavailable on a standby, whose answers may be old', async () => {
      const store = await open();
      await store.set('k', 'v');
      const signal = join(server.folder, 'data', 'standby.signal');
      await server.restart(() => writeFileSync(signal, ''));
      await expect(store.get('k')).rejects.toThrow('is a standby');
      await expect(open()).rejects.toEqual(unavailable);
      await server.restart(() => rmSync(signal));
      expect((await store.get('k'))?.value).toBe('v');
    });

    it('finishes what is under way when it is closed, and nothing after it', async () => {
      const store = await open({ maxSessions: 2 });
      const writes = Array.from({ length: 20 }, (_, index) => store.set(`k/${index}`, 'v'));
      const closed = store.close();
      await expect(store.get('k/0')).rejects.toEqual(unavailable);
      await Promise.all([closed, ...writes]);
    });
  });

  describe('of which nobody may learn the password', () => {
    it('says host and database and no more, whatever fails', async () => {
      const wrong = server.url().replace(encodeURIComponent(PASSWORD), 'hunter2');
      const elsewhere = `postgres://app:hunter2@127.0.0.1:1/state`;
      const failures = [
        { url: wrong, code: 'STATE_LOCATION_REFUSED', says: '127.0.0.1/postgres cannot be used: the server refused the sign-in (SQLSTATE 28P01)' },
        { url: wrong.replace('app:', 'nobody:'), code: 'STATE_LOCATION_REFUSED', says: 'the server refused the sign-in' },
        { url: server.url('absent'), code: 'STATE_LOCATION_REFUSED', says: '127.0.0.1/absent cannot be used: there is no such database' },
        { url: elsewhere, code: 'STATE_UNAVAILABLE', says: '127.0.0.1/state cannot be used: connect ECONNREFUSED' },
        { url: `${wrong}?sslmode=require`, code: 'STATE_UNAVAILABLE', says: 'does not support SSL' },
      ];
      for (const { url, code, says } of failures) {
        const error = await openStateStore(url, { clock, folder: '.' }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code, message: expect.stringContaining(says) as unknown });
        const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
        for (const secret of ['hunter2', 'app:', PASSWORD, encodeURIComponent(PASSWORD), 'nobody']) expect(shown).not.toContain(secret);
      }
    });

    it('shows it neither in a store nor when it was changed meanwhile, which is an outage by then', async () => {
      await server.run("CREATE ROLE rotated LOGIN PASSWORD 'hunter2'", 'GRANT CREATE ON DATABASE postgres TO rotated');
      const store = await open({ url: `postgres://rotated:hunter2@127.0.0.1:${server.port}/postgres` });
      await store.set('k', 'v');
      await server.run("ALTER ROLE rotated PASSWORD 'hunter3'", END_SESSIONS);
      await until(async () => {
        const error = await failureOf(store.get('k'));
        expect(error).toEqual(unavailable);
        expect(inspect([store, error], { depth: null, showHidden: true })).not.toMatch(/hunter|rotated/);
        return String(error).includes('the server refused the sign-in');
      });
    });

    it('may come from the environment instead of the URL', async () => {
      process.env['PGPASSWORD'] = PASSWORD;
      try {
        const store = await open({ url: server.url().replace(`:${encodeURIComponent(PASSWORD)}@`, '@') });
        expect(await store.claim('k', 'v')).toBe(true);
      } finally {
        delete process.env['PGPASSWORD'];
      }
    });
  });

  describe('and its tables', () => {
    it('are made once, however many open it at the same time', async () => {
      const schema = newSchema();
      const stores = await Promise.all(Array.from({ length: 5 }, () => open({ schema })));
      expect(new Set(stores.map((store) => store.storeId)).size).toBe(1);
      const won = await Promise.all(stores.map((store) => store.claim('k', 'v')));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await open({ schema })).storeId).toBe(stores[0]?.storeId);
    });

    it('are brought up to date once by five who start at the same time, and then refused by the older version', async () => {
      const schema = newSchema();
      const old = await open({ schema });
      await old.set('k', 'v');
      const next = [[], ['CREATE TABLE SCHEMA.extra (n int)', 'INSERT INTO SCHEMA.extra VALUES (1)'], ['UPDATE SCHEMA.extra SET n = n + 1']];
      const identities = await withSessions(5, (session) => openSchema(session, `"${schema}"`, next));
      expect(identities.map(({ storeId }) => storeId)).toEqual(Array.from({ length: 5 }, () => old.storeId));
      expect(await server.run(`SELECT n FROM ${schema}.extra`)).toEqual([{ n: 2 }]);

      await expect(open({ schema })).rejects.toMatchObject({ code: 'STATE_VERSION_UNSUPPORTED' });
      await server.run(END_SESSIONS);
      // A session may still be in use while it is being ended, and that is an outage like any other.
      const seen = new Set<unknown>();
      await until(async () => seen.add(codeOf(await failureOf(old.get('k')))).has('STATE_VERSION_UNSUPPORTED'));
      expect([...seen].filter((code) => code !== 'STATE_UNAVAILABLE')).toEqual(['STATE_VERSION_UNSUPPORTED']);
    });

    it('stay as they were when a step fails', async () => {
      const schema = newSchema();
      await open({ schema });
      const broken = [[], ['CREATE TABLE SCHEMA.extra (n int)', 'SELECT 1 / 0']];
      await expect(withSessions(1, (session) => openSchema(session, `"${schema}"`, broken))).rejects.toMatchObject({ code: '22012' });
      expect(await server.run(`SELECT to_regclass('${schema}.extra') AS extra, value FROM ${schema}.meta WHERE name = 'schema_version'`)).toEqual([{ extra: null, value: '1' }]);
      expect(await (await open({ schema })).claim('k', 'v')).toBe(true);
    });

    it.each([
      ['has a table called meta with other columns', 'CREATE TABLE SCHEMA.meta (a int)'],
      ['has a table called meta with other content', "CREATE TABLE SCHEMA.meta (name text, value text); INSERT INTO SCHEMA.meta VALUES ('schema_version', 'seven')"],
      ['has a table called meta without an id', "CREATE TABLE SCHEMA.meta (name text, value text); INSERT INTO SCHEMA.meta VALUES ('schema_version', '1')"],
      ['has a table called state', 'CREATE TABLE SCHEMA.state (a int)'],
    ])('are not made in a schema that %s', async (_what, statements) => {
      const schema = newSchema();
      await server.run(`CREATE SCHEMA ${schema}`, statements.replaceAll('SCHEMA', schema));
      const before = await tablesOf(schema);
      await expect(open({ schema })).rejects.toEqual(refused);
      expect(await tablesOf(schema)).toEqual(before);
    });

    it('need no more rights than those to a schema that an administrator made', async () => {
      const schema = newSchema();
      await server.run("CREATE ROLE modest LOGIN PASSWORD 'm'", `CREATE SCHEMA ${schema} AUTHORIZATION modest`);
      const url = `postgres://modest:m@127.0.0.1:${server.port}/postgres`;
      expect(await (await open({ url, schema })).claim('k', 'v')).toBe(true);
      await expect(open({ url })).rejects.toEqual(refused);
      expect(await (await open({ url: `${url}?schema=ignored`, schema })).claim('k', 'v')).toBe(false);
    });

    it('are found by the schema in the URL, and by its default', async () => {
      const named = await openStateStore(server.url('postgres', '?schema=from_url'), { clock, folder: '.' });
      const unnamed = await openStateStore(server.url(), { clock, folder: '.' });
      opened.push(named, unnamed);
      expect(named.storeId).not.toBe(unnamed.storeId);
      expect(await tablesOf('from_url')).toEqual(['meta', 'state']);
      expect(await tablesOf('m365_onboarding')).toEqual(['meta', 'state']);
    });

    it('are refused where text would be changed: in a database of another encoding', async () => {
      await server.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
      await expect(open({ url: server.url('latin') })).rejects.toEqual(refused);
      const store = await open({ url: server.url('ascii') });
      await store.set('日', 'é日\u{1F600}');
      expect((await store.get('日'))?.value).toBe('é日\u{1F600}');
    });
  });

  describe('over a database with defaults of its own', () => {
    const races = stateStoreContract({ create: (own) => open({ url: server.url('strict'), clock: own }) }).filter(({ name }) => /^of many|increment/.test(name));

    beforeAll(() => server.run('CREATE DATABASE strict', "ALTER DATABASE strict SET default_transaction_isolation = 'serializable'", 'ALTER DATABASE strict SET synchronous_commit = off', "ALTER DATABASE strict SET search_path = 'nowhere'"));

    it.each(races.map((check) => [check.name, check] as const))('%s', (_name, check) => check.run());

    it('confirms nothing that is not in the log, and leaves a stronger setting as it is', async () => {
      const settings = await withSessions(2, async (session, index) => {
        await session.query(`SET synchronous_commit = ${index === 0 ? 'off' : 'remote_apply'}`);
        await openSchema(session, '"confirms"');
        return (await session.query<Record<string, unknown>>('SHOW synchronous_commit')).rows[0];
      });
      expect(settings).toEqual([{ synchronous_commit: 'on' }, { synchronous_commit: 'remote_apply' }]);
    });

    it('is called durable only when the server synchronizes its log with the disk', async () => {
      expect((await open()).durable).toBe(false);
      await server.run('ALTER SYSTEM SET fsync = on', 'SELECT pg_reload_conf()');
      await until(async () => (await server.run('SHOW fsync'))[0]?.['fsync'] === 'on');
      expect((await open()).durable).toBe(true);
      await server.run('ALTER SYSTEM SET fsync = off', 'SELECT pg_reload_conf()');
    });
  });

  describe('and its rows', () => {
    it('keep any text, and any key in the order of code units', async () => {
      const store = await open();
      const text = fc.string({ unit: fc.oneof(fc.constantFrom('\0', '\u0001', '0', '1', '\\', "'", '\uFB01', '\u{1F600}'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })), maxLength: 12 });
      const rows = new Map(fc.sample(text, { numRuns: 150, seed: 7 }).map((key, index, all) => [key, all[all.length - 1 - index] ?? '']));
      // Neighbours: what begins with one ends where the other is.
      for (const key of ['0', '1', '\\', ']', '\uD7FF', '\uE000']) rows.set(key, key);
      for (const [key, value] of rows) await store.set(key, value);
      const listed: [string, string][] = [];
      for await (const { key, value } of store.list('')) listed.push([key, value]);
      const expected = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(listed).toEqual(expected);
      for (const prefix of ['0', '\\', '\uD7FF', '\0', '\u{1F600}']) expect(await keysOf(store, prefix), prefix).toEqual(expected.map(([key]) => key).filter((key) => key.startsWith(prefix)));
    });

    it('stay readable to whoever looks with psql', async () => {
      const schema = newSchema();
      await (await open({ schema })).set('accounts/account/contoso', '{"name":"Contoso"}');
      expect(await server.run(`SELECT convert_from(key, 'UTF8') AS key, value::json->>'name' AS name FROM ${schema}.state`)).toEqual([{ key: 'accounts/account/contoso', name: 'Contoso' }]);
    });

    it('have keys of up to 2048 bytes, also of a kind that cannot be compressed', async () => {
      const store = await open();
      const key = Array.from({ length: 2048 }, (_, index) => String.fromCharCode(33 + ((index * 7919 + (index >> 3) * 104_729) % 94))).join('');
      expect(await store.claim(key, 'v')).toBe(true);
      for (const act of [() => store.set(`${key}x`, 'v'), () => store.get(`${key}x`), () => store.claim('é'.repeat(1025), 'v'), () => keysOf(store, `${key}x`)]) {
        await expect(act()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      }
      expect(await keysOf(store, '')).toEqual([key]);
    });

    it('are removed a day after their time, and not while somebody is taking one over', async () => {
      const schema = newSchema();
      const store = await open({ schema });
      // Not by the store, whose first write would remove them.
      const rows = [['old', DAY_MS], ['taken', DAY_MS], ['recent', DAY_MS - 1]] as const;
      await server.run(...rows.map(([key, agoMs]) => `INSERT INTO ${schema}.state VALUES ('${key}', 'v', 'x', ${clock.now() - agoMs})`));
      const other = await server.session();
      await other.query('BEGIN');
      await other.query(`UPDATE ${schema}.state SET value = 'new', expires_at = NULL WHERE key = 'taken'`);
      await store.set('k', 'v');
      await until(async () => (await server.run(`SELECT 1 FROM ${schema}.state WHERE key = 'old'`)).length === 0);
      await other.query('COMMIT');
      await other.end();
      expect((await store.get('taken'))?.value).toBe('new');
      expect(await server.run(`SELECT 1 FROM ${schema}.state WHERE key = 'recent'`)).toHaveLength(1);
    });

    it('are asked for in no more sessions than allowed', async () => {
      const schema = newSchema();
      const store = await open({ schema, maxSessions: 3 });
      await store.set('k', 'v');
      const release = await lockRow(schema, 'k');
      const writes = Array.from({ length: 20 }, (_, index) => store.set('k', String(index)));
      await until(async () => (await waiting()) === 3);
      const [sessions] = await server.run("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'm365-onboarding'");
      expect(sessions).toEqual({ n: 3 });
      await release();
      await Promise.all(writes);
    });

    it('are read and written without holding the event loop, large ones too', async () => {
      const store = await open();
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      await Promise.all(Array.from({ length: 60 }, (_, index) => store.set(`large/${index}`, 'é"\n'.repeat(85 * 1024))));
      expect(await keysOf(store, 'large/')).toHaveLength(60);
      delay.disable();
      // Milliseconds from nanoseconds. The median leaves room for a busy machine; pages of all rows at once would show in it.
      expect(delay.percentile(50) / 1e6).toBeLessThan(20);
    });
  });

  describe('behind TLS', () => {
    let certificate: string;
    beforeAll(async () => {
      certificate = join(server.folder, 'server.crt');
      const key = join(server.folder, 'server.key');
      const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=state', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate];
      execFileSync('openssl', options, { stdio: 'pipe' });
      server.give(certificate, key);
      await server.run(`ALTER SYSTEM SET ssl_cert_file = '${certificate}'`, `ALTER SYSTEM SET ssl_key_file = '${key}'`, 'ALTER SYSTEM SET ssl = on', 'SELECT pg_reload_conf()');
      await until(async () => (await server.run('SHOW ssl'))[0]?.['ssl'] === 'on');
    });

    it('asks the server for a certificate that it can check', async () => {
      const store = await open({ url: server.url('postgres', `?sslmode=verify-full&sslrootcert=${certificate}`) });
      await store.set('k', 'v');
      expect(await server.run("SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'm365-onboarding'")).toEqual([{ ssl: true }]);
    });

    it.each(['prefer', 'require', 'verify-ca', 'verify-full'])('sends nothing to a server of unknown origin with sslmode=%s', async (mode) => {
      const error: unknown = await open({ url: server.url('postgres', `?sslmode=${mode}`) }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STATE_UNAVAILABLE', message: expect.stringContaining('self-signed certificate') as unknown });
    });

    it('sends nothing to a server with the certificate of another name', async () => {
      const url = server.url('postgres', `?sslmode=verify-ca&sslrootcert=${certificate}`).replace('127.0.0.1', 'localhost');
      const error: unknown = await open({ url }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STATE_UNAVAILABLE', message: expect.stringContaining('does not match') as unknown });
    });

    it('leaves the check out only where it is asked to by name', async () => {
      const store = await open({ url: server.url('postgres', '?sslmode=no-verify') });
      expect(await store.claim('k', 'v')).toBe(true);
    });
  });
});

const END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";

async function writeUntilRefused(store: IdentifiedStore, prefix: string, onConfirmed: (key: string) => void): Promise<unknown> {
  for (let written = 0; ; written += 1) {
    const key = prefix + written;
    try {
      await store.set(key, 'v');
    } catch (error) {
      return error;
    }
    onConfirmed(key);
  }
}

async function keysOf(store: IdentifiedStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code;
}

/** Asks again and again; each question is a round trip to the server. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue()));
}

/** How many sessions wait for a lock. */
async function waiting(): Promise<number> {
  return (await server.run("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length;
}

/** Holds a row until the function it gives is called. */
async function lockRow(schema: string, key: string): Promise<() => Promise<void>> {
  const session = await server.session();
  await session.query('BEGIN');
  await session.query(`SELECT 1 FROM ${schema}.state WHERE key = $1 FOR UPDATE`, [Buffer.from(key)]);
  return async () => {
    await session.query('ROLLBACK').catch(() => undefined);
    await session.end();
  };
}

async function withSessions<T>(count: number, work: (session: Client, index: number) => Promise<T>): Promise<T[]> {
  const sessions = await Promise.all(Array.from({ length: count }, () => server.session()));
  try {
    return await Promise.all(sessions.map(work));
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

async function tablesOf(schema: string): Promise<unknown[]> {
  return (await server.run(`SELECT relname FROM pg_class WHERE relnamespace = '${schema}'::regnamespace AND relkind = 'r' ORDER BY 1`)).map((row) => row['relname']);
}

interface Gate {
  readonly port: number;
  forward(): void;
  /** Lets questions through and breaks off when the answer comes. */
  swallow(): void;
  /** Lets nothing through, and stays open. */
  stall(): void;
  close(): Promise<void>;
}

/** Stands between a store and the server, as a network would. */
async function startGate(target: number): Promise<Gate> {
  let mode: 'forward' | 'swallow' | 'stall' = 'forward';
  const sockets = new Set<Socket>();
  const gate: Server = createServer((near) => {
    const far = new Socket().connect(target, '127.0.0.1');
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
      socket.on('data', (data) => {
        if (mode === 'swallow' && socket === far) near.destroy();
        else if (mode !== 'stall') other.write(data);
      });
    }
  }).listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => gate.once('listening', resolve));
  const address = gate.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    forward: () => void (mode = 'forward'),
    swallow: () => void (mode = 'swallow'),
    stall: () => void (mode = 'stall'),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => gate.close(resolve));
    },
  };
}
