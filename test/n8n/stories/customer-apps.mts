/** An app of the customer's own tenant, made with the sign-in of its admin that n8n's own credential holds. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { signInAtSandbox } from '../../support/person-token.mts';
import { account, type Scene } from '../scene.mts';
import { CUSTOMER } from '../stage.mts';

const LIST = JSON.stringify([{ resource: 'graph', type: 'application', name: 'User.Read.All', reason: 'finds people' }]);

export async function customerApps(n8n: TestContext, { stage, kept, carried, run }: Scene): Promise<void> {
  const { ready } = stage.sandbox;
  const tenant = ready.tenants.find(({ domain }) => domain === CUSTOMER.domain);
  const admin = tenant?.users.find(({ roles, notes }) => roles.includes('Global Administrator') && (notes ?? '') === '');
  assert.ok(tenant !== undefined && admin !== undefined);
  const accessToken = await signInAtSandbox(ready, stage.ca, tenant.tenantId, { upn: admin.signInName ?? admin.upn, password: admin.password });
  carried.push(accessToken);
  const saved = await stage.client.addCredential("The customer's admin", 'microsoftEntraOAuth2Api', { clientId: 'any', clientSecret: 'any', oauthTokenData: { token_type: 'Bearer', access_token: accessToken } });
  const asAdmin = { ...kept, microsoftEntraOAuth2Api: { id: saved['id'], name: "The customer's admin" } };
  const where = { account, customerAppKey: 'backup' };

  await n8n.test('an app is registered in the tenant with the admin\'s sign-in, and signs in by itself', async () => {
    await assert.rejects(run('customerApp', 'register', { ...where, permissionsFrom: 'list', permissionsList: LIST }), /CUSTOMER_APP_TOKEN_MISSING/);
    const [registered] = await run('customerApp', 'register', { ...where, permissionsFrom: 'list', permissionsList: LIST, displayName: 'Northwind backup' }, asAdmin);
    assert.deepEqual([registered?.['state'], registered?.['tenantId'], registered?.['displayName']], ['active', tenant.tenantId, 'Northwind backup'], JSON.stringify(registered));
    assert.deepEqual(await run('customerApp', 'get', where), [registered]);
    assert.deepEqual(await run('customerApp', 'getMany', { returnAll: true, accountFilter: '' }), [registered]);
    const [adopted] = await run('customerApp', 'adopt', { account, customerAppKey: 'adopted', permissionsFrom: 'list', permissionsList: LIST, applicationId: registered?.['appId'] }, asAdmin);
    assert.deepEqual([adopted?.['state'], adopted?.['origin']], ['active', 'adopted'], JSON.stringify(adopted));
  });

  await n8n.test('grants are compared with the admin\'s sign-in, and nothing is taken back that nobody confirmed or granted', async () => {
    await assert.rejects(run('consent', 'grant', { account }), /CONSENT_ROUTE_MISSING/);
    const [planned] = await run('consent', 'grant', { account, grantRoute: 'admin', dryRun: true }, asAdmin);
    assert.deepEqual([planned?.['state'], planned?.['tenantId']], ['nothing_missing', tenant.tenantId], JSON.stringify(planned));
    const [granted] = await run('consent', 'grant', { account, grantRoute: 'admin' }, asAdmin);
    assert.equal(granted?.['state'], 'nothing_missing', JSON.stringify(granted));
    const permission = { account, revokeWhat: 'permission', revokeApp: 'backup', revokePermission: 'Nothing.Read', grantRoute: 'admin' };
    await assert.rejects(run('consent', 'revoke', permission, asAdmin), /CONSENT_REVOCATION_UNCONFIRMED/);
    await assert.rejects(run('consent', 'revoke', { ...permission, confirmed: true }, asAdmin), /CONSENT_PERMISSION_UNKNOWN/);
    const [revoked] = await run('consent', 'revoke', { account });
    assert.equal(typeof revoked?.['revoked'], 'boolean');
  });

  await n8n.test('our key is taken off what was adopted, and what was registered is deleted, with evidence', async () => {
    await assert.rejects(run('customerApp', 'remove', { account, customerAppKey: 'adopted' }, asAdmin), /CUSTOMER_APP_ADOPTED/);
    await run('customerApp', 'remove', { account, customerAppKey: 'adopted', keyOnly: true }, asAdmin);
    const [removed] = await run('customerApp', 'remove', where, asAdmin);
    assert.deepEqual([removed?.['deleted'], removed?.['evidence']], [true, { applicationGone: true, inRecycleBin: true }]);
    assert.deepEqual(await run('customerApp', 'getMany', { returnAll: true, accountFilter: '' }), []);
  });
}
