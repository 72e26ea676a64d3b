import { createHash, createPublicKey, verify } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningSandbox } from '../../src/sandbox/index';
import { decodeJwt, hasValidSignature } from '../../src/sandbox/jwt';
import type { ServicePrincipal } from '../../src/sandbox/model';
import {
  app,
  ASSERTION_TYPE,
  authorizeUrl,
  Browser,
  clientAssertion,
  grantConsent,
  makeCertificate,
  openSandbox,
  person,
  postForm,
  registerKey,
  send,
  tenantId,
  type Page,
  type Reply,
} from './support';
import { expectEveryRuleSeen } from './rule-coverage';

const CALLBACK = 'http://localhost:4180/sign-in/callback';
const VERIFIER = 'v'.repeat(64);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

let shared: RunningSandbox;
let sandbox: RunningSandbox;
let browser: Browser;
let contoso: string;

beforeAll(async () => {
  shared = await openSandbox({ seed: { apps: [{ key: 'inhouse', name: 'In-house', round: 3, multiTenant: false, permissions: [] }] } });
});

beforeEach(async () => {
  shared.reset();
  sandbox = shared;
  contoso = tenantId(sandbox, 'contoso');
  await grantConsent(sandbox, 'contoso', 'contoso/ada');
  browser = new Browser(sandbox);
});

afterEach(async () => {
  if (sandbox !== shared) await sandbox.stop();
});

afterAll(() => shared.stop());

type Parameters = Readonly<Record<string, string | undefined>>;

async function arrive(who: string, tenant = contoso, parameters: Parameters = {}): Promise<Page> {
  return browser.signIn(await browser.open(authorizeUrl(sandbox, tenant, parameters)), person(sandbox, who));
}

const members = (page: Page) => Object.fromEntries(page.callback?.searchParams ?? []);

/** A code for Ada at Contoso with PKCE, unless told otherwise. */
async function obtainCode(who = 'contoso/ada', tenant = contoso, parameters: Parameters = {}): Promise<string> {
  const done = await arrive(who, tenant, { code_challenge: CHALLENGE, code_challenge_method: 'S256', ...parameters });
  return members(done).code ?? '';
}

