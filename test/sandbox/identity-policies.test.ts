import { afterEach, beforeAll, beforeEach, describe, expect, it, afterAll } from 'vitest';
import { checkSeedFile, type RunningSandbox } from '../../src/sandbox/index';
import { PROVOKABLE_CODES, type ProvokedAt, provokedAt } from '../../src/sandbox/sts/provocations';
import type { SeedFile } from '../../src/sandbox/seed-format';
import { adminConsentUrl, app, ASSERTION_TYPE, authorizeUrl, Browser, clientAssertion, control, grantConsent, makeCertificate, openSandbox, person, postForm, tenantId, type Page, type Reply } from './support';
import { expectEveryRuleSeen } from './rule-coverage';

let shared: RunningSandbox;
let sandbox: RunningSandbox;
let browser: Browser;
let contoso: string;

beforeAll(async () => {
  shared = await openSandbox();
});
beforeEach(() => {
  shared.reset();
  use(shared);
});
afterEach(async () => {
  if (sandbox !== shared) await sandbox.stop();
});
afterAll(() => shared.stop());

function use(next: RunningSandbox): void {
  sandbox = next;
  browser = new Browser(next);
  contoso = tenantId(next, 'contoso');
}

const openWith = async (seed: SeedFile) => use(await openSandbox({ seed: checkSeedFile(seed) }));
const people = [
  { alias: 'ada', name: 'Ada Lindqvist', roles: ['Global Administrator'] },
  { alias: 'nora', name: 'Nora Berg' },
];
const tenantWith = (consent: object) => ({ key: 'contoso', name: 'Contoso', domain: 'contoso.example', prefix: 'contoso', country: 'SE', licences: [], people, consent });
const appWith = (more: object) => ({ key: 'backup', name: 'Northwind Backup – Protect', round: 1, permissions: [], ...more });

async function arrive(who: string, url: string): Promise<Page> {
  return browser.signIn(await browser.open(url), person(sandbox, who));
}
const signIn = (who = 'contoso/nora', parameters = {}) => arrive(who, authorizeUrl(sandbox, contoso, parameters));
const members = (page: Page) => Object.fromEntries(page.callback?.searchParams ?? []);

