/**
 * What a person sees of the nodes in n8n's editor, in a real browser: what must be readable there is asserted; pictures go
 * into the folder that M365_ONBOARDING_PICTURES names, because how it looks is for people to judge.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readExample } from '../n8n/example.mts';
import { openStage, TRIGGER_PATH } from '../n8n/stage.mts';
import { type Box, findChromium, type Locator, openBrowser } from './chromium.mts';
import { openEditor } from './editor.mts';
import { draw, drawExample, proveTenant } from './scenery.mts';

const WINDOW = { width: 1400, height: 900 } as const;
const LARGE_WINDOW = { width: 2800, height: 2000 } as const;

await test("the nodes in n8n's editor", async (n8n) => {
  await using begun = new AsyncDisposableStack();
  const stage = await openStage();
  begun.defer(async () => stage.close());
  const { page, strangers, requestCount, close } = await openBrowser(findChromium() ?? '', WINDOW);
  begun.defer(close);
  const kept = await stage.saveCredentials();
  const consentPages = await proveTenant(stage, kept);
  const drawn = await draw(stage.client, kept);
  const editor = await openEditor(page, stage.server.origin, stage.client.owner);
  n8n.diagnostic(`the pictures are in ${editor.folder}`);

  await n8n.test('on the canvas a node says below its name what it does, in words', async () => {
    await editor.openWorkflow(drawn);
    const shown = (await editor.nodes.allInnerTexts()).join('\n');
    assert.match(shown, /Bind admin\s+bind: sso binding/);
    assert.match(shown, /Status of nobody\s+get status: onboarding/);
    await editor.shoot('canvas');
  });

  await n8n.test('the live list of admins begins with the recommended one and ends with who is excluded and why', async () => {
    await editor.openNode('Bind admin');
    const lines = await editor.lines('admin');
    assert.match(lines[0] ?? '', /^1\. .+, recommended \(.+@.+\)$/);
    const excluded = lines.filter((line) => /^Not selectable \(.+\): ./.test(line));
    assert.deepEqual(lines.slice(-excluded.length), excluded);
    assert.ok(excluded.some((line) => line.includes('(disabled)')), excluded.join('\n'));
    await editor.shoot('admins');
  });

  await n8n.test('no line of the list is cut off', async () => {
    const cutOff = await editor.entries.evaluateAll((lines) => lines.filter((line) => [line, ...line.querySelectorAll('*')].some(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth)).map(({ innerText }) => innerText));
    assert.deepEqual(cutOff, []);
  });

  await n8n.test('the recommended admin is chosen by a click', async () => {
    await editor.entries.first().click();
    await editor.entries.first().waitFor({ state: 'hidden' });
    assert.match(await editor.field('admin').inputValue(), /recommended/);
    const shown = await editor.panel.innerText();
    assert.match(shown, /M365 Partner App[\s\S]*M365 Onboarding State/, 'both credentials are told apart');
    await editor.shoot('bind');
    await editor.closeNode();
  });

  await n8n.test('a list that cannot be read says why, and what to do about it', async () => {
    await editor.openNode('Bind too early');
    const why = await editor.refusalOf('admin');
    assert.match(why, /No admin of the tenant has yet confirmed/);
    assert.match(why, /opens the invitation and confirms/);
    assert.match(why, /SSO_OWNERSHIP_UNPROVEN/);
    await editor.shoot('admins-unproven');
    await editor.closeNode();
  });

  await n8n.test('the list of admins asks for the account first', async () => {
    await editor.openNode('Bind nobody');
    assert.match(await editor.refusalOf('admin'), /once the customer account is chosen/);
    await editor.shoot('admins-without-account');
    await editor.closeNode();
  });

  await n8n.test('a refused operation shows in the panel what happened, the next step and the code', async () => {
    await editor.openNode('Status of nobody');
    await editor.execute();
    await editor.panel.getByText(/Code: ACCOUNT_NOT_FOUND/).first().waitFor();
    await editor.shoot('refused');
    await editor.closeNode();
  });

  await n8n.test('the node creator finds both nodes', async () => {
    const found = await (await editor.find('m365', 'M365 Consent Trigger')).innerText();
    assert.match(found, /M365 Onboarding\s[\s\S]*M365 Consent Trigger\s/);
    await editor.shoot('node-creator');
  });

  await n8n.test('the trigger shows the two production URLs that are registered, and how to find them', async () => {
    await editor.openWorkflow(consentPages);
    await editor.openNode('M365 Consent Trigger');
    await editor.panel.getByText('Production URL').first().waitFor();
    await editor.shoot('trigger');
    await editor.panel.getByText('Webhook URLs').first().click();
    await editor.panel.getByText('Production URL').first().click();
    const base = `${stage.server.origin}/webhook/${TRIGGER_PATH}`;
    await editor.panel.getByText(`${base}/consent/callback`).first().waitFor();
    const shown = await editor.panel.innerText();
    assert.deepEqual([...shown.matchAll(/http\S+/g)].map(([address]) => address), [`${base}/consent/callback`, `${base}/sign-in/callback`]);
    assert.doesNotMatch(shown, /Pull in events/, "n8n's own words would ask to test what cannot be tested");
    await editor.shoot('trigger-urls');
    await editor.closeNode();
  });

  await n8n.test('both credential dialogs say that their test passed, and show nothing secret', async () => {
    for (const [type, { id }] of Object.entries(kept)) {
      const dialog = await editor.openCredential(id);
      await dialog.getByText('tested successfully').first().waitFor();
      await dialog.getByText('Retry').first().waitFor();
      await editor.shoot(`credential-${type}`);
      const shown = await page.content();
      assert.deepEqual(stage.secrets.filter((secret) => shown.includes(secret)), []);
    }
  });

  await n8n.test('in the dark theme the icons are the dark ones', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await editor.openWorkflow(drawn);
    const icons = await editor.nodes.locator('img').evaluateAll((images) => images.map((image) => image.getAttribute('src') ?? ''));
    const own = icons.filter((source) => source.includes('m365Onboarding'));
    assert.ok(own.length > 0, icons.join('\n'));
    assert.deepEqual(own.filter((source) => !source.endsWith('.dark.svg')), []);
    await editor.shoot('dark-canvas');
    await editor.openNode('Bind admin');
    await editor.lines('admin');
    await editor.shoot('dark-admins');
    await editor.closeNode();
    await editor.openWorkflow(consentPages);
    await editor.openNode('M365 Consent Trigger');
    await editor.shoot('dark-trigger');
    await editor.closeNode();
    await page.emulateMedia({ colorScheme: 'light' });
  });

  await n8n.test('in the example workflow no note covers another, and every node stands on one with its name', async () => {
    await page.setViewportSize(LARGE_WINDOW);
    const example = readExample('onboard-tenant');
    await editor.openWorkflow(await drawExample(stage.client, example, kept));
    await editor.notes.last().waitFor();
    const [nodes, notes] = await Promise.all([boxesOf(editor.nodes), boxesOf(editor.notes)]);
    assert.equal(nodes.length + notes.length, example.nodes.length);
    await editor.shoot('example');
    for (const [index, note] of notes.entries()) assert.ok(notes.slice(index + 1).every((other) => !overlap(note, other)), `Note ${index + 1} covers another one.`);
    // Its name and what it does stand below a node, in less room than the node itself takes.
    const askew = nodes.filter((node) => notes.filter((note) => contains(note, { ...node, height: node.height * 1.9 })).length !== 1);
    assert.deepEqual(askew, []);
  });

  await n8n.test('the browser asked nobody off this machine for anything', () => {
    assert.ok(requestCount() > 100, 'the requests were seen');
    assert.deepEqual(strangers, []);
  });
});

async function boxesOf(locator: Locator): Promise<readonly Box[]> {
  return locator.evaluateAll((drawn) => drawn.map((one) => one.getBoundingClientRect()).map(({ x, y, width, height }) => ({ x, y, width, height })));
}

function overlap(one: Box, other: Box): boolean {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
}

function contains(outer: Box, inner: Box): boolean {
  return outer.x <= inner.x && outer.y <= inner.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;
}
