/**
 * Runs SQL on a thread of its own, because node:sqlite is synchronous and a commit with FULL sync, or the wait for another
 * writer, may take longer than an event loop may be held. The thread knows no rule: it opens, executes and closes; every
 * statement and every judgement is in sqlite-store.ts.
 *
 * Its source is plain JavaScript in a string: that is the one form that runs unchanged from TypeScript under test, from
 * the ESM and CommonJS builds and from the single file bundled for n8n (a worker file would have to be found from each),
 * and that no transpiler's helper functions or coverage counters can leak into.
 */
import { Worker } from 'node:worker_threads';
import { OnboardingError } from '../errors';

const SOURCE = String.raw`
'use strict';
const { parentPort } = require('node:worker_threads');
const { statSync } = require('node:fs');

// Node 22 announces that node:sqlite is experimental; nobody who runs a backup portal can act on that.
const emitWarning = process.emitWarning;
process.emitWarning = () => {};
const { DatabaseSync } = require('node:sqlite');
process.emitWarning = emitWarning;

const SQLITE_BUSY = 5;
const pause = new Int32Array(new SharedArrayBuffer(4));
let database, path, identity, lockTimeoutMs;
let statements = new Map();

const operations = {
  open(request) {
    operations.close();
    ({ path, lockTimeoutMs } = request);
    identity = identityOf(path);
    database = new DatabaseSync(path, { readOnly: request.readOnly });
    for (const sql of request.setup) untilFree(() => database.exec(sql));
    requireSameFile();
  },
  run({ sql, params }) {
    requireSameFile();
    return { changes: untilFree(() => prepared(sql).run(...params)).changes };
  },
  all({ sql, params }) {
    requireSameFile();
    return { rows: untilFree(() => prepared(sql).all(...params)) };
  },
  page({ sql, params, maxRows, maxLength }) {
    requireSameFile();
    return untilFree(() => {
      const rows = [];
      let length = 0;
      for (const row of prepared(sql).iterate(...params)) {
        rows.push(row);
        length += row.value.length;
        if (rows.length >= maxRows || length >= maxLength) return { rows, more: true };
      }
      return { rows, more: false };
    });
  },
  close() {
    statements = new Map();
    if (database !== undefined) database.close();
    database = undefined;
  },
};

function prepared(sql) {
  let statement = statements.get(sql);
  if (statement === undefined) statements.set(sql, (statement = database.prepare(sql)));
  return statement;
}

// An open file can be removed or replaced under us; what is written then is lost, and what is read is stale.
function requireSameFile() {
  if (identityOf(path) !== identity) throw Object.assign(new Error('the file was removed or replaced while it was open'), { fileGone: true });
}

function identityOf(file) {
  const { dev, ino } = statSync(file, { bigint: true });
  return dev + ':' + ino;
}

// This thread may block. The random pauses keep two processes from trying in step.
function untilFree(attempt) {
  const deadline = performance.now() + lockTimeoutMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if ((error.errcode & 0xff) !== SQLITE_BUSY || performance.now() > deadline) throw error;
      Atomics.wait(pause, 0, 0, 1 + Math.random() * 9);
    }
  }
}

parentPort.on('message', (request) => {
  try {
    parentPort.postMessage({ id: request.id, result: operations[request.operation](request) });
  } catch (error) {
    parentPort.postMessage({ id: request.id, failure: { message: String(error.message), errcode: error.errcode } });
  }
});
`;

export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export type SqliteRequest =
  | { readonly operation: 'open'; readonly path: string; readonly readOnly: boolean; readonly lockTimeoutMs: number; readonly setup: readonly string[] }
  | { readonly operation: 'run' | 'all'; readonly sql: string; readonly params: readonly SqlValue[] }
  | { readonly operation: 'page'; readonly sql: string; readonly params: readonly SqlValue[]; readonly maxRows: number; readonly maxLength: number }
  | { readonly operation: 'close' };

export interface SqliteResult {
  readonly changes?: number;
  readonly rows?: readonly SqlRow[];
  readonly more?: boolean;
}

/** SQLite's own failure. `errcode` is its extended result code, absent when the file system failed. */
export class SqliteFailure extends Error {
  override readonly name = 'SqliteFailure';
  readonly errcode: number | undefined;

  constructor(message: string, errcode: number | undefined) {
    super(message);
    this.errcode = errcode;
  }
}

export interface SqliteThread {
  /** False once the thread has ended; a dead thread rejects every request. */
  readonly alive: boolean;
  /** Answers in the order asked. Rejects with {@link SqliteFailure}, or with `STATE_UNAVAILABLE` when the thread ended. */
  send(request: SqliteRequest): Promise<SqliteResult>;
  end(): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly result?: SqliteResult;
  readonly failure?: { readonly message: string; readonly errcode?: number };
}

interface Pending {
  resolve(result: SqliteResult): void;
  reject(error: Error): void;
}

/** Start a thread. It keeps the process alive only while a request is under way. */
export function startSqliteThread(): SqliteThread {
  // Without its own arguments the thread would inherit loaders and debuggers of the host.
  const worker = new Worker(SOURCE, { eval: true, execArgv: [], name: 'm365-onboarding state' });
  const pending = new Map<number, Pending>();
  let alive = true;
  let asked = 0;
  worker.unref();

  function settle(id: number, finish: (waiting: Pending) => void): void {
    const waiting = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) worker.unref();
    if (waiting !== undefined) finish(waiting);
  }

  function die(cause: unknown): void {
    alive = false;
    const error = new OnboardingError('STATE_UNAVAILABLE', 'The thread that keeps the state ended unexpectedly.', { cause });
    for (const id of pending.keys()) settle(id, (waiting) => waiting.reject(error));
  }

  worker.on('message', ({ id, result, failure }: Answer) => {
    settle(id, (waiting) => (failure === undefined ? waiting.resolve(result ?? {}) : waiting.reject(new SqliteFailure(failure.message, failure.errcode))));
  });
  worker.on('error', die);
  worker.on('exit', die);

  return {
    get alive() {
      return alive;
    },
    async send(request) {
      if (!alive) throw new OnboardingError('STATE_UNAVAILABLE', 'The thread that keeps the state has ended.');
      return new Promise((resolve, reject) => {
        asked += 1;
        pending.set(asked, { resolve, reject });
        worker.ref();
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage({ ...request, id: asked });
      });
    },
    async end() {
      await worker.terminate();
    },
  };
}