function askToken(change: Readonly<Record<string, string>> = {}, tenant = contoso): Promise<Reply> {
  const { appId, clientSecret } = app(sandbox);
  const secret = change['client_assertion'] === undefined ? { client_secret: clientSecret } : {};
  return postForm(sandbox, `/${tenant}/oauth2/v2.0/token`, { client_id: appId, ...secret, grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default', ...change });
}

describe('a refusal that was asked for', () => {
  const codesAt = (at: ProvokedAt) => PROVOKABLE_CODES.filter((code) => provokedAt(code).includes(at));

  it('shows at sign-in on a page that keeps the person there, whatever the number', async () => {
    for (const code of codesAt('sign-in')) {
      sandbox.provoke({ code, at: 'sign-in', times: 1 });
      const page = await browser.signIn(await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'login' })), person(sandbox, 'contoso/nora'));
      expect([page.status, page.rule, page.errorCode, page.callback]).toEqual([400, 'PROVOKED-SIGNIN', `AADSTS${code}`, undefined]);
    }
    expect((await signIn()).has('accept')).toBe(true);
  });

  it('goes to the app where nothing may be shown, with interaction_required for a second factor', async () => {
    await grantConsent(sandbox, 'contoso', 'contoso/ada', 'backup', browser);
    sandbox.provoke({ code: 50076, times: 1 });
    expect(members(await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'none' })))).toMatchObject({ error: 'interaction_required', error_description: expect.stringMatching(/^AADSTS50076: /) });
    expect(members(await browser.open(authorizeUrl(sandbox, contoso, { prompt: 'none' })))).toHaveProperty('code');
  });

  it('ends a consent that was accepted, and nothing is granted', async () => {
    for (const code of codesAt('consent')) {
      sandbox.provoke({ code, at: 'consent', tenantId: contoso, times: 1 });
      const page = await browser.signIn(await browser.open(adminConsentUrl(sandbox, contoso)), person(sandbox, 'contoso/ada'));
      const done = await browser.press(page, 'accept');
      expect(done.rule).toBe('PROVOKED-CONSENT');
      expect(members(done)).toMatchObject({ state: 'st-1', error_description: expect.stringMatching(new RegExp(`^AADSTS${code}: `)), error_uri: expect.stringContaining(`code=${code}`) });
      expect(members(done)).not.toHaveProperty('admin_consent');
    }
    expect((await askToken()).json().error_codes).toEqual([7000229]);
  });

  it('comes from the token endpoint in its envelope, as often as was asked', async () => {
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    for (const code of codesAt('token')) {
      sandbox.provoke({ code, at: 'token', appId: app(sandbox).appId, times: 1 });
      const reply = await askToken();
      expect([reply.rule, reply.json().error_codes, reply.status >= 400]).toEqual(['PROVOKED-TOKEN', [code], true]);
    }
    sandbox.provoke({ code: 90055, times: 2 });
    expect([(await askToken()).status, (await askToken()).status, (await askToken()).status]).toEqual([429, 429, 200]);
    expect((await askToken()).json()).toHaveProperty('access_token');
  });

  it('is for one tenant, app or person only, when it says so', async () => {
    sandbox.provoke({ code: 53003, person: 'NORA@contoso.example' });
    sandbox.provoke({ code: 90033, tenantId: tenantId(sandbox, 'fabrikam') });
    expect((await signIn('contoso/erik')).has('accept')).toBe(true);
    browser = new Browser(sandbox);
    expect((await signIn()).errorCode).toBe('AADSTS53003');
    expect((await askToken()).json().error_codes).toEqual([7000229]);
    expect((await askToken({}, tenantId(sandbox, 'fabrikam'))).json().error_codes).toEqual([90033]);
    sandbox.reset();
    browser = new Browser(sandbox);
    expect((await signIn()).has('accept')).toBe(true);
  });

  it('can come from the control door and from the seed, and unknown numbers are refused', async () => {
    expect((await control(sandbox, 'POST', '/provocations', { code: 90033, times: 1 })).json.items).toEqual([{ code: 90033, times: 1 }]);
    expect((await control(sandbox, 'POST', '/provocations', { clear: true })).json.items).toEqual([]);
    for (const body of [{}, { code: 1 }, { code: 90033, times: 0 }, { code: 90033, times: 'often' }, { code: 90033, appId: 7 }, { code: 53003, at: 'consent' }, { code: 53003, at: 'everywhere' }]) expect((await control(sandbox, 'POST', '/provocations', body)).status).toBe(400);
    expect(() => checkSeedFile({ provoke: [{ code: 700016 }] })).toThrow(/provoke\[0\]\.code: is not a number/);
    await expect(openSandbox({ seed: { provoke: [{ code: 53003, tenant: 'nowhere' }] } })).rejects.toThrow(/names no tenant/);
    await openWith({ provoke: [{ code: 53003, tenant: 'contoso', app: 'backup', times: 1 }, { code: 53003, at: 'token', app: 'backup', times: 1 }] });
    expect((await signIn()).errorCode).toBe('AADSTS53003');
    expect((await askToken()).json().error_codes).toEqual([53003]);
  });
});

