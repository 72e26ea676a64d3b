/** n8n itself, as a process of its own that knows nobody outside this machine: the whole of it, or a worker of a queue. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { childrenOf, freePort, killIfThere } from '../support/processes.mts';

const PROGRAM = fileURLToPath(new URL('../../e2e/n8n-host/node_modules/n8n/bin/n8n', import.meta.url));
const START_LIMIT_MS = 180_000;

/** What each part of n8n is started with, and which variables say where it answers. */
const PARTS = {
  main: { command: ['start'], address: 'N8N_LISTEN_ADDRESS', port: 'N8N_PORT' },
  worker: { command: ['worker', '--concurrency=5'], address: 'N8N_WORKER_SERVER_ADDRESS', port: 'QUEUE_HEALTH_CHECK_PORT' },
} as const;

/** Nothing is looked up, sent home or asked for. */
const OFFLINE = {
  N8N_DIAGNOSTICS_ENABLED: 'false',
  N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
  N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
  N8N_TEMPLATES_ENABLED: 'false',
  N8N_PERSONALIZATION_ENABLED: 'false',
  N8N_HIRING_BANNER_ENABLED: 'false',
  N8N_DYNAMIC_BANNERS_ENABLED: 'false',
  N8N_VERIFIED_PACKAGES_ENABLED: 'false',
  N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
  N8N_DISABLED_MODULES: 'mcp-registry',
  EXTERNAL_FRONTEND_HOOKS_URLS: '',
};

export interface N8nServer {
  readonly origin: string;
  /** Milliseconds from the start of the process until it said it was ready. */
  readonly startedInMs: number;
  log(): string;
  stop(): Promise<void>;
  /** As a power cut would: SIGKILL to it and to the processes it made. */
  kill(): Promise<void>;
}

/** `home`: the folder that holds `.n8n`. A worker answers whether it is ready, and nothing else. */
export async function startN8n(home: string, port: number, environment: Readonly<Record<string, string>>, part: keyof typeof PARTS = 'main'): Promise<N8nServer> {
  const { command, ...names } = PARTS[part];
  const origin = `http://localhost:${port}`;
  const logFile = `${home}/n8n.log`;
  const env = { ...process.env, ...OFFLINE, N8N_USER_FOLDER: home, [names.address]: '127.0.0.1', [names.port]: String(port), N8N_HOST: 'localhost', N8N_RUNNERS_BROKER_PORT: String(await freePort()), WEBHOOK_URL: `${origin}/`, N8N_SECURE_COOKIE: 'false', GENERIC_TIMEZONE: 'UTC', N8N_LOG_LEVEL: 'debug', ...environment };
  const startedAt = performance.now();
  const server = spawn(process.execPath, [PROGRAM, ...command], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = createWriteStream(logFile, { flags: 'a' });
  server.stdout.pipe(written, { end: false });
  server.stderr.pipe(written, { end: false });
  const log = () => readFileSync(logFile, 'utf8');
  await untilReady(server, origin, log);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (hasEnded(server)) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  };
  return {
    origin,
    startedInMs: Math.round(performance.now() - startedAt),
    log,
    stop: async () => end('SIGTERM'),
    kill: async () => {
      const made = childrenOf(server.pid ?? 0);
      await end('SIGKILL');
      for (const pid of made) killIfThere(pid);
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function untilReady(server: ChildProcess, origin: string, log: () => string): Promise<void> {
  for (const deadline = Date.now() + START_LIMIT_MS; Date.now() < deadline; await sleep(250)) {
    if (hasEnded(server)) throw new Error(`n8n ended while it was starting:\n${log().slice(-4000)}`);
    const answer = await fetch(`${origin}/healthz/readiness`).catch(() => undefined);
    if (answer?.ok === true) return;
  }
  server.kill('SIGKILL');
  throw new Error(`n8n was not ready in time:\n${log().slice(-4000)}`);
}
