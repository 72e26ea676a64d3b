import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/core/configuration';
import { TEMPLATE_NAMES } from '../../src/sandbox/faults/bodies';
import { TRANSPORTS } from '../../src/sandbox/faults/plan';
import { readFaultPlan } from '../../src/sandbox/faults/plan-check';
import { PRESET_NAMES } from '../../src/sandbox/faults/presets';
import { buildConfig, checkSeedFile, resolveSeed, SeedError, startSandbox, type RunningSandbox, type SandboxOptions } from '../../src/sandbox/index';
import { DECLINE_VARIANTS } from '../../src/sandbox/seed-format';
import { PROVOKABLE_CODES } from '../../src/sandbox/sts/provocations';
import { RELYING_PARTY_CASES } from '../../src/sandbox/sts/relying-party/modes';
import { STS_VARIANTS } from '../../src/sandbox/sts/variants';
import { REPLICATION_SCOPES } from '../../src/sandbox/world';
import { adminConsentUrl, app, Browser, control, grantConsent, openSandbox, person, send, START, tenantId } from './support';

const running: RunningSandbox[] = [];
const scratch = mkdtempSync(join(tmpdir(), 'sandbox-test-'));

async function open(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const sandbox = await openSandbox(options);
  running.push(sandbox);
  return sandbox;
}

afterEach(async () => {
  for (const sandbox of running.splice(0)) await sandbox.stop();
});

afterAll(() => rmSync(scratch, { recursive: true }));

describe('the ready line', () => {
  it('describes apps, tenants and people, and how each role is held', async () => {
    const sandbox = await open();
    const { ready } = sandbox;
    expect(Object.keys(ready)).toEqual(['ready', 'login', 'graph', 'cloud', 'caFile', 'proxy', 'control', 'homeTenantId', 'apps', 'tenants']);
    expect(ready.apps.map(({ key, round }) => [key, round])).toEqual([
      ['backup', 1],
      ['restore', 2],
    ]);
    const notes = (who: string) => {
      const { roles, notes: how } = person(sandbox, who);
      return [roles, how];
    };
    expect(notes('contoso/ada')).toEqual([['Global Administrator'], '']);
    expect(notes('contoso/nora')).toEqual([[], '']);
    expect(notes('contoso/felix')).toEqual([['Global Administrator'], 'guest']);
    expect(notes('contoso/dora')).toEqual([['Global Administrator'], 'disabled']);
    expect(notes('contoso/piotr')).toEqual([['Global Administrator'], 'pim-eligible']);
    expect(notes('contoso/gina')).toEqual([['Global Administrator'], 'via-group']);
    expect(notes('contoso/ulf')).toEqual([['Exchange Administrator'], 'unit-scoped']);
    expect(person(sandbox, 'contoso/felix')).toMatchObject({
      upn: 'felix_fabrikam.example#EXT#@contoso.onmicrosoft.com',
      signInName: 'felix@fabrikam.example',
      password: person(sandbox, 'fabrikam/felix').password,
    });
  });

  it('has the same ids and other credentials at every start', async () => {
    const [first, second] = [await open(), await open()];
    const ids = ({ ready }: RunningSandbox) => [ready.homeTenantId, ready.apps.map(({ appId }) => appId), ready.tenants.map(({ tenantId: id, users }) => [id, users.map(({ objectId }) => objectId)])];
    expect(ids(second)).toEqual(ids(first));
    const credentials = ({ ready }: RunningSandbox) => [...ready.apps.map(({ clientSecret }) => clientSecret), ...ready.tenants.flatMap(({ users }) => users.map(({ password }) => password))];
    const known = new Set(credentials(first));
    expect(credentials(second).filter((credential) => known.has(credential))).toEqual([]);
    expect((await open({ seed: { seed: 'another' } })).ready.homeTenantId).not.toBe(first.ready.homeTenantId);
  });

  it('belongs to keys and a certificate authority made for this start alone', async () => {
    const [first, second] = await Promise.all([startSandbox(), startSandbox()]);
    running.push(first, second);
    const kids = ({ world }: RunningSandbox) => world.signingKeys.published.map(({ kid }) => kid);
    expect(new Set([...kids(first), ...kids(second)]).size).toBe(4);
    const foreignCa = { ...first, ready: { ...first.ready, caFile: second.ready.caFile } };
    await expect(send(foreignCa, '/common/discovery/v2.0/keys')).rejects.toThrow(/certificate/);
  });
});

