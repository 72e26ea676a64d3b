/** n8n itself, as a process of its own that knows nobody outside this machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../e2e/n8n-host/node_modules/n8n/bin/n8n', import.meta.url));
const START_LIMIT_MS = 180_000;

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
}

/** `home`: the folder that holds `.n8n`. */
export async function startN8n(home: string, port: number, environment: Readonly<Record<string, string>>): Promise<N8nServer> {
  const origin = `http://localhost:${port}`;
  const logFile = `${home}/n8n.log`;
  const env = { ...process.env, ...OFFLINE, N8N_USER_FOLDER: home, N8N_LISTEN_ADDRESS: '127.0.0.1', N8N_HOST: 'localhost', N8N_PORT: String(port), N8N_RUNNERS_BROKER_PORT: String(await freePort()), WEBHOOK_URL: `${origin}/`, N8N_SECURE_COOKIE: 'false', GENERIC_TIMEZONE: 'UTC', N8N_LOG_LEVEL: 'debug', ...environment };
  const startedAt = performance.now();
  const server = spawn(process.execPath, [PROGRAM, 'start'], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = createWriteStream(logFile, { flags: 'a' });
  server.stdout.pipe(written, { end: false });
  server.stderr.pipe(written, { end: false });
  const log = () => readFileSync(logFile, 'utf8');
  await untilReady(server, origin, log);
  return {
    origin,
    startedInMs: Math.round(performance.now() - startedAt),
    log,
    stop: async () => {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const exited = once(server, 'exit');
      server.kill('SIGTERM');
      await exited;
    },
  };
}

async function untilReady(server: ChildProcess, origin: string, log: () => string): Promise<void> {
  for (const deadline = Date.now() + START_LIMIT_MS; Date.now() < deadline; await sleep(250)) {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error(`n8n ended while it was starting:\n${log().slice(-4000)}`);
    const answer = await fetch(`${origin}/healthz/readiness`).catch(() => undefined);
    if (answer?.ok === true) return;
  }
  server.kill('SIGKILL');
  throw new Error(`n8n was not ready in time:\n${log().slice(-4000)}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
