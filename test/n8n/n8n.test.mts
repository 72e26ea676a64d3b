/** The package in a real n8n: loaded from the tarball, with its credentials tested, its operations run, its pages served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createVisitor, playPerson, type VisitedPage } from 'n8n-nodes-m365-onboarding/sandbox';
import type { Json, WorkflowNode } from './client.mts';
import { openStage, PACKAGE, TRIGGER_PATH } from './stage.mts';

const byId = (value: string) => ({ __rl: true, mode: 'id', value });

let stage: Awaited<ReturnType<typeof openStage>>;
/** The two credentials as n8n keeps them, for nodes to name. */
const kept: Record<string, { readonly id: string; readonly name: string }> = {};
let invitation = '';
let consentPages = '';
let runs = 0;
/** What the admin's browser carried from page to page. */
const carried: string[] = [];

/** Publishes a workflow of a webhook and this one operation, calls it, and gives what it answers. */
async function run(resource: string, operation: string, parameters: Json = {}, credentials: Json = kept): Promise<unknown> {
  const name = `${resource} ${operation}`;
  const path = `run-${(runs += 1)}`;
  const webhook: WorkflowNode = { name: 'Webhook', type: 'n8n-nodes-base.webhook', webhookId: path, parameters: { path, httpMethod: 'POST', responseMode: 'lastNode', responseData: 'allEntries' } };
  const workflowId = await stage.client.publish(name, [webhook, { name, type: `${PACKAGE}.m365Onboarding`, parameters: { resource, operation, ...parameters }, credentials }]);
  const answer = await fetch(`${stage.server.origin}/webhook/${path}`, { method: 'POST', signal: AbortSignal.timeout(30_000) });
  const body: unknown = JSON.parse(await answer.text());
  assert.equal(answer.status, 200, `${JSON.stringify(body)} ${await lastExecution(workflowId)}`);
  return body;
}

async function lastExecution(workflowId: string): Promise<string> {
  const listed = await stage.client.data('GET', `/rest/executions?filter=${encodeURIComponent(JSON.stringify({ workflowId }))}`);
  const [last] = listed['results'] as { id: string }[];
  return last === undefined ? 'no execution' : JSON.stringify(await stage.client.data('GET', `/rest/executions/${last.id}`));
}

/** Every execution's data as text, once there are that many; the run goes on after the page was answered. */
async function executionsOf(workflowId: string, count: number): Promise<string> {
  const listed = async () => (await stage.client.data('GET', `/rest/executions?filter=${encodeURIComponent(JSON.stringify({ workflowId, status: ['success'] }))}`))['results'] as { id: string }[];
  let found = await listed();
  for (let turn = 0; turn < 50 && found.length < count; turn += 1) {
    await sleep(100);
    found = await listed();
  }
  assert.equal(found.length, count);
  return JSON.stringify(await Promise.all(found.map(async ({ id }) => stage.client.data('GET', `/rest/executions/${id}`))));
}

