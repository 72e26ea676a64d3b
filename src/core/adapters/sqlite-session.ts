/**
 * One state file and the thread that has it open. The file is examined before anything may write to it; a thread that
 * ended is started anew and must find the same store again. The file is only ever made by `openSqliteSession`: one that is
 * missing later is an outage, because an empty replacement would read as "nothing was ever stored".
 */
import { randomUUID } from 'node:crypto';
import { isOnboardingError, OnboardingError } from '../errors';
import { createWhole, exists, looksLikeSqlite, setAside } from './sqlite-file';
import { SqliteFailure, startSqliteThread, type SqliteRequest, type SqliteResult, type SqliteThread, type SqlValue } from './sqlite-worker';
import { storeClosed } from './state-text';

export interface SqliteSessionOptions {
  readonly path: string;
  readonly lockTimeoutMs: number;
  readonly now: () => number;
  readonly startThread?: () => SqliteThread;
}

export interface SqliteSession {
  /** Random, made with the file. */
  readonly storeId: string;
  /** Raises `STATE_UNAVAILABLE`, `STATE_CORRUPTED`, `STATE_VERSION_UNSUPPORTED`. */
  ask(request: SqliteRequest): Promise<SqliteResult>;
  close(): Promise<void>;
}

const APPLICATION_ID = 0x4d333635;
const SCHEMA_VERSION = 1;
const SETUP = ['PRAGMA busy_timeout = 0', 'PRAGMA trusted_schema = OFF', 'PRAGMA synchronous = FULL', 'PRAGMA fullfsync = ON'];
const WRITE_AHEAD = 'PRAGMA journal_mode = WAL';
const SCHEMA = `BEGIN;
  CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT;
  CREATE TABLE state (key BLOB PRIMARY KEY NOT NULL, value TEXT NOT NULL, version TEXT NOT NULL, expires_at REAL) STRICT;
  CREATE INDEX state_expiry ON state (expires_at) WHERE expires_at IS NOT NULL;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
  COMMIT`;
const ABOUT = `SELECT (SELECT application_id FROM pragma_application_id) AS application, (SELECT user_version FROM pragma_user_version) AS version,
  (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'state')) AS tables`;
const CHECK = 'PRAGMA quick_check(1)';
const STORE_ID = "SELECT value FROM meta WHERE name = 'store_id'";

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

class Damage extends Error {}

/** Open the file, making it when missing. Raises what {@link SqliteSession.ask} raises. */
export async function openSqliteSession(options: SqliteSessionOptions): Promise<SqliteSession> {
  const { path, startThread = startSqliteThread } = options;
  let opening: Promise<SqliteThread> | undefined;
  let storeId: string | undefined;
  let closed = false;

  /** The thread, opened once for all who ask at the same time, and once more after it ended. */
  async function openedThread(): Promise<SqliteThread> {
    const current = (opening ??= openThread());
    const thread = await current.catch((error: unknown) => {
      if (opening === current) opening = undefined;
      throw error;
    });
    if (thread.alive) return thread;
    if (opening === current) opening = undefined;
    return openedThread();
  }

  async function openThread(): Promise<SqliteThread> {
    const thread = startThread();
    try {
      if (storeId === undefined && !(await exists(path))) await createWhole(path, (draft) => fill(draft, thread, options));
      storeId = await examine(thread, options, storeId);
      await thread.send({ ...openRequest(options, path), setup: [...SETUP, WRITE_AHEAD] });
      return thread;
    } catch (error) {
      await thread.end();
      throw error;
    }
  }

  async function ask(request: SqliteRequest): Promise<SqliteResult> {
    if (closed) throw storeClosed();
    try {
      const thread = await openedThread();
      return await thread.send(request).catch(async (error: unknown) => {
        // The file itself is in doubt, so the next call looks at it afresh: it may be back by then.
        if (isFileFailure(error)) await thread.end();
        throw error;
      });
    } catch (error) {
      throw await explain(error, options);
    }
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    const thread = await opening?.catch(() => undefined);
    await thread?.send({ operation: 'close' }).catch(() => undefined);
    await thread?.end();
  }

  try {
    await openedThread();
  } catch (error) {
    throw await explain(error, options);
  }
  return { storeId: storeId ?? '', ask, close };
}

/** Reads only: a connection that may write would fold its log into a damaged file. Gives the store's id. */
async function examine(thread: SqliteThread, options: SqliteSessionOptions, expectedStoreId: string | undefined): Promise<string> {
  if (!(await looksLikeSqlite(options.path))) throw new Damage('it is not a database');
  await thread.send({ ...openRequest(options, options.path), readOnly: true });
  const ask = async (sql: string) => (await thread.send({ operation: 'all', sql, params: [] })).rows?.[0] ?? {};
  const about = await ask(ABOUT);
  if (about['application'] !== APPLICATION_ID || about['tables'] !== 2) throw new Damage('it is a database of something else');
  if (Number(about['version']) > SCHEMA_VERSION) throw new OnboardingError('STATE_VERSION_UNSUPPORTED', `The state file ${options.path} was written by a newer version.`);
  const finding = (await ask(CHECK))['quick_check'];
  if (finding !== 'ok') throw new Damage(`SQLite's check found: ${textOf(finding)}`);
  const storeId = textOf((await ask(STORE_ID))['value']);
  if (storeId === '') throw new Damage('it has no store id');
  if (expectedStoreId !== undefined && storeId !== expectedStoreId) throw new Error('the file was replaced by another store');
  return storeId;
}

async function fill(draft: string, thread: SqliteThread, options: SqliteSessionOptions): Promise<void> {
  await thread.send({ ...openRequest(options, draft), setup: [...SETUP, SCHEMA, WRITE_AHEAD] });
  await thread.send({ operation: 'run', sql: "INSERT INTO meta (name, value) VALUES ('store_id', ?)", params: [randomUUID()] });
  await thread.send({ operation: 'close' });
}

function openRequest(options: SqliteSessionOptions, path: string): SqliteRequest & { readonly operation: 'open' } {
  return { operation: 'open', path, readOnly: false, lockTimeoutMs: options.lockTimeoutMs, setup: SETUP };
}

async function explain(cause: unknown, options: SqliteSessionOptions): Promise<OnboardingError> {
  if (isOnboardingError(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : 'for no given reason';
  if (!isDamage(cause)) return new OnboardingError('STATE_UNAVAILABLE', `The state file ${options.path} cannot be used: ${reason}.`, { cause });
  const copy = await setAside(options.path, options.now()).catch(() => undefined);
  const aside = copy === undefined ? 'could not be copied' : `was copied to ${copy}`;
  return new OnboardingError('STATE_CORRUPTED', `The state file ${options.path} is damaged: ${reason}. It was left as it is and ${aside}.`, { cause });
}

function isDamage(error: unknown): boolean {
  const result = error instanceof SqliteFailure && error.errcode !== undefined ? error.errcode & 0xff : undefined;
  return error instanceof Damage || result === SQLITE_CORRUPT || result === SQLITE_NOTADB;
}

function isFileFailure(error: unknown): boolean {
  return error instanceof SqliteFailure && error.errcode === undefined;
}

function textOf(value: SqlValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
