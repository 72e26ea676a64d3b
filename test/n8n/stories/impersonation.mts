/**
 * An operator opens the customer's backup portal from n8n: an authenticated call of a webhook is answered with the page
 * that hands the browser over, and the code is nowhere in what n8n keeps.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { createVisitor } from 'n8n-nodes-m365-onboarding/sandbox';
import type { Json } from '../client.mts';
import { account, eventually, type Scene } from '../scene.mts';
import { CUSTOMER, PACKAGE } from '../stage.mts';

const OPERATOR = { user: 'olive', password: randomBytes(12).toString('hex') };

export async function impersonation(n8n: TestContext, scene: Scene): Promise<void> {
  const { stage, kept, ran, carried, executions, shown } = scene;
  const sessions = () => stage.portal.log.filter(({ action }) => action === 'impersonation.started').length;
  let code = '';

  const enter = async (spent: string) => fetch(stage.portal.deliverTo, { method: 'POST', body: new URLSearchParams({ code: spent }) });
  const publish = async (path: string, authentication: string, credentials: Json) => stage.client.publishWorkflow(openPortalWorkflow(path, { authentication }, credentials, kept));

  await n8n.test('a webhook nobody guards is handed nothing, and is told why', async () => {
    await publish('open-to-all', 'none', {});
    const answer = await fetch(`${stage.server.origin}/webhook/open-to-all?reason=Ticket`);
    assert.equal(answer.status, 403);
    const said = await answer.text();
    assert.match(said, /not authenticated/);
    assert.doesNotMatch(said, /name="code"/);
  });

  await n8n.test('an operator who signs in at the webhook is taken to the portal, confirms there, and is in once', async () => {
    const saved = await stage.client.addCredential('Operators', 'httpBasicAuth', OPERATOR);
    const workflowId = await publish('open-portal', 'basicAuth', { httpBasicAuth: { id: saved['id'], name: 'Operators' } });
    const address = `${stage.server.origin}/webhook/open-portal?reason=Ticket%204711`;
    assert.equal((await fetch(address)).status, 401);

    const browser = createVisitor({ ca: stage.ca });
    const page = await browser.open(address.replace('//', `//${OPERATOR.user}:${OPERATOR.password}@`));
    assert.equal(page.status, 200, page.html);
    assert.equal(page.text('account'), CUSTOMER.name);
    assert.match(String(page.headers['content-security-policy']), /sandbox/);
    assert.equal(page.headers['cache-control'], 'no-store');
    code = page.forms[0]?.fields['code'] ?? '';
    assert.match(code, /^[\w-]{43}$/);
    carried.push(code);

    const question = await browser.submit(page, 'continue');
    assert.equal(question.status, 200, question.html);
    const dashboard = await browser.submit(question, 'confirm');
    assert.match(dashboard.text('banner') ?? '', /restricted/i, `${dashboard.status} ${dashboard.html.slice(-800)}`);
    assert.equal(sessions(), 1);
    const [run] = await eventually(async () => executions(workflowId, 'success'), (found) => found.length === 1);
    assert.ok(run !== undefined);
    const data = await shown(run);
    assert.match(data, /"jti|jti/, 'the search sees what the operation has put out');
    assert.ok(!data.includes(code));
    ran.add('impersonation.issue');
  });

  await n8n.test('the same code a second time is refused and opens no second session', async () => {
    const replayed = await enter(code);
    assert.ok(replayed.status >= 400, String(replayed.status));
    assert.equal(sessions(), 1);
  });

  await n8n.test("n8n's own Webhook node keeps the headers of the call, so its executions are not for everybody's eyes", async () => {
    const basic = Buffer.from(`${OPERATOR.user}:${OPERATOR.password}`).toString('base64');
    assert.ok(stage.database.dump().includes(basic));
  });

  await n8n.test('n8n keeps and shows a code that was made an output, which is why that has to be chosen', async () => {
    const issued = await scene.one('impersonation', 'issue', { account, reason: 'Ticket 4712', handOver: 'output' });
    assert.deepEqual(Object.keys(issued).toSorted(), ['code', 'deliverTo', 'expiresAt', 'jti']);
    const output = String(issued['code']);
    assert.ok(Date.parse(String(issued['expiresAt'])) - Date.now() <= 60_000);
    await eventually(async () => stage.database.dump().includes(output), Boolean);
    assert.ok(stage.database.dump().includes(output));
    assert.equal((await enter(output)).status, 200);
    assert.ok((await enter(output)).status >= 400);
  });
}

/** Webhook -> Issue, and a readable refusal from the error output. */
function openPortalWorkflow(path: string, guard: Json, guardedBy: Json, kept: Json) {
  const webhook = { name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: path, parameters: { path, httpMethod: 'GET', responseMode: 'responseNode', ...guard }, credentials: guardedBy };
  const issue = { name: 'Issue', type: `${PACKAGE}.m365Onboarding`, typeVersion: 1, onError: 'continueErrorOutput', parameters: { resource: 'impersonation', operation: 'issue', account, reason: '={{ $json.query.reason }}' }, credentials: kept };
  const refusal = { name: 'Refusal', type: 'n8n-nodes-base.respondToWebhook', typeVersion: 1.1, parameters: { respondWith: 'text', responseBody: '={{ JSON.stringify($json.error) }}', options: { responseCode: 403 } } };
  const to = (node: string) => ({ node, type: 'main', index: 0 });
  return {
    name: path,
    nodes: [webhook, issue, refusal].map((node, index) => ({ id: String(index), position: [index * 200, 0], ...node })),
    connections: { Webhook: { main: [[to('Issue')]] }, Issue: { main: [[], [to('Refusal')]] } },
    settings: { executionOrder: 'v1', saveDataSuccessExecution: 'all', saveDataErrorExecution: 'all' },
  };
}