await test('the packed package in a real n8n', async (n8n) => {
  stage = await openStage();
  n8n.after(async () => stage.close());
  n8n.diagnostic(`ready after ${stage.server.startedInMs} ms`);

  await n8n.test('n8n loads both nodes and both credential types from the installed package', async () => {
    const nodes = (await stage.client.call('GET', '/types/nodes.json')).body as { name: string }[];
    const own = nodes.map(({ name }) => name).filter((name) => name.startsWith(`${PACKAGE}.`));
    assert.deepEqual(own.toSorted(), ['m365ConsentTrigger', 'm365Onboarding', 'm365OnboardingTool'].map((name) => `${PACKAGE}.${name}`));
    const types = (await stage.client.call('GET', '/types/credentials.json')).body as { name: string }[];
    assert.deepEqual(types.map(({ name }) => name).filter((name) => name.startsWith('m365')).toSorted(), ['m365OnboardingState', 'm365PartnerApp']);
  });

  await n8n.test('both credentials are saved and their tests sign in and open the state', async () => {
    for (const [type, fields] of Object.entries(stage.credentials)) {
      const saved = await stage.client.addCredential(type, type, fields);
      kept[type] = { id: saved['id'] as string, name: type };
      const tested = await stage.client.testCredential({ id: saved['id'], name: type, type, data: fields });
      assert.equal(tested['status'], 'OK', JSON.stringify(tested));
    }
  });

  await n8n.test('n8n shows a saved credential without what is secret in it', async () => {
    const shown = JSON.stringify(await Promise.all(Object.values(kept).map(async ({ id }) => stage.client.data('GET', `/rest/credentials/${id}?includeData=true`))));
    assert.match(shown, /sandboxGraphBaseUrl/, 'the search sees the fields');
    assert.deepEqual(stage.secrets.filter((secret) => shown.includes(secret)), []);
  });

  await n8n.test('the test of the partner app names what is wrong with a secret and does not repeat it', async () => {
    const wrong = { ...stage.credentials.m365PartnerApp, appSecrets: String(stage.credentials.m365PartnerApp['appSecrets']).replaceAll(/"secret":"[^"]*"/g, '"secret":"wrong-and-private"') };
    const saved = await stage.client.addCredential('wrong', 'm365PartnerApp', wrong);
    const tested = await stage.client.testCredential({ id: saved['id'], name: 'wrong', type: 'm365PartnerApp', data: wrong });
    assert.equal(tested['status'], 'Error');
    assert.match(String(tested['message']), /AADSTS7000215/);
    assert.doesNotMatch(String(tested['message']), /wrong-and-private/);
  });

  await n8n.test('an account is created and listed', async () => {
    const created = await run('customerAccount', 'create', { accountId: 'contoso', accountName: 'Contoso Ltd', expectedTenant: 'contoso.example', labels: 'pilot' });
    assert.deepEqual(created, [{ id: 'contoso', name: 'Contoso Ltd', expectedTenant: 'contoso.example', tenantId: null, accessLevel: 'none', state: 'new', labels: ['pilot'] }]);
    assert.deepEqual(await run('customerAccount', 'getMany', { returnAll: true }), created);
  });

  await n8n.test('a consent request is opened, and the status says that a person is waited for', async () => {
    const [opened] = (await run('consent', 'open', { account: byId('contoso') })) as Json[];
    assert.deepEqual([opened?.['accountId'], opened?.['round'], opened?.['rounds']], ['contoso', 1, 2]);
    invitation = String(opened?.['url']);
    const [status] = (await run('onboarding', 'getStatus', { account: byId('contoso') })) as Json[];
    assert.deepEqual([status?.['state'], status?.['waitingFor']], ['consent_pending', 'consent']);
  });

  await n8n.test('the drop-down for customer accounts is live and takes a filter', async () => {
    const request = { path: 'parameters.account', methodName: 'searchAccounts', nodeTypeAndVersion: { name: `${PACKAGE}.m365Onboarding`, version: 1 }, currentNodeParameters: { resource: 'onboarding', operation: 'getStatus' }, credentials: kept };
    const found = await stage.client.data('POST', '/rest/dynamic-node-parameters/resource-locator-results', { ...request, filter: 'CONTO' });
    assert.deepEqual(found['results'], [{ name: 'Contoso Ltd (consent pending)', value: 'contoso', description: 'contoso' }]);
    assert.deepEqual((await stage.client.data('POST', '/rest/dynamic-node-parameters/resource-locator-results', { ...request, filter: 'nobody' }))['results'], []);
  });

  await n8n.test('an error code is explained without any credential', async () => {
    const [explained] = (await run('onboarding', 'explainErrorCode', { errorCode: 'consent_wrong_tenant' }, {})) as Json[];
    assert.equal(explained?.['code'], 'CONSENT_WRONG_TENANT');
  });

  await n8n.test('a refused operation ends the execution with its code', async () => {
    await assert.rejects(run('onboarding', 'getStatus', { account: byId('nobody') }), /ACCOUNT_NOT_FOUND/);
  });

  await n8n.test('the consent trigger serves the pages, and an admin walks through them to the end', async () => {
    const trigger: WorkflowNode = { name: 'M365 Consent Trigger', type: `${PACKAGE}.m365ConsentTrigger`, webhookId: 'consent-pages', parameters: { path: TRIGGER_PATH }, credentials: kept };
    const workflowId = await stage.client.publish('consent pages', [trigger, { name: 'Nothing', type: 'n8n-nodes-base.noOp', parameters: {} }]);
    const landing = await fetch(invitation);
    assert.equal(landing.status, 200);
    assert.match(landing.headers.get('content-security-policy') ?? '', /sandbox/);
    assert.match(await landing.text(), /Contoso Ltd/);

    const admin = stage.sandbox.ready.tenants.find((one) => one.domain === 'contoso.example')?.users.find((person) => person.roles.includes('Global Administrator') && (person.notes ?? '') === '');
    assert.ok(admin !== undefined);
    const visitor = createVisitor({ ca: stage.ca });
    let page: VisitedPage = await visitor.open(invitation);
    for (let next: VisitedPage | undefined; next !== page; ) {
      page = next ?? page;
      next = await playPerson(visitor, page, { upn: admin.signInName ?? admin.upn, password: admin.password });
    }
    const done = await visitor.submit(page, 'confirm', { accessLevel: 'restricted' });
    assert.ok(done.text('done') !== undefined, `${done.status} ${done.url}`);
    carried.push(...visitor.history.flatMap((address) => new URL(address).searchParams.get('state') ?? []));
    assert.ok(carried.length > 0);
    assert.match(await executionsOf(workflowId, 3), /ownership_proven/);
    consentPages = workflowId;
    const [status] = (await run('onboarding', 'getStatus', { account: byId('contoso') })) as Json[];
    assert.equal(status?.['state'], 'consent_verifying');
  });

  await n8n.test('a forged callback is answered', async () => {
    const answer = await fetch(`${stage.server.origin}/webhook/${TRIGGER_PATH}/consent/callback?admin_consent=True&tenant=11111111-1111-4111-8111-111111111111&state=forged`);
    assert.equal(answer.status, 400);
  });

  await n8n.test('after a restart the pages answer again and the onboarding stands where it stood', async () => {
    await stage.restart();
    const spent = await fetch(invitation);
    assert.equal(spent.status, 200);
    assert.match(spent.headers.get('content-security-policy') ?? '', /sandbox/);
    const [status] = (await run('onboarding', 'getStatus', { account: byId('contoso') })) as Json[];
    assert.equal(status?.['state'], 'consent_verifying');
  });

  await n8n.test('neither the forged callback nor the restart has started a workflow', async () => {
    const started = (await stage.client.data('GET', `/rest/executions?filter=${encodeURIComponent(JSON.stringify({ workflowId: consentPages }))}`))['results'] as unknown[];
    assert.equal(started.length, 3);
  });

  await n8n.test("no secret stands in n8n's log, its database or what it keeps of executions", async () => {
    const log = stage.server.log();
    const database = stage.database.dump();
    assert.match(log, /Workflow execution/i, 'the search sees the log');
    assert.match(database, /ACCOUNT_NOT_FOUND/, 'the search sees the executions');
    assert.deepEqual([...stage.secrets, ...carried].filter((secret) => log.includes(secret) || database.includes(secret)), []);
  });
});