describe('consent by people themselves', () => {
  const wall = (page: Page) => [page.rule, page.errorCode, page.has('accept')];

  it.each([
    ['nothing is allowed', { users: 'nothing' }, {}],
    ['only verified publishers are, and nobody published it', { users: 'verified-publishers' }, {}],
    ['only verified publishers are, and this one is not', { users: 'verified-publishers' }, { publisher: { name: 'Northwind' } }],
  ])('ends at the wall where %s', async (_why, consent, more) => {
    await openWith(checkSeedFile({ tenants: [tenantWith(consent)], apps: [appWith(more)] }));
    expect(wall(await signIn())).toEqual(['POLICY-USER-CONSENT', 'AADSTS90094', false]);
    browser = new Browser(sandbox);
    expect((await signIn('contoso/ada')).has('accept')).toBe(true);
  });

  it('is possible for a verified publisher, whose name the page shows', async () => {
    await openWith(checkSeedFile({ tenants: [tenantWith({ users: 'verified-publishers' })], apps: [appWith({ publisher: { name: 'Northwind Ltd', verified: true } })] }));
    const page = await signIn();
    expect(page.has('accept')).toBe(true);
    expect(page.all('publisher')[0]).toMatchObject({ text: '✓ verified: Northwind Ltd', attributes: { 'data-verified': 'true' } });
  });

  it('ends at the wall for a risky app; an administrator is warned and may proceed', async () => {
    await openWith(checkSeedFile({ apps: [appWith({ risky: true })] }));
    expect(wall(await signIn())).toEqual(['POLICY-RISKY', 'AADSTS900941', false]);
    browser = new Browser(sandbox);
    const page = await arrive('contoso/ada', adminConsentUrl(sandbox, contoso));
    expect([page.has('risky'), page.has('accept'), page.all('publisher')[0]?.attributes['data-verified']]).toEqual([true, true, 'false']);
  });
});

describe('the admin consent workflow', () => {
  it.each([
    [false, 'AADSTS90095'],
    [true, 'AADSTS900981'],
  ])('takes a request at the wall (risky app: %s) and goes back to the app with nothing granted', async (risky, code) => {
    await openWith(checkSeedFile({ tenants: [tenantWith({ users: 'nothing', requests: true })], apps: [appWith({ risky })] }));
    const page = await signIn();
    expect([page.rule, page.errorCode]).toEqual(['POLICY-WORKFLOW', code]);
    const sent = await browser.press(page, 'request-approval', { 'request-reason': 'We need backups' });
    expect([sent.rule, sent.has('request-sent')]).toEqual(['POLICY-REQUESTED', true]);
    const { items } = (await control(sandbox, 'GET', '/consent-requests')).json;
    expect(items).toEqual([{ tenantId: contoso, appId: app(sandbox).appId, person: 'nora@contoso.example', reason: 'We need backups', requestedAt: '2026-03-01T09:00:00.000Z' }]);
    const twice = await browser.press(page, 'request-approval', { 'request-reason': 'again' });
    expect(twice.rule).toBe('POLICY-WORKFLOW');
    expect(members(await browser.press(sent, 'return-to-app'))).toMatchObject({ error: 'access_denied', error_subcode: 'cancel' });
    expect((await askToken()).json().error_codes).toEqual([7000229]);
  });

  it('is offered at the admin consent page too, and to nobody where it is off', async () => {
    const off = await arrive('contoso/nora', adminConsentUrl(sandbox, contoso));
    expect([off.rule, off.has('request-approval')]).toEqual(['CONSENT-NOT-ADMIN', false]);
    const ctx = off.forms[0]?.fields.find(({ attributes }) => attributes.name === 'ctx')?.attributes.value ?? '';
    expect((await browser.post(`/${contoso}/consent`, new URLSearchParams({ ctx, decision: 'request', reason: 'x' }))).rule).toBe('CONSENT-NOT-ADMIN');
    expect((await control(sandbox, 'GET', '/consent-requests')).json.items).toEqual([]);
    await openWith(checkSeedFile({ tenants: [tenantWith({ requests: true })] }));
    expect((await arrive('contoso/nora', adminConsentUrl(sandbox, contoso))).has('request-approval')).toBe(true);
  });
});

