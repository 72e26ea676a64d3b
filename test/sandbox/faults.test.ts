/** Fault plans at a running sandbox: what goes wrong, when, for whom, and that it goes wrong the same way twice. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { faultRules } from '../../src/sandbox/faults/rules';
import type { RunningSandbox, SandboxOptions } from '../../src/sandbox/index';
import { app, clientAssertion, control, grantConsent, makeCertificate, openSandbox, postForm, registerKey, rulesSeen, send, tenantId, type Reply } from './support';

const running: RunningSandbox[] = [];

async function open(faults: object | string, options: SandboxOptions = {}): Promise<RunningSandbox> {
  const sandbox = await openSandbox({ faults, faultDelays: 'virtual', ...options });
  running.push(sandbox);
  return sandbox;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.stop()));
});

const GRAPH = '/v1.0/organization';
const throttled = { body: 'graph.TooManyRequests', headers: { 'Retry-After': '7' } };

function token(sandbox: RunningSandbox, tenantKey = 'contoso', appKey = 'backup'): Promise<Reply> {
  const { appId, clientSecret } = app(sandbox, appKey);
  return postForm(sandbox, `/${tenantId(sandbox, tenantKey)}/oauth2/v2.0/token`, { client_id: appId, client_secret: clientSecret, grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default' });
}

async function bearer(sandbox: RunningSandbox, tenantKey = 'partner'): Promise<Record<string, string>> {
  const answer = await token(sandbox, tenantKey);
  if (answer.status !== 200) throw new Error(answer.text);
  return { authorization: `Bearer ${answer.json().access_token}` };
}

// As a file has it: an object with a `then` written here would be taken for a promise.
const lost = (apply: boolean) => JSON.parse(`{"apply":${apply},"then":{"transport":"reset-before-headers"}}`) as object;

const statuses = async (count: number, ask: () => Promise<Reply>): Promise<number[]> => {
  const seen: number[] = [];
  for (let at = 0; at < count; at += 1) seen.push((await ask()).status);
  return seen;
};

describe('when', () => {
  it('counts the matching requests of one app in one tenant, and nobody else\'s', async () => {
    const sandbox = await open({ rules: [{ id: 'thr', match: { host: 'login', path: '*/token' }, when: { nth: [2, 3], per: 'app+tenant' }, do: { body: 'sts.Throttled' } }] });
    await send(sandbox, '/common/discovery/instance');
    expect(await statuses(4, () => token(sandbox, 'partner'))).toEqual([200, 429, 429, 200]);
    expect(await statuses(4, () => token(sandbox, 'partner', 'restore'))).toEqual([200, 429, 429, 200]);
  });

  it('draws the same for the same seed, whoever else asks in between, and differently for another seed', async () => {
    const plan = (seed: string) => ({ seed, rules: [{ id: 'p', match: { path: GRAPH }, when: { probability: 0.5, per: 'request' }, do: throttled }] });
    const first = await open(plan('a'));
    const alone = await statuses(24, () => send(first, GRAPH));
    first.faults.set(plan('a'));
    const inCompany = await statuses(24, async () => {
      await send(first, '/v1.0/users');
      return send(first, GRAPH);
    });
    first.faults.set(plan('b'));
    expect(inCompany).toEqual(alone);
    expect(await statuses(24, () => send(first, GRAPH))).not.toEqual(alone);
    expect(alone.filter((status) => status === 429).length).toBeGreaterThan(4);
  });

  it('opens and closes a window by the sandbox\'s clock', async () => {
    const sandbox = await open({ rules: [{ id: 'w', match: { host: 'graph' }, when: { window: ['+10m', '+12m'] }, do: { body: 'gateway.html' } }] });
    const seen: number[] = [];
    for (const seconds of [0, 599, 1, 119, 1]) {
      sandbox.clock.advance(seconds);
      seen.push((await send(sandbox, GRAPH)).status);
    }
    expect(seen).toEqual([401, 401, 503, 503, 401]);
  });

  it('remembers an operation and refuses what follows it too closely', async () => {
    const sandbox = await open({ rules: [{ id: 'conc', match: { method: 'POST', path: '*/addPassword' }, when: { withinMsOf: { op: 'PATCH applications keyCredentials', ms: 5000 } }, do: { body: 'graph.ConcurrencyViolation' } }] });
    const json = { 'content-type': 'application/json' };
    const write = (method: string, path: string, body: object) => send(sandbox, path, { method, headers: json, body: JSON.stringify(body) });
    const add = () => write('POST', '/v1.0/applications/1/addPassword', {});
    expect((await add()).status).toBe(401);
    await write('PATCH', '/v1.0/applications/1', { displayName: 'x' });
    expect((await add()).status).toBe(401);
    await write('PATCH', '/v1.0/applications/1', { keyCredentials: [] });
    expect((await add()).json().error).toMatchObject({ code: 'Directory_ConcurrencyViolation' });
    sandbox.clock.advance(5.001);
    expect((await add()).status).toBe(401);
  });
});

