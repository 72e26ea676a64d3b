import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSeedFile, resolveSeed, SeedError, type RunningSandbox } from '../../src/sandbox/index';
import type { Json } from './graph-support';
import { adminConsentUrl, app, authorizeUrl, Browser, control, openSandbox, postForm, send } from './support';

const COUNT = 10_000;

describe('ten thousand customers', () => {
  let sandbox: RunningSandbox;
  let declared: number;
  const inUse = () => sandbox.world.tenants.inUseCount;
  const rows = async (path: string) => (await control(sandbox, 'GET', path)).json as unknown as { readonly items: readonly Json[]; readonly count: number; readonly next: string | null };
  const tokenOf = (tenant: string) =>
    postForm(sandbox, `/${tenant}/oauth2/v2.0/token`, { grant_type: 'client_credentials', client_id: app(sandbox).appId, client_secret: app(sandbox).clientSecret, scope: 'https://graph.microsoft.com/.default' });

  beforeAll(async () => {
    sandbox = await openSandbox({ seed: { generatedTenants: { count: COUNT } } });
    declared = sandbox.seed.tenants.length;
  });
  afterAll(async () => sandbox.stop());

  it('are known at the start, and none of them has been made', () => {
    expect(sandbox.world.tenants.size).toBe(declared + COUNT);
    expect(inUse()).toBe(declared);
  });

  it('stand in the ready line in a few words', () => {
    expect(sandbox.ready.tenants).toHaveLength(declared);
    expect(sandbox.ready.generatedTenants).toEqual({
      count: COUNT,
      firstKey: 'customer-00001',
      lastKey: 'customer-10000',
      firstDomain: 'customer-00001.example',
      firstAdmin: 'admin@customer-00001.example',
      password: expect.stringMatching(/^[\w-]{32}$/),
      list: `${sandbox.ready.control}/tenants`,
    });
    expect(JSON.stringify(sandbox.ready).length).toBeLessThan(20_000);
  });

  it('are listed by the control door a page at a time, which makes none of them', async () => {
    const ids = new Set<unknown>();
    let path: string | null = '/tenants?top=1000';
    let pages = 0;
    for (; path !== null; pages += 1) {
      const page = await rows(path);
      expect(page.count).toBe(declared + COUNT);
      for (const { tenantId } of page.items) ids.add(tenantId);
      path = page.next;
    }
    expect([pages, ids.size]).toEqual([11, declared + COUNT]);
    expect((await rows(`/tenants?skip=${declared + 41}&top=1`)).items).toEqual([{ key: 'customer-00042', tenantId: expect.any(String) as unknown, domain: 'customer-00042.example', displayName: 'Customer 00042' }]);
    expect((await rows('/tenants')).items).toHaveLength(100);
    for (const wrong of ['top=1001', 'top=x', 'skip=-1', 'skip=1.5', 'top=']) expect((await control(sandbox, 'GET', `/tenants?${wrong}`)).status).toBe(400);
    expect(inUse()).toBe(declared);
  });

  it('cost nothing when strangers, unknown domains and foreign apps are asked for', async () => {
    expect((await send(sandbox, '/customer-10001.example/v2.0/.well-known/openid-configuration')).status).toBe(400);
    expect((await send(sandbox, '/customer-0042.example/v2.0/.well-known/openid-configuration')).status).toBe(400);
    expect((await postForm(sandbox, '/contoso.example/oauth2/v2.0/token', { grant_type: 'client_credentials', client_id: '11111111-2222-4333-8444-555555555555', client_secret: 'x', scope: 'https://graph.microsoft.com/.default' })).status).toBe(400);
    const picker = await new Browser(sandbox).open(authorizeUrl(sandbox, 'organizations'));
    expect(picker.all('account').every(({ attributes }) => !(attributes['data-upn'] ?? '').includes('customer-'))).toBe(true);
    expect(inUse()).toBe(declared);
  });

  it('come into being one by one: a consent, then its tokens and its directory, by every name of the tenant', async () => {
    const before = inUse();
    const { password = '' } = sandbox.ready.generatedTenants ?? {};
    const browser = new Browser(sandbox);
    const page = await browser.open(adminConsentUrl(sandbox, 'customer-00042.example'));
    const consent = await browser.signIn(page, { signInName: 'admin@customer-00042.example', password });
    const callback = (await browser.press(consent, 'accept')).callback;
    const tenantId = callback?.searchParams.get('tenant') ?? '';
    expect(tenantId).toBe((await rows(`/tenants?skip=${declared + 41}&top=1`)).items[0]?.tenantId);
    expect(inUse()).toBe(before + 1);

    for (const name of [tenantId, 'customer-00042.example', 'CUSTOMER00042.onmicrosoft.com']) expect((await tokenOf(name)).status).toBe(200);
    const bearer = (await tokenOf(tenantId)).json().access_token;
    const users = await send(sandbox, '/v1.0/users?$select=id,userPrincipalName', { headers: { authorization: `Bearer ${bearer}` } });
    expect(users.json().value).toHaveLength(5);
    expect(inUse()).toBe(before + 1);
  });

  it('are as they were after a reset, and unmade', async () => {
    const id = sandbox.world.tenants.findByDomain('customer-00077.example')?.tenantId;
    const people = () => sandbox.world.tenants.findByDomain('customer-00077.example')?.users.list(sandbox.world.now()).map(({ id: objectId, password }) => [objectId, password]);
    const first = people();
    sandbox.reset();
    expect(inUse()).toBe(declared);
    expect([sandbox.world.tenants.findByDomain('customer-00077.example')?.tenantId, people()]).toEqual([id, first]);
  });

  it('have the same ids whatever their number and at every start', async () => {
    const small = await openSandbox({ seed: { generatedTenants: { count: 50, password: 'a password of the seed' } } });
    try {
      const ids = (one: RunningSandbox) => {
        const tenant = one.world.tenants.findByDomain('customer-00050.example');
        return [tenant?.tenantId, tenant?.users.list(one.world.now()).map(({ id, userPrincipalName }) => [id, userPrincipalName])];
      };
      expect(ids(small)).toEqual(ids(sandbox));
      expect(small.ready.generatedTenants?.password).toBe('a password of the seed');
      expect(small.world.tenants.findByDomain('customer-00051.example')).toBeUndefined();
    } finally {
      await small.stop();
    }
  });

  it('are made when somebody goes through all of them, and not before', () => {
    sandbox.reset();
    const ids = [...sandbox.world.tenants.keys()];
    expect([ids.length, inUse()]).toEqual([declared + COUNT, declared]);
    let seen = 0;
    for (const tenant of sandbox.world.tenants.values()) {
      seen += 1;
      expect(ids[seen - 1]).toBe(tenant.tenantId);
      if (seen === declared + 3) break;
    }
    expect(inUse()).toBe(declared + 3);
  });
});

