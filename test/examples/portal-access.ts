/** Who may come in, and whose forms count. */
import { describe, expect, it } from 'vitest';
import { ROUTES, startOperatorPortal } from '../../examples/operator-portal/server.mts';
import { createBrowser, sendPath, sendRaw } from './browser';
import { MINUTE_MS, type PortalScene } from './portal-scene';

export function describeAccess(scene: PortalScene): void {
  describe('who may come in', () => {
    it('signs in by a link that works once, and only when its button is pressed', async () => {
      const path = scene.linkPath();
      const visitor = createBrowser(scene.stage.portal.url);
      await visitor.open(path);
      const page = await visitor.open(path);
      expect(page.text('operator')).toBe('Sandbox operator');
      expect((await visitor.submit(page, 'sign-in')).text('operator')).toBe('Sandbox operator');
      const late = createBrowser(scene.stage.portal.url);
      expect(await late.submit(await late.open(path), 'sign-in')).toMatchObject({ status: 401 });
      expect(visitor.setCookies).toEqual([expect.stringMatching(/^__Host-operator-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=\d+$/)]);
    });

    it('takes no link after ten minutes, and no cookie that nobody used for half an hour', async () => {
      const path = scene.linkPath();
      const idle = await scene.signIn();
      scene.now += 10 * MINUTE_MS;
      const visitor = createBrowser(scene.stage.portal.url);
      expect((await visitor.submit(await visitor.open(path), 'sign-in')).status).toBe(401);
      scene.now += 29 * MINUTE_MS;
      expect((await idle.open('/certificates')).status).toBe(401);
      scene.browser = await scene.signIn();
    });

    it.each(ROUTES.map(([method, path]) => [method, path] as const))('answers %s %s to nobody who is not signed in', async (method, path) => {
      const headers = method === 'POST' ? { origin: scene.stage.portal.url } : {};
      const answer = await sendRaw(scene.stage.portal.url, path.replace(':id', scene.stage.certificateId), { method, headers, body: method === 'POST' ? 'csrf=' : '' });
      expect(answer.status).toBe(401);
      expect(answer.html).not.toContain('Backup sign-in');
    });

    it('asks the library whether the operator may, which decides for itself', async () => {
      const { installation } = scene.stage;
      const portal = await startOperatorPortal({ installation, partnerName: 'Northwind', operator: { id: 'op-nobody', name: 'Nobody' }, apps: [] });
      const visitor = createBrowser(portal.url);
      const link = new URL(portal.issueSignInLink());
      const page = await visitor.submit(await visitor.open(`${link.pathname}${link.search}`), 'sign-in');
      expect(page).toMatchObject({ status: 403 });
      expect(page.html).toContain('OPERATOR_NOT_ALLOWED');
      await portal.close();
    });

    it('ends a session when the operator signs out', async () => {
      const visitor = await scene.signIn();
      const cookie = visitor.cookie();
      const page = await visitor.submit(await visitor.open('/certificates'), 'sign-out');
      expect(page.html).toContain('You are signed out');
      expect(visitor.cookie()).toBe('');
      expect(await sendRaw(scene.stage.portal.url, '/certificates', { headers: { cookie } })).toMatchObject({ status: 401 });
    });
  });
  describe('forms of others', () => {
    const csrfOf = async () => {
      const page = await scene.browser.open(`/certificates/${scene.stage.certificateId}/edit`);
      return scene.browser.read(page, 'save').fields['csrf'] ?? '';
    };
    const edit = async (headers: Record<string, string>, csrf: string) =>
      sendRaw(scene.stage.portal.url, `/certificates/${scene.stage.certificateId}/edit`, { method: 'POST', headers: { cookie: scene.browser.cookie(), ...headers }, body: new URLSearchParams({ csrf, name: 'Overtaken' }).toString() });

    it.each([
      ['a foreign origin', { origin: 'https://evil.example' }],
      ['a foreign origin that claims to be ours', { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }],
      ['an origin on another port of this machine', { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' }],
      ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
      ['an address that was typed in', { origin: 'null', 'sec-fetch-site': 'none' }],
      ['no scene.browser that says where it comes from', {}],
    ])('refuses a form from %s', async (_name, headers) => {
      expect(await edit(headers, await csrfOf())).toMatchObject({ status: 403 });
      expect(await scene.names()).not.toContain('Overtaken');
    });

    it('refuses a form without the session\'s token, and with that of another session', async () => {
      const other = await scene.signIn();
      const foreign = other.read(await other.open('/certificates/new'), 'generate').fields['csrf'] ?? '';
      for (const csrf of ['', foreign, `${await csrfOf()}x`]) {
        const answer = await edit({ origin: scene.stage.portal.url }, csrf);
        expect(answer.status).toBe(403);
        expect(answer.html).toContain('another session');
      }
      expect(await scene.names()).not.toContain('Overtaken');
    });

    it('answers under no other host name, so that a rebound name reads nothing', async () => {
      for (const host of ['evil.example', `127.0.0.1:${new URL(scene.stage.portal.url).port}`, 'localhost']) {
        const answer = await sendRaw(scene.stage.portal.url, '/certificates', { headers: { host, cookie: scene.browser.cookie() } });
        expect(answer.status).toBe(421);
        expect(answer.html).not.toContain('Backup sign-in');
      }
    });

    it('knows two cookies of one name for a planted one', async () => {
      const cookie = `${scene.browser.cookie()}; __Host-operator-session=planted`;
      expect(await sendRaw(scene.stage.portal.url, '/certificates', { headers: { cookie } })).toMatchObject({ status: 401 });
    });

    it.each(['//', '/certificates/%', '/certificates/..%2f..', '/certificates/%00', '/constructor', '*'])('answers %s like any other address that is not here', async (path) => {
      expect(await sendPath(scene.stage.portal.url, path, { cookie: scene.browser.cookie() })).toBe(404);
      expect(await scene.browser.open('/certificates')).toMatchObject({ status: 200 });
    });

    it('says nothing that only the address says', async () => {
      for (const word of ['constructor', '__proto__', '<b>']) expect((await scene.browser.open(`/certificates/${scene.stage.certificateId}?done=${encodeURIComponent(word)}`)).text('done')).toBeUndefined();
    });

    it('understands GET and POST only', async () => {
      expect(await sendRaw(scene.stage.portal.url, '/certificates', { method: 'DELETE', headers: { cookie: scene.browser.cookie() } })).toMatchObject({ status: 405 });
    });
  });
}