describe('do', () => {
  it.each<[string, number, RegExp, RegExp]>([
    ['graph.TooManyRequests', 429, /^application\/json/, /"code":"TooManyRequests"/],
    ['graph.ServiceUnavailable', 503, /^application\/json/, /"code":"serviceNotAvailable"/],
    ['graph.GatewayTimeout', 504, /^text\/plain/, /^$/],
    ['graph.ConcurrencyViolation', 409, /^application\/json/, /"Directory_ConcurrencyViolation"/],
    ['gateway.html', 503, /^text\/html/, /<h2>Service Unavailable<\/h2>/],
    ['sts.Throttled', 429, /^application\/json/, /"error_codes":\[90055\]/],
    ['sts.TemporarilyUnavailable', 503, /^application\/json/, /AADSTS90033/],
    ['gateway.reflecting', 502, /^text\/html/, /x-told: a-secret-told/],
    ['graph.Reflecting', 400, /^application\/json/, /"message":"Cannot read: .*a-secret-told/],
    ['sts.Reflecting', 400, /^application\/json/, /AADSTS90014: Cannot read: .*a-secret-told/],
    ['{"error":"own words"}', 418, /^text\/plain/, /own words/],
  ])('answers %s under a rule that says how well it is known', async (body, status, type, text) => {
    const sandbox = await open({ rules: [{ id: 'one', do: { status, body, headers: { 'Retry-After': '3' } } }] });
    const answer = await send(sandbox, GRAPH, { headers: { 'x-told': 'a-secret-told' } });
    expect([answer.status, answer.headers['retry-after']]).toEqual([status, '3']);
    expect(answer.headers['content-type']).toMatch(type);
    expect(answer.text).toMatch(text);
    expect(answer.rule).toMatch(/^FAULT-/);
  });

  it('uses every rule it has, each with a statement and a source unless nobody said so', () => {
    expect(faultRules.map(({ id }) => id).filter((id) => !rulesSeen.has(id))).toEqual([]);
  });

  it.each<[string, RegExp]>([
    ['reset-before-headers', /ECONNRESET|socket hang up/],
    ['reset-after-headers', /ECONNRESET|aborted/],
    ['wrong-content-length', /Parse Error/],
  ])('breaks the line: %s', async (transport, failure) => {
    const sandbox = await open({ rules: [{ id: 'cut', match: { path: '/common/discovery/instance' }, do: { transport } }] });
    await expect(send(sandbox, '/common/discovery/instance')).rejects.toThrow(failure);
  });

  it('delivers half a document in good order', async () => {
    const sandbox = await open({ rules: [{ id: 'cut', when: { nth: 2 }, do: { transport: 'truncate' } }] });
    const path = `/${tenantId(sandbox, 'contoso')}/v2.0/.well-known/openid-configuration`;
    const whole = await send(sandbox, path);
    const cut = await send(sandbox, path);
    expect(cut.status).toBe(200);
    expect(cut.text.length).toBeLessThan(whole.text.length);
    expect(whole.text.startsWith(cut.text)).toBe(true);
    expect(() => cut.json()).toThrow(SyntaxError);
  });

  it('sends drop by drop, and whole in the end', async () => {
    const sandbox = await open({ rules: [{ id: 'slow', when: { nth: 2 }, do: { transport: 'slow-loris' } }] });
    const path = `/${tenantId(sandbox, 'contoso')}/v2.0/.well-known/openid-configuration`;
    expect((await send(sandbox, path)).text).toBe((await send(sandbox, path)).text);
  });

  it('loses the answer of a write that happened, and of one that did not', async () => {
    for (const [apply, left] of [[true, 0], [false, 1]] as const) {
      const sandbox = await open({ rules: [{ id: 'lost', match: { method: 'PATCH' }, do: lost(apply) }] });
      registerKey(sandbox, makeCertificate());
      const { objectId } = app(sandbox);
      const headers = { ...(await bearer(sandbox)), 'content-type': 'application/json' };
      await expect(send(sandbox, `/v1.0/applications/${objectId}`, { method: 'PATCH', headers, body: JSON.stringify({ keyCredentials: [] }) })).rejects.toThrow(/ECONNRESET|socket hang up/);
      expect(sandbox.world.tenants.get(sandbox.world.homeTenantId)?.applications.get(objectId, sandbox.clock.now())?.keyCredentials.length).toBe(left);
    }
  });

  it('lets time pass on the sandbox\'s clock', async () => {
    const sandbox = await open({ rules: [{ id: 'slow', when: { nth: 1 }, do: { delayMs: 4000 } }] });
    const before = sandbox.clock.now();
    await send(sandbox, GRAPH);
    expect(sandbox.clock.now() - before).toBe(4000);
  });

  it('judges and stamps by a clock that is off', async () => {
    const sandbox = await open({ rules: [{ id: 'ahead', match: { path: '*/token' }, when: { nth: 2 }, do: { clockSkewMs: 90_000 } }] });
    const issued = async () => JSON.parse(Buffer.from((await bearer(sandbox)).authorization?.split('.')[1] ?? '', 'base64url').toString('utf8')) as { iat: number };
    const [right, ahead] = [await issued(), await issued()];
    expect(ahead.iat - right.iat).toBe(90);
  });

  it('rolls the signing key with and without an overlap, and goes back to the first with the plan', async () => {
    const sandbox = await open({ rules: [{ id: 'soft', match: { path: '*/keys' }, when: { nth: 2 }, do: { rotateKeys: 'overlap' } }, { id: 'hard', match: { path: '*/keys' }, when: { nth: 3 }, do: { rotateKeys: 'cut' } }] });
    const kids = async () => (await send(sandbox, `/${tenantId(sandbox, 'contoso')}/discovery/v2.0/keys`)).json().keys.map(({ kid }) => kid);
    const headers = await bearer(sandbox);
    const [first, soft] = [await kids(), await kids()];
    expect(soft.slice(1)).toEqual(first);
    expect((await send(sandbox, GRAPH, { headers })).status).not.toBe(401);
    const hard = await kids();
    expect(hard.filter((kid) => soft.includes(kid))).toEqual([first[1]]);
    expect((await send(sandbox, GRAPH, { headers })).status).toBe(401);
    sandbox.faults.set(undefined);
    expect(await kids()).toEqual(first);
  });

  it('answers items of a batch one by one', async () => {
    const sandbox = await open({ rules: [{ id: 'item', match: { method: 'GET', path: GRAPH }, do: throttled }, { id: 'html', match: { method: 'GET', path: '/v1.0/users' }, do: { body: 'gateway.html' } }] });
    const headers = { ...(await bearer(sandbox)), 'content-type': 'application/json' };
    const ask = async (...urls: string[]) => {
      const body = JSON.stringify({ requests: urls.map((url, index) => ({ id: String(index), method: 'GET', url })) });
      const { responses } = JSON.parse((await send(sandbox, '/v1.0/$batch', { method: 'POST', headers, body })).text) as { responses: { id: string; status: number; headers: Record<string, string>; body: unknown }[] };
      return responses.toSorted((a, b) => a.id.localeCompare(b.id));
    };
    const mixed = await ask('/organization', '/users?$top=1', '/servicePrincipals?$top=1');
    expect(mixed.map(({ status }) => status).slice(0, 2)).toEqual([429, 503]);
    expect(mixed[0]).toMatchObject({ headers: { 'Retry-After': '7' }, body: { error: { code: 'TooManyRequests' } } });
    expect([429, 503]).not.toContain(mixed[2]?.status);
    expect((await ask('/organization')).map(({ status }) => status)).toEqual([429]);
  });
});

describe('replication', () => {
  it('shows a write to one replica and not yet to another, and to all in the end', async () => {
    const sandbox = await open({ seed: 's', replication: [{ scope: 'sts.keys', lagMs: { dist: 'uniform', min: 0, max: 60_000 }, replicas: 4 }] });
    const certificate = makeCertificate();
    registerKey(sandbox, certificate);
    const ask = () => {
      const assertion = clientAssertion(sandbox, tenantId(sandbox, 'partner'), certificate);
      return postForm(sandbox, `/${tenantId(sandbox, 'partner')}/oauth2/v2.0/token`, { client_id: app(sandbox).appId, grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default', client_assertion: assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' });
    };
    sandbox.clock.advance(30);
    expect(new Set(await statuses(20, ask))).toEqual(new Set([200, 401]));
    sandbox.clock.advance(30);
    expect(new Set(await statuses(20, ask))).toEqual(new Set([200]));
  });

  it('keeps a connection at its replica when the plan says so', async () => {
    const sandbox = await open({ replication: [{ scope: 'graph.list', lagMs: { dist: 'uniform', min: 0, max: 60_000 }, replicas: 5, sticky: 'connection' }] });
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    sandbox.clock.advance(60);
    const headers = await bearer(sandbox, 'contoso');
    const replicas = () => sandbox.faults.trace().filter((row) => row.path === GRAPH).map((row) => row.replicas['graph.list']);
    for (let turn = 0; turn < 6; turn += 1) await send(sandbox, GRAPH, { headers });
    expect(new Set(replicas()).size).toBe(1);
    expect(replicas()[0]).toBeTypeOf('number');
    for (let turn = 0; turn < 12; turn += 1) await send(sandbox, GRAPH, { headers: { ...headers, connection: 'close' } });
    expect(new Set(replicas()).size).toBeGreaterThan(2);
  });

  it('serves one request from the past', async () => {
    const sandbox = await open({ rules: [{ id: 'old', match: { host: 'login', path: '*/token' }, when: { nth: 1 }, do: { staleMs: 600_000 } }] });
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    sandbox.clock.advance(60);
    expect((await token(sandbox)).text).toContain('AADSTS7000229');
    expect((await token(sandbox)).status).toBe(200);
  });
});

describe('expect', () => {
  const plan = { rules: [{ id: 'thr', match: { host: 'graph' }, when: { nth: [1, 3] }, do: throttled }], expect: { noRetryBefore: 'Retry-After', maxRequests: 3 } };

  it('is broken by a retry that comes too early, and says by how much', async () => {
    const sandbox = await open(plan);
    await send(sandbox, GRAPH);
    sandbox.clock.advance(6);
    await send(sandbox, GRAPH);
    expect(sandbox.faults.report()?.expect).toMatchObject({ verdict: 'broken', requests: 2, violations: [{ what: 'retry-before-retry-after', path: GRAPH, earlyByMs: 1000 }] });
  });

  it('is met by a client that waits, and by another request meanwhile', async () => {
    const sandbox = await open(plan);
    await send(sandbox, GRAPH);
    await send(sandbox, '/v1.0/users');
    sandbox.clock.advance(7);
    await send(sandbox, '/v1.0/users');
    expect((await control(sandbox, 'GET', '/faults')).json).toMatchObject({ expect: { verdict: 'met', requests: 3 }, fired: { thr: 2 } });
  });

  it('is broken and met by the same rules where the wait was written as a date', async () => {
    const sandbox = await open({ rules: [{ id: 'dated', match: { host: 'graph' }, when: { nth: 1 }, do: { ...throttled, headers: { 'Retry-After': '+7s' } } }], expect: { noRetryBefore: 'Retry-After' } });
    const { headers } = await send(sandbox, GRAPH);
    const waitMs = Date.parse(String(headers['retry-after'])) - sandbox.clock.now();
    expect(waitMs).toBeGreaterThanOrEqual(7000);
    expect(waitMs).toBeLessThan(8000);
    sandbox.clock.advance(waitMs / 1000 - 0.5);
    await send(sandbox, GRAPH);
    expect(sandbox.faults.report()?.expect.violations).toMatchObject([{ what: 'retry-before-retry-after', earlyByMs: 500 }]);
    sandbox.clock.advance(0.5);
    await send(sandbox, GRAPH);
    expect(sandbox.faults.report()?.expect.violations).toHaveLength(1);
  });

  it('reads what a batch was asked to wait, and survives a batch without an answer', async () => {
    const sandbox = await open({ rules: [{ id: 'item', match: { path: GRAPH }, do: throttled }, { id: 'cut', match: { path: '*/$batch' }, when: { nth: 2 }, do: { transport: 'reset-before-headers' } }], expect: { noRetryBefore: 'Retry-After' } });
    const headers = { ...(await bearer(sandbox)), 'content-type': 'application/json' };
    const ask = () => send(sandbox, '/v1.0/$batch', { method: 'POST', headers, body: JSON.stringify({ requests: [{ id: '1', method: 'GET', url: '/organization' }] }) });
    await ask();
    sandbox.clock.advance(7);
    await expect(ask()).rejects.toThrow(/ECONNRESET|socket hang up/);
    await ask();
    expect(sandbox.faults.report()?.expect.verdict).toBe('met');
    await ask();
    expect(sandbox.faults.report()?.expect.violations).toMatchObject([{ path: '/v1.0/$batch', earlyByMs: 7000 }]);
    expect(sandbox.gaps()).toEqual([]);
  });

  it('is broken by too many requests', async () => {
    const sandbox = await open({ expect: { maxRequests: 3 } });
    await statuses(5, () => send(sandbox, GRAPH));
    expect(sandbox.faults.report()?.expect).toMatchObject({ verdict: 'broken', requests: 5, violations: [{ what: 'too-many-requests', earlyByMs: null }] });
  });
});

describe('the control door', () => {
  it('begins, shows and ends a plan, and refuses one that cannot be used without touching the present one', async () => {
    const sandbox = await open('calm');
    expect((await control(sandbox, 'POST', '/faults', { preset: 'throttled-tenant', seed: '5' })).json).toMatchObject({ plan: { preset: 'throttled-tenant', seed: '5' }, expect: { verdict: 'met' } });
    const refused = await control(sandbox, 'POST', '/faults', { preset: 'throttled-tenant', rules: [{ id: 'x', do: {} }] });
    expect([refused.status, JSON.stringify(refused.json)]).toEqual([400, expect.stringContaining('rules[0].do does nothing')]);
    expect((await control(sandbox, 'GET', '/faults')).json).toMatchObject({ plan: { seed: '5' } });
    expect((await control(sandbox, 'POST', '/faults', {})).json).toEqual({ plan: null });
  });

  it('starts the plan over with a reset', async () => {
    const sandbox = await open({ rules: [{ id: 'first', when: { nth: 1 }, do: throttled }] });
    expect(await statuses(2, () => send(sandbox, GRAPH))).toEqual([429, 401]);
    await control(sandbox, 'POST', '/reset');
    expect(await statuses(2, () => send(sandbox, GRAPH))).toEqual([429, 401]);
  });
});

describe('the trace', () => {
  const PLAN = { preset: 'rough-day', seed: '3', rules: [{ id: 'coin', match: { host: 'login', path: '*/token' }, when: { probability: 0.4, per: 'request' }, do: { body: 'sts.Throttled' } }] };

  async function walk(sandbox: RunningSandbox): Promise<number[]> {
    const seen = await statuses(12, () => token(sandbox, 'partner'));
    return [...seen, ...(await statuses(12, () => send(sandbox, GRAPH)))];
  }

  it('is the same for the same seed and the same requests', async () => {
    const [one, other] = [await open(PLAN), await open(PLAN)];
    expect(await walk(one)).toEqual(await walk(other));
    expect(one.faults.traceText()).toBe(other.faults.traceText());
    expect(one.faults.trace().length).toBe(24);
  });

  it('is on the disk when the sandbox has a place there, and holds no secret', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-trace-'));
    const sandbox = await open(PLAN, { dataDir });
    await walk(sandbox);
    const text = sandbox.faults.traceText();
    const secret = app(sandbox).clientSecret;
    await sandbox.stop();
    running.splice(0);
    expect(readFileSync(join(dataDir, 'trace.ndjson'), 'utf8')).toBe(text);
    expect(text).not.toContain(secret);
    rmSync(dataDir, { recursive: true });
  });

  it('is replayed: what happened happens again, without the chances that led to it', async () => {
    const first = await open(PLAN);
    const before = await walk(first);
    const again = await open({ replay: first.faults.traceText().replaceAll('"probability":0.4', '"probability":0') });
    expect(await walk(again)).toEqual(before);
    expect(again.faults.report()).toMatchObject({ fired: first.faults.report()?.fired, unrecorded: 0 });
    await token(again, 'partner');
    expect(again.faults.report()?.unrecorded).toBe(1);
  });

  it.each<[string, string, string]>([
    ['an empty text', '', 'does not begin with its plan'],
    ['a line that is not JSON', '{"trace":1,"plan":"calm"}\n{', 'Line 2 of the trace is not JSON'],
    ['a line that is no request', '{"trace":1,"plan":"calm"}\n{"a":1}', 'Line 2 of the trace is no request'],
  ])('is refused when it cannot be one: %s', async (_what, replay, message) => {
    await expect(open({ replay })).rejects.toThrow(message);
  });
});
