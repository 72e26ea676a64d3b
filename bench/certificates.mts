/** What a certificate and its PFX cost beside the key they are made for, and how long making and reading them holds the event loop. */
import type { CertificatesOperations, Costs } from './support/certificates-process.mts';
import { startChild } from './support/child.mts';
import { atMost, type Figure, type FigureResult, measure, type Measure } from './support/figure.mts';
import type { LoopReport } from './support/loop-watch.mts';

const KEYS = 120;
/** What node-forge and OpenSSL write unless told otherwise, so that neither side has more to derive. */
const COMMON_ITERATIONS = 2048;
/** What Firefox writes, the most that is in use. */
const HEAVY_ITERATIONS = 600_000;
const PROCESSES = 5;
const REPEATS = 2;
const BOUND_MS = 20;

type Child = ReturnType<typeof startChild<CertificatesOperations>>;
type Reports = Map<string, LoopReport[]>;

async function inFreshProcess<T>(use: (child: Child) => Promise<T>): Promise<T> {
  const child = startChild<CertificatesOperations>(new URL('support/certificates-process.mts', import.meta.url));
  try {
    return await use(child);
  } finally {
    await child.stop();
  }
}

async function takeCosts(progress: (text: string) => void): Promise<readonly Costs[]> {
  return inFreshProcess(async (child) => {
    const costs: Costs[] = [];
    // Both sides are compiled and have their libraries before anything counts.
    for (let round = 0; round < 10; round += 1) await child.call('cost', { iterations: COMMON_ITERATIONS });
    for (let round = 0; round < KEYS; round += 1) {
      if (round % 20 === 0) progress(`key ${round + 1} of ${KEYS}`);
      costs.push(await child.call('cost', { iterations: COMMON_ITERATIONS }));
    }
    return costs;
  });
}

async function watchOne(child: Child, reports: Reports, turn: string): Promise<void> {
  const note = (operation: string, report: LoopReport) => reports.set(`${turn}: ${operation}`, [...(reports.get(`${turn}: ${operation}`) ?? []), report]);
  note('generate 4096 bits', await child.call('generate', null));
  for (const profile of ['modern', 'legacy'] as const) {
    note(`write a ${profile} PFX`, await child.call('write', { profile, iterations: HEAVY_ITERATIONS }));
    note(`read a ${profile} PFX`, await child.call('read', { profile }));
  }
}

async function takeReports(progress: (text: string) => void): Promise<Reports> {
  const reports: Reports = new Map();
  for (let index = 0; index < PROCESSES; index += 1) {
    progress(`event loop, process ${index + 1} of ${PROCESSES}`);
    await inFreshProcess(async (child) => {
      await watchOne(child, reports, 'first');
      for (let repeat = 0; repeat < REPEATS; repeat += 1) await watchOne(child, reports, 'again');
    });
  }
  return reports;
}

function loopMeasures(reports: Reports): readonly Measure[] {
  return [...reports].flatMap(([operation, own]) => [
    measure(`${operation}: longest computation`, 'ms', own.map(({ heldMax }) => heldMax)),
    measure(`${operation}: delay p99`, 'ms', own.map(({ delayP99 }) => delayP99)),
  ]);
}

function judge(costs: readonly Costs[], reports: Reports): FigureResult {
  const key = measure('a key of 2048 bits, `crypto.generateKeyPair`', 'ms', costs.map((one) => one.key));
  const ours = measure('certificate and PFX for it', 'ms', costs.map((one) => one.ours));
  const forge = measure('the same by node-forge', 'ms', costs.map((one) => one.forge));
  const times = measure('node-forge / ours', 'ratio', costs.map((one) => one.forge / one.ours));
  const all = [...reports.values()].flat();
  const worst = (turn: string) => Math.max(...[...reports].filter(([name]) => name.startsWith(turn)).map(([name, own]) => measure(name, 'ms', own.map(({ heldMax }) => heldMax)).median));
  return {
    measures: [key, ours, forge, times, ...loopMeasures(reports)],
    targets: [
      atMost(`certificate and PFX cost at most 0.15 of the median of ${KEYS} keys`, ours.median / key.median, 0.15),
      atMost('ours costs at most 0.2 of node-forge, key by key', 1 / times.median, 0.2),
      atMost(`99 of 100 turns of the loop hold it for at most ${BOUND_MS} ms (the worst of all operations)`, Math.max(...all.map(({ heldP99 }) => heldP99)), BOUND_MS, false),
      atMost(`an operation that was used before never holds it for more than ${BOUND_MS} ms (the worst operation's median)`, worst('again'), BOUND_MS, false),
      atMost(`neither does the first use, which loads node-forge (the worst operation's median)`, worst('first'), BOUND_MS, false),
    ],
  };
}

async function run(progress: (text: string) => void): Promise<FigureResult> {
  return judge(await takeCosts(progress), await takeReports(progress));
}

export const certificates: Figure = {
  name: 'certificates',
  title: 'Certificates and their files',
  about: `${KEYS} times in one process, one after the other: a key by \`crypto.generateKeyPair\`, then for that key a certificate and a PFX by us, then the same by
node-forge alone (its certificate, its signature, its PKCS#12). Both files have ${COMMON_ITERATIONS} iterations, AES-256; unless told otherwise ours has
100,000, and what that adds is derivation alone. How long a key takes is chance, so the ratio to it is one of medians; the ratio to node-forge is taken key by key.

Then the loop, as in \`event-loop\`, over ${PROCESSES} fresh processes: a key of 4096 bits with its certificate, and PFX files of ${HEAVY_ITERATIONS / 1000}k iterations written and read
in both profiles, once (**first**, with node-forge still to be loaded and nothing compiled) and ${REPEATS} times more (**again**). Samples are the operations.`,
  run,
};
