/** A PostgreSQL for n8n's own data: with it n8n needs no compiler on this machine. Loopback only, gone afterwards. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Database {
  readonly environment: Readonly<Record<string, string>>;
  /** Everything in it, as text. */
  dump(): string;
  stop(): Promise<void>;
}

/** The folder of the server's programs, or undefined when they are not on this machine. */
export function findPostgres(): string | undefined {
  return globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed().find((folder) => ['postgres', 'initdb', 'pg_dump'].every((name) => existsSync(join(folder, name))));
}

export async function startDatabase(programs: string, port: number): Promise<Database> {
  const account = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'n8n-postgres-'));
  chownSync(folder, account.uid, account.gid);
  const as = { ...account, cwd: folder, stdio: 'pipe' as const };
  execFileSync(join(programs, 'initdb'), ['-D', join(folder, 'data'), '-U', 'n8n', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'], as);
  const server = spawn(join(programs, 'postgres'), ['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F'], { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  await ready(server);
  return {
    environment: { DB_TYPE: 'postgresdb', DB_POSTGRESDB_HOST: '127.0.0.1', DB_POSTGRESDB_PORT: String(port), DB_POSTGRESDB_DATABASE: 'postgres', DB_POSTGRESDB_USER: 'n8n', DB_POSTGRESDB_PASSWORD: 'unused' },
    dump: () => execFileSync(join(programs, 'pg_dump'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'n8n', '--data-only', 'postgres'], { encoding: 'utf8', maxBuffer: 512 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] }),
    stop: async () => {
      const exited = once(server, 'exit');
      server.kill('SIGINT');
      await exited;
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
