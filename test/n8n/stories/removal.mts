/** The account is removed in the end: only when that is confirmed, and with what stays in the customer's tenant in the output. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { account, type Scene } from '../scene.mts';
import { CUSTOMER } from '../stage.mts';

export async function removal(n8n: TestContext, { one, run, search }: Scene): Promise<void> {
  await n8n.test('an account in use is not removed unless that is confirmed', async () => {
    await assert.rejects(run('customerAccount', 'remove', { account }), /ACCOUNT_REMOVAL_UNCONFIRMED/);
    assert.equal((await one('customerAccount', 'get', { account }))['state'], 'active');
  });

  await n8n.test('the binding ends when that is confirmed, and the account waits for a choice again', async () => {
    assert.deepEqual(await one('ssoBinding', 'unbind', { account, confirmed: true, reason: 'Grace leaves' }), { accountId: CUSTOMER.id, unbound: true, audited: true });
    assert.deepEqual([(await one('onboarding', 'getStatus', { account }))['state']], ['admin_needed']);
  });

  await n8n.test('a removed account is gone from n8n, and the output names what stays in its tenant', async () => {
    const { id, removed, deleted, remaining } = await one('customerAccount', 'remove', { account, confirmed: true });
    assert.deepEqual([id, removed, deleted], [CUSTOMER.id, true, true]);
    assert.match(JSON.stringify(remaining), /consent_grants/);
    await assert.rejects(run('onboarding', 'getStatus', { account }), /ACCOUNT_NOT_FOUND/);
    assert.deepEqual(await search('searchAccounts', 'account', { resource: 'onboarding', operation: 'getStatus' }), []);
  });
}