describe('a seed with generated tenants', () => {
  it.each([
    [{ count: 0 }, 'generatedTenants.count'],
    [{ count: 100_001 }, 'generatedTenants.count'],
    [{ count: 5, people: 0 }, 'generatedTenants.people'],
    [{ count: 5, prefix: 'Not A Key' }, 'generatedTenants.prefix'],
    [{ count: 5, licences: ['NONE'] }, 'generatedTenants.licences[0]'],
    [{ count: 5, sizes: 1 }, 'generatedTenants.sizes'],
    [{}, 'generatedTenants.count'],
  ])('is refused with its place: %j', (generatedTenants, place) => {
    expect(() => checkSeedFile({ generatedTenants })).toThrow(place);
  });

  it('may not make a tenant that the file declares', () => {
    const tenant = { key: 'customer-00003', name: 'Own', domain: 'own.example', prefix: 'own', country: 'CZ', licences: [], people: [] };
    expect(() => resolveSeed(checkSeedFile({ tenants: [tenant], generatedTenants: { count: 3 } }))).toThrow(SeedError);
    expect(() => resolveSeed(checkSeedFile({ tenants: [{ ...tenant, key: 'own', domain: 'customer-00003.example' }], generatedTenants: { count: 3 } }))).toThrow(SeedError);
    expect(resolveSeed(checkSeedFile({ tenants: [tenant], generatedTenants: { count: 2 } })).tenants.map(({ key }) => key)).toContain('customer-00003');
  });
});
