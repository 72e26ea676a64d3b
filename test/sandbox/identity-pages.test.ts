/** What every page must be for people who use a keyboard, hear the page, or run no scripts. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkSeedFile, type RunningSandbox } from '../../src/sandbox/index';
import { adminConsentUrl, authorizeUrl, Browser, openSandbox, person, tenantId, type Page } from './support';

let sandbox: RunningSandbox;
const pages = new Map<string, Page>();

beforeAll(async () => {
  const people = [{ alias: 'ada', name: 'Ada <Admin>', roles: ['Global Administrator'] }, { alias: 'nora', name: 'Nora Berg' }];
  const contoso = { key: 'contoso', name: 'Contoso', domain: 'contoso.example', prefix: 'contoso', country: 'SE', licences: [], people, consent: { users: 'nothing', requests: true } };
  sandbox = await openSandbox({ seed: checkSeedFile({ tenants: [contoso] }) });
  const tenant = tenantId(sandbox, 'contoso');
  const browser = new Browser(sandbox);
  const keep = (name: string, page: Page) => {
    pages.set(name, page);
    return page;
  };
  const picker = keep('picker', await browser.open(adminConsentUrl(sandbox, tenant)));
  const username = keep('user name', await browser.press(picker, 'use-another-account'));
  keep('unknown account', await browser.press(username, 'submit', { username: 'nobody@nowhere.example' }));
  const password = keep('password', await browser.press(picker, 'nora@contoso.example'));
  keep('wrong password', await browser.press(password, 'submit', { password: 'wrong' }));
  const wall = keep('wall', await browser.press(password, 'submit', { password: person(sandbox, 'contoso/nora').password }));
  keep('request sent', await browser.press(wall, 'request-approval', { 'request-reason': 'please' }));
  const admin = new Browser(sandbox);
  keep('consent', await admin.signIn(await admin.open(adminConsentUrl(sandbox, tenant)), person(sandbox, 'contoso/ada')));
  keep('error', await browser.open(adminConsentUrl(sandbox, tenant, { redirect_uri: 'http://localhost:1/elsewhere' })));
  const back = await admin.press(await admin.signIn(await admin.open(authorizeUrl(sandbox, tenant, { response_mode: 'form_post' })), person(sandbox, 'contoso/ada')), 'accept');
  keep('form post', back);
});
afterAll(() => sandbox.stop());

const NAMES = ['picker', 'user name', 'unknown account', 'password', 'wrong password', 'wall', 'request sent', 'consent', 'error', 'form post'];

const html = (name: string): string => {
  const page = pages.get(name);
  if (page === undefined) throw new Error(`no page ${name}`);
  return page.reply.text;
};

it.each(NAMES)('%s has a language, a title, one heading, and names for all its fields and buttons', (name) => {
  const text = html(name);
  expect(text).toContain('<html lang="en">');
  expect(/<title>([^<]+)<\/title>/.exec(text)?.[1]).toMatch(/\S+ · Sandbox sign-in$/);
  expect(text.match(/<h1\b/g)).toHaveLength(1);
  const fields = [...text.matchAll(/<input\b([^>]*)>/g)].map(([, attributes = '']) => attributes).filter((attributes) => !attributes.includes('type="hidden"'));
  for (const attributes of fields) expect(text).toContain(`<label for="${/\bid="([^"]+)"/.exec(attributes)?.[1]}">`);
  for (const [, label = ''] of text.matchAll(/<button\b[^>]*>([\s\S]*?)<\/button>/g)) expect(label.replaceAll(/<[^>]+>/g, '').trim()).not.toBe('');
});

it.each(NAMES)('%s leaves the order of the keyboard to the page and takes nobody\'s focus ring away', (name) => {
  expect(html(name)).not.toMatch(/tabindex|accesskey|outline: ?(?:none|0)|onclick|href="javascript/);
  expect(html(name)).toContain(':focus-visible { outline: 3px solid');
});

it.each(NAMES.filter((name) => name !== 'form post'))('%s loads and runs nothing', (name) => {
  expect(html(name)).not.toMatch(/<script|<img|<link|@import|url\(/);
  expect(String(pages.get(name)?.reply.headers['content-security-policy'])).toMatch(/^default-src 'none'; style-src 'nonce-[^']+'; base-uri 'none'; frame-ancestors 'none'$/);
});

it('asks with the cursor where the answer goes, and puts Cancel before Accept', () => {
  for (const name of ['user name', 'password', 'wrong password', 'unknown account']) expect(html(name).match(/\bautofocus\b/g)).toHaveLength(1);
  expect(html('consent')).not.toContain('autofocus');
  const order = pages.get('consent')?.elements.flatMap(({ tag, attributes }) => (tag === 'button' ? [attributes['data-testid']] : []));
  expect(order).toEqual(['switch-account', 'cancel', 'accept']);
});

it('says what went wrong where it is heard, and ties it to the field', () => {
  for (const name of ['unknown account', 'wrong password']) {
    expect(html(name)).toMatch(/role="alert" id="problem"/);
    expect(html(name)).toMatch(/<input type="(?:text|password)"[^>]*aria-invalid="true" aria-describedby="problem"/);
  }
  expect(html('error')).toContain('role="alert"');
});

it('escapes the names people and apps have', () => {
  expect(html('picker')).toContain('Ada &lt;Admin&gt;');
  expect(html('picker')).not.toContain('<Admin>');
});
