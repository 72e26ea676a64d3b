/** The package in n8n's queue mode: the same operations as ever, run by several processes that know each other only through the state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInstallation, createSystemClock, openStateStore, parseConfiguration, parseKeyRing } from 'n8n-nodes-m365-onboarding';
import { buildConfig } from 'n8n-nodes-m365-onboarding/sandbox';
import { acceptAsAdmin } from '../n8n/admin.mts';
import type { Json, WorkflowNode } from '../n8n/client.mts';
import { PACKAGE } from '../n8n/package.mts';
import { begunBy, byId, endedRuns, type Flow, isRunning, operation, publishFlow, type Run } from './runs.mts';
import { MASTER_KEY, openQueueStage, type QueueStage, TRIGGER_PATH } from './stage.mts';

const CUSTOMER = 'contoso';

let stage: QueueStage;
/** The credentials as n8n keeps them, for nodes to name. */
const kept: Record<string, { readonly id: string; readonly name: string }> = {};
let paths = 0;
/** Of every invitation the part that opens it. */
const tickets: string[] = [];
/** What the admin's browser carried from page to page. */
const carried: string[] = [];
let invitation = '';
/** The workflow behind the consent trigger. */
let pagesId = '';

async function publish(...nodes: readonly WorkflowNode[]): Promise<Flow> {
  return publishFlow(stage.client, stage.main.origin, `flow-${(paths += 1)}`, nodes);
}

async function publishOne(resource: string, name: string, parameters: Json = {}, credentials: Json = kept): Promise<Flow> {
  return publish(operation(resource, name, parameters, credentials));
}

/** Starts so many runs at once and waits for their end. */
async function runAtOnce(flow: Flow, count: number): Promise<readonly Run[]> {
  const before = (await flow.ended()).length;
  await Promise.all(Array.from({ length: count }, async () => flow.start()));
  return (await flow.ended()).slice(before);
}

async function runOnce(resource: string, name: string, parameters: Json = {}, credentials: Json = kept): Promise<Run> {
  const [run] = await runAtOnce(await publishOne(resource, name, parameters, credentials), 1);
  assert.ok(run !== undefined);
  return run;
}

/** How many of the runs each worker had. */
function sharesOf(runs: readonly Run[]): readonly number[] {
  return stage.workers.map((worker) => runs.filter(({ id }) => begunBy(worker).has(id)).length);
}

function assertDistributed(runs: readonly Run[]): void {
  const shares = sharesOf(runs);
  assert.ok(shares.every((share) => share > 0), `both workers took part: ${shares.join(' and ')}`);
  assert.equal(shares.reduce((sum, share) => sum + share, 0), runs.length, 'every run was on exactly one worker');
}

function assertSucceeded(runs: readonly Run[]): void {
  assert.deepEqual(runs.filter(({ status }) => status !== 'success'), []);
}

async function save(type: string, name: string, fields: Json): Promise<{ readonly id: string; readonly name: string }> {
  return { id: (await stage.client.addCredential(name, type, fields))['id'] as string, name };
}

