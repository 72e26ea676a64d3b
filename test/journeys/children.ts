/** Processes that a story starts, gives an errand, and outlives. What they run is child-side.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { Errand } from './child-side';
import { MASTER_KEYS, type Story } from './story';

export interface Answer<R> {
  readonly report?: R;
  readonly failed?: string;
}

/** Bundled, since a process that only runs it starts several times faster. */
export function bundleChild(folder: string, file: string): string {
  const script = join(folder, 'child.cjs');
  buildSync({ entryPoints: [fileURLToPath(new URL(file, import.meta.url))], bundle: true, platform: 'node', format: 'cjs', outfile: script, minify: true, keepNames: true, logLevel: 'error' });
  return script;
}

export function errandOf(story: Story, folder: string, state: string): Errand {
  return { folder, state, written: story.written, ca: story.ca, secrets: Object.fromEntries(story.secrets), masterKeys: MASTER_KEYS, control: story.sandbox.ready.control };
}

export async function startChild(script: string, errand: Errand): Promise<ChildProcess> {
  const child = fork(script, [], { execArgv: [], env: { NODE_COMPILE_CACHE: join(errand.folder, 'compiled') } });
  child.send(errand);
  const [message] = (await once(child, 'message')) as [unknown];
  if (message !== 'ready') throw new Error(`A child could not start: ${JSON.stringify(message)}`);
  return child;
}

/** Undefined when it was killed before it could answer. */
export async function askChild<R>(child: ChildProcess, call: object | string): Promise<Answer<R> | undefined> {
  const ended = once(child, 'exit').then(([, signal]: unknown[]) => {
    if (signal !== 'SIGKILL') throw new Error(`A child ended by ${String(signal)}.`);
    return undefined;
  });
  const answered = once(child, 'message').then(([message]: unknown[]) => message as Answer<R>);
  child.send(call);
  return Promise.race([ended, answered]);
}

/** Started ahead of their turn: most of their time is spent on loading. */
export class Children {
  readonly #waiting: Promise<ChildProcess>[];

  constructor(
    readonly script: string,
    readonly errand: Errand,
  ) {
    this.#waiting = [startChild(script, errand), startChild(script, errand)];
  }

  async next(): Promise<ChildProcess> {
    this.#waiting.push(startChild(this.script, this.errand));
    return this.#waiting.shift() as Promise<ChildProcess>;
  }

  async stop(): Promise<void> {
    for (const child of await Promise.all(this.#waiting)) child.kill('SIGKILL');
  }
}
