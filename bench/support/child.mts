/**
 * Processes of a benchmark: what is measured, the sandbox and a second writer do not share an event loop. A child offers
 * operations by name over Node's own channel and ends when the channel does, so that a killed run leaves none behind.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Operations = Readonly<Record<string, (input: never) => Promise<unknown>>>;

type ResultOf<F> = F extends (input: never) => Promise<infer R> ? R : never;

export interface Child<O extends Operations> {
  /** Rejects with the child's message. Inputs and answers travel as JSON. */
  call<N extends keyof O & string>(name: N, input: Parameters<O[N]>[0]): Promise<ResultOf<O[N]>>;
  stop(): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: string;
}

/** Start `file`, which must call `serveOperations`. */
export function startChild<O extends Operations>(file: URL): Child<O> {
  const child = fork(fileURLToPath(file), [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  let asked = 0;
  child.on('message', ({ id, result, failure }: Answer) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) caller?.resolve(result as never);
    else caller?.reject(new Error(failure));
  });
  child.once('exit', () => {
    for (const caller of waiting.values()) caller.reject(new Error('A process of the benchmark ended before it answered.'));
  });
  return {
    call: async (name, input) =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.set(asked, { resolve, reject });
        child.send({ id: asked, name, input });
      }),
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** In the child. `close` runs when the parent is done or gone. */
export function serveOperations(operations: Operations, close: () => Promise<void>): void {
  process.on('message', ({ id, name, input }: { id: number; name: string; input: never }) => {
    const answer = (message: Answer) => process.connected && process.send?.(message);
    const work = operations[name]?.(input) ?? Promise.reject(new Error(`No operation ${name}`));
    work.then(
      (result) => answer({ id, result }),
      (error: unknown) => answer({ id, failure: error instanceof Error ? `${name}: ${error.message}` : name }),
    );
  });
  process.once('disconnect', () => {
    void close().finally(() => process.exit());
  });
}

/** What this process has computed since it started, in milliseconds of one core. */
export function cpuMsOfProcess(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