function redeem(code: string, fields: Readonly<Record<string, string>> = {}, tenant = contoso): Promise<Reply> {
  const { appId, clientSecret } = app(sandbox);
  const all = { grant_type: 'authorization_code', client_id: appId, client_secret: clientSecret, code, redirect_uri: CALLBACK, code_verifier: VERIFIER, ...fields };
  return postForm(sandbox, `/${tenant}/oauth2/v2.0/token`, Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')));
}

const idToken = (reply: Reply) => decodeJwt(reply.json().id_token);
const claimsOf = (reply: Reply) => idToken(reply)?.claims ?? {};

function expectRefusal(reply: Reply, code: number, error: string, status = 400): void {
  const body = reply.json();
  expect({ status: reply.status, error: body.error, error_codes: body.error_codes }).toEqual({ status, error, error_codes: [code] });
}

describe('the account picker', () => {
  it("lists a tenant's people, guests by the name they sign in with, and a way to any other account", async () => {
    const page = await browser.open(authorizeUrl(sandbox, contoso));
    const upns = page.all('account').map(({ attributes }) => attributes['data-upn']);
    expect(upns).toEqual(expect.arrayContaining(['ada@contoso.example', 'grace@contoso.onmicrosoft.com', 'felix@fabrikam.example', 'dora@contoso.example']));
    expect(upns).toHaveLength(11);
    expect(page.has('use-another-account')).toBe(true);
  });

  it('lists everybody once when any tenant will do', async () => {
    const upns = (await browser.open(authorizeUrl(sandbox, 'organizations'))).all('account').map(({ attributes }) => attributes['data-upn']);
    expect(new Set(upns).size).toBe(upns.length);
    expect(upns).toHaveLength(2 + 10 + 9 + 3 * 3 + 6);
  });

  it('is a page without scripts that escapes what it shows and may not be framed', async () => {
    const { reply } = await browser.open(authorizeUrl(sandbox, contoso));
    expect(reply.text).not.toContain('<script');
    expect(reply.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'nonce-[^']+'; base-uri 'none'; frame-ancestors 'none'$/);
    const hostile = await browser.press(await browser.press(await browser.open(authorizeUrl(sandbox, contoso)), 'use-another-account'), 'submit', { username: '"><script>alert(1)</script>' });
    expect(hostile.rule).toBe('SIGNIN-UNKNOWN-ACCOUNT');
    expect(hostile.reply.text).not.toContain('<script>');
    expect(hostile.all('username')[0]?.attributes.value).toBe('"><script>alert(1)</script>');
  });

  it('asks a picked account for its password, and keeps a wrong one on the page', async () => {
    const password = await browser.press(await browser.open(authorizeUrl(sandbox, contoso)), 'ada@contoso.example');
    expect([password.rule, password.text('identity')]).toEqual(['SIGNIN-PASSWORD', 'ada@contoso.example']);
    const wrong = await browser.press(password, 'submit', { password: 'guess' });
    expect([wrong.status, wrong.errorCode, wrong.has('password')]).toEqual([200, 'AADSTS50126', true]);
    const right = await browser.press(wrong, 'submit', { password: person(sandbox, 'contoso/ada').password });
    expect(members(right).code).toBeTruthy();
  });

  it('keeps an account nobody has on the page', async () => {
    const username = await browser.press(await browser.open(authorizeUrl(sandbox, contoso)), 'use-another-account');
    const unknown = await browser.press(username, 'submit', { username: 'ghost@contoso.example' });
    expect([unknown.status, unknown.errorCode]).toEqual([200, 'AADSTS50034']);
    const external = await browser.press(unknown, 'submit', { username: 'felix_fabrikam.example#EXT#@contoso.onmicrosoft.com' });
    expect(external.errorCode).toBe('AADSTS50034');
  });
});

describe('who is let in', () => {
  it('refuses a disabled account on a page, even with the right password', async () => {
    const page = await arrive('contoso/dora');
    expect([page.status, page.errorCode, page.callback]).toEqual([400, 'AADSTS50057', undefined]);
    const signedIn = (await browser.open(authorizeUrl(sandbox, contoso))).all('account').filter(({ attributes }) => attributes['data-signed-in'] === 'true');
    expect(signedIn).toEqual([]);
  });

  it('refuses an account that was disabled after it signed in', async () => {
    await arrive('contoso/ada');
    const tenant = sandbox.world.tenants.get(contoso);
    const ada = tenant?.users.get(person(sandbox, 'contoso/ada').objectId, sandbox.clock.now());
    if (tenant === undefined || ada === undefined) throw new Error('no Ada');
    tenant.users.put(ada.id, { ...ada, accountEnabled: false }, sandbox.clock.now());
    expect((await browser.open(authorizeUrl(sandbox, contoso))).errorCode).toBe('AADSTS50057');
    expect(members(await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'none' }))).error_description).toMatch(/^AADSTS50057/);
  });

  it('refuses a guest whose object in the tenant is disabled', async () => {
    const tenant = sandbox.world.tenants.get(contoso);
    const guest = tenant?.users.list(sandbox.clock.now()).find((user) => user.home !== null);
    if (tenant === undefined || guest === undefined) throw new Error('no guest');
    tenant.users.put(guest.id, { ...guest, accountEnabled: false }, sandbox.clock.now());
    expect((await arrive('contoso/felix')).errorCode).toBe('AADSTS50057');
  });

  it("refuses a person of another tenant on a page, and lets them try another account", async () => {
    const page = await arrive('fabrikam/gabriela');
    expect([page.status, page.errorCode, page.callback]).toEqual([400, 'AADSTS50020', undefined]);
    const username = await browser.press(page, 'use-another-account');
    expect(members(await browser.signIn(username, person(sandbox, 'contoso/ada'))).code).toBeTruthy();
  });

  it('refuses a disabled service principal and an app that requires assignment', async () => {
    const tenant = sandbox.world.tenants.get(contoso);
    const principal = tenant?.servicePrincipals.list(sandbox.clock.now()).find((row) => row.appId === app(sandbox).appId);
    if (tenant === undefined || principal === undefined) throw new Error('no principal');
    const write = (row: ServicePrincipal) => tenant.servicePrincipals.put(row.id, row, sandbox.clock.now());
    write({ ...principal, accountEnabled: false });
    expect((await arrive('contoso/ada')).errorCode).toBe('AADSTS7000112');
    write({ ...principal, appRoleAssignmentRequired: true });
    expect((await browser.open(authorizeUrl(sandbox, contoso))).errorCode).toBe('AADSTS50105');
  });

  it('remembers the browser: the only account goes straight through, several bring the picker', async () => {
    await arrive('contoso/ada');
    expect(members(await browser.open(authorizeUrl(sandbox, contoso))).code).toBeTruthy();
    const other = await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'select_account' }));
    await browser.signIn(other, person(sandbox, 'contoso/nora'));
    const both = await browser.open(authorizeUrl(sandbox, contoso));
    expect(both.all('account').slice(0, 2).map(({ attributes }) => [attributes['data-upn'], attributes['data-signed-in']])).toEqual([
      ['nora@contoso.example', 'true'],
      ['ada@contoso.example', 'true'],
    ]);
    expect(members(await browser.press(both, 'ada@contoso.example')).code).toBeTruthy();
  });

  it('takes a login_hint to the password, or through when that account is signed in', async () => {
    const hinted = await browser.open(authorizeUrl(sandbox, contoso, { login_hint: 'ada@contoso.example' }));
    expect(hinted.text('identity')).toBe('ada@contoso.example');
    await browser.press(hinted, 'submit', { password: person(sandbox, 'contoso/ada').password });
    expect(members(await browser.open(authorizeUrl(sandbox, contoso, { login_hint: 'ada@contoso.example' }))).code).toBeTruthy();
  });

  it('asks for the password again with prompt=login, whoever is signed in', async () => {
    await arrive('contoso/ada');
    const picker = await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'login' }));
    expect(picker.rule).toBe('SIGNIN-PICKER');
    const password = await browser.press(picker, 'ada@contoso.example');
    expect(password.rule).toBe('SIGNIN-PASSWORD');
    expect(members(await browser.press(password, 'submit', { password: person(sandbox, 'contoso/ada').password })).code).toBeTruthy();
  });

  it("does not count one account's fresh password for another with prompt=login, whichever page it is picked on", async () => {
    await arrive('contoso/ada');
    const first = await browser.open(authorizeUrl(sandbox, contoso, { client_id: app(sandbox, 'restore').appId, prompt: 'login' }));
    const consentPage = await browser.signIn(first, person(sandbox, 'contoso/nora'));
    expect(consentPage.text('signed-in-as')).toBe('nora@contoso.example');
    const second = await browser.press(consentPage, 'switch-account');
    expect((await browser.press(second, 'ada@contoso.example')).rule).toBe('SIGNIN-PASSWORD');
    const again = await browser.signIn(second, person(sandbox, 'contoso/nora'));
    expect(again.has('accept')).toBe(true);
    expect((await browser.press(first, 'ada@contoso.example')).rule).toBe('SIGNIN-PASSWORD');
  });

  it('shows nothing with prompt=none: a code, or an error at the redirect URI', async () => {
    expect(members(await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'none' })))).toMatchObject({ error: 'login_required', state: 'st-2' });
    await arrive('contoso/ada');
    expect(members(await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'none' }))).code).toBeTruthy();
    const unconsented = await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'none', client_id: app(sandbox, 'restore').appId }));
    expect(members(unconsented)).toMatchObject({ error: 'interaction_required' });
    expect(members(unconsented).error_description).toMatch(/^AADSTS65001/);
  });

  it('keeps the session in a cookie that scripts cannot read and that arrives with a redirect from another site', async () => {
    const { reply } = await browser.open(authorizeUrl(sandbox, contoso));
    expect(reply.headers['set-cookie']).toEqual([expect.stringMatching(/^SANDBOXAUTH=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=None$/)]);
  });

  it('refuses a form that belongs to no sign-in of this browser', async () => {
    const page = await browser.open(authorizeUrl(sandbox, contoso));
    expect((await new Browser(sandbox).press(page, 'ada@contoso.example')).rule).toBe('SIGNIN-STALE');
  });
});

