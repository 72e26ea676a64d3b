/**
 * n8n in queue mode, as it runs on several machines: one main process and two workers, each with a folder of its own and
 * the packed package in it. They share n8n's database, a Redis and the encryption key, and nothing on the disk. The state
 * of the onboardings is another database, the sandbox stands beside them.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from 'n8n-nodes-m365-onboarding/sandbox';
import { fillCredentials, NO_LAG } from '../support/n8n-credentials.mts';
import { signUp } from '../n8n/client.mts';
import { installInto, pack } from '../n8n/package.mts';
import { findPostgres, startDatabase } from '../n8n/postgres.mts';
import { type N8nServer, startN8n } from '../n8n/server.mts';
import { freePort } from '../support/processes.mts';
import { findRedis, startRedis } from './redis.mts';

export const MASTER_KEY = Buffer.alloc(32, 17).toString('base64');
export const TRIGGER_PATH = 'm365-onboarding';
const ENCRYPTION_KEY = 'the-key-all-processes-of-this-run-share';
const STATE = 'onboarding';

export async function openQueueStage() {
  await using begun = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'n8n-queue-'));
  begun.defer(() => rmSync(folder, { recursive: true, force: true }));
  const archive = pack(folder);
  const database = await startDatabase(findPostgres() ?? '', await freePort());
  begun.defer(async () => database.stop());
  const stateUrl = database.createFor(STATE);
  const redis = await startRedis(findRedis() ?? '', await freePort());
  begun.defer(async () => redis.stop());
  const page = (name: string) => `http://localhost/webhook/${TRIGGER_PATH}/${name}`;
  const sandbox = await startSandbox({ seed: { redirectUris: [page('consent/callback'), page('sign-in/callback')] } });
  begun.defer(async () => sandbox.stop());
  sandbox.setReplicationLagMs(NO_LAG);

  const settings = { ...database.environment, ...redis.environment, ...queueSettings() };
  const start = async (name: string, part: 'main' | 'worker'): Promise<N8nServer> => {
    const home = join(folder, name);
    installInto(home, archive);
    const server = await startN8n(home, await freePort(), settings, part);
    begun.defer(async () => server.stop());
    return server;
  };
  const main = await start('main', 'main');
  const workers = await both(start('first-worker', 'worker'), start('second-worker', 'worker'));
  const client = await signUp(main.origin);
  const everything = begun.move();
  return {
    main,
    workers,
    database,
    redis,
    sandbox,
    client,
    stateUrl,
    stateDump: () => database.dump(STATE),
    credentials: fillCredentials(sandbox.ready, `${main.origin}/webhook/${TRIGGER_PATH}`, MASTER_KEY, stateUrl),
    ca: readFileSync(sandbox.ready.caFile, 'utf8'),
    /** What nobody may find in a log, in n8n's database, in the queue or in the state. */
    secrets: [MASTER_KEY, ENCRYPTION_KEY, new URL(stateUrl).password, database.environment['DB_POSTGRESDB_PASSWORD'] ?? '', redis.environment['QUEUE_BULL_REDIS_PASSWORD'] ?? '', ...sandbox.ready.apps.map(({ clientSecret }) => clientSecret)],
    close: async () => everything.disposeAsync(),
  };
}

export type QueueStage = Awaited<ReturnType<typeof openQueueStage>>;

function queueSettings(): Readonly<Record<string, string>> {
  return {
    EXECUTIONS_MODE: 'queue',
    OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
    QUEUE_HEALTH_CHECK_ACTIVE: 'true',
    // A worker that is gone is missed after this long, a minute by default; n8n then waits another half minute for its late word.
    QUEUE_WORKER_LOCK_DURATION: '8000',
    QUEUE_WORKER_LOCK_RENEW_TIME: '1500',
    QUEUE_WORKER_STALLED_INTERVAL: '2000',
    N8N_ENCRYPTION_KEY: ENCRYPTION_KEY,
    N8N_EXPRESSION_ENGINE: process.env['N8N_EXPRESSION_ENGINE'] ?? 'legacy',
    M365_ONBOARDING_ALLOW_SANDBOX: 'true',
  };
}

/** Waits for both even when one fails, so that nothing is left behind that starts later. */
async function both<T>(first: Promise<T>, second: Promise<T>): Promise<readonly [T, T]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}
