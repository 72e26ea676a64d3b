/** n8n loads the installed package, and its credentials prove themselves without giving anything away. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Scene } from '../scene.mts';
import { PACKAGE } from '../stage.mts';

export async function loading(n8n: TestContext, { stage, kept }: Scene): Promise<void> {
  const { client, credentials, secrets } = stage;

  await n8n.test('n8n loads all nodes and both credential types from the installed package', async () => {
    const nodes = (await client.call('GET', '/types/nodes.json')).body as { name: string }[];
    const own = nodes.map(({ name }) => name).filter((name) => name.startsWith(`${PACKAGE}.`));
    assert.deepEqual(own.toSorted(), ['m365ConsentTrigger', 'm365Onboarding', 'm365OnboardingTool', 'm365OnboardingTrigger'].map((name) => `${PACKAGE}.${name}`));
    const types = (await client.call('GET', '/types/credentials.json')).body as { name: string }[];
    assert.deepEqual(types.map(({ name }) => name).filter((name) => name.startsWith('m365')).toSorted(), ['m365OnboardingState', 'm365PartnerApp']);
  });

  await n8n.test('both credentials are saved and their tests sign in and open the state', async () => {
    for (const [type, fields] of Object.entries(credentials)) {
      const saved = await client.addCredential(type, type, fields);
      kept[type] = { id: saved['id'] as string, name: type };
      const tested = await client.testCredential({ id: saved['id'], name: type, type, data: fields });
      assert.equal(tested['status'], 'OK', JSON.stringify(tested));
    }
  });

  await n8n.test('n8n shows a saved credential without what is secret in it', async () => {
    const shown = JSON.stringify(await Promise.all(Object.values(kept).map(async ({ id }) => client.data('GET', `/rest/credentials/${id}?includeData=true`))));
    assert.match(shown, /sandboxGraphBaseUrl/, 'the search sees the fields');
    assert.deepEqual(secrets.filter((secret) => shown.includes(secret)), []);
  });

  await n8n.test('the test of the partner app names what is wrong with a secret and does not repeat it', async () => {
    const wrong = { ...credentials.m365PartnerApp, appSecrets: String(credentials.m365PartnerApp['appSecrets']).replaceAll(/"secret":"[^"]*"/g, '"secret":"wrong-and-private"') };
    const saved = await client.addCredential('wrong', 'm365PartnerApp', wrong);
    const tested = await client.testCredential({ id: saved['id'], name: 'wrong', type: 'm365PartnerApp', data: wrong });
    assert.equal(tested['status'], 'Error');
    assert.match(String(tested['message']), /AADSTS7000215/);
    assert.doesNotMatch(String(tested['message']), /wrong-and-private/);
  });
}