describe('the answer to the app', () => {
  it('carries code, state and session_state in the query, and no iss parameter', async () => {
    const done = await arrive('contoso/ada');
    expect(`${done.callback?.origin}${done.callback?.pathname}`).toBe(CALLBACK);
    expect(Object.keys(members(done))).toEqual(['code', 'session_state', 'state']);
  });

  it('is posted by a page with form_post, by its button where scripts do not run', async () => {
    const page = await arrive('contoso/ada', contoso, { response_mode: 'form_post' });
    expect(page.rule).toBe('AUTHZ-FORM-POST');
    const [form] = page.forms;
    expect(form?.action).toBe(CALLBACK);
    expect(form?.fields.map(({ attributes }) => attributes.name)).toEqual(['code', 'session_state', 'state']);
    expect(page.has('continue')).toBe(true);
    const nonce = /script-src 'nonce-([^']+)'/.exec(String(page.reply.headers['content-security-policy']))?.[1];
    expect(page.reply.text).toContain(`<script nonce="${nonce}">`);
  });

  it.each<[string, Parameters, string, number]>([
    ['a response_type that web apps have switched off', { response_type: 'id_token' }, 'unsupported_response_type', 700054],
    ['no response_type', { response_type: undefined }, 'invalid_request', 900144],
    ['no scope', { scope: undefined }, 'invalid_request', 900144],
    ['an unknown response_mode', { response_mode: 'pigeon' }, 'invalid_request', 70007],
    ['an unknown prompt', { prompt: 'admin_consent' }, 'invalid_request', 90023],
    ['a hint together with select_account', { prompt: 'select_account', login_hint: 'ada@contoso.example' }, 'invalid_request', 90005],
    ['a challenge of the wrong size', { code_challenge: 'short', code_challenge_method: 'S256' }, 'invalid_request', 50147],
  ])('reports %s at the redirect URI', async (_what, parameters, error, code) => {
    const page = await browser.open(authorizeUrl(sandbox, contoso, parameters));
    expect(members(page)).toMatchObject({ error, state: 'st-2' });
    expect(members(page).error_description).toMatch(new RegExp(`^AADSTS${code}: `));
  });

  it('leaves out what is not modelled rather than guessing it', async () => {
    for (const parameters of [{ response_mode: 'fragment' }, { response_type: 'code id_token' }, { claims: '{"id_token":{"auth_time":{"essential":true}}}' }, { claims: '{"access_token":{"xms_cc":{"values":["cp1"]}}}' }, { claims: 'x' }, { max_age: '0' }, { scope: 'openid https://management.azure.com/user_impersonation' }]) {
      expect((await browser.open(authorizeUrl(sandbox, contoso, parameters))).status, JSON.stringify(parameters)).toBe(501);
    }
  });
});

