/** From the admin's answer to an active account, through nothing but operations; waits are the ones the answers name. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { account, byChoice, type Scene } from '../scene.mts';
import { CUSTOMER } from '../stage.mts';

export async function activation(n8n: TestContext, { stage, one, run, until, search }: Scene): Promise<void> {
  const { tenantId } = stage.sandbox.ready.tenants.find(({ domain }) => domain === CUSTOMER.domain) ?? {};

  await n8n.test('the consent is proven by five good reads that are spread over a minute', async () => {
    const proven = await until('consent', 'verify', { account }, ({ verdict }) => verdict !== 'pending');
    assert.deepEqual([proven['verdict'], proven['tenantId']], ['granted', tenantId], JSON.stringify(proven));
    const reads = proven['reads'] as { readonly good: number; readonly needed: number };
    assert.deepEqual([reads.good, reads.needed], [5, 5]);
    assert.equal((await one('consent', 'getStatus', { account }))['verdict'], 'granted');
  });

  await n8n.test('the backup services are checked, and one that is not ready says whose move it is', async () => {
    const checked = await one('consent', 'checkServices', { account });
    const services = checked['services'] as readonly { readonly service: string; readonly state: string; readonly owner: string | null }[];
    assert.deepEqual(services.find(({ service }) => service === 'exchange')?.state, 'ready', JSON.stringify(checked));
    assert.deepEqual(services.filter(({ state }) => state !== 'ready').map(({ service, owner }) => [service, owner]), [['sharepoint', 'partner']]);
  });

  await n8n.test('the onboarding then waits for the choice of an admin', async () => {
    const advanced = await one('onboarding', 'advance', { account });
    assert.deepEqual([advanced['state'], advanced['waitingFor']], ['admin_needed', 'admin_choice']);
  });

  await n8n.test('the admins come recommended first, and those who cannot be bound follow with their reasons', async () => {
    const all = await run('admin', 'getMany', { account, includeExcluded: true, returnAll: true });
    const bindable = all.filter(({ selectable }) => selectable === true);
    const excluded = all.filter(({ selectable }) => selectable === false);
    assert.deepEqual(all, [...bindable, ...excluded]);
    assert.deepEqual(bindable.map(({ rank }) => rank), bindable.map((_, index) => index + 1));
    assert.ok(bindable.length > 0);
    assert.ok(excluded.length > 0);
    assert.ok(excluded.every(({ excludedBecause }) => (excludedBecause as readonly { readonly message: string }[]).every(({ message }) => message !== '')));
    assert.deepEqual(await run('admin', 'getMany', { account, returnAll: true }), bindable);
  });

  await n8n.test('the drop-down shows the excluded too, and choosing one is refused with the reason it showed', async () => {
    const parameters = { resource: 'ssoBinding', operation: 'bind' };
    await assert.rejects(search('searchAdmins', 'admin', parameters), /once the customer account is chosen/);
    const listed = await search('searchAdmins', 'admin', { ...parameters, account });
    assert.match(String(listed[0]?.['name']), /^1\. .+, recommended \(/);
    const excluded = listed.filter(({ name }) => String(name).startsWith('Not selectable ('));
    assert.deepEqual(listed.slice(-excluded.length), excluded);
    const disabled = excluded.find(({ name }) => String(name).startsWith('Not selectable (disabled): '));
    assert.ok(disabled !== undefined, JSON.stringify(excluded));
    const refused = await run('ssoBinding', 'bind', { account, admin: byChoice(String(disabled['value'])) }).then(() => '', String);
    assert.match(refused, /ADMINS_NOT_A_CANDIDATE/);
    assert.ok(refused.includes(String(disabled['description'])), refused);
    await assert.rejects(run('ssoBinding', 'get', { account }), /SSO_BINDING_NOT_FOUND/);
  });

  await n8n.test('the recommended admin is bound and validated until the binding is active', async () => {
    const [recommended] = await search('searchAdmins', 'admin', { account });
    const bound = await one('ssoBinding', 'bind', { account, admin: byChoice(String(recommended?.['value'])) });
    assert.deepEqual([bound['userObjectId'], bound['state']], [recommended?.['value'], 'validating']);
    const validated = await until('ssoBinding', 'validate', { account }, ({ state }) => state !== 'validating');
    assert.deepEqual([validated['state'], validated['tenantId']], ['active', tenantId], JSON.stringify(validated));
    await assert.rejects(run('ssoBinding', 'unbind', { account, confirmed: false, reason: '' }), /SSO_UNBINDING_UNCONFIRMED/);
    const remembered = await one('ssoBinding', 'get', { account });
    assert.deepEqual([remembered['state'], remembered['validatedAt']], ['active', validated['validatedAt']]);
  });

  await n8n.test('the account is active, at the level its admin has chosen', async () => {
    assert.equal((await until('onboarding', 'advance', { account }, ({ waitingFor }) => waitingFor === null))['state'], 'active');
    const status = await one('onboarding', 'getStatus', { account });
    assert.deepEqual([status['state'], status['waitingFor']], ['active', null]);
    const shown = await one('customerAccount', 'get', { account });
    assert.deepEqual([shown['state'], shown['accessLevel'], shown['tenantId']], ['active', 'restricted', tenantId]);
  });

  await n8n.test('a check of all accounts finds it well', async () => {
    const checked = await one('onboarding', 'checkAllAccounts', { label: '', resume: true, accountsAtATime: 8, patienceSeconds: 0 });
    assert.deepEqual([checked['ok'], checked['attention'], checked['failed']], [1, 0, 0], JSON.stringify(checked));
  });
}
