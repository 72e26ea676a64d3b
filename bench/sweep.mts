/** What a sweep over the whole fleet costs as the fleet grows. */
import type { Child } from './support/child.mts';
import { atMost, exactly, type Figure, type FigureResult, measure } from './support/figure.mts';
import type { HostOperations, SweptFleet, Watched } from './support/host.mts';
import { customersNamed } from './support/sandbox.mts';
import { onStage, type Stage } from './support/stage.mts';

const FEW = 20;
const MANY = 4 * FEW;
const ROUNDS = 3;
const BOUND_MS = 20;
const DUE_AGAIN_SECONDS = 7200;

type Swept = Watched<SweptFleet>;

/** Every account active, and looked at in full once, so that what follows is routine. */
async function prepare(stage: Stage, host: Child<HostOperations>): Promise<void> {
  await host.call('adoptConsented', { customers: customersNamed(MANY), few: FEW });
  for (let turns = 0; (await host.call('sweep', { concurrency: 8 })).value.waiting > 0; turns += 1) {
    if (turns > 10) throw new Error('The fleet never became active.');
    await stage.advanceClocks(30, [host]);
  }
  await stage.advanceClocks(DUE_AGAIN_SECONDS, [host]);
  await host.call('sweep', { concurrency: 8 });
}

async function run(progress: (text: string) => void): Promise<FigureResult> {
  const customers = customersNamed(MANY);
  return onStage(customers, customers, async (stage) => {
    const host = await stage.host('library');
    progress('making the fleet active');
    await prepare(stage, host);
    const [few, many, single]: Swept[][] = [[], [], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      progress(`round ${round + 1} of ${ROUNDS}`);
      for (const [list, input] of [[few, { label: 'few', concurrency: 8 }], [many, { concurrency: 8 }], [single, { label: 'few', concurrency: 1 }]] as const) {
        await stage.advanceClocks(DUE_AGAIN_SECONDS, [host]);
        list?.push(await host.call('sweep', input));
      }
    }
    return judge(few ?? [], many ?? [], single ?? []);
  });
}

function judge(few: readonly Swept[], many: readonly Swept[], single: readonly Swept[]): FigureResult {
  const middle = (runs: readonly Swept[], pick: (run: Swept) => number) => measure('the median', 'count', runs.map(pick)).median;
  const cpuPerAccount = ({ value }: Swept) => value.cpuMs / value.accounts;
  const perSecond = ({ value, durationMs }: Swept) => value.accounts / (durationMs / 1000);
  const requests = [...few, ...many, ...single].map(({ value }) => value.requests / value.accounts);
  return {
    measures: [
      measure(`accounts per second, ${MANY} accounts, 8 at a time`, 'per second', many.map(perSecond)),
      measure(`accounts per second, ${FEW} accounts, 8 at a time`, 'per second', few.map(perSecond)),
      measure(`accounts per second, ${FEW} accounts, one at a time`, 'per second', single.map(perSecond)),
      measure('requests per account', 'count', requests),
      measure(`computing per account, ${MANY} accounts`, 'ms', many.map(cpuPerAccount)),
      measure(`heap after ${MANY} accounts`, 'MB', many.map(({ value }) => value.heapMb)),
      measure('event loop: computation p99', 'ms', many.map(({ loop }) => loop.heldP99)),
    ],
    targets: [
      exactly('accounts that were found well', Math.min(...many.map(({ value }) => value.ok)), MANY),
      exactly('difference in requests per account between any two sweeps', Math.max(...requests) - Math.min(...requests), 0),
      atMost(`computing per account: ${MANY} accounts against ${FEW}`, middle(many, cpuPerAccount) / middle(few, cpuPerAccount), 1.5),
      atMost(`heap that is left: after ${MANY} accounts against after ${FEW}`, middle(many, ({ value }) => value.heapMb) / middle(few, ({ value }) => value.heapMb), 1.25),
      atMost('duration per account: 8 at a time against one at a time', middle(single, perSecond) / middle(few, perSecond), 1, false),
      atMost(`computation between two turns of the event loop, p99, at most ${BOUND_MS} ms`, middle(many, ({ loop }) => loop.heldP99), BOUND_MS, false),
    ],
  };
}

export const sweep: Figure = {
  name: 'sweep',
  title: 'Sweeping a fleet',
  about: `One \`sweep\` over ${FEW} and over ${MANY} active accounts in turn, ${ROUNDS} times, 8 at a time and one at a time; the clock is moved by two hours in between, so that
each account's routine check is due. State in SQLite, the sandbox beside it in a process of its own, which takes its share of the machine. What must not grow with the fleet is
what one account costs (computing of the product's process) and what is left on the heap afterwards.`,
  run,
};