it('leaves out claims that were asked for as voluntary, as MSAL always asks', async () => {
  const page = await browser.open(authorizeUrl(sandbox, contoso, { claims: '{"id_token":{"login_hint":{"essential":false},"acct":null}}' }));
  expect(page.rule).toBe('SIGNIN-PICKER');
});

describe('what stays on a page and is never redirected', () => {
  it.each<[string, string | undefined, Parameters, string]>([
    ['a redirect URI nobody registered', undefined, { redirect_uri: 'https://evil.example/callback' }, 'AADSTS50011'],
    ['one that differs in its path', undefined, { redirect_uri: `${CALLBACK}/` }, 'AADSTS50011'],
    ['one that differs in case', undefined, { redirect_uri: CALLBACK.replace('callback', 'Callback') }, 'AADSTS50011'],
    ['localhost by number', undefined, { redirect_uri: 'http://127.0.0.1/sign-in/callback' }, 'AADSTS50011'],
    ['localhost over https', undefined, { redirect_uri: 'https://localhost/sign-in/callback' }, 'AADSTS50011'],
    ['a host that only begins like localhost', undefined, { redirect_uri: 'http://localhost.evil.example/sign-in/callback' }, 'AADSTS50011'],
    ['user information before the host', undefined, { redirect_uri: 'http://localhost:80@evil.example/sign-in/callback' }, 'AADSTS50011'],
    ['an added query', undefined, { redirect_uri: `${CALLBACK}?next=evil` }, 'AADSTS50011'],
    ['no redirect URI', undefined, { redirect_uri: undefined }, 'AADSTS900971'],
    ['no client', undefined, { client_id: undefined }, 'AADSTS900144'],
    ['an unknown client', undefined, { client_id: '5f2e0000-0000-4000-8000-00000000beef' }, 'AADSTS700016'],
    ['an unknown tenant', 'nowhere.example', {}, 'AADSTS90002'],
  ])('%s', async (_what, tenant, parameters, code) => {
    const page = await browser.open(authorizeUrl(sandbox, tenant ?? contoso, parameters));
    expect([page.status, page.errorCode, page.callback]).toEqual([400, code, undefined]);
  });

  it('a single-tenant app at a shared authority or in another tenant', async () => {
    const parameters = { client_id: app(sandbox, 'inhouse').appId };
    expect((await browser.open(authorizeUrl(sandbox, 'organizations', parameters))).errorCode).toBe('AADSTS50194');
    expect((await browser.open(authorizeUrl(sandbox, contoso, parameters))).errorCode).toBe('AADSTS700016');
    expect((await browser.open(authorizeUrl(sandbox, sandbox.ready.homeTenantId, parameters))).rule).toBe('SIGNIN-PICKER');
  });

  it('an app without any registered redirect URI', async () => {
    const home = sandbox.world.tenants.get(sandbox.world.homeTenantId);
    const registered = home?.applications.get(app(sandbox).objectId, sandbox.clock.now());
    if (home === undefined || registered === undefined) throw new Error('no application');
    home.applications.put(registered.id, { ...registered, redirectUris: [] }, sandbox.clock.now());
    expect((await browser.open(authorizeUrl(sandbox, contoso))).errorCode).toBe('AADSTS500113');
  });

  it('takes any port of http://localhost', async () => {
    for (const uri of ['http://localhost/sign-in/callback', 'http://localhost:1/sign-in/callback']) {
      expect((await browser.open(authorizeUrl(sandbox, contoso, { redirect_uri: uri }))).rule).toBe('SIGNIN-PICKER');
    }
  });
});

