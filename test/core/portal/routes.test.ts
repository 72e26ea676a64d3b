import { describe, expect, it } from 'vitest';
import { createPortalRoutes, type OnboardingError, type WebRequest, type WebResponse } from '../../../src/core/portal';
import { issueCode } from '../impersonation/support';
import { createPortal } from './support';

type Changes = Partial<Omit<WebRequest, 'query'>> & { readonly query?: string };

function post(path: string, form: Readonly<Record<string, string>>, changes: Changes = {}): WebRequest {
  const { query = '', headers = {}, ...rest } = changes;
  return { method: 'POST', path, body: new URLSearchParams(form).toString(), ...rest, query: new URLSearchParams(query), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } };
}

function createBrowser(changes: Parameters<typeof createPortal>[0] = {}) {
  const portal = createPortal(changes);
  const reported: OnboardingError[] = [];
  const routes = createPortalRoutes(portal.kit, { report: (error) => reported.push(error) });
  const send = async (request: WebRequest): Promise<WebResponse> => {
    const response = await routes.handle(request);
    if (response === undefined) throw new Error(`${request.path} is not the kit's.`);
    return response;
  };
  const code = async () => (await issueCode(portal.world)).reveal();
  return { ...portal, routes, reported, send, code };
}

const cookieOf = (response: WebResponse, name: string) =>
  [response.headers['set-cookie'] ?? []].flat().find((cookie) => cookie.startsWith(`__Host-${name}=`)) ?? '';

const csrfOf = (page: WebResponse) => /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';

async function enterAndConfirm(browser: ReturnType<typeof createBrowser>, decision = 'start') {
  const page = await browser.send(post('/enter', { code: await browser.code() }));
  const cookie = cookieOf(page, 'impersonation-pending').split(';')[0] ?? '';
  return browser.send(post('/confirm', { csrf: csrfOf(page), decision }, { headers: { cookie, 'sec-fetch-site': 'same-origin', origin: 'null' } }));
}

