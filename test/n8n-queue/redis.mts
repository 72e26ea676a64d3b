/** The Redis that carries n8n's queue. Loopback only, with a password of this run, nothing on the disk, gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Redis {
  readonly environment: Readonly<Record<string, string>>;
  /** Every command it was sent, as text. */
  traffic(): string;
  stop(): Promise<void>;
}

/** The folder of the server's programs, or undefined when they are not on this machine. */
export function findRedis(): string | undefined {
  return (process.env['PATH'] ?? '').split(delimiter).find((folder) => ['redis-server', 'redis-cli'].every((name) => isProgram(join(folder, name))));
}

export async function startRedis(programs: string, port: number): Promise<Redis> {
  const password = randomBytes(16).toString('hex');
  const server = spawn(join(programs, 'redis-server'), ['-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  // Over standard input: what a program was started with is everybody's to read.
  server.stdin.end(['bind 127.0.0.1', `port ${port}`, `requirepass ${password}`, 'save ""', 'appendonly no', ''].join('\n'));
  await said(server, 'Ready to accept connections');
  const watcher = spawn(join(programs, 'redis-cli'), ['-h', '127.0.0.1', '-p', String(port), 'monitor'], { env: { ...process.env, REDISCLI_AUTH: password }, stdio: ['ignore', 'pipe', 'inherit'] });
  const seen = await said(watcher, 'OK');
  return {
    environment: { QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: String(port), QUEUE_BULL_REDIS_PASSWORD: password },
    traffic: () => seen.join('\n'),
    stop: async () => {
      for (const program of [watcher, server]) await end(program);
    },
  };
}

/** All lines the program writes, once this one was among them; it goes on collecting, since a full pipe would stop the program. */
async function said(program: ChildProcess, awaited: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: program.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      lines.push(line);
      if (line.includes(awaited)) resolve();
    });
    program.once('error', reject);
    program.once('exit', () => reject(new Error(`Redis did not start:\n${lines.join('\n')}`)));
  });
  return lines;
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const exited = once(program, 'exit');
  program.kill('SIGTERM');
  await exited;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
