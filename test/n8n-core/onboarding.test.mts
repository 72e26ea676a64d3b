/** Whole workflows in n8n's engine, over the packed package and the real sandbox. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { IDataObject, Workflow } from 'n8n-workflow';
import { acceptAsAdmin } from '../n8n/admin.mts';
import { signInAtSandbox } from '../support/person-token.mts';
import { loadEngine, type NodeSpec, outputOf } from './engine.mts';
import { openStage, TRIGGER_PATH } from './stage.mts';

const byId = (value: string) => ({ __rl: true, mode: 'id', value });
const onboarding = (name: string, resource: string, operation: string, parameters: NodeSpec['parameters']): NodeSpec => ({ name, type: 'm365Onboarding', parameters: { resource, operation, ...parameters } });

const CREATE = onboarding('Create', 'customerAccount', 'create', { accountId: '={{ $json.customer }}', accountName: '={{ $json.name }}', expectedTenant: '={{ $json.domain }}', labels: '' });
const OPEN = onboarding('Open', 'consent', 'open', { account: byId('={{ $json.id }}'), ttlDays: 7, tenant: '' });
const STATUS = onboarding('Status', 'onboarding', 'getStatus', { account: byId('={{ $json.accountId }}') });
const TRIGGER: NodeSpec = { name: 'Trigger', type: 'm365ConsentTrigger', parameters: { path: TRIGGER_PATH } };

const server = createServer((request, response) => void serve(request, response));
let stage: Awaited<ReturnType<typeof openStage>>;
let engine: Awaited<ReturnType<typeof loadEngine>>;
let published: Workflow;
const started: IDataObject[][] = [];

before(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stage = await openStage((server.address() as AddressInfo).port);
  engine = await loadEngine(stage.directory, stage.credentials);
  published = engine.buildWorkflow([TRIGGER]);
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await stage.close();
});

/** n8n's server in a few lines: the webhook of exactly this method and path. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const path = (request.url ?? '').split('?')[0]?.replace('/webhook/', '');
  const webhook = engine.webhooksOf(published, TRIGGER.name).find((one) => one.method === request.method && one.path === path);
  if (webhook === undefined) {
    response.writeHead(404).end();
    return;
  }
  const httpRequest = Object.assign(request, { originalUrl: request.url, rawBody: Buffer.concat(parts) });
  const httpResponse = Object.assign(response, { status: (code: number) => Object.assign(response, { statusCode: code }) });
  const result = await engine.callWebhook(published, TRIGGER.name, webhook, { httpRequest, httpResponse });
  if (result?.workflowData !== undefined) started.push(result.workflowData.flat().map(({ json }) => json));
}

void test('a workflow in n8n creates accounts, opens their consent and reads where they stand, item by item', async () => {
  const run = await engine.run(engine.buildWorkflow([CREATE, OPEN, STATUS]), [
    { customer: 'contoso', name: 'Contoso Ltd', domain: 'contoso.example' },
    { customer: 'fabrikam', name: 'Fabrikam Inc', domain: 'fabrikam.example' },
  ]);
  const opened = outputOf(run, 'Open');
  assert.deepEqual(opened.map(({ accountId, round, rounds }) => ({ accountId, round, rounds })), [
    { accountId: 'contoso', round: 1, rounds: 2 },
    { accountId: 'fabrikam', round: 1, rounds: 2 },
  ]);
  assert.deepEqual(outputOf(run, 'Status').map(({ accountId, state, waitingFor }) => ({ accountId, state, waitingFor })), [
    { accountId: 'contoso', state: 'consent_pending', waitingFor: 'consent' },
    { accountId: 'fabrikam', state: 'consent_pending', waitingFor: 'consent' },
  ]);
  const kept = JSON.stringify(run.data);
  assert.deepEqual(stage.sandbox.ready.apps.filter((app) => kept.includes(app.clientSecret)), []);
});

void test('a workflow in n8n plans before it asks anybody, and changes nothing by it', async () => {
  const plan = onboarding('Plan', 'consent', 'plan', { account: byId('={{ $json.id }}') });
  const status = onboarding('Then', 'onboarding', 'getStatus', { account: byId('={{ $json.accountId }}') });
  const run = await engine.run(engine.buildWorkflow([plan, status]), [{ id: 'contoso' }]);
  const [planned] = outputOf(run, 'Plan');
  assert.deepEqual([planned?.['comparedWith'], planned?.['tenantId']], ['nothing', null]);
  assert.deepEqual(outputOf(run, 'Then').map(({ state }) => state), ['consent_pending']);
  const templates = await engine.run(engine.buildWorkflow([onboarding('Templates', 'consent', 'getTemplates', { templateService: 'exchange' })]), [{}]);
  assert.deepEqual(outputOf(templates, 'Templates').map(({ access }) => access), ['read', 'read_write']);
});

void test('a workflow in n8n is started by what an admin answers on the pages the trigger serves', async () => {
  const opening = await engine.run(engine.buildWorkflow([OPEN]), [{ id: 'contoso' }]);
  const tenant = stage.sandbox.ready.tenants.find((one) => one.domain === 'contoso.example');
  assert.ok(tenant !== undefined);
  const { done } = await acceptAsAdmin(stage.sandbox, stage.ca, 'contoso.example', outputOf(opening, 'Open')[0]?.['url'] as string, 'restricted');
  assert.ok(done.text('done') !== undefined, `${done.status} ${done.url}`);
  const { tenantId } = tenant;
  assert.deepEqual(started.flat().map(({ at, ...item }) => [typeof at, item]), [
    ['string', { accountId: 'contoso', outcome: 'consent_claimed', round: 1, rounds: 2, tenantId, tenantIs: 'claimed', reasons: [] }],
    ['string', { accountId: 'contoso', outcome: 'consent_claimed', round: 2, rounds: 2, tenantId, tenantIs: 'claimed', reasons: [] }],
    ['string', { accountId: 'contoso', outcome: 'ownership_proven', round: null, rounds: 2, tenantId, tenantIs: 'proven', reasons: [] }],
  ]);
  const status = outputOf(await engine.run(engine.buildWorkflow([STATUS]), started.at(-1) ?? []), 'Status');
  assert.equal(status[0]?.['state'], 'consent_verifying');
});

void test('a workflow in n8n checks every account at once and answers with one item', async () => {
  const CHECK = onboarding('Check', 'onboarding', 'checkAllAccounts', { label: '', resume: true, accountsAtATime: 8, patienceSeconds: 0 });
  const [checked, ...more] = outputOf(await engine.run(engine.buildWorkflow([CHECK]), [{}]), 'Check');
  assert.deepEqual([checked?.['accounts'], checked?.['waiting'], checked?.['regressed'], more.length], [2, 2, [], 0], JSON.stringify(checked));
});

void test("a workflow in n8n registers an app in the customer's tenant with the sign-in that n8n's own credential holds", async () => {
  const tenant = stage.sandbox.ready.tenants.find((one) => one.domain === 'contoso.example');
  const admin = tenant?.users.find(({ roles, notes }) => roles.includes('Global Administrator') && (notes ?? '') === '');
  assert.ok(tenant !== undefined && admin !== undefined);
  const accessToken = await signInAtSandbox(stage.sandbox.ready, stage.ca, tenant.tenantId, { upn: admin.signInName ?? admin.upn, password: admin.password });
  const asAdmin = await loadEngine(stage.directory, { ...stage.credentials, microsoftEntraOAuth2Api: { oauthTokenData: { token_type: 'Bearer', access_token: accessToken } } });
  const app = { account: byId('contoso'), customerAppKey: 'backup' };
  const permissionsList = JSON.stringify([{ resource: 'graph', type: 'application', name: 'User.Read.All', reason: 'finds people' }]);
  const register = onboarding('Register', 'customerApp', 'register', { ...app, permissionsFrom: 'list', permissionsList, displayName: '' });
  const get = onboarding('Get', 'customerApp', 'get', app);
  const without = await engine.run(engine.buildWorkflow([register]), [{}]);
  assert.throws(() => outputOf(without, 'Register'), /CUSTOMER_APP_TOKEN_MISSING/);
  const run = await asAdmin.run(asAdmin.buildWorkflow([register, get]), [{}]);
  const [made] = outputOf(run, 'Get');
  assert.deepEqual([made?.['state'], made?.['tenantId'], made?.['origin']], ['active', tenant.tenantId, 'registered']);
  const remove = onboarding('Remove', 'customerApp', 'remove', { ...app, keyOnly: false, purge: false });
  const removal = await asAdmin.run(asAdmin.buildWorkflow([remove]), [{}]);
  assert.deepEqual(outputOf(removal, 'Remove')[0]?.['evidence'], { applicationGone: true, inRecycleBin: true });
  assert.ok(!JSON.stringify([run.data, removal.data]).includes(accessToken));
});

void test('a workflow in n8n says what is wrong and whose move it is when an operation is refused', async () => {
  const run = await engine.run(engine.buildWorkflow([STATUS]), [{ accountId: 'nobody' }]);
  assert.throws(() => outputOf(run, 'Status'), /ACCOUNT_NOT_FOUND/);
});
