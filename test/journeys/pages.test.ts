/** Our pages and endpoints as a stranger with a socket sees them: nothing to inject into, nowhere to be sent, nothing to learn. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJwtService } from '../../src/core/adapters/jose-jwt';
import { createNodeRandom } from '../../src/core/adapters/node-random';
import { readClientKey } from '../../src/core/portal';
import { buildAssertionClaims, CLIENT_ASSERTION_TYPE } from '../../src/core/impersonation/client-assertion';
import { FORM, invite, lastState, type RawAnswer, refusal, sendRaw } from './attacks';
import { changePerson } from './directory';
import { advanceUntilSettled, onboardAsAdmin, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

const EVIL = '<img src=x onerror=alert(1)>"\'><script>alert(2)</script>{{7*7}}${7*7}';

let story: Story;

beforeAll(async () => {
  story = await startStory({
    configure: (config) => ({
      adminChoice: 'first',
      partnerName: `Partner ${EVIL}`.slice(0, 80),
      apps: config.apps.map((app) => ({ ...app, displayName: `${app.displayName} ${EVIL}`, requiredPermissions: app.requiredPermissions.map((permission) => ({ ...permission, reason: `${permission.reason} ${EVIL}` })) })),
    }),
  });
});

afterAll(async () => story.stop());

const ALWAYS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' };

function expectGuarded(answer: RawAnswer, what: string): void {
  expect(answer.headers, what).toMatchObject(ALWAYS);
  if (!String(answer.headers['content-type']).startsWith('text/html')) return;
  const policy = String(answer.headers['content-security-policy']);
  expect(policy, what).toContain("default-src 'none'");
  expect(policy, what).toContain("frame-ancestors 'none'");
  expect(policy, what).toContain("base-uri 'none'");
  expect(policy, what).not.toMatch(/unsafe|script-src|\*/);
}

/** Bytes on a socket, for what no http client would send. */
async function sendBytes(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: story.port }, () => socket.end(bytes));
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(parts).toString('latin1')));
  });
}

describe('names that are markup', () => {
  it('stay text on every page the customer sees, whoever wrote them', async () => {
    await story.renew();
    const url = await invite(story, 'contoso', 'contoso.example', `Contoso ${EVIL}`);
    const admin = personWith(story.tenant('contoso.example'), 'Global Administrator');
    changePerson(story, 'contoso.example', admin.upn.split('@')[0] ?? '', { displayName: `Ada ${EVIL}` });
    const visitor = story.visitor();
    const confirm = await visitInvitation(story, url, admin, 'accept', visitor);
    expect(confirm.text('account')).toBe(`Contoso ${EVIL}`);
    expect(confirm.text('admin')).toContain(`Ada ${EVIL}`);
    expect((await visitor.submit(confirm, 'confirm')).text('done')).toBeDefined();
    const pages = story.answers.filter((answer) => String(answer.headers['content-type']).startsWith('text/html'));
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) {
      expect(/<img|<script/i.exec(page.body)).toBeNull();
      expect(page.body.includes('Partner &#60;img')).toBe(true);
    }
  });

  it('do not travel in a header', async () => {
    await story.renew();
    await invite(story, 'contoso', 'contoso.example', `Contoso ${EVIL}`);
    for (const answer of story.answers) expect(JSON.stringify(answer.headers)).not.toContain('onerror');
  });
});

