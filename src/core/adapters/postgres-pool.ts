/**
 * A few sessions of one PostgreSQL database, lent for one call each. The driver is loaded when the first store is opened,
 * so that hosts without PostgreSQL do not pay for it. A session is examined before its first use: after a restart or a
 * switch of servers it must find the same store again. A broken session is thrown away, and the next call opens another.
 */
import type { Pool, PoolClient } from 'pg';
import { onFirstUse } from './first-use';
import { explainFailure, isTakenBack, type PostgresMoment } from './postgres-failure';
import type { PostgresClient } from './postgres-schema';
import type { PostgresTarget } from './postgres-url';
import { storeClosed } from './state-text';

const loadPg = onFirstUse(() => import('pg'));

export interface PostgresPoolOptions {
  readonly target: PostgresTarget;
  readonly maxSessions: number;
  /** How long the server may take for one statement, and how long anybody waits for a session. */
  readonly timeoutMs: number;
}

export interface PostgresPool {
  /** Raises `STATE_UNAVAILABLE`, as {@link explainFailure} tells it, and what the examination raises. */
  lend<T>(moment: PostgresMoment, work: (client: PostgresClient) => Promise<T>): Promise<T>;
  /** What every session is put through from now on. */
  examineWith(examine: (client: PostgresClient) => Promise<unknown>): void;
  /** Waits for the calls under way. */
  close(): Promise<void>;
}

/** The server gives up first, so that its answer, which leaves no doubt about a write, still arrives. */
const ANSWER_MARGIN_MS = 2_000;
const IDLE_SESSION_MS = 30_000;

export async function openPostgresPool(options: PostgresPoolOptions): Promise<PostgresPool> {
  const { Pool } = await loadPg();
  const pool = new Pool(settingsOf(options));
  // An idle session that breaks is no failure of anybody's call; without a listener it would end the process.
  pool.on('error', ignore);
  pool.on('connect', (client) => void client.on('error', ignore));
  return createLending(pool, options.target.place);
}

function createLending(pool: Pool, place: string): PostgresPool {
  const examined = new WeakSet<PoolClient>();
  let examine: ((client: PostgresClient) => Promise<unknown>) | undefined;
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  async function borrow(): Promise<PoolClient> {
    const client = await pool.connect();
    if (examine === undefined || examined.has(client)) return client;
    try {
      await examine(client);
    } catch (error) {
      client.release(true);
      throw error;
    }
    examined.add(client);
    return client;
  }

  async function lend<T>(moment: PostgresMoment, work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const client = await borrow().catch((error: unknown) => {
      throw explainFailure(error, place, moment, false);
    });
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      client.release(!isTakenBack(error));
      throw explainFailure(error, place, moment);
    }
  }

  async function end(): Promise<void> {
    // The driver forgets whoever still waits for a session when its pool ends.
    await Promise.allSettled(underWay);
    await pool.end();
  }

  return {
    async lend(moment, work) {
      if (closing !== undefined) throw storeClosed();
      const loan = lend(moment, work);
      underWay.add(loan);
      return loan.finally(() => underWay.delete(loan));
    },
    examineWith(examination) {
      examine = examination;
    },
    async close() {
      await (closing ??= end());
    },
  };
}

function settingsOf({ target, maxSessions, timeoutMs }: PostgresPoolOptions) {
  const { host, port, database, user, password, tls } = target;
  return {
    host,
    port,
    database,
    user,
    password,
    ssl: tls,
    application_name: 'm365-onboarding',
    // What this rests on, whatever the database's or the role's defaults are.
    options: `-c statement_timeout=${timeoutMs} -c idle_in_transaction_session_timeout=${timeoutMs} -c default_transaction_isolation=read\\ committed`,
    max: maxSessions,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs + ANSWER_MARGIN_MS,
    idleTimeoutMillis: IDLE_SESSION_MS,
    keepAlive: true,
    allowExitOnIdle: true,
  };
}

function ignore(): void {
  // See where it is attached.
}
