import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningSandbox } from '../../src/sandbox/index';
import { verifyAccessToken } from '../../src/sandbox/access-tokens';
import { app, authorizeUrl, Browser, control, grantConsent, openSandbox, person, postForm, send, tenantId, type Reply } from './support';
import { expectEveryRuleSeen } from './rule-coverage';

let sandbox: RunningSandbox;
let browser: Browser;
let contoso: string;

beforeAll(async () => {
  sandbox = await openSandbox();
});
beforeEach(() => {
  sandbox.reset();
  browser = new Browser(sandbox);
  contoso = tenantId(sandbox, 'contoso');
});
afterAll(() => sandbox.stop());

async function callback(): Promise<URL> {
  let page = await browser.signIn(await browser.open(authorizeUrl(sandbox, contoso)), person(sandbox, 'contoso/ada'));
  if (page.has('accept')) page = await browser.press(page, 'accept');
  if (page.callback === undefined) throw new Error(`no callback: ${page.rule}`);
  return page.callback;
}

async function redeem(): Promise<Reply> {
  const code = (await callback()).searchParams.get('code') ?? '';
  const { appId, clientSecret } = app(sandbox);
  return postForm(sandbox, `/${contoso}/oauth2/v2.0/token`, { client_id: appId, client_secret: clientSecret, grant_type: 'authorization_code', code, redirect_uri: 'http://localhost:4180/sign-in/callback' });
}

const claimsOf = (idToken: string) => JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
const kidsNow = async () => (await send(sandbox, `/${contoso}/discovery/v2.0/keys`)).json().keys.map(({ kid }) => kid);

describe('a relying-party case', () => {
  it('changes one thing, says so in a header, and ends with a reset', async () => {
    const right = claimsOf((await redeem()).json().id_token);
    expect((await control(sandbox, 'POST', '/relying-party', { case: 'nonce-wrong' })).status).toBe(200);
    const reply = await redeem();
    expect([reply.rule, reply.headers['x-sandbox-relying-party']]).toEqual(['RP-CASE', 'nonce-wrong']);
    const wrong = claimsOf(reply.json().id_token);
    const isOnceOnly = (name: string) => ['aio', 'rh', 'uti'].includes(name);
    expect(Object.keys(wrong).filter((name) => !isOnceOnly(name) && wrong[name] !== right[name])).toEqual(['nonce']);
    sandbox.reset();
    expect((await redeem()).rule).toBe('CODE-REDEEMED');
  });

  it('about documents leaves tokens alone, and one about callbacks leaves the code valid', async () => {
    sandbox.setRelyingParty('discovery-issuer-other');
    const document = await send(sandbox, `/${contoso}/v2.0/.well-known/openid-configuration`);
    expect([document.rule, document.json().issuer]).toEqual(['RP-CASE', 'https://login.elsewhere.example/v2.0']);
    expect((await redeem()).rule).toBe('CODE-REDEEMED');
    sandbox.setRelyingParty('state-missing');
    expect((await callback()).searchParams.has('state')).toBe(false);
    expect((await redeem()).status).toBe(200);
  });

  it('can be set for one app alone, and an unknown one is refused at the door', async () => {
    await control(sandbox, 'POST', '/relying-party', { case: 'keys-empty', appId: app(sandbox, 'restore').appId });
    expect(await kidsNow()).not.toEqual([]);
    await control(sandbox, 'POST', '/relying-party', { case: 'keys-empty' });
    expect(await kidsNow()).toEqual([]);
    for (const body of [{ case: 'no-such-case' }, { case: 7 }, { case: 'keys-empty', appId: 7 }, {}]) expect((await control(sandbox, 'POST', '/relying-party', body)).status).toBe(400);
    const listed = (await control(sandbox, 'GET', '/relying-party')).json.items;
    expect(listed.length).toBeGreaterThan(50);
    expect(listed[0]).toMatchObject({ id: expect.any(String), statement: expect.any(String), outcome: expect.stringMatching(/^(?:accept|refuse|may-refuse)$/) });
  });

  it('can be in force from the start, for all apps or some', async () => {
    const started = await openSandbox({ relyingParty: { backup: 'nonce-wrong' } });
    expect((await control(started, 'GET', '/relying-party')).json).toMatchObject({ inForce: { all: null, apps: { [app(started).appId]: 'nonce-wrong' } } });
    await started.stop();
  });
});

describe('a roll-over of the signing keys', () => {
  const appToken = async () => {
    const { appId, clientSecret } = app(sandbox);
    const fields = { client_id: appId, client_secret: clientSecret, grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default' };
    return (await postForm(sandbox, `/${contoso}/oauth2/v2.0/token`, fields)).json().access_token;
  };
  const kidOf = (token: string) => (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')) as { kid: string }).kid;
  const roll = (step: unknown) => control(sandbox, 'POST', '/signing-keys', { step });
  const isTaken = (token: string) => verifyAccessToken(sandbox.world, token, 'https://graph.microsoft.com').ok;

  it('publishes the next key before it signs, and withdraws the old one last', async () => {
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    const before = await kidsNow();
    const old = kidOf(await appToken());
    await roll('publish');
    const next = (await kidsNow()).find((kid) => !before.includes(kid));
    expect(kidOf(await appToken())).toBe(old);
    await roll('publish');
    expect(await kidsNow()).toHaveLength(before.length + 1);
    await roll('sign');
    const token = await appToken();
    expect(kidOf(token)).toBe(next);
    expect(await kidsNow()).toContain(old);
    await roll('withdraw');
    expect(await kidsNow()).not.toContain(old);
    expect(await kidsNow()).toHaveLength(before.length);
  });

  it('leaves tokens of the withdrawn key good until they end, unless it is an emergency', async () => {
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    const token = await appToken();
    await roll('complete');
    expect(isTaken(token)).toBe(true);
    await roll('emergency');
    expect(isTaken(token)).toBe(false);
    expect(isTaken(await appToken())).toBe(true);
    expect((await roll('sideways')).status).toBe(400);
    expect((await control(sandbox, 'GET', '/signing-keys')).json).toMatchObject({ retired: [], current: kidOf(await appToken()) });
  });
});

expectEveryRuleSeen('RP-');
