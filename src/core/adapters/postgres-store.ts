/**
 * State in PostgreSQL, for several hosts that share it. Every operation is one statement, so claims hold between all of
 * them. Expiry is absolute and judged by the injected clock, never by the server's. Nothing is ever "not found" because the
 * server could not be asked: that is `STATE_UNAVAILABLE`, which says of a write without an answer that it may have been made.
 * Rests on READ COMMITTED (PostgreSQL documentation, "Transaction Isolation" and "INSERT", ON CONFLICT).
 */
import { randomUUID } from 'node:crypto';
import { OnboardingError } from '../errors';
import type { Clock, StateStore } from '../ports';
import type { IdentifiedStore } from './memory-store';
import { openPostgresPool, type PostgresPool } from './postgres-pool';
import { DEFAULT_SCHEMA, examineSession, openSchema, quoteSchema } from './postgres-schema';
import { readPostgresUrl } from './postgres-url';
import { decodeKey, encodeKey, firstKeyAfter, firstKeyBeyond } from './sqlite-keys';
import { requireStorable } from './state-text';

export interface PostgresStoreOptions {
  /**
   * `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `schema`, `host`. A password
   * that is left out comes from PGPASSWORD. Shown nowhere but for host and database.
   */
  readonly url: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Default: the URL's `schema`, or `m365_onboarding`. Made when missing. */
  readonly schema?: string;
  /** Sessions at most; further calls wait. Default 5. */
  readonly maxSessions?: number;
  /** How long to wait for the server before `STATE_UNAVAILABLE`. Default 10 seconds. */
  readonly timeoutMs?: number;
}

type Row = Readonly<Record<string, unknown>>;

/** What is taken over at once. */
const PAGE = { maxRows: 128, maxBytes: 128 * 1024 };
/** An entry of PostgreSQL's index holds about 2.7 kB; beyond it only some keys would be accepted. */
const MAX_KEY_BYTES = 2048;
/** Expired rows are removed this long after their time, so that a host whose clock runs ahead destroys nothing. */
const PURGE_AFTER_MS = 24 * 60 * 60 * 1000;
const WRITES_BETWEEN_PURGES = 200;