describe('consent at sign-in', () => {
  const restore = () => ({ client_id: app(sandbox, 'restore').appId });

  it('is asked where nobody has consented, and grants for this person alone', async () => {
    const page = await arrive('contoso/nora', contoso, restore());
    expect(page.rule).toBe('AUTHZ-CONSENT');
    expect(page.all('permission').map(({ attributes }) => attributes['data-value'])).toEqual(['openid', 'profile', 'email']);
    expect(members(await browser.press(page, 'accept')).code).toBeTruthy();
    const tenant = sandbox.world.tenants.get(contoso);
    const principal = tenant?.servicePrincipals.list(sandbox.clock.now()).find((row) => row.appId === restore().client_id);
    const grant = tenant?.oauth2PermissionGrants.list(sandbox.clock.now()).find((row) => row.clientId === principal?.id);
    expect(grant).toMatchObject({ consentType: 'Principal', principalId: person(sandbox, 'contoso/nora').objectId });
    expect(tenant?.appRoleAssignments.list(sandbox.clock.now()).some((row) => row.principalId === principal?.id)).toBe(false);
    expect(members(await browser.open(authorizeUrl(sandbox, contoso, restore()))).code).toBeTruthy();
  });

  it('is asked again with prompt=consent, and declining reaches the app', async () => {
    const page = await arrive('contoso/ada', contoso, { prompt: 'consent' });
    expect(page.rule).toBe('AUTHZ-CONSENT');
    expect(members(await browser.press(page, 'cancel'))).toMatchObject({ error: 'access_denied', state: 'st-2' });
  });

  it('needs an administrator for an admin permission', async () => {
    const page = await arrive('contoso/nora', contoso, { scope: 'openid Directory.Read.All' });
    expect([page.rule, page.errorCode]).toEqual(['AUTHZ-ADMIN-NEEDED', 'AADSTS90094']);
    expect(members(await browser.press(page, 'return-to-app'))).toMatchObject({ error: 'access_denied', error_subcode: 'cancel' });
  });
});

