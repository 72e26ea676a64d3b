/**
 * A real PostgreSQL for tests: Debian's programs, a data folder of its own, loopback only, as an unprivileged user (the
 * server refuses to run as root). It can be killed as a power cut would, and started again on what is left.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { childrenOf, freePort, killIfThere } from '../support/processes.mts';

export const PASSWORD = 'p@ss/w:rd#?%';

/** The folder of `postgres` and `initdb`, or undefined when they are not on this machine. */
export const binaries = [...(process.env['PATH'] ?? '').split(delimiter), ...globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed()].find(
  (folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')),
);
if (binaries === undefined) process.stderr.write('SKIPPED: nothing ran on PostgreSQL, because it is not on this machine (Debian: apt-get install postgresql).\n');

export interface PostgresServer {
  readonly port: number;
  /** The folder of its Unix socket. */
  readonly folder: string;
  url(database?: string, parameters?: string): string;
  /** Statements as the administrator, each in a transaction of its own; the rows of the last. */
  run(...statements: readonly string[]): Promise<readonly Record<string, unknown>[]>;
  /** A session of the administrator, for transactions that stay open. */
  session(): Promise<Client>;
  /** Makes files the server's own. */
  give(...paths: readonly string[]): void;
  start(): Promise<void>;
  /** Stops in order, does something to its files, and starts. */
  restart(meanwhile: () => void): Promise<void>;
  /** SIGKILL to the server and every process it made. */
  kill(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Make a data folder and start a server on it. `settings` are lines of postgresql.conf; fsync is off unless they say more. */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const account = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  for (const path of [folder, passwordFile]) chownSync(path, account.uid, account.gid);
  const options = ['-D', data, '-U', 'app', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  execFileSync(join(binaries ?? '', 'initdb'), options, { ...account, cwd: folder, stdio: 'pipe' });
  const port = await freePort();
  writeFileSync(join(data, 'postgresql.auto.conf'), [`port = ${port}`, "listen_addresses = '127.0.0.1'", `unix_socket_directories = '${folder}'`, 'fsync = off', ...settings, ''].join('\n'));

  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(join(binaries ?? '', 'postgres'), ['-D', data], { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    await ready(child);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async function session(): Promise<Client> {
    const client = new Client({ host: '127.0.0.1', port, user: 'app', password: PASSWORD, database: 'postgres', ssl: false });
    // Killing the server is what these tests do; a session that breaks must not end them.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  await start();
  return {
    port,
    folder,
    url: (database = 'postgres', parameters = '') => `postgres://app:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}${parameters}`,
    async run(...statements) {
      const client = await session();
      try {
        let rows: readonly Record<string, unknown>[] = [];
        for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
        return rows;
      } finally {
        await client.end();
      }
    },
    session,
    give(...paths) {
      for (const path of paths) chownSync(path, account.uid, account.gid);
    },
    start,
    async restart(meanwhile) {
      await end('SIGINT');
      meanwhile();
      await start();
    },
    async kill() {
      const made = childrenOf(child?.pid ?? 0);
      await end('SIGKILL');
      for (const pid of made) killIfThere(pid);
    },
    async stop() {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true });
    },
  };
}

/** Settles when the server says it is ready; rejects with what it said when it ends before. */
async function ready(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line);
      // A standby says "read-only connections".
      if (/database system is ready to accept .*connections/.test(line)) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${said.join('\n')}`)));
  });
}

function unprivileged(): { readonly uid: number; readonly gid: number } {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (own.uid !== 0) return own;
  const idOf = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}
