/** Processes of their own on one real server: what single use on several hosts rests on. */
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgresStore } from '../../src/core/adapters/postgres-store';
import { createSystemClock } from '../../src/core/adapters/system-clock';
import type { Order } from '../contracts/state-process';
import { expectOneOwner, expectOneWinner } from '../contracts/state-races';
import { binaries, PASSWORD, type PostgresServer, startPostgres } from './postgres-server';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'postgres-processes-'));
/** With the driver beside it, as in the library, and with the driver inside, as in the one file for n8n. */
const plainScript = join(folder, 'plain.cjs');
const bundledScript = join(folder, 'bundled.cjs');
const children: ChildProcess[] = [];
// Arguments are visible to every process of a host, so the password goes by the environment.
const env = { ...process.env, PGPASSWORD: PASSWORD };
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(binaries === undefined)('processes that share a PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;

  beforeAll(async () => {
    server = await startPostgres();
    url = `postgres://app@127.0.0.1:${server.port}/postgres`;
    const common = { entryPoints: [join(root, 'test/contracts/state-process.ts')], bundle: true, platform: 'node' as const, format: 'cjs' as const };
    buildSync({ ...common, outfile: plainScript, external: ['pg'] });
    buildSync({ ...common, outfile: bundledScript, minify: true, keepNames: true, external: ['pg-native'] });
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await server.stop();
  });

  async function start(script: string): Promise<ChildProcess> {
    const child = fork(script, [url], { execArgv: [], env });
    children.push(child);
    await answer(child);
    return child;
  }

  it('start together on an empty database and agree; of all who claim, replace or delete a key exactly one succeeds', async () => {
    const both = await Promise.all([start(plainScript), start(bundledScript)]);
    const store = await openPostgresStore({ url: server.url(), clock: createSystemClock() });
    const together = async (given: Order) => (await Promise.all(both.map((child) => order(child, given)))) as number[];

    await expectOneWinner(together, store);
    await store.close();
  });

  it('give a tenant to one account, and an account one bound admin', async () => {
    const both = await Promise.all([start(plainScript), start(bundledScript)]);
    const store = await openPostgresStore({ url: server.url(), clock: createSystemClock() });
    await expectOneOwner(async (given) => (await Promise.all(both.map((child) => order(child, given)))) as number[], store);
    await store.close();
  });

  it('lose nothing of what they were told is written when they are killed', async () => {
    const child = await start(plainScript);
    let told = 0;
    child.on('message', (written: number) => {
      told = written;
      if (written === 25) child.kill('SIGKILL');
    });
    child.send({ act: 'write', prefix: 'kill/' } satisfies Order);
    await once(child, 'exit');
    const store = await openPostgresStore({ url: server.url(), clock: createSystemClock() });
    expect(told).toBeGreaterThanOrEqual(25);
    for (let written = 1; written <= told; written += 1) expect(await store.get(`kill/${written}`), `write ${written}`).toBeDefined();
    await store.close();
  });

  it('end when nothing is left to do, also without closing the store', async () => {
    const { stdout, stderr } = await run(process.execPath, [bundledScript, url, '10', '20'], { env });
    expect([stdout, stderr]).toEqual(['written', '']);
  });
});

describe('a process without PostgreSQL', () => {
  it('does not load the driver', async () => {
    const script = join(folder, 'idle.cjs');
    buildSync({ entryPoints: [join(root, 'src/core/adapters/open-store.ts')], bundle: true, platform: 'node', format: 'cjs', outfile: script, external: ['pg'] });
    const loaded = `Object.keys(require.cache).filter((path) => /node_modules.pg.lib/.test(path)).length`;
    const asks = (url: string) => `const { openStateStore } = require(${JSON.stringify(script)}); openStateStore(${JSON.stringify(url)}, { clock: Date, folder: '.' }).then((store) => store.close(), () => undefined).then(() => console.log(${loaded}));`;
    expect((await run(process.execPath, ['-e', asks('memory:')], { env })).stdout.trim()).toBe('0');
    expect(Number((await run(process.execPath, ['-e', asks('postgres://127.0.0.1:1/state')], { env })).stdout)).toBeGreaterThan(5);
  });
});

async function answer(child: ChildProcess): Promise<unknown> {
  const answered = new AbortController();
  const [message, ended] = [once(child, 'message', answered), once(child, 'exit', answered)];
  try {
    const [first] = (await Promise.race([message, ended.then(() => Promise.reject(new Error('the process ended without an answer')))])) as unknown[];
    return first;
  } finally {
    answered.abort();
  }
}

async function order(child: ChildProcess, given: Order): Promise<unknown> {
  const answered = answer(child);
  child.send(given);
  return answered;
}
