/** The example workflow in a real n8n, from the first form to the backup portal, through the clicks of its people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptAsAdmin } from './admin.mts';
import { publishExample, readExample } from './example.mts';
import { type FormPage, openFormBrowser } from './forms.mts';
import { CUSTOMER, openStage, PACKAGE } from './stage.mts';

/** Five good reads, spread over a minute at least, and what n8n needs between them. */
const PROOF_LIMIT_MS = 240_000;

await test('the example workflow onboards a tenant in a real n8n', async (story) => {
  const stage = await openStage();
  story.after(async () => stage.close());
  const kept = await stage.saveCredentials();
  await publishExample(stage.client, readExample('onboard-tenant'), kept);
  await stage.client.publish('where it stands', [
    { name: 'Webhook', type: 'n8n-nodes-base.webhook', webhookId: 'where-it-stands', parameters: { path: 'where-it-stands', httpMethod: 'GET', responseMode: 'lastNode' } },
    { name: 'Status', type: `${PACKAGE}.m365Onboarding`, parameters: { resource: 'onboarding', operation: 'getStatus', account: { __rl: true, mode: 'id', value: CUSTOMER.id } }, credentials: kept },
  ]);
  const form = (path: string) => `${stage.server.origin}/form/${path}`;
  const operator = openFormBrowser(stage.server.origin, stage.client.cookie());
  let invitation = '';
  const states: string[] = [];
  const codes: string[] = [];
  let lastPage: FormPage | undefined;

  await story.test('a form is answered for nobody who is not signed in to n8n', async () => {
    const answer = await fetch(form('m365-invite'), { redirect: 'manual' });
    assert.equal(answer.status, 302);
    assert.doesNotMatch(await answer.text(), /Invite a customer/);
    const posted = await fetch(form('m365-invite'), { method: 'POST', body: new FormData(), redirect: 'manual' });
    assert.equal(posted.status, 401);
  });

  await story.test('the operator names the customer and gets the invitation', async () => {
    const first = await operator.open(form('m365-invite'));
    const shown = await operator.submit(first, { Customer: CUSTOMER.name, 'Your ID for the customer': CUSTOMER.id, 'A domain of their Microsoft 365 tenant': CUSTOMER.domain });
    invitation = /https?:[^\s<"]+\/invite\?ticket=[\w-]+/.exec(shown.html)?.[0] ?? '';
    assert.notEqual(invitation, '', shown.html.slice(-3000));
    assert.equal(await operator.finish(shown), 200);
  });

  await story.test('inviting the same customer again makes a new address and ends the old one', async () => {
    const again = await operator.submit(await operator.open(form('m365-invite')), { Customer: CUSTOMER.name, 'Your ID for the customer': CUSTOMER.id, 'A domain of their Microsoft 365 tenant': CUSTOMER.domain });
    const newer = /https?:[^\s<"]+\/invite\?ticket=[\w-]+/.exec(again.html)?.[0] ?? '';
    assert.notEqual(newer, '');
    assert.notEqual(newer, invitation);
    await operator.finish(again);
    invitation = newer;
  });

  await story.test('choosing an admin before the tenant is proven is refused in words, with the next step', async () => {
    const refused = await operator.submit(await operator.open(form('m365-choose-admin')), { 'Your ID for the customer': CUSTOMER.id });
    assert.match(refused.html, /This did not go through/);
    assert.match(refused.html, /tenant/i);
    await operator.finish(refused);
  });

  await story.test('the admin accepts both rounds and proves the tenant, on the pages the trigger serves', async () => {
    const way = await acceptAsAdmin(stage.sandbox, stage.ca, CUSTOMER.domain, invitation, 'restricted');
    assert.ok(way.done.text('done') !== undefined, `${way.done.status} ${way.done.url}`);
    states.push(...way.states);
  });

  await story.test('the workflow reads the consent until it is proven', async () => {
    await until(PROOF_LIMIT_MS, async () => (await accountState()) === 'admin_needed' || (await accountState()) === 'consented');
  });

  await story.test('n8n is restarted while the form waits for the choice, the operator chooses, and the binding is validated', async () => {
    const page = await operator.submit(await operator.open(`${form('m365-choose-admin')}?customerId=${CUSTOMER.id}`), { 'Your ID for the customer': CUSTOMER.id });
    assert.match(page.options[0] ?? '', /recommended/, JSON.stringify(page.options));
    assert.match(page.html, /Not selectable/);
    await stage.restart();
    const chosen = await operator.submit(await operator.open(page.url), { 'Admin, recommended first': page.options[0] ?? '' });
    assert.match(chosen.html, /contoso is active/, chosen.html.slice(-2000));
    assert.match(chosen.html, /sofia@contoso\.example/);
    assert.equal(await accountState(), 'active');
    lastPage = chosen;
  });

  await story.test('with a reason, the operator\'s own browser opens the backup portal, once', async () => {
    assert.ok(lastPage !== undefined);
    const delivery = await operator.submitLast(lastPage, { 'Reason (the customer reads it)': 'Ticket 4711: first backup' });
    const code = /name="code" value="([^"]+)"/.exec(delivery)?.[1] ?? '';
    assert.notEqual(code, '', delivery);
    codes.push(code);
    await openPortal(code);
  });

  await story.test("neither a secret nor the admin's state nor the spent code is left in n8n's log and database", async () => {
    const log = stage.server.log();
    const database = stage.database.dump();
    assert.match(database, /Ticket 4711: first backup/, 'the search sees the execution');
    assert.equal(codes.length, 1);
    assert.deepEqual([...stage.secrets, ...states, ...codes].filter((secret) => secret === '' || log.includes(secret) || database.includes(secret)), []);
  });

  async function openPortal(code: string): Promise<void> {
    const enter = async () => fetch(stage.portal.deliverTo, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ code }) });
    const confirmation = await enter();
    const text = await confirmation.text();
    assert.equal(confirmation.status, 200, text);
    assert.match(text, /Contoso Ltd/);
    assert.match(text, /restricted/i);
    assert.notEqual((await enter()).status, 200, 'a code works once');
  }

  /** Asked of n8n itself, by a workflow of one operation. */
  async function accountState(): Promise<unknown> {
    const answer = await fetch(`${stage.server.origin}/webhook/where-it-stands`, { signal: AbortSignal.timeout(30_000) });
    return ((await answer.json()) as { state?: unknown }).state;
  }
});

async function until(limitMs: number, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(1000)) if (await holds()) return;
  assert.fail('It did not come to that in time.');
}
