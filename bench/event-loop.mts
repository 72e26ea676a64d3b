/** How long our code keeps a process from doing anything else. */
import { readFileSync } from 'node:fs';
import type { Child } from './support/child.mts';
import { atMost, type Figure, type FigureResult, measure, type Measure } from './support/figure.mts';
import type { HostOperations, Watched } from './support/host.mts';
import type { LoopReport } from './support/loop-watch.mts';
import { type Customer, customersNamed } from './support/sandbox.mts';
import { onStage, type Stage } from './support/stage.mts';

const RUNS = 3;
const FLEET = 24;
const ROUNDS = 5;
const CONCURRENCY = 4;
const BETWEEN_ROUNDS_SECONDS = 16;
const BOUND_MS = 20;

type Reports = Map<string, LoopReport[]>;

const newcomers = customersNamed(2);
const fleet = customersNamed(2 + FLEET).slice(2);

/** One fresh pair of hosts: every operation for the first time, again, and then two writers on one state file. */
async function oneRun(stage: Stage, reports: Reports): Promise<void> {
  const { ready, folder } = stage;
  const host = await stage.host('nodes', false);
  const note = noteIn(reports);
  await host.call('load', 'nodes').then(note('loading the core'));
  await host.call('idle', { ms: 1000 }).then(note('idle'));
  await host.call('open', { ready, folder }).then(note('opening the state'));
  await host.call('servePages', null);
  const [first, second] = newcomers;
  if (first === undefined || second === undefined) throw new Error('There are no newcomers.');
  await journey(stage, host, first, (operation) => note(`first: ${operation}`));
  await journey(stage, host, second, (operation) => note(`again: ${operation}`));

  await host.call('adopt', fleet);
  const other = await stage.host('nodes');
  const halves = [fleet.slice(0, FLEET / 2), fleet.slice(FLEET / 2)].map((half) => half.map(({ key }) => key));
  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all([
      host.call('verifyConsent', { accountIds: halves[0] ?? [], concurrency: CONCURRENCY }).then(note('two writers: consent verify')),
      other.call('verifyConsent', { accountIds: halves[1] ?? [], concurrency: CONCURRENCY }),
    ]);
    await stage.advanceClocks(BETWEEN_ROUNDS_SECONDS, [host, other]);
  }
  await Promise.all([
    host.call('listAdmins', { accountIds: halves[0] ?? [], concurrency: CONCURRENCY }).then(note('two writers: list admins')),
    other.call('generateCertificate', { name: 'other', keyBits: 4096 }),
  ]);
}

type Note = (operation: string) => <T>(report: Watched<T>) => T;

function noteIn(reports: Reports): Note {
  return (operation) => (report) => {
    reports.set(operation, [...(reports.get(operation) ?? []), report.loop]);
    return report.value;
  };
}

/** A customer from nothing to an operator in its portal; the pages are visited from this process. */
async function journey(stage: Stage, host: Child<HostOperations>, customer: Customer, note: Note): Promise<void> {
  const { key } = customer;
  const id = note('generate a 4096 bit certificate')(await host.call('generateCertificate', { name: key, keyBits: 4096 }));
  for (const app of stage.ready.apps) note('register it')(await host.call('registerCertificate', { id, appKey: app.key }));
  await host.call('useCertificate', id);
  note('add an account')(await host.call('addAccount', customer));
  const url = note('open a consent request')(await host.call('openConsent', key));
  await host.call('watch', null);
  await visitPages(stage, host, customer, url);
  note('serve the pages')(await host.call('endWatch', null));
  for (let round = 0; round < ROUNDS; round += 1) {
    note('verify consent')(await host.call('verifyConsent', { accountIds: [key], concurrency: 1 }));
    await stage.advanceClocks(BETWEEN_ROUNDS_SECONDS, [host]);
  }
  note('advance')(await host.call('advance', key));
  note('list admins')(await host.call('listAdmins', { accountIds: [key], concurrency: 1 }));
  note('bind an admin')(await host.call('bindFirstAdmin', key));
  await untilActive(stage, host, key, note);
  note('issue an impersonation')(await host.call('impersonate', key));
}