describe('what a start leaves on the disk', () => {
  it('is a private directory that is gone after the end', async () => {
    const sandbox = await openSandbox();
    const directory = dirname(sandbox.ready.caFile);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect((await send(sandbox, '/common/discovery/v2.0/keys')).status).toBe(200);
    await sandbox.stop();
    expect(existsSync(directory)).toBe(false);
    await expect(send(sandbox, '/common/discovery/v2.0/keys')).rejects.toThrow();
  });

  it('stays in a directory of the caller, with the gaps beside the CA', async () => {
    const dataDir = join(scratch, 'data');
    const sandbox = await openSandbox({ dataDir });
    await send(sandbox, '/common/oauth2/token');
    await sandbox.stop();
    expect(readFileSync(join(dataDir, 'ca.pem'), 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----/);
    const [gap] = readFileSync(join(dataDir, 'gaps.ndjson'), 'utf8').trim().split('\n');
    expect(JSON.parse(gap ?? '')).toMatchObject({ method: 'GET', path: '/common/oauth2/token' });
  });

  it('includes, when wanted, a configuration the product accepts, with secrets only in private files', async () => {
    const file = join(scratch, 'product', 'm365-onboarding.config.json');
    const sandbox = await open({ writeConfig: file });
    const text = readFileSync(file, 'utf8');
    const config = JSON.parse(text);
    for (const { key, clientSecret } of sandbox.ready.apps) {
      expect(text).not.toContain(clientSecret);
      const secretFile = join(dirname(file), config.apps.find((candidate: { key: string }) => candidate.key === key).credential.secretFile);
      expect(readFileSync(secretFile, 'utf8')).toBe(clientSecret);
      expect(statSync(secretFile).mode & 0o777).toBe(0o600);
    }
    const parsed = parseConfiguration(config);
    expect(parsed.apps.map(({ key, requiredPermissions }) => [key, requiredPermissions.length])).toEqual([
      ['backup', 10],
      ['restore', 8],
    ]);
    expect(parsed.operator).toBe('op-1');
    expect(parsed.endpoints.authorityHost).toBe(sandbox.ready.login);
    expect(buildConfig(sandbox.ready).publicBaseUrl).toBe('http://localhost:4180');
  });

  it('tells its port when it is taken', async () => {
    const sandbox = await open();
    await expect(startSandbox({ port: Number(new URL(sandbox.ready.login).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('the control door', () => {
  it('shows the state and moves the clock, forward only', async () => {
    const sandbox = await open();
    expect((await control(sandbox, 'GET', '/state')).json).toMatchObject({ now: '2026-03-01T09:00:00.000Z', homeTenantId: sandbox.ready.homeTenantId, variants: { decline: null } });
    expect((await control(sandbox, 'POST', '/clock', { advanceSeconds: 90 })).json).toEqual({ now: '2026-03-01T09:01:30.000Z' });
    expect((await control(sandbox, 'POST', '/clock', { now: '2026-03-02T00:00:00Z' })).json).toEqual({ now: '2026-03-02T00:00:00.000Z' });
    expect(sandbox.clock.now()).toBe(Date.parse('2026-03-02T00:00:00Z'));
    for (const body of [{ advanceSeconds: -1 }, { now: '2026-03-01T00:00:00Z' }, { now: 'noon' }, {}]) {
      expect((await control(sandbox, 'POST', '/clock', body)).status, JSON.stringify(body)).toBe(400);
    }
    expect(sandbox.clock.now()).toBe(Date.parse('2026-03-02T00:00:00Z'));
  });

  it('sets replication lag per scope', async () => {
    const sandbox = await open({ replicationLagMs: { 'graph.get': 5 } });
    expect((await control(sandbox, 'POST', '/replication', { 'sts.roles': 1500 })).status).toBe(200);
    expect((await control(sandbox, 'GET', '/state')).json.replicationLagMs).toEqual({ 'graph.get': 5, 'graph.list': 0, 'graph.reference': 5, 'graph.auditLog': 0, 'sts.servicePrincipal': 0, 'sts.keys': 0, 'sts.roles': 1500 });
    expect(sandbox.world.asOf('sts.roles')).toBe(START - 1500);
    expect((await control(sandbox, 'POST', '/replication', { 'sts.moon': 1 })).status).toBe(400);
    expect((await control(sandbox, 'POST', '/replication', { 'sts.roles': -1 })).status).toBe(400);
  });

  it('plays the other side of a contradiction at Graph, and refuses a side that is none', async () => {
    const sandbox = await open();
    expect((await control(sandbox, 'POST', '/variants', { graph: { missingReference: 404 } })).status).toBe(200);
    expect((await control(sandbox, 'POST', '/variants', { graph: { missingReference: 418 } })).status).toBe(400);
    expect((await control(sandbox, 'POST', '/variants', { graph: { unheardOf: 1 } })).status).toBe(400);
  });

  it('resets the directory and the sessions but not the credentials that were handed out', async () => {
    const sandbox = await open();
    const browser = new Browser(sandbox);
    await grantConsent(sandbox, 'contoso', 'contoso/ada', 'backup', browser);
    const principals = () => sandbox.world.tenants.get(tenantId(sandbox, 'contoso'))?.servicePrincipals.list(START).length;
    const before = principals();
    expect((await control(sandbox, 'POST', '/reset')).status).toBe(200);
    expect(principals()).toBe((before ?? 0) - 1);
    expect(sandbox.requests()).toEqual([]);
    const page = await browser.open(adminConsentUrl(sandbox, tenantId(sandbox, 'contoso')));
    expect(page.rule).toBe('SIGNIN-PICKER');
    expect((await browser.signIn(page, person(sandbox, 'contoso/ada'))).has('accept')).toBe(true);
  });

  it('lists rules with their grades, and tells no lie unasked', async () => {
    const sandbox = await open();
    const { items } = (await control(sandbox, 'GET', '/rules')).json;
    expect(items).toContainEqual(expect.objectContaining({ id: 'TOKEN-APP', grade: 'recorded' }));
    expect(items).toContainEqual(expect.objectContaining({ id: 'G-SP-GET' }));
    expect((await control(sandbox, 'GET', '/lies')).json.items).not.toContainEqual(expect.objectContaining({ isOn: true }));
  });

  it('takes no orders from web pages: a browser names its Origin, a rebound name its host', async () => {
    const sandbox = await open();
    expect((await control(sandbox, 'POST', '/reset', undefined, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await control(sandbox, 'GET', '/requests', undefined, { host: 'evil.example' })).status).toBe(403);
    expect((await control(sandbox, 'POST', '/clock', '{"advanceSeconds":')).status).toBe(400);
    expect((await control(sandbox, 'POST', '/clock', '[1]')).status).toBe(400);
    expect((await control(sandbox, 'GET', '/secrets')).status).toBe(404);
    expect(sandbox.clock.now()).toBe(START);
  });
});

it('serves Graph on the same origin and logs whose token asked', async () => {
  const sandbox = await open();
  await grantConsent(sandbox, 'contoso', 'contoso/ada');
  const contoso = tenantId(sandbox, 'contoso');
  const { appId, clientSecret } = app(sandbox);
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: appId, client_secret: clientSecret, scope: 'https://graph.microsoft.com/.default' }).toString();
  const token = await send(sandbox, `/${contoso}/oauth2/v2.0/token`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
  const bearer = token.json().access_token;
  const reply = await send(sandbox, '/v1.0/organization?$select=id', { headers: { authorization: `Bearer ${bearer}`, sdkversion: 'graph-js/3.0.7', 'user-agent': 'check/1' } });
  expect(reply.json().value).toMatchObject([{ id: contoso }]);
  expect(sandbox.requests().at(-1)).toMatchObject({ host: 'graph', path: '/v1.0/organization?$select=id', app: appId, tenant: contoso, clientSku: 'graph-js/3.0.7', userAgent: 'check/1', status: 200 });
  expect(JSON.stringify(sandbox.requests())).not.toContain(bearer);
});

describe('the documentation', () => {
  const page = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8');

  it('shows a fault plan that works', () => {
    const example = /```json\n([\s\S]*?)```/.exec(page.slice(page.indexOf('### Fault plans')))?.[1] ?? '';
    expect(readFaultPlan(JSON.parse(example)).rules.map(({ id }) => id)).toEqual(expect.arrayContaining(['graph-throttled', 'slow-down', 'lost', 'gateway']));
    expect([...PRESET_NAMES, ...TEMPLATE_NAMES, ...TRANSPORTS].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('shows a seed file that works', async () => {
    const example = /```json\n([\s\S]*?)```/.exec(page.slice(page.indexOf('## Seed files')))?.[1] ?? '';
    const sandbox = await open({ seed: checkSeedFile(JSON.parse(example)) });
    expect(person(sandbox, 'tailspin/ben').notes).toBe('via-group|unit-scoped');
    expect(person(sandbox, 'tailspin/felix').notes).toBe('guest');
  });

  it('names every control, every kind of lag, every way to decline and every way to be wrong', async () => {
    const sandbox = await open();
    const { items: _items, ...refusal } = (await control(sandbox, 'GET', '/')).json;
    const controls = [...JSON.stringify(refusal).matchAll(/(?:GET|POST) \/[\w-]+/g)].map(([route]) => route).filter((route) => route !== 'GET /');
    expect(controls.length).toBeGreaterThan(8);
    expect([...controls, ...REPLICATION_SCOPES, ...DECLINE_VARIANTS, ...Object.keys(RELYING_PARTY_CASES), ...Object.keys(STS_VARIANTS).map((name) => `sts.${name}`)].filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
  });

  it('says for every number the sign-in host can answer with how to provoke it', () => {
    const code = readFileSync(new URL('../../src/sandbox/sts/refusals.ts', import.meta.url), 'utf8');
    const natural = [...code.matchAll(/'[A-Z-]+',\s+(\d{5,7}),/g)].map(([, number = '']) => number);
    expect(natural.length).toBeGreaterThan(35);
    const section = page.slice(page.indexOf('### Refusals and how to provoke them'), page.indexOf('### Wrong on purpose'));
    const told = new Set(section.match(/\d{5,7}/g));
    expect([...natural, ...PROVOKABLE_CODES.map(String)].filter((number) => !told.has(number))).toEqual([]);
  });
});

describe('a seed file', () => {
  it('adds tenants and apps, replaces those with the same key, and may start from nothing', () => {
    const people = [{ alias: 'zoe', name: 'Zoe', roles: ['Global Administrator'] }];
    const tiny = { key: 'tiny', name: 'Tiny', domain: 'tiny.example', prefix: 'tiny', country: 'FR', licences: [], people } as const;
    expect(resolveSeed({ tenants: [tiny] }).tenants.map(({ key }) => key)).toEqual(['partner', 'contoso', 'fabrikam', 'adatum', 'litware', 'wingtip', 'trey', 'tiny']);
    expect(resolveSeed({ tenants: [{ ...tiny, key: 'contoso' }] }).tenants.find(({ key }) => key === 'contoso')?.people).toHaveLength(1);
    expect(resolveSeed({ extends: 'nothing', homeTenant: 'tiny', tenants: [tiny] })).toMatchObject({ tenants: [{ key: 'tiny' }], apps: [], redirectUris: [] });
    expect(resolveSeed({ redirectUris: ['https://portal.example/consent/callback'] }).redirectUris).toHaveLength(3);
  });

  it('is read from disk, with its lag, its variant and passwords of its own', async () => {
    const file = join(scratch, 'seed.json');
    const people = [{ alias: 'zoe', name: 'Zoe', roles: ['Global Administrator'], password: 'chosen' }];
    writeFileSync(file, JSON.stringify({ declineVariant: 'reported', replicationLagMs: { 'sts.roles': 7 }, tenants: [{ key: 'tiny', name: 'Tiny', domain: 'tiny.example', prefix: 'tiny', country: 'FR', licences: [], people }] }));
    const sandbox = await open({ seedFile: file });
    expect(person(sandbox, 'tiny/zoe').password).toBe('chosen');
    expect((await control(sandbox, 'GET', '/state')).json).toMatchObject({ replicationLagMs: { 'sts.roles': 7 }, variants: { decline: 'reported' } });
  });

  const tenantWith = (changes: object) => ({ tenants: [{ key: 'tiny', name: 'Tiny', domain: 'tiny.example', prefix: 'tiny', country: 'FR', licences: [], people: [{ alias: 'zoe', name: 'Zoe' }], ...changes }] });

  it.each<[string, unknown, RegExp]>([
    ['is not an object', [], /file: must be an object/],
    ['misspells a field', { tenant: [] }, /tenant: is not a known field/],
    ['leaves a field out', { tenants: [{ key: 'tiny' }] }, /tenants\[0\]\.name: is missing/],
    ['names a role that does not exist', tenantWith({ people: [{ alias: 'zoe', name: 'Zoe', roles: ['Emperor'] }] }), /tenants\[0\]\.people\[0\]\.roles\[0\]: must be one of/],
    ['has a unit without a role', tenantWith({ people: [{ alias: 'zoe', name: 'Zoe', roles: [{ unit: 'x' }] }] }), /roles\[0\]\.role: is missing/],
    ['has a bad domain', tenantWith({ domain: 'not a domain' }), /tenants\[0\]\.domain: must be a domain name/],
    ['has an unknown licence', tenantWith({ licences: ['GOLD'] }), /tenants\[0\]\.licences\[0\]: must be one of/],
    ['has an unknown resource', tenantWith({ resources: ['teams'] }), /resources\[0\]: must be graph, exchange or sharepoint/],
    ['has a flag that is none', tenantWith({ people: [{ alias: 'zoe', name: 'Zoe', enabled: 'yes' }] }), /people\[0\]\.enabled: must be true or false/],
    ['has people that are no list', tenantWith({ people: {} }), /people: must be a list/],
    ['has a negative lag', { replicationLagMs: { 'graph.get': -1 } }, /replicationLagMs\.graph\.get: must be milliseconds/],
    ['has an unknown lag', { replicationLagMs: { 'graph.moon': 1 } }, /graph\.moon: is not a known field/],
    ['has an unknown variant', { declineVariant: 'never' }, /declineVariant: must be one of/],
    ['has a relative redirect URI', { redirectUris: ['/callback'] }, /redirectUris\[0\]: must be an absolute URL/],
    ['has a round zero', { apps: [{ key: 'a', name: 'A', round: 0, permissions: [] }] }, /apps\[0\]\.round: must be a whole number/],
    ['has an empty name', { apps: [{ key: 'a', name: '', round: 1, permissions: [] }] }, /apps\[0\]\.name: must be a non-empty text/],
    ['has a key that is none', { apps: [{ key: 'A b', name: 'A', round: 1, permissions: [] }] }, /apps\[0\]\.key: must be lower-case/],
  ])('is refused when it %s, naming the place', (_what, file, message) => {
    expect(() => checkSeedFile(file)).toThrow(SeedError);
    expect(() => checkSeedFile(file)).toThrow(message);
  });

  it.each<[string, object, RegExp]>([
    ['a home tenant that is not there', { homeTenant: 'nowhere' }, /homeTenant: names no tenant/],
    ['two tenants of one domain', tenantWith({ domain: 'contoso.example' }), /domain "contoso\.example" is there twice/],
    ['two tenants of one key', { tenants: [...tenantWith({}).tenants, ...tenantWith({}).tenants] }, /key "tiny" is there twice/],
    ['two people of one alias', tenantWith({ people: [{ alias: 'zoe', name: 'Zoe' }, { alias: 'zoe', name: 'Other' }] }), /alias "zoe" is there twice/],
    ['a group member nobody is', tenantWith({ groups: [{ name: 'G', members: ['ghost'] }] }), /has a member nobody is: "ghost"/],
    ['a guest from nowhere', tenantWith({ people: [{ alias: 'zoe', name: 'Zoe', guestFrom: 'contoso/ghost' }] }), /guestFrom.*must be tenantKey\/alias/],
    ['a guest of a guest', tenantWith({ people: [{ alias: 'zoe', name: 'Zoe', guestFrom: 'contoso/felix' }] }), /guestFrom.*must be tenantKey\/alias/],
    ['a permission its resource does not have', { apps: [{ key: 'a', name: 'A', round: 3, permissions: [{ resource: 'exchange', type: 'Role', name: 'Sites.Read.All', reason: 'x' }] }] }, /no Role named "Sites\.Read\.All"/],
  ])('is refused with %s', async (_what, file, message) => {
    const seed = checkSeedFile(file);
    await expect(openSandbox({ seed })).rejects.toThrow(message);
    expect(() => resolveSeed(seed)).toThrow(SeedError);
  });

  it('is refused when it is missing or not JSON', async () => {
    const file = join(scratch, 'broken.json');
    writeFileSync(file, '{"seed":');
    await expect(startSandbox({ seedFile: file })).rejects.toThrow(/is not valid JSON/);
    await expect(startSandbox({ seedFile: join(scratch, 'none.json') })).rejects.toThrow(/cannot be read/);
  });
});
