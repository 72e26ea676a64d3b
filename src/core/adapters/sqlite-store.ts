/**
 * State in one SQLite file: the embedded default. Write-ahead log with FULL sync, so a write that resolved survives a crash
 * of the host; every operation is one statement, so claims hold between all processes of the host. Expiry is absolute and
 * judged by the injected clock. Refuses a damaged or foreign file (copied aside, never changed), and a file that vanished
 * while it was open; whatever the file system or a lock prevents is `STATE_UNAVAILABLE`, never "not found".
 */
import type { Clock } from '../ports';
import type { IdentifiedStore } from './memory-store';
import { decodeKey, encodeKey, firstKeyAfter, firstKeyBeyond } from './sqlite-keys';
import { openSqliteSession, type SqliteSession } from './sqlite-session';
import type { SqliteThread, SqlRow, SqlValue } from './sqlite-worker';
import { requireStorable } from './state-text';

export interface SqliteStoreOptions {
  /** Absolute path. The file (mode 0600) and its folder (0700) are created when missing. */
  readonly path: string;
  readonly clock: Pick<Clock, 'now'>;
  /** How long to wait for another writer before `STATE_UNAVAILABLE`. Default 5 seconds. */
  readonly lockTimeoutMs?: number;
  /** For tests that end the thread. */
  readonly startThread?: () => SqliteThread;
}

/** Small enough to be taken over from the thread in a few milliseconds. */
const PAGE = { maxRows: 128, maxLength: 128 * 1024 };
/** Expired rows are removed this long after their time, so that a host whose clock runs ahead destroys nothing. */
const PURGE_AFTER_MS = 24 * 60 * 60 * 1000;
const WRITES_BETWEEN_PURGES = 200;

const LIVE = '(expires_at IS NULL OR expires_at > ?)';
// Random instead of counted: a version must not come back after delete and re-create, nor after a restored backup.
const NEW_VERSION = 'lower(hex(randomblob(16)))';
const GET = `SELECT value, version FROM state WHERE key = ? AND ${LIVE}`;
const SET = `INSERT INTO state (key, value, version, expires_at) VALUES (?, ?, ${NEW_VERSION}, ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at`;
const CLAIM = `${SET} WHERE state.expires_at <= ?`;
const REPLACE = `UPDATE state SET value = ?, version = ${NEW_VERSION}, expires_at = ? WHERE key = ? AND version = ? AND ${LIVE}`;
const DELETE = `DELETE FROM state WHERE key = ? RETURNING ${LIVE} AS live`;
const LIST = `SELECT key, value, version FROM state WHERE key >= ? AND key < ? AND ${LIVE} ORDER BY key`;
const PURGE = 'DELETE FROM state WHERE rowid IN (SELECT rowid FROM state WHERE expires_at <= ? LIMIT 1000)';

/**
 * Open the store, creating it when missing. Raises `STATE_CORRUPTED`, `STATE_VERSION_UNSUPPORTED`, `STATE_UNAVAILABLE`; so
 * does every method, and `INPUT_INVALID` for text with half a surrogate pair.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<IdentifiedStore> {
  const { path, clock, lockTimeoutMs = 5_000, startThread } = options;
  const session = await openSqliteSession({ path, lockTimeoutMs, now: () => clock.now(), ...(startThread && { startThread }) });
  return createStore(session, clock);
}

function createStore(session: SqliteSession, clock: Pick<Clock, 'now'>): IdentifiedStore {
  const write = createWriter(session, clock);

  async function firstRow(sql: string, params: readonly SqlValue[]): Promise<SqlRow | undefined> {
    return (await session.ask({ operation: 'all', sql, params })).rows?.[0];
  }

  return {
    claimScope: 'host',
    durable: true,
    storeId: session.storeId,
    async get(key) {
      requireStorable(key);
      const row = await firstRow(GET, [encodeKey(key), clock.now()]);
      return row && storedValue(row);
    },
    async set(key, value, expiresAt) {
      requireStorable(key, value);
      await write(SET, [encodeKey(key), value, expiresAt ?? null]);
    },
    async delete(key) {
      requireStorable(key);
      const row = await firstRow(DELETE, [encodeKey(key), clock.now()]);
      return row?.['live'] === 1;
    },
    list: (prefix) => listRows(session, clock, prefix),
    async claim(key, value, expiresAt) {
      requireStorable(key, value);
      return write(CLAIM, [encodeKey(key), value, expiresAt ?? null, clock.now()]);
    },
    async replace(key, expectedVersion, value, expiresAt) {
      requireStorable(key, value);
      return write(REPLACE, [value, expiresAt ?? null, encodeKey(key), expectedVersion, clock.now()]);
    },
    close: () => session.close(),
  };
}

/** True when the statement changed a row. Now and then it also removes rows that expired long ago. */
function createWriter(session: SqliteSession, clock: Pick<Clock, 'now'>): (sql: string, params: readonly SqlValue[]) => Promise<boolean> {
  let writes = 0;

  // Nobody waits for it, and a failure costs only space: the next one removes the same rows.
  async function purge(): Promise<void> {
    await session.ask({ operation: 'run', sql: PURGE, params: [clock.now() - PURGE_AFTER_MS] }).catch(() => undefined);
  }

  return async (sql, params) => {
    const { changes } = await session.ask({ operation: 'run', sql, params });
    writes += 1;
    if (writes % WRITES_BETWEEN_PURGES === 1) void purge();
    return changes === 1;
  };
}

/** Page by page from where the last one ended, so that no row is skipped or repeated while others are written. */
async function* listRows(session: SqliteSession, clock: Pick<Clock, 'now'>, prefix: string): AsyncGenerator<{ readonly key: string; readonly value: string; readonly version: string }> {
  requireStorable(prefix);
  const end = firstKeyBeyond(prefix);
  let from: Uint8Array | undefined = encodeKey(prefix);
  while (from !== undefined) {
    const { rows = [], more } = await session.ask({ operation: 'page', sql: LIST, params: [from, end, clock.now()], ...PAGE });
    for (const row of rows) yield { key: decodeKey(row['key'] as Uint8Array), ...storedValue(row) };
    const last = rows.at(-1);
    from = more === true && last !== undefined ? firstKeyAfter(last['key'] as Uint8Array) : undefined;
  }
}

function storedValue(row: SqlRow): { readonly value: string; readonly version: string } {
  return { value: row['value'] as string, version: row['version'] as string };
}
