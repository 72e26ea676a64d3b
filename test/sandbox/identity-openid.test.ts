/** Refresh tokens, UserInfo and logout: what a client may do after a sign-in. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningSandbox } from '../../src/sandbox/index';
import { app, authorizeUrl, Browser, openSandbox, person, postForm, send, tenantId, type Reply, type ReplyBody } from './support';
import { expectEveryRuleSeen } from './rule-coverage';

const CALLBACK = 'http://localhost:4180/sign-in/callback';
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

function askToken(fields: Readonly<Record<string, string>>, tenant = contoso, appKey = 'backup'): Promise<Reply> {
  const { appId, clientSecret } = app(sandbox, appKey);
  return postForm(sandbox, `/${tenant}/oauth2/v2.0/token`, { client_id: appId, client_secret: clientSecret, ...fields });
}
const refresh = (token: string, tenant = contoso, appKey = 'backup') => askToken({ grant_type: 'refresh_token', refresh_token: token }, tenant, appKey);
const codeOf = (reply: Reply) => reply.json().error_codes?.[0];
const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;

async function signIn(scope = 'openid profile email offline_access'): Promise<ReplyBody> {
  let page = await browser.signIn(await browser.open(authorizeUrl(sandbox, contoso, { scope })), person(sandbox, 'contoso/ada'));
  if (page.has('accept')) page = await browser.press(page, 'accept');
  const reply = await askToken({ grant_type: 'authorization_code', code: page.callback?.searchParams.get('code') ?? '', redirect_uri: CALLBACK });
  expect(reply.rule).toBe('CODE-REDEEMED');
  return reply.json();
}

const userinfo = (bearer: string) => send(sandbox, '/oidc/userinfo', { headers: { authorization: `Bearer ${bearer}` } });

describe('a refresh token', () => {
  it('comes with offline_access alone, and answers with a new one and the same person, without a nonce', async () => {
    expect(await signIn('openid profile')).not.toHaveProperty('refresh_token');
    const first = await signIn();
    const reply = await refresh(first.refresh_token);
    const again = reply.json();
    expect(reply.rule).toBe('OIDC-REFRESH-REDEEMED');
    expect(again.refresh_token).not.toBe(first.refresh_token);
    const [before, after] = [claimsOf(first.id_token), claimsOf(again.id_token)];
    for (const name of ['iss', 'sub', 'aud', 'oid', 'tid']) expect([name, after[name]]).toEqual([name, before[name]]);
    expect([before['nonce'], after['nonce']]).toEqual(['no-1', undefined]);
    expect((await refresh(first.refresh_token)).status).toBe(200);
  });

  it('is refused to another client, at another tenant, when made up, and after ninety days of disuse', async () => {
    const { refresh_token: token } = await signIn();
    expect(codeOf(await refresh(token, contoso, 'restore'))).toBe(70000);
    expect(codeOf(await refresh(token, tenantId(sandbox, 'fabrikam')))).toBe(70000);
    expect(codeOf(await refresh('made-up'))).toBe(70000);
    expect(codeOf(await refresh(''))).toBe(900144);
    sandbox.clock.advance(90 * 86_400 - 1);
    const { refresh_token: fresh } = (await refresh(token)).json();
    sandbox.clock.advance(1);
    expect(codeOf(await refresh(token))).toBe(700082);
    expect((await refresh(fresh)).status).toBe(200);
  });

  it('ends with the consent and with the person\'s account', async () => {
    const { refresh_token: token } = await signIn();
    const tenant = sandbox.world.tenants.get(contoso);
    const now = sandbox.clock.now();
    const ada = tenant?.users.get(person(sandbox, 'contoso/ada').objectId, now);
    if (tenant === undefined || ada === undefined) throw new Error('nobody');
    tenant.users.put(ada.id, { ...ada, accountEnabled: false }, now);
    expect(codeOf(await refresh(token))).toBe(50057);
    tenant.users.put(ada.id, ada, now);
    for (const principal of tenant.servicePrincipals.list(now)) if (principal.appId === app(sandbox).appId) tenant.servicePrincipals.delete(principal.id, now);
    expect(codeOf(await refresh(token))).toBe(65001);
  });

  it.each([
    ['refreshed-iss-other', 'iss'],
    ['refreshed-sub-other', 'sub'],
  ])('can be answered wrongly (%s), while the code is answered rightly', async (id, claim) => {
    sandbox.setRelyingParty(id);
    const first = await signIn();
    const reply = await refresh(first.refresh_token);
    expect(reply.rule).toBe('RP-CASE');
    expect(claimsOf(reply.json().id_token)[claim]).not.toBe(claimsOf(first.id_token)[claim]);
  });
});

describe('UserInfo', () => {
  it('tells who the token is for, by its scopes, under the subject of the ID token', async () => {
    const all = await signIn();
    const reply = await userinfo(all.access_token);
    expect(reply.rule).toBe('OIDC-USERINFO');
    expect(JSON.parse(reply.text)).toEqual({ sub: claimsOf(all.id_token)['sub'], name: 'Ada Lindqvist', email: 'ada@contoso.example', picture: `${sandbox.ready.graph}/v1.0/me/photo/$value` });
    sandbox.reset();
    browser = new Browser(sandbox);
    const few = await signIn('openid');
    expect(Object.keys(JSON.parse((await userinfo(few.access_token)).text) as object)).toEqual(['sub']);
  });

  it('takes no ID token and nothing made up, and can be wrong on purpose', async () => {
    const { id_token: idToken, access_token: accessToken } = await signIn();
    for (const bearer of ['', 'made.up.token', idToken]) {
      const reply = await userinfo(bearer);
      expect([reply.status, reply.rule, reply.headers['www-authenticate']]).toEqual([401, 'OIDC-USERINFO-TOKEN', 'Bearer error="invalid_token"']);
    }
    sandbox.setRelyingParty('userinfo-sub-other');
    expect(JSON.parse((await userinfo(accessToken)).text)).toMatchObject({ sub: 'another-person', name: 'Ada Lindqvist' });
  });
});

describe('logout begun by the app', () => {
  const logout = (parameters: Readonly<Record<string, string>>) => browser.open(`/${contoso}/oauth2/v2.0/logout?${new URLSearchParams(parameters).toString()}`);

  it('ends the session and goes back to a registered address with the state', async () => {
    await signIn();
    const back = await logout({ post_logout_redirect_uri: CALLBACK, state: 'st-9' });
    expect([back.rule, back.callback?.toString()]).toEqual(['OIDC-LOGOUT', `${CALLBACK}?state=st-9`]);
    expect((await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'none' }))).callback?.searchParams.get('error')).toBe('login_required');
  });

  it('never goes to an address nobody registered', async () => {
    await signIn();
    const page = await logout({ post_logout_redirect_uri: 'https://elsewhere.example/' });
    expect([page.callback, page.has('signed-out')]).toEqual([undefined, true]);
  });
});

expectEveryRuleSeen('OIDC-');
