/**
 * The package in a real n8n: loaded from the tarball, its credentials tested, its pages served, and every operation the
 * node offers run at least once, on one account from nothing to an operator in the backup portal.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openScene, type Scene } from './scene.mts';
import { PACKAGE } from './stage.mts';
import { activation } from './stories/activation.mts';
import { aiTool } from './stories/ai-tool.mts';
import { certificates } from './stories/certificates.mts';
import { consent } from './stories/consent.mts';
import { customerApps } from './stories/customer-apps.mts';
import { defaultEngine } from './stories/default-engine.mts';
import { impersonation } from './stories/impersonation.mts';
import { loading } from './stories/loading.mts';
import { removal } from './stories/removal.mts';

interface Menu {
  readonly name: string;
  readonly options?: readonly { readonly value: string }[];
  readonly displayOptions?: { readonly show?: { readonly resource?: readonly string[] } };
}

await test('the packed package in a real n8n', async (n8n) => {
  const startedAt = performance.now();
  const scene = await openScene();
  n8n.after(async () => {
    await scene.stage.close();
    n8n.diagnostic(`the whole of it took ${Math.round((performance.now() - startedAt) / 1000)} s`);
  });
  n8n.diagnostic(`n8n was ready after ${scene.stage.server.startedInMs} ms`);

  await loading(n8n, scene);
  const invitation = await consent(n8n, scene);
  await certificates(n8n, scene);
  await activation(n8n, scene);
  await customerApps(n8n, scene);
  await impersonation(n8n, scene);
  await aiTool(n8n, scene);
  await defaultEngine(n8n, scene, invitation);
  await removal(n8n, scene);

  await n8n.test('every operation in the menus of the node has run', async () => {
    assert.deepEqual([...scene.ran].toSorted(), (await offered(scene)).toSorted());
  });

  await n8n.test("no secret stands in n8n's log, its database or what it keeps of executions", async () => {
    const log = scene.stage.server.log();
    const database = scene.stage.database.dump();
    assert.match(log, /Workflow execution/i, 'the search sees the log');
    assert.match(database, /ACCOUNT_NOT_FOUND/, 'the search sees the executions');
    assert.deepEqual([...scene.stage.secrets, ...scene.carried].filter((secret) => log.includes(secret) || database.includes(secret)), []);
  });
});

/** As n8n itself describes the node to its editor. */
async function offered({ stage }: Scene): Promise<readonly string[]> {
  const nodes = (await stage.client.call('GET', '/types/nodes.json')).body as { name: string; properties: Menu[] }[];
  const menus = nodes.find(({ name }) => name === `${PACKAGE}.m365Onboarding`)?.properties.filter(({ name }) => name === 'operation') ?? [];
  assert.ok(menus.length > 0, 'the node has menus');
  const everything = menus.flatMap(({ options = [], displayOptions }) => (displayOptions?.show?.resource ?? []).flatMap((resource) => options.map(({ value }) => `${resource}.${value}`)));
  // n8n adds it to every menu of a node with one of n8n's own OAuth2 credentials; it points to the HTTP Request node and runs nothing.
  return everything.filter((operation) => !operation.endsWith('.__CUSTOM_API_CALL__'));
}