await test('the packed package in the queue mode of n8n', async (n8n) => {
  stage = await openQueueStage();
  n8n.after(async () => stage.close());
  for (const [type, fields] of Object.entries(stage.credentials)) kept[type] = await save(type, type, fields);
  n8n.diagnostic(`ready after ${[stage.main, ...stage.workers].map(({ startedInMs }) => startedInMs).join(', ')} ms`);

  await n8n.test('the main process and both workers load the package', async () => {
    const nodes = (await stage.client.call('GET', '/types/nodes.json')).body as { name: string }[];
    assert.deepEqual(nodes.map(({ name }) => name).filter((name) => name.startsWith(`${PACKAGE}.`)).toSorted(), ['m365ConsentTrigger', 'm365Onboarding', 'm365OnboardingTool', 'm365OnboardingTrigger'].map((name) => `${PACKAGE}.${name}`));
    const runs = await runAtOnce(await publishOne('onboarding', 'explainErrorCode', { errorCode: 'account_exists' }, {}), 12);
    assertSucceeded(runs);
    assertDistributed(runs);
    assert.ok(runs.every(({ items }) => items[0]?.['code'] === 'ACCOUNT_EXISTS'));
  });

  await n8n.test('a state in a file is refused, with the code and the way out, by the test of the credential and by an operation on a worker', async () => {
    const fields = { ...stage.credentials.m365OnboardingState, stateUrl: 'sqlite:onboarding.sqlite' };
    const saved = await save('m365OnboardingState', 'a file', fields);
    const tested = await stage.client.testCredential({ ...saved, type: 'm365OnboardingState', data: fields });
    assert.equal(tested['status'], 'Error');
    assert.match(String(tested['message']), /"shared".*"host".*PostgreSQL for several/);
    const refused = await runOnce('customerAccount', 'getMany', { returnAll: true }, { ...kept, m365OnboardingState: saved });
    assert.equal(refused.status, 'error');
    assert.match(refused.error, /PostgreSQL for several.*Code: STATE_SCOPE_TOO_SMALL/);
  });

  await n8n.test('a state in PostgreSQL is accepted, and the apps sign in', async () => {
    for (const [type, data] of Object.entries(stage.credentials)) {
      const tested = await stage.client.testCredential({ ...kept[type], type, data });
      assert.equal(tested['status'], 'OK', JSON.stringify(tested));
    }
  });

  await n8n.test('twenty runs on two workers that create the same account at once make one, and nineteen hear that it exists', async () => {
    const runs = await runAtOnce(await publishOne('customerAccount', 'create', { accountId: CUSTOMER, accountName: 'Contoso Ltd', expectedTenant: 'contoso.example' }), 20);
    assertDistributed(runs);
    const lost = runs.filter(({ status }) => status === 'error');
    assert.deepEqual([runs.filter(({ status }) => status === 'success').length, lost.length], [1, 19]);
    assert.deepEqual(lost.filter(({ error }) => !error.includes('Code: ACCOUNT_EXISTS')), []);
  });

  await n8n.test('what one worker wrote the other reads', async () => {
    const runs = await runAtOnce(await publishOne('customerAccount', 'getMany', { returnAll: true }), 12);
    assertSucceeded(runs);
    assertDistributed(runs);
    assert.deepEqual(new Set(runs.map(({ items }) => JSON.stringify(items.map(({ id, state }) => [id, state])))), new Set([JSON.stringify([[CUSTOMER, 'new']])]));
  });

  await n8n.test('a dozen invitations opened at once leave exactly one that opens', async () => {
    const trigger: WorkflowNode = { name: 'M365 Consent Trigger', type: `${PACKAGE}.m365ConsentTrigger`, webhookId: 'consent-pages', parameters: { path: TRIGGER_PATH }, credentials: kept };
    pagesId = await stage.client.publish('consent pages', [trigger, operation('onboarding', 'getStatus', { account: byId('={{ $json.accountId }}') }, kept)]);
    const runs = await runAtOnce(await publishOne('consent', 'open', { account: byId(CUSTOMER) }), 12);
    assertSucceeded(runs);
    assertDistributed(runs);
    const urls = runs.map(({ items }) => String(items[0]?.['url']));
    assert.equal(new Set(urls).size, 12);
    const pages = await Promise.all(urls.map(async (url) => fetch(url, { signal: AbortSignal.timeout(30_000) })));
    const open = urls.filter((_, index) => pages[index]?.status === 200);
    assert.equal(open.length, 1, JSON.stringify(pages.map(({ status }) => status)));
    assert.match(await (pages.find(({ status }) => status === 200) as Response).text(), /Contoso Ltd/);
    invitation = open[0] ?? '';
    tickets.push(...urls.flatMap((url) => /[\w-]{43}/.exec(url)?.[0] ?? []));
    assert.equal(tickets.length, urls.length);
  });

  await n8n.test('the pages of the main process start runs on the workers, and an admin walks through them to the end', async () => {
    const { done, states } = await acceptAsAdmin(stage.sandbox, stage.ca, 'contoso.example', invitation, 'restricted');
    assert.ok(done.text('done') !== undefined, `${done.status} ${done.url}`);
    carried.push(...states);
    assert.ok(carried.length > 0);
    const runs = await endedRuns(stage.client, pagesId, 3);
    assertSucceeded(runs);
    assert.equal(runs.length, 3);
    assert.equal(sharesOf(runs).reduce((sum, share) => sum + share, 0), 3, 'on the workers');
    assert.deepEqual(runs.at(-1)?.items.map(({ state }) => state), ['consent_verifying']);
  });

  await n8n.test('each worker asks once for the token of a tenant, however many runs need it', async () => {
    const { tenantId } = stage.sandbox.ready.tenants.find((one) => one.domain === 'contoso.example') ?? {};
    const before = stage.sandbox.requests().length;
    const admins = await publishOne('admin', 'getMany', { account: byId(CUSTOMER), returnAll: true });
    const runs = [...(await runAtOnce(admins, 20)), ...(await runAtOnce(admins, 20))];
    assertSucceeded(runs);
    assertDistributed(runs);
    assert.equal(new Set(runs.map(({ items }) => JSON.stringify(items))).size, 1);
    assert.ok((runs[0]?.items.length ?? 0) > 0);
    const asked = stage.sandbox.requests().slice(before).filter((row) => row.path.endsWith('/oauth2/v2.0/token'));
    assert.deepEqual(asked.map(({ tenant, status }) => [tenant, status]), stage.workers.map(() => [tenantId, 200]));
  });

  await n8n.test('a worker that is killed in the middle of its operations takes no run of the other with it, and leaves nothing half done', async () => {
    const [doomed, survivor] = stage.workers;
    const batches = Array.from({ length: 8 }, (_, batch) => Array.from({ length: 6 }, (_, index) => `customer-${batch}-${index}`));
    const flow = await publish(
      { name: 'Each', type: 'n8n-nodes-base.splitOut', parameters: { fieldToSplitOut: 'body.ids', options: { destinationFieldName: 'id' } } },
      // Whoever runs it again comes past what is there already.
      { ...operation('customerAccount', 'create', { accountId: '={{ $json.id }}', accountName: '={{ $json.id }}' }, kept), onError: 'continueRegularOutput' },
      operation('consent', 'open', { account: byId("={{ $('Each').item.json.id }}") }, kept),
      operation('onboarding', 'getStatus', { account: byId("={{ $('Each').item.json.id }}") }, kept),
    );
    await Promise.all(batches.map(async (ids) => flow.start({ ids })));
    await until(() => isRunning(doomed, 'consent open'));
    await doomed.kill();
    const runs = await flow.ended();
    const lost = runs.filter(({ status }) => status !== 'success');
    assert.ok(lost.length > 0, 'it died in the middle of something');
    assert.deepEqual(lost.filter(({ id }) => begunBy(survivor).has(id)), []);

    const finished = new Set(runs.filter(({ status }) => status === 'success').flatMap(({ items }) => items.map(({ accountId }) => accountId)));
    for (const ids of batches.filter((batch) => batch.some((id) => !finished.has(id)))) await flow.start({ ids });
    const again = (await flow.ended()).slice(runs.length);
    assert.equal(again.length, lost.length);
    assertSucceeded(again);
    assert.ok(again.every(({ id }) => begunBy(survivor).has(id)));

    const listed = await runOnce('customerAccount', 'getMany', { returnAll: true });
    const standing = new Map(listed.items.map(({ id, state }) => [id, state]));
    assert.equal(standing.size, listed.items.length);
    standing.delete(CUSTOMER);
    assert.deepEqual(standing, new Map(batches.flat().map((id) => [id, 'consent_pending'])));
    const report = await verifyAudit();
    assert.equal(report.intact, true, JSON.stringify(report));
    assert.ok(report.entries > batches.flat().length);
  });

  await n8n.test('no secret stands in a log, in what went through the queue, in what n8n keeps, nor in plain in the state', async () => {
    const logs = [stage.main, ...stage.workers].map((server) => server.log());
    const [kept, traffic, state] = [stage.database.dump(), stage.redis.traffic(), stage.stateDump()];
    assert.ok(logs.every((log) => /execution \d+/i.test(log)), 'the search sees the logs');
    assert.match(kept, /ACCOUNT_EXISTS/, 'the search sees the executions');
    assert.match(traffic, /executionId/, 'the search sees the queue');
    assert.match(state, /Contoso Ltd/, 'the search sees the state');
    const places = [...logs, kept, traffic, state];
    assert.deepEqual([...stage.secrets, ...carried].filter((secret) => places.some((place) => place.includes(secret))), []);
    assert.ok(tickets.every((ticket) => kept.includes(ticket)), 'n8n keeps the addresses it was given as output');
    assert.deepEqual(tickets.filter((ticket) => [...logs, traffic, state].some((place) => place.includes(ticket))), []);
    assert.deepEqual(places.flatMap((place) => place.match(/eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g) ?? []), []);
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(5)) {
    if (condition()) return;
  }
  throw new Error('It did not come about in time.');
}

/** As somebody with the master key and the database would, without n8n. */
async function verifyAudit() {
  const clock = createSystemClock();
  const installation = await createInstallation({
    configuration: parseConfiguration(buildConfig(stage.sandbox.ready)),
    store: await openStateStore(stage.stateUrl, { clock, folder: '.' }),
    masterKeys: parseKeyRing(`k1:${MASTER_KEY}`),
    ca: stage.ca,
    readFile: () => '',
    environment: {},
    deployment: 'shared',
  });
  try {
    return await installation.audit.verify();
  } finally {
    await installation.close();
  }
}