/**
 * Open the store, making its tables when missing. Raises `STATE_LOCATION_REFUSED` for a URL that is not understood, a sign-in
 * that is refused and a schema of something else, `STATE_VERSION_UNSUPPORTED`, `STATE_UNAVAILABLE`; the last two also from
 * every method, and `INPUT_INVALID` for text with half a surrogate pair and for a key of over 2048 bytes.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<IdentifiedStore> {
  const { url, clock, maxSessions = 5, timeoutMs = 10_000 } = options;
  const target = await readPostgresUrl(url);
  const schema = quoteSchema(options.schema ?? target.schema ?? DEFAULT_SCHEMA);
  const pool = await openPostgresPool({ target, maxSessions, timeoutMs });
  try {
    const { storeId, synchronizes } = await pool.lend('opening', (client) => openSchema(client, schema));
    pool.examineWith((client) => examineSession(client, schema, storeId));
    return { ...createStore(pool, statementsFor(schema), clock), storeId, durable: synchronizes };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function statementsFor(schema: string) {
  const state = `${schema}.state`;
  const isLive = (now: string) => `(expires_at IS NULL OR expires_at > ${now})`;
  const set = `INSERT INTO ${state} AS kept (key, value, version, expires_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at`;
  return {
    get: `SELECT value, version FROM ${state} WHERE key = $1 AND ${isLive('$2')}`,
    set,
    claim: `${set} WHERE kept.expires_at <= $5`,
    replace: `UPDATE ${state} SET value = $2, version = $3, expires_at = $4 WHERE key = $1 AND version = $5 AND ${isLive('$6')}`,
    delete: `DELETE FROM ${state} WHERE key = $1 AND ${isLive('$2')} RETURNING version`,
    // The sizes are known without reading the values, and what is beyond the page is not sent.
    list: `SELECT key, value, version, found FROM (
        SELECT key, value, version, count(*) OVER () AS found, sum(octet_length(value)) OVER (ORDER BY key) - octet_length(value) AS before
        FROM (SELECT key, value, version FROM ${state} WHERE key >= $1 AND key < $2 AND ${isLive('$3')} ORDER BY key LIMIT ${PAGE.maxRows}) AS page
      ) AS sized WHERE before < ${PAGE.maxBytes} ORDER BY key`,
    // A row that somebody is taking over is left alone, and so is one that was taken over since.
    purge: `DELETE FROM ${state} WHERE key IN (SELECT key FROM ${state} WHERE expires_at <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED) AND expires_at <= $1`,
  };
}

type Statements = ReturnType<typeof statementsFor>;

function createStore(pool: PostgresPool, sql: Statements, clock: Pick<Clock, 'now'>): Omit<IdentifiedStore, 'storeId' | 'durable'> {
  const write = createWriter(pool, sql, clock);

  return {
    claimScope: 'shared',
    async get(key) {
      const [row] = await read(pool, sql.get, [keyOf(key), clock.now()]);
      return row && storedValue(row);
    },
    async set(key, value, expiresAt) {
      requireStorable(key, value);
      await write(sql.set, [keyOf(key), encodeText(value), randomUUID(), expiresAt]);
    },
    async delete(key) {
      return write(sql.delete, [keyOf(key), clock.now()]);
    },
    list: (prefix) => listRows(pool, sql, clock, prefix),
    async claim(key, value, expiresAt) {
      requireStorable(key, value);
      return write(sql.claim, [keyOf(key), encodeText(value), randomUUID(), expiresAt, clock.now()]);
    },
    async replace(key, expectedVersion, value, expiresAt) {
      requireStorable(key, value);
      return write(sql.replace, [keyOf(key), encodeText(value), randomUUID(), expiresAt, encodeText(expectedVersion), clock.now()]);
    },
    close: () => pool.close(),
  };
}

async function read(pool: PostgresPool, sql: string, params: unknown[]): Promise<readonly Row[]> {
  return (await pool.lend('asking', (client) => client.query(sql, params))).rows;
}

/** True when the statement changed a row. Now and then it also removes rows that expired long ago. */
function createWriter(pool: PostgresPool, sql: Statements, clock: Pick<Clock, 'now'>): (sql: string, params: unknown[]) => Promise<boolean> {
  let writes = 0;

  // Nobody waits for it, and a failure costs only space: the next one removes the same rows.
  async function purge(): Promise<void> {
    await pool.lend('writing', (client) => client.query(sql.purge, [clock.now() - PURGE_AFTER_MS])).catch(() => undefined);
  }

  return async (statement, params) => {
    const { rowCount } = await pool.lend('writing', (client) => client.query(statement, params));
    writes += 1;
    if (writes % WRITES_BETWEEN_PURGES === 1) void purge();
    return rowCount === 1;
  };
}

/** Page by page from where the last one ended, so that no row is skipped or repeated while others are written. */
async function* listRows(pool: PostgresPool, sql: Statements, clock: Pick<Clock, 'now'>, prefix: string): ReturnType<StateStore['list']> {
  const end = firstKeyBeyond(prefix);
  let from: Uint8Array | undefined = keyOf(prefix);
  while (from !== undefined) {
    const rows: readonly Row[] = await read(pool, sql.list, [from, end, clock.now()]);
    for (const row of rows) yield { key: decodeKey(row['key'] as Uint8Array), ...storedValue(row) };
    const last = rows.at(-1);
    const isMore = Number(last?.['found'] ?? 0) === PAGE.maxRows || rows.length < Number(last?.['found'] ?? 0);
    from = last !== undefined && isMore ? firstKeyAfter(last['key'] as Uint8Array) : undefined;
  }
}

/** Raises `INPUT_INVALID`. */
function keyOf(key: string): Uint8Array {
  requireStorable(key);
  const bytes = encodeKey(key);
  if (bytes.length > MAX_KEY_BYTES) throw new OnboardingError('INPUT_INVALID', `A state key in PostgreSQL has at most ${MAX_KEY_BYTES} bytes.`);
  return bytes;
}

function storedValue(row: Row): { readonly value: string; readonly version: string } {
  return { value: decodeText(row['value'] as string), version: row['version'] as string };
}

/** PostgreSQL's text holds every character but NUL. U+0001 marks it, and itself; JSON never contains either, so records stay readable. */
function encodeText(text: string): string {
  return text.replaceAll('\u0001', '\u00011').replaceAll('\0', '\u00010');
}

function decodeText(text: string): string {
  return text.replaceAll('\u00010', '\0').replaceAll('\u00011', '\u0001');
}
