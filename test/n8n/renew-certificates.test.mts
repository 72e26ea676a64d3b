/** The example workflow that renews certificates in a real n8n: its hourly lane when it is called, its trigger when it is published. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from './client.mts';
import { type ExampleWorkflow, publishExample, readExample } from './example.mts';
import { byId, eventually, openScene } from './scene.mts';

/** A certificate of a day is due as soon as it is made. */
const AT_ONCE = JSON.stringify({ renewal: { atLifetimeFraction: 0.000_001, jitterHours: 0 } });
const CALL_LIMIT_MS = 120_000;

/** The same, started by a call in place of the clock. */
function callable(example: ExampleWorkflow): ExampleWorkflow {
  const webhook = { type: 'n8n-nodes-base.webhook', typeVersion: 1, webhookId: 'renew', parameters: { path: 'renew', httpMethod: 'POST', responseMode: 'lastNode', responseData: 'allEntries' } };
  return { ...example, nodes: example.nodes.map((node) => (node.name === 'Every hour' ? { ...node, ...webhook } : node)) };
}

await test('the example workflow renews certificates in a real n8n', async (story) => {
  const { stage, kept, one, executions, shown, lastExecution } = await openScene();
  story.after(async () => stage.close());
  const { m365OnboardingState, m365PartnerApp } = stage.credentials;
  const save = async (type: string, name: string, fields: Json): Promise<void> => {
    kept[type] = { id: (await stage.client.addCredential(name, type, fields))['id'] as string, name };
  };
  await save('m365OnboardingState', 'M365 Onboarding State', { ...m365OnboardingState, lifecycle: AT_ONCE });
  await save('m365PartnerApp', 'M365 Partner App', m365PartnerApp);
  const id = String((await one('certificate', 'generate', { certificateName: 'Backup', keyBits: 2048, lifetimeDays: 1 }))['id']);
  await one('certificate', 'register', { certificate: byId(id), appKey: 'backup' });
  const apps = (JSON.parse(String(m365PartnerApp['apps'])) as { key: string }[]).map((app) => (app.key === 'backup' ? { ...app, credential: { certificateId: id } } : app));
  await save('m365PartnerApp', 'M365 Partner App', { ...m365PartnerApp, apps: JSON.stringify(apps) });

  await story.test('each run of the lane takes the certificate that is due one step further', async () => {
    const workflowId = await publishExample(stage.client, callable(readExample('renew-certificates')), kept);
    for (const [step, state] of [['issue', 'registering'], ['register', 'proving']]) {
      const answer = await fetch(`${stage.server.origin}/webhook/renew`, { method: 'POST', signal: AbortSignal.timeout(CALL_LIMIT_MS) });
      const text = await answer.text();
      assert.equal(answer.status, 200, `${text} ${await lastExecution(workflowId)}`);
      assert.deepEqual((JSON.parse(text) as readonly Json[]).map((item) => [item['step'], item['state']]), [[step, state]]);
    }
  });

  await story.test('its trigger starts with what stands when it is published', async () => {
    assert.equal((await one('certificate', 'rotate', { certificate: byId(id), direction: 'undo' }))['state'], 'rolled_back');
    const workflowId = await publishExample(stage.client, readExample('renew-certificates'), kept);
    const [started] = await eventually(async () => executions(workflowId, 'success'), (found) => found.length > 0);
    assert.ok(started !== undefined, 'an execution');
    assert.match(await shown(started), /certificate: rotation failed/);
  });
});