describe('several credentials of one app, each in its time', () => {
  const pem = (der: Buffer) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;

  it('are taken from their start to their end', async () => {
    const [early, late] = [makeCertificate(), makeCertificate()];
    const secrets = [
      { value: 'old-secret-old-secret', until: '2026-03-01T09:10:00Z' },
      { value: 'new-secret-new-secret', from: '2026-03-01T09:05:00Z' },
    ];
    const certificates = [
      { name: 'early', pem: pem(early.der), until: '2026-03-01T09:10:00Z' },
      { pem: pem(late.der), from: '2026-03-01T09:05:00Z' },
    ];
    await openWith(checkSeedFile({ apps: [appWith({ secrets, certificates })] }));
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    const bySecret = async (value: string) => (await askToken({ client_secret: value })).json().error_codes?.[0] ?? 200;
    const byCertificate = async (certificate: typeof early) =>
      (await askToken({ client_assertion: clientAssertion(sandbox, contoso, certificate), client_assertion_type: ASSERTION_TYPE })).json().error_codes?.[0] ?? 200;
    const all = async () => [await bySecret('old-secret-old-secret'), await bySecret('new-secret-new-secret'), await byCertificate(early), await byCertificate(late)];
    expect(await all()).toEqual([200, 7000215, 200, 700027]);
    sandbox.clock.advance(360);
    expect(await all()).toEqual([200, 200, 200, 200]);
    sandbox.clock.advance(300);
    expect(await all()).toEqual([7000222, 200, 700027, 200]);
    expect((await askToken()).status).toBe(200);
  });

  it('are checked in the seed', () => {
    expect(() => checkSeedFile({ apps: [appWith({ certificates: [{ pem: 'no certificate' }] })] })).toThrow(/apps\[0\]\.certificates\[0\]\.pem: must be a certificate/);
    expect(() => checkSeedFile({ apps: [appWith({ secrets: [{ value: 'x', from: 'soon' }] })] })).toThrow(/secrets\[0\]\.from: must be an ISO 8601 instant/);
  });
});

describe('contradictions of the sign-in host', () => {
  it('can be set one by one, and unknown ones are refused', async () => {
    const set = (sts: unknown) => control(sandbox, 'POST', '/variants', { sts });
    expect((await set({ missingPrincipal: '700016' })).json).toMatchObject({ variants: { sts: { missingPrincipal: '700016', reconsent: 'granted' } } });
    expect((await askToken()).json().error_codes).toEqual([700016]);
    for (const wrong of [{ missingPrincipal: '1' }, { nothing: 1 }, 7]) expect((await set(wrong)).status).toBe(400);
    sandbox.reset();
    expect((await askToken()).json().error_codes).toEqual([7000229]);
  });

  it('takes the issuer as an assertion\'s audience only where that side is played', async () => {
    const certificate = makeCertificate();
    await openWith(checkSeedFile({ apps: [appWith({ certificates: [{ pem: `-----BEGIN CERTIFICATE-----\n${certificate.der.toString('base64')}\n-----END CERTIFICATE-----` }] })] }));
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    const ask = async (tenant = contoso) =>
      (await askToken({ client_assertion: clientAssertion(sandbox, contoso, certificate, { claims: { aud: `${sandbox.ready.login}/${tenant}/v2.0` } }), client_assertion_type: ASSERTION_TYPE })).json().error_codes?.[0] ?? 200;
    expect(await ask()).toBe(700023);
    sandbox.setStsVariants({ assertionAudience: 'token-endpoint-or-issuer' });
    expect([await ask(), await ask(tenantId(sandbox, 'fabrikam'))]).toEqual([200, 700023]);
  });

  it('refuses consent for minutes after the service principal was deleted, where that side is played', async () => {
    await grantConsent(sandbox, 'contoso', 'contoso/ada', 'backup', browser);
    const directory = sandbox.world.tenants.get(contoso);
    const now = sandbox.clock.now();
    const row = directory?.servicePrincipals.list(now).find(({ appId }) => appId === app(sandbox).appId);
    if (directory === undefined || row === undefined) throw new Error('no service principal');
    directory.servicePrincipals.delete(row.id, now);
    directory.deletedItems.put(row.id, { id: row.id, kind: 'servicePrincipal', row, deletedDateTime: new Date(now).toISOString() }, now);
    const consent = async () => members(await browser.press(await browser.open(adminConsentUrl(sandbox, contoso)), 'accept'));
    sandbox.setStsVariants({ reconsent: 'refused' });
    expect(await consent()).toMatchObject({ error: 'invalid_client', error_description: expect.stringMatching(/^AADSTS650051: /) });
    sandbox.clock.advance(601);
    expect(await consent()).toMatchObject({ admin_consent: 'True' });
  });
});

expectEveryRuleSeen('PROVOKED-', 'POLICY-');
