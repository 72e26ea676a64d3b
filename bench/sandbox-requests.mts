/** How many simple Graph requests the sandbox answers, by what it computes and by the clock. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Ready } from 'n8n-nodes-m365-onboarding/sandbox';
import type { BareOperations } from './support/bare-process.mts';
import { type Child, startChild } from './support/child.mts';
import { atMost, exactly, type Figure, type FigureResult, measure } from './support/figure.mts';
import { rawGet, type RawRun, type RawTarget, runRaw } from './support/raw-client.mts';
import { customersNamed } from './support/sandbox.mts';
import { onStage } from './support/stage.mts';

const ROUNDS = 5;
const REQUESTS = 4000;
const WANTED_PER_SECOND = 2000;
/** The sandbox beside Node's own server with one fixed answer. */
const TIMES_BARE = 4;

interface Side {
  readonly target: RawTarget;
  cpuMs(): Promise<number>;
}

interface Sample {
  readonly run: RawRun;
  readonly cpuMs: number;
}

async function run(progress: (text: string) => void): Promise<FigureResult> {
  const customers = customersNamed(1);
  return onStage(customers, customers, async ({ ready, sandbox }) => {
    const target = await graphTarget(ready);
    const bare = startChild<BareOperations>(new URL('support/bare-process.mts', import.meta.url));
    try {
      const sides = { sandbox: { target, cpuMs: async () => sandbox.call('cpuMs', null) }, bare: await startBare(bare, target) };
      progress('warming up');
      for (const side of Object.values(sides)) await sample(side);
      const samples: { readonly sandbox: Sample; readonly bare: Sample }[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        progress(`round ${round + 1} of ${ROUNDS}`);
        samples.push({ sandbox: await sample(sides.sandbox), bare: await sample(sides.bare) });
      }
      return judge(samples);
    } finally {
      await bare.stop();
    }
  });
}

function judge(samples: readonly { readonly sandbox: Sample; readonly bare: Sample }[]): FigureResult {
  const perCpuSecond = measure('per second of the sandbox’s computing', 'per second', samples.map(({ sandbox }) => REQUESTS / (sandbox.cpuMs / 1000)));
  const ratio = measure('computing per request, sandbox / bare server', 'ratio', samples.map(({ sandbox, bare }) => sandbox.cpuMs / bare.cpuMs));
  return {
    measures: [
      perCpuSecond,
      ratio,
      measure('by the clock, client beside it', 'per second', samples.map(({ sandbox }) => REQUESTS / (sandbox.run.durationMs / 1000))),
      measure('bare server, per second of its computing', 'per second', samples.map(({ bare }) => REQUESTS / (bare.cpuMs / 1000))),
    ],
    targets: [
      exactly('answers with another status than 200', samples.reduce((sum, { sandbox }) => sum + sandbox.run.others, 0), 0),
      atMost(`computing per request is at most ${TIMES_BARE} times that of a server with one fixed answer`, ratio.median, TIMES_BARE),
      atMost(`a second of computing serves ${WANTED_PER_SECOND} requests: milliseconds for that many`, (WANTED_PER_SECOND / perCpuSecond.median) * 1000, 1000, false),
    ],
  };
}

async function sample(side: Side): Promise<Sample> {
  const before = await side.cpuMs();
  const run = await runRaw(side.target, REQUESTS);
  return { run, cpuMs: (await side.cpuMs()) - before };
}

/** One person's own record, read with an app's token. */
async function graphTarget(ready: Ready): Promise<RawTarget> {
  const customer = ready.tenants.find(({ tenantId }) => tenantId !== ready.homeTenantId);
  const person = customer?.users[0];
  const app = ready.apps[0];
  if (customer === undefined || person === undefined || app === undefined) throw new Error('The seed has no customer.');
  const caPem = readFileSync(ready.caFile, 'utf8');
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: app.appId, client_secret: app.clientSecret, scope: 'https://graph.microsoft.com/.default' });
  const answer: unknown = JSON.parse((await ask(`${ready.login}/${customer.tenantId}/oauth2/v2.0/token`, caPem, {}, form.toString())).body);
  const bearer = typeof answer === 'object' && answer !== null && 'access_token' in answer ? String(answer.access_token) : '';
  return { port: Number(new URL(ready.graph).port), caPem, request: rawGet(`/v1.0/users/${person.objectId}`, { authorization: `Bearer ${bearer}` }) };
}

/** As many headers and as long a body as the sandbox's answer has. */
async function startBare(bare: Child<BareOperations>, target: RawTarget): Promise<Side> {
  const headers = Object.fromEntries(target.request.split('\r\n').slice(1).filter((line) => line !== '').map((line) => line.split(': ') as [string, string]));
  const path = target.request.split(' ')[1] ?? '';
  const model = await ask(`https://localhost:${target.port}${path}`, target.caPem, headers, undefined);
  const copied = Object.fromEntries(Object.entries(model.headers).filter(([name]) => !['content-length', 'connection', 'keep-alive', 'date'].includes(name)));
  const { port, caPem } = await bare.call('start', { bodyBytes: Buffer.byteLength(model.body), headers: copied });
  return { target: { port, caPem, request: target.request }, cpuMs: async () => bare.call('cpuMs', null) };
}

async function ask(url: string, ca: string, headers: Readonly<Record<string, string>>, form: string | undefined): Promise<{ readonly body: string; readonly headers: Readonly<Record<string, string>> }> {
  return new Promise((resolve, reject) => {
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const outgoing = request(url, { ca, agent: false, method: form === undefined ? 'GET' : 'POST', headers: { ...headers, ...type } }, (incoming) => {
      text(incoming).then((body) => resolve({ body, headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])) }), reject);
    });
    outgoing.once('error', reject);
    outgoing.end(form);
  });
}

export const sandboxRequests: Figure = {
  name: 'sandbox-requests',
  title: 'Requests per second of the sandbox',
  about: `One person read again and again with an app's token over eight keep-alive TLS sockets, the sandbox in a process of its own; ${ROUNDS} rounds of ${REQUESTS} requests after a
warm-up. The yardstick answers the same request with the same headers and as many bytes that never change, so it has Node's HTTP and TLS and nothing of ours. Rates
per second of computing count what the process itself used of a core, which other programs on the machine do not change much; the rate by the
clock shares the machine with the client.`,
  run,
};
