/** Certificates: generated, picked from the live list, registered at home and proven there; only the public part is ever seen. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Json } from '../client.mts';
import { byChoice, type Scene } from '../scene.mts';
import { PACKAGE } from '../stage.mts';

const FILE_PASSWORD = 'of this file and this run';

export async function certificates(n8n: TestContext, { stage, kept, ran, one, run, search }: Scene): Promise<void> {
  let id = '';

  await n8n.test('a certificate is generated, shown and listed without its key', async () => {
    const { lifetimeLimit, ...generated } = await one('certificate', 'generate', { certificateName: 'Backup 2027', keyBits: 2048, lifetimeDays: 90 });
    assert.equal(lifetimeLimit, 'unreadable');
    id = String(generated['id']);
    assert.deepEqual([generated['subject'], generated['state'], generated['keyBits']], ['CN=Backup 2027', 'next', 2048]);
    assert.deepEqual(await one('certificate', 'get', { certificate: byChoice(id) }), generated);
    assert.deepEqual(await run('certificate', 'getMany', { returnAll: true }), [generated]);
    assert.doesNotMatch(JSON.stringify(generated), /PRIVATE|privateKey/);
  });

  await n8n.test('the drop-down for certificates says which one and until when', async () => {
    const [entry, ...others] = await search('searchCertificates', 'certificate', { resource: 'certificate', operation: 'get' }, 'backup');
    assert.deepEqual(others, []);
    assert.match(String(entry?.['name']), /^Backup 2027 \(next, until \d{4}-\d\d-\d\d\)$/);
    assert.equal(entry?.['value'], id);
  });

  await n8n.test('registering it at home is proven at the token endpoint, and is safe to repeat', async () => {
    const before = stage.sandbox.requests().length;
    const registered = await one('certificate', 'register', { certificate: byChoice(id), appKey: 'backup' });
    assert.deepEqual([registered['appKey'], registered['alreadyRegistered']], ['backup', false]);
    const asked = stage.sandbox.requests().slice(before);
    assert.ok(asked.some(({ path, tenant, status }) => path.endsWith('/oauth2/v2.0/token') && tenant === stage.sandbox.ready.homeTenantId && status === 200), JSON.stringify(asked));
    assert.equal((await one('certificate', 'register', { certificate: byChoice(id), appKey: 'backup' }))['alreadyRegistered'], true);
    assert.equal((await one('certificate', 'get', { certificate: byChoice(id) }))['state'], 'active');
  });

  await n8n.test('the check says of every credential in use when it is renewed, and leaves a heartbeat', async () => {
    const items = await run('certificate', 'check', { rotate: false, askDirectory: true });
    assert.deepEqual(items.map(({ source, complete }) => [source, complete]), [['secret', true], ['secret', true], ['stored', true]]);
    const { name, status, heartbeat } = items[2] ?? {};
    assert.deepEqual([name, status, (heartbeat as Json)['overdue']], ['Backup 2027', 'ok', false]);
  });

  await n8n.test('a certificate leaves as a protected file and is imported from it into another state', async () => {
    const elsewhere = { ...stage.credentials.m365OnboardingState, stateUrl: 'sqlite:elsewhere.sqlite' };
    const saved = await stage.client.addCredential('Elsewhere', 'm365OnboardingState', elsewhere);
    const type = `${PACKAGE}.m365Onboarding`;
    const fromHere = { resource: 'certificate', operation: 'export', certificate: byChoice(id), format: 'pfx', filePassword: FILE_PASSWORD, outputField: 'data' };
    const toThere = { resource: 'certificate', operation: 'import', inputField: 'data', filePassword: FILE_PASSWORD, certificateName: 'Taken over' };
    await stage.client.publish('carry a certificate', [
      { name: 'Webhook', type: 'n8n-nodes-base.webhook', webhookId: 'carry', parameters: { path: 'carry', httpMethod: 'POST', responseMode: 'lastNode', responseData: 'allEntries' } },
      { name: 'Export', type, parameters: fromHere, credentials: kept },
      { name: 'Import', type, parameters: toThere, credentials: { ...kept, m365OnboardingState: { id: saved['id'], name: 'Elsewhere' } } },
    ]);
    const answer = await fetch(`${stage.server.origin}/webhook/carry`, { method: 'POST', signal: AbortSignal.timeout(120_000) });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    const [imported] = JSON.parse(text) as readonly Json[];
    const original = await one('certificate', 'get', { certificate: byChoice(id) });
    assert.deepEqual([imported?.['name'], imported?.['source'], imported?.['thumbprintSha256']], ['Taken over', 'imported', original['thumbprintSha256']]);
    assert.doesNotMatch(text, /PRIVATE|privateKey"/);
    ran.add('certificate.export').add('certificate.import');
  });

  await n8n.test('its rotation is planned, begun and taken back, and the exported file is named as in the way until it is released', async () => {
    const plan = await one('certificate', 'planRotation', { certificate: byChoice(id) });
    const [blocker] = plan['blockers'] as readonly Json[];
    assert.equal(blocker?.['code'], 'CERTIFICATE_EXPORTED');
    const signerId = /signer (?<id>\S+?)\.?$/.exec(String(blocker?.['message']))?.groups?.['id'];
    assert.equal((await one('certificate', 'releaseSigner', { signerId }))['source'], 'export');
    assert.deepEqual((await one('certificate', 'planRotation', { certificate: byChoice(id) }))['blockers'], []);
    assert.equal((await one('certificate', 'rotate', { certificate: byChoice(id), direction: 'forward' }))['state'], 'registering');
    assert.equal((await one('certificate', 'rotate', { certificate: byChoice(id), direction: 'undo' }))['state'], 'rolled_back');
    assert.equal((await one('certificate', 'get', { certificate: byChoice(id) }))['state'], 'active');
  });

  await n8n.test('a certificate gets another name, and is deleted only when it is confirmed and in nobody\'s use', async () => {
    const spare = String((await one('certificate', 'generate', { certificateName: 'Spare', keyBits: 2048 }))['id']);
    const renamed = await one('certificate', 'update', { certificate: byChoice(spare), newName: 'Put aside', changeDescription: true, newDescription: 'for later' });
    assert.deepEqual([renamed['name'], renamed['description']], ['Put aside', 'for later']);
    await assert.rejects(one('certificate', 'delete', { certificate: byChoice(spare), confirmed: false }), /CERTIFICATE_DELETION_UNCONFIRMED/);
    assert.equal((await one('certificate', 'delete', { certificate: byChoice(spare), confirmed: true }))['deleted'], true);
    await assert.rejects(one('certificate', 'delete', { certificate: byChoice(id), confirmed: true }), /CERTIFICATE_IN_USE/);
  });
}
