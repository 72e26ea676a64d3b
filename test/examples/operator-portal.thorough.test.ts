/** The operator's portal over real HTTP, against the sandbox: every page and form once, and what is refused. */
import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../examples/operator-portal/server.mts';
import { openPrivateKey } from '../../src/core/certificates/records/records';
import { describeAccess } from './portal-access';
import { describeCertificate } from './portal-certificate';
import { describeFiles } from './portal-files';
import { createPortalScene, PASSWORD } from './portal-scene';

const scene = createPortalScene();

beforeAll(async () => scene.begin(), 60_000);
afterAll(async () => scene.stage.close());

describeAccess(scene);
describeFiles(scene);
describeCertificate(scene);

describe('all of it', () => {
  it('has opened every page and sent every form', () => {
    const seen = new Set(scene.browser.requests.map((line) => line.replace(/\/certificates\/[\w-]{36}/, '/certificates/:id')));
    expect(ROUTES.map(([method, path]) => `${method} ${path}`).filter((route) => !seen.has(route))).toEqual(['GET /']);
  });

  it('starts at the list', async () => {
    expect((await scene.browser.open('/')).url).toBe('/certificates');
    expect((await scene.browser.open('/nowhere')).status).toBe(404);
  });

  it('serves its style, and no page holds a script, an inline style or anything from elsewhere', async () => {
    const style = await scene.browser.open('/portal.css');
    expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(Buffer.from(style.bytes).toString()).not.toMatch(/url\(|@import/);
    const pages = scene.browser.pages.filter(({ html }) => html !== '');
    expect(pages.length).toBeGreaterThan(50);
    for (const { html, headers } of pages) {
      expect(html).not.toMatch(/<script|<style|\sstyle=|\son\w+=|https?:\/\//);
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('has one heading of the first rank, a title, and a label for every field, on every page', () => {
    for (const { html, url } of scene.browser.pages.filter((page) => page.html !== '')) {
      expect(html.match(/<h1/g), url).toHaveLength(1);
      expect(html, url).toMatch(/<title>[^<]+ · Northwind Backup<\/title>/);
      const fields = [...html.matchAll(/<(?:input|select|textarea)\b([^>]*)>/g)].map(([, tag = '']) => tag).filter((tag) => !tag.includes('type="hidden"'));
      for (const tag of fields) expect(html, url).toContain(`<label for="${/ id="([^"]+)"/.exec(` ${tag}`)?.[1] ?? 'none'}"`);
      for (const [, ids = ''] of html.matchAll(/aria-describedby="([^"]+)"/g)) for (const id of ids.split(' ')) expect(html, url).toContain(`id="${id}"`);
    }
  });

  it('shows no secret on any page and in no line of its log', async () => {
    const needles = [PASSWORD, 'a wrong password', 'another one', ...scene.stage.secrets];
    for (const { id } of await scene.certificates()) {
      const { privateKey } = await openPrivateKey(scene.stage.installation.ports, id);
      const { d = '', p = '', q = '' } = createPrivateKey(privateKey.reveal()).export({ format: 'jwk' });
      const body = privateKey.reveal().replaceAll(/-----[A-Z ]+-----|\s/g, '');
      needles.push(d, p, q, body.slice(100, 140), Buffer.from(d, 'base64url').toString('hex'));
    }
    const pages = scene.browser.pages.map(({ html }) => html).join('\n');
    expect(pages).toContain('Backup sign-in');
    expect(needles.filter((needle) => needle.length < 10)).toEqual([]);
    expect(needles.filter((needle) => pages.includes(needle))).toEqual([]);
    const lines = scene.log.join('\n');
    expect(lines).toContain('POST /certificates/import 422');
    expect([...needles, ...scene.codes, ...scene.browser.cookie().split('=')].filter((needle) => needle !== '__Host-operator-session' && lines.includes(needle))).toEqual([]);
  });
});
