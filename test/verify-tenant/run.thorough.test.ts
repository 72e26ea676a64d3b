import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOnboardingError } from '../../src/core/index';
import { PROBES, RULE_IDS } from '../../src/verify-tenant/run';
import { UNKNOWNS } from '../../src/verify-tenant/unknowns';
import { differing, resultsOf, ROLES, startVerifyStage, type VerifyStage } from './support';

const codeOf = async (promise: Promise<unknown>) => promise.then(() => 'no error', (error: unknown) => (isOnboardingError(error) ? error.code : error));
const OTHER = '11111111-2222-4333-8444-555555555555';

describe('the check of a tenant, against the sandbox', () => {
  let stage: VerifyStage;
  const during = async (work: () => Promise<unknown>) => {
    const before = stage.sandbox.requests().length;
    await work();
    return stage.sandbox.requests().slice(before);
  };
  const named = () => {
    const home = stage.sandbox.world.tenants.get(stage.sandbox.world.homeTenantId);
    const now = stage.sandbox.clock.now();
    const rows = [...(home?.applications.list(now) ?? []), ...(home?.servicePrincipals.list(now) ?? [])];
    return [...rows.filter(({ displayName }) => displayName.startsWith('zz-verify-')).map(({ id }) => id), ...(home?.deletedItems.list(now) ?? []).map(({ id }) => id)];
  };
  const isWrite = (method: string, path: string) => method !== 'GET' && !/\/oauth2\/v2\.0\/token$|\/\$batch$|\/getByIds$/.test(path);

  beforeAll(async () => {
    stage = await startVerifyStage();
  });
  afterAll(async () => stage.stop());

  it('asks about rules the sandbox has, and tells about every one of them', async () => {
    expect(PROBES.flatMap(({ rule }) => (rule === null || RULE_IDS.includes(rule) ? [] : [rule]))).toEqual([]);
    const report = await stage.verify();
    expect(report.rules.map(({ id }) => id)).toEqual(RULE_IDS);
    expect(differing(report)).toEqual([]);
    expect(resultsOf(report, 'match').length).toBeGreaterThan(55);
    expect(report.unknowns.map(({ number }) => number)).toEqual(UNKNOWNS.map(({ number }) => number));
    expect(report.unknowns).toHaveLength(15);
    expect(report.unknowns.filter(({ ticked }) => ticked).map(({ number }) => number)).toEqual([2, 15]);
  });

  it('changes nothing unless it is told to', async () => {
    const requests = await during(async () => stage.verify(stage.secretSettings()));
    expect(requests.length).toBeGreaterThan(60);
    expect(requests.filter(({ method, path }) => isWrite(method, path))).toEqual([]);
  });

  it('leaves nothing behind when it writes, in the directory or in the recycle bin, and writes to nothing else', async () => {
    const fresh = await startVerifyStage();
    try {
      const report = await fresh.verify({ write: true });
      expect([differing(report), report.remaining]).toEqual([[], []]);
      expect(report.mode).toBe('write');
      expect(report.unknowns.filter(({ ticked }) => ticked).map(({ number }) => number)).toEqual([1, 2, 3, 15]);
      const home = fresh.sandbox.world.tenants.get(fresh.sandbox.world.homeTenantId);
      expect(home?.deletedItems.list(fresh.sandbox.clock.now())).toEqual([]);
      expect(home?.applications.list(fresh.sandbox.clock.now()).map(({ displayName }) => displayName)).toEqual(fresh.sandbox.ready.apps.map(({ displayName }) => displayName));
      const known = new Set(fresh.sandbox.ready.apps.flatMap(({ objectId, appId }) => [objectId, appId]));
      expect(fresh.sandbox.requests().filter(({ method, path }) => isWrite(method, path) && [...known].some((id) => path.includes(id)))).toEqual([]);
    } finally {
      await fresh.stop();
    }
  });

  it('cleans up after an interruption, and before it starts after one that could not', async () => {
    const fresh = await startVerifyStage();
    const { world } = fresh.sandbox;
    const left = () => (world.tenants.get(world.homeTenantId)?.applications.list(world.now()) ?? []).filter(({ displayName }) => displayName.startsWith('zz-verify-')).length;
    try {
      const interrupted = new AbortController();
      const { https } = fresh.ports();
      let writes = 0;
      const send: typeof https.send = async (request) => {
        const response = await https.send(request);
        if (request.method === 'PATCH' && (writes += 1) === 1) interrupted.abort(new Error('interrupted'));
        return response;
      };
      await expect(fresh.verify({ write: true }, { https: { send } }, interrupted.signal)).rejects.toThrow('interrupted');
      expect([writes > 0, left()]).toEqual([true, 0]);

      const died: typeof https.send = async (request) => {
        if (request.method === 'PATCH' || request.method === 'DELETE') throw new Error('the process died');
        return https.send(request);
      };
      await expect(fresh.verify({ write: true }, { https: { send: died } })).rejects.toThrow('the process died');
      expect(left()).toBe(1);
      await fresh.verify({ write: true, only: new Set() });
      expect(left()).toBe(0);
    } finally {
      await fresh.stop();
    }
  });

  it('sends no credential before the domain has been compared, and asks nothing when it belongs to another tenant', async () => {
    for (const [changes, code] of [[{ domain: 'nobody.example' }, 'TENANT_NOT_FOUND'], [{ tenantId: OTHER }, 'TENANT_MISMATCH']] as const) {
      const requests = await during(async () => expect(await codeOf(stage.verify(changes))).toBe(code));
      expect(requests.map(({ method, path }) => [method, path.endsWith('/openid-configuration')])).toEqual([['GET', true]]);
    }
  });

  it('compares the domain again with what the organization says, whatever the documents said', async () => {
    const { https } = stage.ports();
    const send: typeof https.send = async (request) => {
      const response = await https.send(request);
      return request.url.endsWith('/v1.0/organization') ? { ...response, text: response.text.replaceAll('northwind.example', 'other.example') } : response;
    };
    expect(await codeOf(stage.verify({}, { https: { send } }))).toBe('TENANT_MISMATCH');
    expect(await codeOf(stage.verify({ credential: { kind: 'secret', reveal: () => 'wrong' } }))).toBe('STS_REFUSED');
  });

  it('does not try what the app may not read, and does not write without the permission', async () => {
    const humble = await startVerifyStage({}, ['Organization.Read.All']);
    try {
      const report = await humble.verify({ write: true });
      expect(differing(report)).toEqual([]);
      const byId = new Map(report.rules.map((rule) => [rule.id, rule]));
      expect(byId.get('G-USER-LIST')).toEqual({ id: 'G-USER-LIST', result: 'not_tried', why: expect.stringContaining('User.Read.All') as unknown });
      expect(byId.get('G-APP-POST')).toEqual({ id: 'G-APP-POST', result: 'not_tried', why: 'needs Application.ReadWrite.All' });
      expect(byId.get('G-ERR-DENIED')?.result).toBe('match');
      expect(humble.sandbox.requests().filter(({ method, path }) => isWrite(method, path))).toEqual([]);
    } finally {
      await humble.stop();
    }
  });

  it('waits as long as Retry-After says and notes its form', async () => {
    const { https } = stage.ports();
    const waits: number[] = [];
    let throttled = 0;
    const send: typeof https.send = async (request) => {
      if (!request.url.includes('/v1.0/organization') || (throttled += 1) > 1) return https.send(request);
      return { status: 429, headers: { 'retry-after': '7' }, text: '' };
    };
    const report = await stage.verify({ only: new Set(['G-ORG-LIST']) }, { https: { send }, wait: async (milliseconds) => void waits.push(milliseconds) });
    expect(waits).toEqual([7000]);
    expect(report.unknowns.find(({ number }) => number === 5)?.seen).toEqual(['graph answered 429 with Retry-After in seconds']);
  });

  it('tells no secret, no id, no name and no domain, in whatever it reports', async () => {
    const report = JSON.stringify(await stage.verify({ write: true }));
    const { ready } = stage.sandbox;
    const told = [
      ...ready.apps.flatMap(({ appId, objectId, clientSecret, displayName }) => [appId, objectId, clientSecret, displayName]),
      ...ready.tenants.flatMap(({ tenantId, domain, displayName, users }) => [tenantId, domain, displayName, ...users.flatMap(({ upn, objectId, password }) => [upn, objectId, password])]),
      'Petrova', 'Oscar', 'Staff', 'eyJ', 'BEGIN',
    ];
    expect(report).toContain('$skiptoken={opaque}');
    expect(told.filter((text) => report.toLowerCase().includes(text.toLowerCase()))).toEqual([]);
    expect(report).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i);
    expect(named()).toEqual([]);
  });
});

it('is tested with every permission it looks for, except those no seed grants', () => {
  const asked = new Set(PROBES.flatMap(({ needs }) => (needs === undefined ? [] : [needs])).flat());
  expect(ROLES.filter((role) => !asked.has(role) && role !== 'Application.ReadWrite.All')).toEqual([]);
});