describe('redeeming a code', () => {
  it('answers an ID token of version 2.0, signed with a key the tenant publishes for its issuer', async () => {
    const reply = await redeem(await obtainCode());
    expect(reply.json()).toMatchObject({ token_type: 'Bearer', scope: 'openid profile email User.Read', expires_in: 3599 });
    expect(reply.json()).not.toHaveProperty('refresh_token');
    const jwt = idToken(reply);
    const { keys } = (await send(sandbox, `/${contoso}/discovery/v2.0/keys`)).json();
    const key = keys.find((candidate) => candidate.kid === jwt?.header.kid);
    expect(key?.issuer.replace('{tenantid}', contoso)).toBe(jwt?.claims.iss);
    const signed = reply.json().id_token.split('.').slice(0, 2).join('.');
    const publicKey = createPublicKey({ key: { kty: 'RSA', n: key?.n ?? '', e: key?.e ?? '' }, format: 'jwk' });
    expect(verify('sha256', Buffer.from(signed), publicKey, jwt?.signature ?? Buffer.alloc(0))).toBe(true);
    expect(jwt?.header).toEqual({ typ: 'JWT', alg: 'RS256', kid: key?.kid });
    const nowSeconds = Math.floor(sandbox.clock.now() / 1000);
    expect(jwt?.claims).toMatchObject({
      ver: '2.0',
      iss: `${sandbox.ready.login}/${contoso}/v2.0`,
      aud: app(sandbox).appId,
      tid: contoso,
      oid: person(sandbox, 'contoso/ada').objectId,
      name: 'Ada Lindqvist',
      preferred_username: 'ada@contoso.example',
      email: 'ada@contoso.example',
      nonce: 'no-1',
      iat: nowSeconds,
      nbf: nowSeconds,
      exp: nowSeconds + 3600,
    });
    expect(jwt?.claims).not.toHaveProperty('idp');
  });

  it('gives a delegated Graph token beside it', async () => {
    const access = decodeJwt((await redeem(await obtainCode())).json().access_token);
    expect(access?.claims).toMatchObject({ aud: 'https://graph.microsoft.com', idtyp: 'user', oid: person(sandbox, 'contoso/ada').objectId, scp: 'openid profile email User.Read' });
    expect(access !== undefined && hasValidSignature(access, 'RS256', sandbox.world.signingKeys.current.publicKey)).toBe(true);
  });

  it('names the guest by the object of the tenant signed in to, and says where they come from', async () => {
    const claims = claimsOf(await redeem(await obtainCode('contoso/felix', contoso, { scope: 'openid profile' })));
    expect(claims).toMatchObject({
      tid: contoso,
      oid: person(sandbox, 'contoso/felix').objectId,
      preferred_username: 'felix@fabrikam.example',
      email: 'felix@fabrikam.example',
      idp: `https://sts.windows.net/${tenantId(sandbox, 'fabrikam')}/`,
    });
    expect(claims.oid).not.toBe(person(sandbox, 'fabrikam/felix').objectId);
  });

  it("uses the person's home tenant and its issuer at organizations", async () => {
    await grantConsent(sandbox, 'fabrikam', 'fabrikam/gabriela');
    const code = await obtainCode('fabrikam/felix', 'organizations');
    const claims = claimsOf(await redeem(code, {}, 'organizations'));
    expect(claims).toMatchObject({ tid: tenantId(sandbox, 'fabrikam'), iss: `${sandbox.ready.login}/${tenantId(sandbox, 'fabrikam')}/v2.0`, oid: person(sandbox, 'fabrikam/felix').objectId });
  });

  it('has a subject that differs per app and stays the same per person', async () => {
    const first = claimsOf(await redeem(await obtainCode()));
    const again = claimsOf(await redeem(await obtainCode()));
    expect(again.sub).toBe(first.sub);
    await grantConsent(sandbox, 'contoso', 'contoso/ada', 'restore');
    const { appId, clientSecret } = app(sandbox, 'restore');
    const code = await obtainCode('contoso/ada', contoso, { client_id: appId });
    expect(claimsOf(await redeem(code, { client_id: appId, client_secret: clientSecret })).sub).not.toBe(first.sub);
  });

  it('keeps oid and names to those who ask for profile, and the ID token to those who ask for openid', async () => {
    const bare = claimsOf(await redeem(await obtainCode('contoso/ada', contoso, { scope: 'openid', nonce: undefined })));
    for (const name of ['oid', 'name', 'preferred_username', 'email', 'nonce', 'idp', 'wids']) expect(bare).not.toHaveProperty(name);
    const reply = await redeem(await obtainCode('contoso/ada', contoso, { scope: 'User.Read' }));
    expect(reply.json()).not.toHaveProperty('id_token');
  });

  it('gives a refresh token for offline_access and client_info when asked', async () => {
    const body = (await redeem(await obtainCode('contoso/felix', contoso, { scope: 'openid offline_access' }), { client_info: '1' })).json();
    expect(body.refresh_token).toEqual(expect.any(String));
    expect(JSON.parse(Buffer.from(body.client_info, 'base64url').toString())).toEqual({ uid: person(sandbox, 'fabrikam/felix').objectId, utid: tenantId(sandbox, 'fabrikam') });
  });

  it('takes a client assertion instead of the secret', async () => {
    const certificate = makeCertificate();
    registerKey(sandbox, certificate);
    const assertion = { client_secret: '', client_assertion_type: ASSERTION_TYPE, client_assertion: clientAssertion(sandbox, contoso, certificate) };
    expect((await redeem(await obtainCode(), assertion)).status).toBe(200);
  });

  it('works once', async () => {
    const code = await obtainCode();
    expect((await redeem(code)).status).toBe(200);
    expectRefusal(await redeem(code), 54005, 'invalid_grant');
  });

  it('works for ten minutes', async () => {
    const [early, late] = [await obtainCode(), await obtainCode()];
    sandbox.clock.advance(599.999);
    expect((await redeem(early)).status).toBe(200);
    sandbox.clock.advance(0.001);
    expectRefusal(await redeem(late), 70008, 'invalid_grant');
  });

  it.each<[string, Readonly<Record<string, string>>, string | undefined, number, string, number]>([
    ['at another tenant', {}, 'fabrikam.example', 700005, 'invalid_grant', 400],
    ['at a shared authority when it came from a tenant', {}, 'organizations', 700005, 'invalid_grant', 400],
    ['with another redirect URI', { redirect_uri: 'http://localhost:4180/consent/callback' }, undefined, 50011, 'invalid_grant', 400],
    ['with a wrong verifier', { code_verifier: 'w'.repeat(64) }, undefined, 501481, 'invalid_grant', 400],
    ['without its verifier', { code_verifier: '' }, undefined, 501481, 'invalid_grant', 400],
    ['without a credential', { client_secret: '' }, undefined, 7000218, 'invalid_client', 401],
    ['with a wrong secret', { client_secret: 'guess' }, undefined, 7000215, 'invalid_client', 401],
    ['when it is made up', { code: '1.made-up' }, undefined, 70000, 'invalid_grant', 400],
    ['when it is left out', { code: '' }, undefined, 900144, 'invalid_request', 400],
  ])('is refused %s, and the right request still works after', async (_what, fields, tenant, code, error, status) => {
    const value = await obtainCode();
    expectRefusal(await redeem(value, fields, tenant), code, error, status);
    expect((await redeem(value)).status).toBe(200);
  });

  it('is refused to another client, and with a verifier where there was no challenge', async () => {
    const { appId, clientSecret } = app(sandbox, 'restore');
    expectRefusal(await redeem(await obtainCode(), { client_id: appId, client_secret: clientSecret }), 70000, 'invalid_grant');
    const plain = await obtainCode('contoso/ada', contoso, { code_challenge: undefined, code_challenge_method: undefined });
    expectRefusal(await redeem(plain), 501481, 'invalid_grant');
    expect((await redeem(plain, { code_verifier: '' })).status).toBe(200);
  });

  it('knows the plain challenge method too', async () => {
    expect((await redeem(await obtainCode('contoso/ada', contoso, { code_challenge: VERIFIER, code_challenge_method: 'plain' }))).status).toBe(200);
  });

  it('is refused when the service principal is gone or disabled meanwhile', async () => {
    const tenant = sandbox.world.tenants.get(contoso);
    const principal = tenant?.servicePrincipals.list(sandbox.clock.now()).find((row) => row.appId === app(sandbox).appId);
    if (tenant === undefined || principal === undefined) throw new Error('no principal');
    const code = await obtainCode();
    tenant.servicePrincipals.put(principal.id, { ...principal, accountEnabled: false }, sandbox.clock.now());
    expectRefusal(await redeem(code), 7000112, 'unauthorized_client');
    tenant.servicePrincipals.delete(principal.id, sandbox.clock.now());
    expectRefusal(await redeem(code), 65001, 'invalid_grant');
  });
});

expectEveryRuleSeen('AUTHZ-', 'SIGNIN-', 'PAGE-', 'CODE-');
