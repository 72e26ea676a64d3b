/** The same n8n with the engine for expressions its users have; the other stories run on the faster one. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { byId, type Scene } from '../scene.mts';
import { CUSTOMER, TRIGGER_PATH } from '../stage.mts';

export async function defaultEngine(n8n: TestContext, { stage, kept, prepare, search }: Scene, invitation: string): Promise<void> {
  await n8n.test('with the default engine n8n starts again on what it kept', async () => {
    await stage.restart('vm');
    n8n.diagnostic(`n8n was ready again after ${stage.server.startedInMs} ms`);
  });

  await n8n.test('with the default engine the credentials prove themselves', async () => {
    for (const [type, fields] of Object.entries(stage.credentials)) {
      const tested = await stage.client.testCredential({ id: kept[type]?.id, name: type, type, data: fields });
      assert.equal(tested['status'], 'OK', JSON.stringify(tested));
    }
  });

  await n8n.test('with the default engine an expression says which account is read', async () => {
    const read = await prepare('customerAccount', 'get', { account: byId("={{ $json.body.first + $json.body.rest.toLowerCase() }}") });
    const [shown] = await read({ first: 'con', rest: 'TOSO' });
    assert.deepEqual([shown?.['id'], shown?.['state']], [CUSTOMER.id, 'active']);
    await assert.rejects(read({ first: 'no', rest: 'BODY' }), /ACCOUNT_NOT_FOUND/);
  });

  await n8n.test('with the default engine the drop-downs and the pages of the trigger answer', async () => {
    assert.deepEqual((await search('searchAccounts', 'account', {}, 'CONTO')).map(({ value }) => value), [CUSTOMER.id]);
    const landing = await fetch(invitation);
    // Withdrawn since, and its page says so.
    assert.equal(landing.status, 410);
    assert.match(await landing.text(), /withdrawn/);
    assert.match(landing.headers.get('content-security-policy') ?? '', /sandbox/);
    const forged = await fetch(`${stage.server.origin}/webhook/${TRIGGER_PATH}/consent/callback?admin_consent=True&tenant=11111111-1111-4111-8111-111111111111&state=forged`);
    assert.equal(forged.status, 400);
  });
}