describe('the portal\'s addresses', () => {
  it('lead from a posted code over a confirmation to a session', async () => {
    const browser = createBrowser();
    const answer = await enterAndConfirm(browser);
    expect([answer.status, answer.headers['location']]).toEqual([303, '/dashboard']);
    const cookie = cookieOf(answer, 'impersonation');
    expect(cookie).toMatch(/^__Host-impersonation=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600$/);
    expect(cookieOf(answer, 'impersonation-pending')).toContain('Max-Age=0');
    const session = await browser.routes.sessionOf(post('/dashboard', {}, { method: 'GET', headers: { cookie: cookie.split(';')[0] } }));
    expect(session).toMatchObject({ accountId: 'contoso', accessLevel: 'restricted' });
  });

  it('ask on a page that names everybody, runs no script and is kept by nobody', async () => {
    const browser = createBrowser({ findAccount: async (_id, _admin) => ({ name: 'Contoso <img src=x onerror=alert(1)>', tenantId: '11111111-2222-4333-8444-555555555555', adminName: 'Ada "Admin"' }) });
    const page = await browser.send(post('/enter', { code: await browser.code() }));
    expect(page.body).toContain('<span data-testid="account">Contoso &#60;img src=x onerror=alert(1)&#62;</span>');
    expect(page.body).toContain('data-testid="operator">op-1<');
    expect(page.body).toContain('data-level="restricted"');
    expect(page.body).toContain('Ticket 4711');
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/);
  });

  it.each<[string, Readonly<Record<string, string>>, Changes, number]>([
    ['a code in the address', { code: 'A'.repeat(43) }, { query: `code=${'A'.repeat(43)}` }, 400],
    ['a GET', {}, { method: 'GET' }, 405],
    ['no code', {}, {}, 400],
    ['a body that is no form', { code: 'x' }, { headers: { 'content-type': 'text/plain' } }, 400],
  ])('refuse %s without asking the partner', async (_what, form, changes, status) => {
    const browser = createBrowser();
    expect((await browser.send(post('/enter', form, changes))).status).toBe(status);
    expect(browser.line.requests).toEqual([]);
  });

  it('do not honour a good code that travelled in an address', async () => {
    const browser = createBrowser();
    const code = await browser.code();
    const answer = await browser.send(post('/enter', {}, { method: 'GET', query: `code=${code}` }));
    expect(answer.status).toBe(405);
    expect((await browser.send(post('/enter', {}, { query: `code=${code}` }))).status).toBe(400);
    expect(browser.log).toEqual([]);
  });

  it('start nothing in a browser whose person did not confirm (login CSRF)', async () => {
    const browser = createBrowser();
    const attackersPage = await browser.send(post('/enter', { code: await browser.code() }));
    const victimsPage = await browser.send(post('/enter', { code: await browser.code() }));
    const victimsCookie = cookieOf(victimsPage, 'impersonation-pending').split(';')[0] ?? '';
    const crossSite = await browser.send(post('/confirm', { csrf: csrfOf(victimsPage), decision: 'start' }, { headers: { cookie: victimsCookie, 'sec-fetch-site': 'cross-site' } }));
    const foreignForm = await browser.send(post('/confirm', { csrf: csrfOf(attackersPage), decision: 'start' }, { headers: { cookie: victimsCookie } }));
    const noCookie = await browser.send(post('/confirm', { csrf: csrfOf(victimsPage), decision: 'start' }));
    const noCsrf = await browser.send(post('/confirm', { decision: 'start' }, { headers: { cookie: victimsCookie } }));
    for (const answer of [crossSite, foreignForm, noCookie, noCsrf]) {
      expect(answer.status).toBe(400);
      expect(cookieOf(answer, 'impersonation')).toBe('');
    }
    expect(browser.reported.map((error) => error.details['check'])).toEqual(['site', 'csrf', 'incomplete', 'incomplete']);
    expect(browser.log.map((entry) => entry.action)).not.toContain('impersonation.started');
  });

  it('start nothing when the person cancels, or the decision is missing', async () => {
    const browser = createBrowser();
    for (const decision of ['cancel', '']) {
      const answer = await enterAndConfirm(browser, decision);
      expect(answer.body).toContain('data-testid="cancelled"');
      expect(cookieOf(answer, 'impersonation')).toBe('');
    }
  });

  it('end a session and drop its cookie', async () => {
    const browser = createBrowser();
    const cookie = cookieOf(await enterAndConfirm(browser), 'impersonation').split(';')[0] ?? '';
    expect((await browser.send(post('/sign-out', {}, { headers: { cookie, 'sec-fetch-site': 'cross-site' } }))).status).toBe(400);
    const answer = await browser.send(post('/sign-out', {}, { headers: { cookie, 'sec-fetch-site': 'same-origin' } }));
    expect(answer.body).toContain('data-testid="signed-out"');
    expect(cookieOf(answer, 'impersonation')).toContain('Max-Age=0');
    expect(await browser.routes.sessionOf(post('/dashboard', {}, { headers: { cookie } }))).toBeUndefined();
  });

  it('know no session when two cookies of its name arrive', async () => {
    const browser = createBrowser();
    const cookie = cookieOf(await enterAndConfirm(browser), 'impersonation').split(';')[0] ?? '';
    expect(await browser.routes.sessionOf(post('/dashboard', {}, { headers: { cookie: `${cookie}; __Host-impersonation=planted` } }))).toBeUndefined();
  });

  it('show strangers a fixed page and the host the whole reason', async () => {
    const browser = createBrowser();
    const code = await browser.code();
    await browser.send(post('/enter', { code }));
    const replay = await browser.send(post('/enter', { code }));
    expect([replay.status, /data-code="(\w+)"/.exec(replay.body)?.[1]]).toEqual([400, 'invalid']);
    expect(replay.body).not.toContain('SPENT');
    expect(browser.reported.map((error) => error.code)).toEqual(['IMPERSONATION_CODE_SPENT']);
    browser.line.cut = true;
    expect((await browser.send(post('/enter', { code: await browser.code() }))).status).toBe(503);
  });

  it('leave every other address to the portal', async () => {
    const browser = createBrowser();
    expect(await browser.routes.handle(post('/reports', {}))).toBeUndefined();
  });
});
