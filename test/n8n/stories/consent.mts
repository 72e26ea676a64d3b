/** An account is invited, its admin walks through the pages the trigger serves, and neither a forgery nor a restart changes that. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { WorkflowNode } from '../client.mts';
import { acceptAsAdmin } from '../admin.mts';
import { account, byId, eventually, type Scene } from '../scene.mts';
import { CUSTOMER, PACKAGE, TRIGGER_PATH } from '../stage.mts';

/** What an onboarding starts its workflow for: two rounds and the proof of ownership. */
const ANSWERS = 3;

/** Gives the invitation, which is spent in the end. */
export async function consent(n8n: TestContext, scene: Scene): Promise<string> {
  const { stage, kept, one, run, search, executions, shown } = scene;
  let invitation = '';
  let pages = '';
  const state = async () => (await one('onboarding', 'getStatus', { account }))['state'];

  await n8n.test('an account is created, shown and listed', async () => {
    const created = await one('customerAccount', 'create', { accountId: CUSTOMER.id, accountName: CUSTOMER.name, expectedTenant: CUSTOMER.domain, labels: 'pilot' });
    assert.deepEqual(created, { id: CUSTOMER.id, name: CUSTOMER.name, expectedTenant: CUSTOMER.domain, tenantId: null, accessLevel: 'none', state: 'new', labels: ['pilot'] });
    assert.deepEqual(await one('customerAccount', 'get', { account }), created);
    assert.deepEqual(await run('customerAccount', 'getMany', { returnAll: true }), [created]);
  });

  await n8n.test('what will be asked for is planned, listed per app, and held against the templates', async () => {
    const planned = await one('consent', 'plan', { account });
    assert.deepEqual([planned['accountId'], planned['comparedWith'], planned['tenantId']], [CUSTOMER.id, 'nothing', null]);
    const apps = await run('consent', 'getApps', {});
    assert.deepEqual(apps.map((app) => app['key']), ['backup', 'restore']);
    const templates = await run('consent', 'getTemplates', { templateService: 'teams' }, {});
    assert.deepEqual(templates.map((template) => [template['name'], template['access']]), [['teams', 'read'], ['teams', 'read_write']]);
    assert.equal(await state(), 'new');
  });

  await n8n.test('an onboarding is started, and the status says that a person is waited for', async () => {
    const started = await one('onboarding', 'start', { account });
    assert.deepEqual([started['accountId'], started['round'], started['rounds']], [CUSTOMER.id, 1, 2]);
    const status = await one('onboarding', 'getStatus', { account });
    assert.deepEqual([status['state'], status['waitingFor']], ['consent_pending', 'consent']);
  });

  await n8n.test('a consent request that is opened again has another address', async () => {
    const opened = await one('consent', 'open', { account });
    invitation = String(opened['url']);
    const mail = opened['mail'] as Readonly<Record<string, string>>;
    assert.match(mail['subject'] ?? '', /Contoso Ltd/);
    for (const part of ['text', 'html']) assert.ok(mail[part]?.includes(invitation), part);
    const status = await one('consent', 'getStatus', { account });
    assert.equal(status['verdict'], 'pending');
  });

  await n8n.test('the drop-down for customer accounts is live and takes a filter', async () => {
    const parameters = { resource: 'onboarding', operation: 'getStatus' };
    assert.deepEqual(await search('searchAccounts', 'account', parameters, 'CONTO'), [{ name: 'Contoso Ltd (consent pending)', value: CUSTOMER.id, description: CUSTOMER.id }]);
    assert.deepEqual(await search('searchAccounts', 'account', parameters, 'nobody'), []);
  });

  await n8n.test('an error code is explained without any credential', async () => {
    const [explained] = await run('onboarding', 'explainErrorCode', { errorCode: 'consent_wrong_tenant' }, {});
    assert.equal(explained?.['code'], 'CONSENT_WRONG_TENANT');
    const [microsofts] = await run('onboarding', 'explainErrorCode', { errorCode: 'AADSTS65004' }, {});
    assert.deepEqual([microsofts?.['code'], microsofts?.['owner']], ['AADSTS65004', 'customer admin']);
  });

  await n8n.test('a refused operation ends the execution with its code', async () => {
    await assert.rejects(run('onboarding', 'getStatus', { account: byId('nobody') }), /ACCOUNT_NOT_FOUND/);
  });

  await n8n.test('the consent trigger serves the pages, and an admin walks through them to the end', async () => {
    const trigger: WorkflowNode = { name: 'M365 Consent Trigger', type: `${PACKAGE}.m365ConsentTrigger`, webhookId: 'consent-pages', parameters: { path: TRIGGER_PATH }, credentials: kept };
    pages = await stage.client.publish('consent pages', [trigger, { name: 'Nothing', type: 'n8n-nodes-base.noOp', parameters: {} }]);
    const landing = await fetch(invitation);
    assert.equal(landing.status, 200);
    assert.match(landing.headers.get('content-security-policy') ?? '', /sandbox/);
    assert.match(await landing.text(), /Contoso Ltd/);

    const { done, states } = await acceptAsAdmin(stage.sandbox, stage.ca, CUSTOMER.domain, invitation, 'restricted');
    assert.ok(done.text('done') !== undefined, `${done.status} ${done.url}`);
    assert.ok(states.length > 0);
    scene.carried.push(...states);
    const started = await eventually(async () => executions(pages, 'success'), (found) => found.length >= ANSWERS);
    assert.equal(started.length, ANSWERS);
    assert.match((await Promise.all(started.map(shown))).join(), /ownership_proven/);
    assert.equal(await state(), 'consent_verifying');
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
    assert.equal(await state(), 'consent_verifying');
  });

  await n8n.test('neither the forged callback nor the restart has started a workflow', async () => {
    assert.equal((await executions(pages)).length, ANSWERS);
  });

  return invitation;
}
