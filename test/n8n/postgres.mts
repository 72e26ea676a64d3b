/**
 * A PostgreSQL for n8n's own data: with it n8n needs no compiler on this machine. Loopback only, with passwords of this run,
 * gone afterwards. On the same server it can also keep the state of the onboardings, as somebody else's database.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Database {
  readonly environment: Readonly<Record<string, string>>;
  /** A database of its own, whose owner sees no other: where it is, with the owner's password in it. */
  createFor(owner: string): string;
  /** Everything in a database, as text; without a name, n8n's. */
  dump(name?: string): string;
  stop(): Promise<void>;
}

/** The folder of the server's programs, or undefined when they are not on this machine. */
export function findPostgres(): string | undefined {
  return globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed().find((folder) => ['postgres', 'initdb', 'psql', 'pg_dump'].every((name) => existsSync(join(folder, name))));
}

export async function startDatabase(programs: string, port: number): Promise<Database> {
  const account = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'n8n-postgres-'));
  chownSync(folder, account.uid, account.gid);
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  chownSync(passwordFile, account.uid, account.gid);
  execFileSync(join(programs, 'initdb'), ['-D', join(folder, 'data'), '-U', 'n8n', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'], { ...account, cwd: folder, stdio: 'pipe' });
  const server = spawn(join(programs, 'postgres'), ['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F'], { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  await ready(server);
  const asAdministrator = { encoding: 'utf8' as const, maxBuffer: 512 * 1024 * 1024, env: { ...process.env, PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'n8n', PGPASSWORD: password } };
  return {
    environment: { DB_TYPE: 'postgresdb', DB_POSTGRESDB_HOST: '127.0.0.1', DB_POSTGRESDB_PORT: String(port), DB_POSTGRESDB_DATABASE: 'postgres', DB_POSTGRESDB_USER: 'n8n', DB_POSTGRESDB_PASSWORD: password },
    createFor: (owner) => {
      const ownPassword = randomBytes(16).toString('hex');
      // Over standard input: what a program was started with is everybody's to read.
      const input = `CREATE ROLE ${owner} LOGIN PASSWORD '${ownPassword}';
CREATE DATABASE ${owner} OWNER ${owner};
`;
      execFileSync(join(programs, 'psql'), ['-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-q'], { ...asAdministrator, input, stdio: ['pipe', 'ignore', 'pipe'] });
      return `postgres://${owner}:${ownPassword}@127.0.0.1:${port}/${owner}`;
    },
    dump: (name = 'postgres') => execFileSync(join(programs, 'pg_dump'), ['--data-only', name], { ...asAdministrator, stdio: ['ignore', 'pipe', 'ignore'] }),
    stop: async () => {
      // Ctrl+C in a terminal reaches it too, and then it has ended by itself.
      if (server.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit');
        server.kill('SIGINT');
        await exited;
      }
      rmSync(folder, { recursive: true });
    },
  };
}

/** Lets the server talk on, since a full pipe would stop it. */
async function ready(server: ChildProcess): Promise<void> {
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: server.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      said.push(line);
      if (line.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${said.join('\n')}`)));
  });
}

/** The server refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (own.uid !== 0) return own;
  const idOf = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}