describe('addresses made up by a stranger', () => {
  it.each([
    '/', '/invite', '/invite/', '/invite/x', `/invite/${'A'.repeat(43)}`, `/invite/${'A'.repeat(6000)}`, '/invite/../healthz/x', '/invite/%2e%2e/%2e%2e/etc/passwd', '/invite/%00', '/invite/%', '/invite/%0d%0aSet-Cookie:%20a=b',
    '/INVITE/x', '/invite/x/y', '/invite/x;jsessionid=1', '/__proto__', '/constructor', '/invite/__proto__', '/consent', '/consent/callback', '/consent/next', '/sign-in/callback', '/sign-in/confirm', '/.well-known', '/.well-known/openid-configuration',
    '/consent/callback?state=%0d%0aLocation:%20https://evil.example', '/consent/callback?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E&state=x', '/sign-in/callback?error=x&error_description=%3Cscript%3E&state=x', '/favicon.ico', '/%5c%5cevil.example', '/impersonation/redeem/x',
  ])('get one of a few answers that say nothing: %s', async (path) => {
    const answer = await sendRaw(story, path);
    expect([400, 404, 405, 410]).toContain(answer.status);
    expectGuarded(answer, path);
    expect(answer.headers['location']).toBeUndefined();
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(/<script|passwd|evil\.example|contoso|node_modules|\.ts:\d/i.exec(answer.body)).toBeNull();
  });

  it('cannot tell an invitation that never was from one that does not look like one', async () => {
    const bare = (answer: RawAnswer) => answer.body.replaceAll(/data-testid="support-code">[^<]*/g, '');
    const answers = await Promise.all([`/invite/${'A'.repeat(43)}`, '/invite/x', '/invite/%00'].map((path) => sendRaw(story, path)));
    expect(new Set(answers.map((answer) => `${answer.status} ${bare(answer)}`)).size).toBe(1);
  });

  it('send nobody elsewhere, whatever host they name', async () => {
    await story.renew();
    const { pathname } = new URL(await invite(story));
    for (const headers of [{ host: 'evil.example' }, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' }, { origin: 'https://evil.example', referer: 'https://evil.example/' }]) {
      const answer = await sendRaw(story, pathname, { method: 'POST', headers: { ...FORM, ...headers }, body: 'action=https://evil.example&redirect_uri=https://evil.example' });
      expect(answer.status).toBe(303);
      const location = new URL(String(answer.headers['location']));
      expect(location.origin).toBe(story.sandbox.ready.login);
      expect(location.searchParams.get('redirect_uri')).toBe(`${story.publicBaseUrl}/consent/callback`);
      expect(JSON.stringify(answer.headers)).not.toContain('evil.example');
    }
  });

  it('are read as a path even when they name a host', async () => {
    for (const target of ['//evil.example/healthz', 'http://evil.example/healthz', '/\\evil.example', '*', 'healthz', '///']) {
      const answer = await sendBytes(`GET ${target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 (200|400|404|405|500) /);
      expect(answer).not.toContain('evil.example');
    }
    expect((await sendRaw(story, '/healthz')).status).toBe(200);
  });

  it('split no answer in two', async () => {
    for (const bytes of [
      'GET /invite/x\r\nSet-Cookie: a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'GET /consent/callback?state=a%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\nCookie: __Host-m365-consent=x%0d%0aSet-Cookie: b=c\r\nConnection: close\r\n\r\n',
      'POST /sign-in/confirm HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
    ]) {
      const answer = await sendBytes(bytes);
      expect(answer.match(/HTTP\/1\.1 /g)?.length).toBe(1);
      expect(answer.toLowerCase()).not.toContain('set-cookie');
    }
  });
});

describe('requests that are not what a page of ours sends', () => {
  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])('%s is refused everywhere', async (method) => {
    for (const path of ['/healthz', '/consent/callback', '/sign-in/confirm', '/.well-known/jwks.json', '/impersonation/redeem']) {
      const answer = await sendRaw(story, path, { method });
      expect(answer.status, path).toBe(405);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('larger than any form of ours are refused, and the server goes on', async () => {
    for (const path of ['/sign-in/confirm', '/impersonation/redeem', '/invite/x', '/consent/callback']) {
      expect((await sendRaw(story, path, { method: 'POST', headers: FORM, body: 'a'.repeat(70_000) })).status, path).toBe(413);
    }
    expect((await sendRaw(story, '/healthz', { headers: { 'x-large': 'x'.repeat(60_000) } })).status).toBe(431);
    expect((await sendRaw(story, '/healthz')).body).toBe('{"ok":true}');
  });

  it('of another content type carry no form', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '']) {
      const answer = await sendRaw(story, '/impersonation/redeem', { method: 'POST', headers: { 'content-type': type }, body: 'code=x&client_assertion=y&client_assertion_type=z' });
      expect([answer.status, answer.body]).toEqual([400, '{"error":"invalid"}']);
    }
  });
});

describe('cookies', () => {
  async function begin(): Promise<{ readonly state: string; readonly cookie: string }> {
    const started = await sendRaw(story, new URL((await story.onboarding.openConsent({ accountId: 'contoso', operatorId: OPERATOR })).url).pathname, { method: 'POST', headers: FORM, body: '' });
    return { state: new URL(String(started.headers['location'])).searchParams.get('state') ?? '', cookie: String((started.headers['set-cookie'] as readonly string[])[0]).split(';')[0] ?? '' };
  }

  it('planted beside the real one make the browser unknown, and burn nothing', async () => {
    await story.renew();
    await story.onboarding.addAccount({ id: 'contoso', name: 'Contoso', expectedTenant: 'contoso.example' }, OPERATOR);
    const { state, cookie } = await begin();
    const path = `/consent/callback?${new URLSearchParams({ admin_consent: 'True', tenant: story.tenant('contoso.example').tenantId, state }).toString()}`;
    const value = cookie.split('=')[1] ?? '';
    for (const planted of [`${cookie}; __Host-m365-consent=${'A'.repeat(43)}`, `__Host-m365-consent=${'A'.repeat(43)}; ${cookie}`, `m365-consent=${value}`, `__host-m365-consent=${value}`, `__Host-m365-consent="${value}"`, `__Host-m365-sign-in=${value}`, `x=${cookie}`, '']) {
      const answer = await sendRaw(story, path, { headers: planted === '' ? {} : { cookie: planted } });
      expect(answer.status, planted.slice(0, 30)).toBe(400);
      expect(story.log.at(-1)).toContain('CONSENT_BROWSER_MISMATCH');
    }
    expect((await sendRaw(story, path, { headers: { cookie } })).status).toBe(303);
  });

  it('of one account open nothing in the round of another', async () => {
    await story.renew();
    await story.onboarding.addAccount({ id: 'contoso', name: 'Contoso', expectedTenant: 'contoso.example' }, OPERATOR);
    const mine = await begin();
    const theirs = await begin();
    const answer = await sendRaw(story, `/consent/callback?${new URLSearchParams({ admin_consent: 'True', tenant: story.tenant('contoso.example').tenantId, state: theirs.state }).toString()}`, { headers: { cookie: mine.cookie } });
    expect(answer.status).toBe(400);
    expect(story.log.at(-1)).toContain('CONSENT_BROWSER_MISMATCH');
  });
});

describe('the portal\'s two addresses', () => {
  const jwt = createJwtService();
  const random = createNodeRandom();

  beforeAll(async () => {
    await story.renew();
    await onboardAsAdmin(story, await invite(story), personWith(story.tenant('contoso.example'), 'Global Administrator'), 'restricted');
    expect(await advanceUntilSettled(story, 'contoso')).toMatchObject({ state: 'active' });
  });

  async function assertion(changes: { readonly audience?: string; readonly clientId?: string; readonly claims?: Record<string, string | number> } = {}): Promise<string> {
    const claims = buildAssertionClaims({ clientId: changes.clientId ?? story.configuration.portal?.audience ?? '', audience: changes.audience ?? `${story.publicBaseUrl}/impersonation/redeem`, jti: random.uuid(), now: story.clock.now() });
    return jwt.sign({ alg: 'ES256', typ: 'JWT', kid: readClientKey(story.portalKey.privateKey, 'ES256').publicJwk.kid }, { ...claims, ...changes.claims }, story.portalKey.privateKey);
  }

  const redeem = (code: string, clientAssertion: string, more: Record<string, string> = {}) =>
    sendRaw(story, '/impersonation/redeem', { method: 'POST', headers: FORM, body: new URLSearchParams({ code, client_assertion: clientAssertion, client_assertion_type: CLIENT_ASSERTION_TYPE, ...more }).toString() });

  it('publish public keys and nothing else', async () => {
    const issued = await story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 1' });
    expect((await redeem(issued.code.reveal(), await assertion())).status).toBe(200);
    const { keys } = JSON.parse((await sendRaw(story, '/.well-known/jwks.json')).body) as { keys: Record<string, unknown>[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('let no stranger redeem, however the assertion is made up, and leave the code for the portal', async () => {
    const issued = await story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 2' });
    const code = issued.code.reveal();
    const good = await assertion();
    const [header = '', payload = '', signature = ''] = good.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const attempts = [
      'x', 'a.b.c', `${header}.${payload}.`, `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`, `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}.${signature}`, `${header}.${encode({ ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), sub: 'other' })}.${signature}`,
      await assertion({ audience: 'https://elsewhere.example/redeem' }), await assertion({ audience: story.publicBaseUrl }), await assertion({ clientId: 'somebody-else' }), await assertion({ claims: { exp: Math.floor(story.clock.now() / 1000) + 86_400 } }), await assertion({ claims: { exp: Math.floor(story.clock.now() / 1000) - 3600 } }),
    ];
    for (const attempt of attempts) {
      const answer = await redeem(code, attempt);
      expect([answer.status, answer.body], attempt.slice(0, 40)).toEqual([401, '{"error":"IMPERSONATION_PORTAL_UNAUTHENTICATED"}']);
      expectGuarded(answer, attempt);
    }
    expect((await redeem(code, good)).status).toBe(200);
    expect(JSON.parse((await redeem(code, await assertion())).body)).toEqual({ error: 'IMPERSONATION_CODE_SPENT' });
  });

  it('take an assertion once, a code once, and both only from the body', async () => {
    const issued = await story.onboarding.impersonate({ accountId: 'contoso', operatorId: OPERATOR, reason: 'Ticket 3' });
    const code = issued.code.reveal();
    const once = await assertion();
    const query = new URLSearchParams({ code, client_assertion: once, client_assertion_type: CLIENT_ASSERTION_TYPE }).toString();
    expect((await sendRaw(story, `/impersonation/redeem?${query}`, { method: 'POST', headers: FORM, body: query })).status).toBe(400);
    expect((await sendRaw(story, `/impersonation/redeem?${query}`)).status).toBe(405);
    expect((await redeem(code, once, { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' })).status).toBe(401);
    expect((await redeem('A'.repeat(43), once)).body).toBe('{"error":"IMPERSONATION_CODE_UNKNOWN"}');
    expect((await redeem(code, once)).status).toBe(401);
    const racing = await Promise.all(Array.from({ length: 6 }, async () => redeem(code, await assertion())));
    expect(racing.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(racing.filter((answer) => answer.body === '{"error":"IMPERSONATION_CODE_SPENT"}')).toHaveLength(5);
  });
});

describe('a browser that is under way', () => {
  it('is stopped by the state store being gone, with a page that says to come back and nothing more', async () => {
    await story.renew();
    const visitor = story.visitor();
    await visitor.submit(await visitor.open(await invite(story)), 'continue');
    expect(lastState(visitor)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    await story.store.close();
    const page = await visitor.open(`${story.publicBaseUrl}/consent/next`);
    expect(page.status).toBe(503);
    expect(refusal(story, page)).toEqual({ publicCode: 'try_later', code: 'STATE_UNAVAILABLE' });
    expect((await sendRaw(story, '/healthz')).status).toBe(503);
    await story.renew();
  });
});