async function untilActive(stage: Stage, host: Child<HostOperations>, accountId: string, note: Note): Promise<void> {
  for (let attempts = 0; attempts < 20; attempts += 1) {
    const { state, nextCheckAt, now } = note('advance')(await host.call('advance', accountId));
    if (state === 'active') return;
    await stage.advanceClocks(Math.max(1, Math.ceil(((nextCheckAt ?? now) - now) / 1000)), [host]);
  }
  throw new Error(`${accountId} did not become active.`);
}

async function visitPages(stage: Stage, host: Child<HostOperations>, { domain }: Customer, invitation: string): Promise<void> {
  // Only now: whoever asks for another figure, or for none, needs no build.
  const { createVisitor, playPerson } = await import('n8n-nodes-m365-onboarding/sandbox');
  const visitor = createVisitor({ ca: readFileSync(stage.ready.caFile, 'utf8') });
  const admin = stage.ready.tenants.find((tenant) => tenant.domain === domain)?.users[0];
  if (admin === undefined) throw new Error(`${domain} has nobody.`);
  let page = await visitor.submit(await visitor.open(invitation), 'continue');
  for (let steps = 0; page.text('tenant') === undefined; steps += 1) {
    if (steps > 60) throw new Error(`The pages lead nowhere: ${page.status} ${page.url}`);
    page = await playPerson(visitor, page, admin);
    if (page.refreshSeconds === undefined) continue;
    await stage.advanceClocks(page.refreshSeconds, [host]);
    page = await visitor.reload(page);
  }
  const done = await visitor.submit(page, 'confirm', { accessLevel: 'restricted' });
  if (done.text('done') === undefined) throw new Error(`The admin could not confirm: ${done.status} ${done.url}`);
}

function measuresOf(operation: string, reports: readonly LoopReport[]): readonly Measure[] {
  const row = (what: string, pick: (report: LoopReport) => number) => measure(`${operation}: ${what}`, 'ms', reports.map(pick));
  const longest = row('longest computation', (report) => report.heldMax);
  if (operation !== 'idle' && !operation.startsWith('two writers')) return [longest];
  return [longest, row('computation p99', (report) => report.heldP99), row('longest delay', (report) => report.delayMax), row('delay p99', (report) => report.delayP99)];
}

async function run(progress: (text: string) => void): Promise<FigureResult> {
  const reports: Reports = new Map();
  for (let index = 0; index < RUNS; index += 1) {
    progress(`run ${index + 1} of ${RUNS}`);
    await onStage([...newcomers, ...fleet], fleet, (stage) => oneRun(stage, reports));
  }
  const measures = [...reports].flatMap(([operation, own]) => measuresOf(operation, own));
  const worst = (prefix: string) => Math.max(...[...reports].filter(([operation]) => operation.startsWith(prefix)).map(([operation, own]) => measure(operation, 'ms', own.map(({ heldMax }) => heldMax)).median));
  return {
    measures,
    targets: [
      atMost(`with two writers the loop is held for at most ${BOUND_MS} ms (median of the longest computation of each run)`, worst('two writers'), BOUND_MS, false),
      atMost(`an operation that was used before holds the loop for at most ${BOUND_MS} ms (the worst operation's median)`, worst('again'), BOUND_MS, false),
      atMost(`the first use of an operation, which loads a client library, holds it for at most ${BOUND_MS} ms (the worst operation's median)`, worst('first'), BOUND_MS, false),
    ],
  };
}

export const eventLoop: Figure = {
  name: 'event-loop',
  title: 'How long the event loop is held',
  about: `In n8n our code shares one thread with everybody's workflows. ${RUNS} runs, each with fresh processes: the sandbox, a host on the core bundle that n8n
loads, and a second host on the same SQLite file (FULL sync). The measured host takes one customer through the whole journey (**first**: client libraries are
loaded on the way), then another (**again**), then verifies half of ${FLEET} consents, ${CONCURRENCY} at a time, while the second host verifies the other half (**two writers**).

**Longest computation** is the time this thread really computed between two turns of its loop, so it says what our code does, also on a busy machine (the kernel
counts it to a few milliseconds; and a process that was kept waiting finds more answers at once, and takes them in one turn); **delay** is what
timers saw (\`monitorEventLoopDelay\`, 1 ms period left out), which counts everything else on the machine too: compare it with the **idle** row of the same run. Both are durations
and never fail a run. A first use holds the loop for as long as Node needs to read a client library; each is loaded in a turn of its own, so they do not add up.`,
  run,
};
