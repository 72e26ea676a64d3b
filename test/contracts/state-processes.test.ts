/** What a contract within one process cannot show: real processes on one file, killed, out of space, or leaving. */
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/core/adapters/sqlite-store';
import { createSystemClock } from '../../src/core/adapters/system-clock';
import type { Order } from './state-process';
import { expectOneOwner, expectOneWinner } from './state-races';

const run = promisify(execFile);
const OLDEST_NODE = fileURLToPath(new URL('../../tools/node-floor/node_modules/.bin/node', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'state-processes-'));
const path = join(folder, 'state.db');
const plainScript = join(folder, 'plain.cjs');
/** As a host would bundle it: the thread's source must survive that. */
const minifiedScript = join(folder, 'minified.mjs');
const children: ChildProcess[] = [];

beforeAll(() => {
  const common = { entryPoints: [fileURLToPath(new URL('state-process.ts', import.meta.url))], bundle: true, platform: 'node' as const };
  buildSync({ ...common, format: 'cjs', outfile: plainScript });
  buildSync({ ...common, format: 'esm', outfile: minifiedScript, minify: true, keepNames: true });
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function start(script: string): Promise<ChildProcess> {
  const child = fork(script, [path], { execArgv: [] });
  children.push(child);
  await answer(child);
  return child;
}

async function answer(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, 'message')) as unknown[];
  return message;
}

async function order(child: ChildProcess, given: Order): Promise<unknown> {
  const answered = answer(child);
  child.send(given);
  return answered;
}

const open = () => openSqliteStore({ path, clock: createSystemClock() });

describe('two processes that start on a file which is not there yet', () => {
  it('agree on one store, and of all who claim, replace or delete a key exactly one succeeds', async () => {
    const both = await Promise.all([start(plainScript), start(minifiedScript)]);
    const store = await open();
    const together = async (given: Order) => (await Promise.all(both.map((child) => order(child, given)))) as number[];

    await expectOneWinner(together, store);
    await store.close();
  });

  it('give a tenant to one account, and an account one bound admin', async () => {
    const both = await Promise.all([start(plainScript), start(plainScript)]);
    const store = await open();
    await expectOneOwner(async (given) => (await Promise.all(both.map((child) => order(child, given)))) as number[], store);
    await store.close();
  });
});

describe('a process that is killed while it writes', () => {
  it('loses nothing that it had been told is written', async () => {
    const child = await start(plainScript);
    let told = 0;
    child.on('message', (written: number) => {
      told = written;
      if (written === 25) child.kill('SIGKILL');
    });
    child.send({ act: 'write', prefix: 'kill/' } satisfies Order);
    await once(child, 'exit');

    const store = await open();
    expect(told).toBeGreaterThanOrEqual(25);
    for (let written = 1; written <= told; written += 1) expect(await store.get(`kill/${written}`), `write ${written}`).toBeDefined();
    await store.close();
  });
});

describe('a process that has nothing left to do', () => {
  it('is kept alive by its writes, and ends without closing the store', async () => {
    const { stdout, stderr } = await run(process.execPath, [minifiedScript, path, '10', '20']);
    expect(stdout).toBe('written');
    expect(stderr).toBe('');
    const store = await open();
    expect(await store.get('alone/20')).toBeDefined();
    await store.close();
  });
});

describe('the oldest supported Node', () => {
  // Installed by tools/node-floor.mts; without it there is nothing to run.
  it.skipIf(!existsSync(OLDEST_NODE))('keeps state too, and is silent about its sqlite', async () => {
    const { stdout, stderr } = await run(OLDEST_NODE, [plainScript, join(folder, 'oldest.db')]);
    expect(stdout).toBe('written');
    expect(stderr).toBe('');
  });
});

describe('a process that may write no further', () => {
  it('is told that the state is unavailable, and what was written before stays readable', async () => {
    const full = join(folder, 'full.db');
    const limited = run('sh', ['-c', 'ulimit -f 200; exec "$0" "$@"', process.execPath, plainScript, full, '1000', '400']);
    await expect(limited).rejects.toMatchObject({ stdout: 'STATE_UNAVAILABLE' });
    const store = await openSqliteStore({ path: full, clock: createSystemClock() });
    expect((await store.get('alone/1'))?.value).toHaveLength(1000);
    await store.set('after', 'v');
    await store.close();
  });
});
