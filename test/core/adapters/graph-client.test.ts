import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGraphTransport } from '../../../src/core/adapters/graph-client';
import { createHttpsClient, type HttpsClient } from '../../../src/core/adapters/https-client';
import type { HttpsRequest } from '../../../src/core/adapters/https-exchange';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { createServicePauses } from '../../../src/core/adapters/service-pauses';
import { OnboardingError } from '../../../src/core/errors';
import { CLOUD_ENDPOINTS, CLOUDS } from '../../../src/core/internal/clouds';
import { secret } from '../../../src/core/internal/secret';
import type { AppTokenRequest, GraphTransport } from '../../../src/core/ports';
import { createMovableClock } from '../../../src/core/testing/movable-clock';
import { startTlsServer, type Answer, type SeenRequest, type TlsServer } from './tls-server';

const TENANT = '11111111-1111-4111-8111-111111111111';
const scope = { tenantId: TENANT, appKey: 'backup' };
const START = Date.UTC(2026, 10, 22, 12, 0, 0);
const RESOURCE = 'https://graph.microsoft.com';

let server: TlsServer;
let https: HttpsClient;
let clock: ReturnType<typeof createMovableClock>;
let asked: AppTokenRequest[];
let graph: GraphTransport;

const tokens = {
  acquire: (request: AppTokenRequest) => {
    asked.push(request);
    return Promise.resolve({ accessToken: secret(`app-token-${asked.length}`), expiresAt: 0, claims: undefined });
  },
};

function transport(overrides: object = {}): GraphTransport {
  return createGraphTransport({ graphHost: server.origin, tokens, graphResource: RESOURCE, https, clock, random: createNodeRandom(), ...overrides });
}

async function failureOf(promise: Promise<unknown>): Promise<OnboardingError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error('expected a failure');
  return error as OnboardingError;
}

const inOrder = (...answers: readonly Answer[]) => {
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)] ?? {};
};
const get = (path: string) => graph.send(scope, { method: 'GET', path });
const bearer = (request: SeenRequest | undefined) => request?.headers['authorization'];

beforeEach(async () => {
  server = await startTlsServer();
  https = createHttpsClient({ ca: server.ca, userAgent: 'm365-onboarding/test', timeoutMs: 2000 });
  clock = createMovableClock(START, { skipsSleeps: true });
  asked = [];
  graph = transport();
});

afterEach(async () => {
  https.close();
  await server.close();
});

describe('one request', () => {
  it('goes below v1.0 with the app token of that tenant and app, and names graph-client', async () => {
    server.answer = () => ({ json: { id: 1 }, headers: { 'request-id': 'r-1' } });
    expect(await get('/organization?$select=id')).toEqual({ status: 200, body: { id: 1 }, requestId: 'r-1' });
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/v1.0/organization?$select=id' });
    expect(bearer(server.seen[0])).toBe('Bearer app-token-1');
    expect(server.seen[0]?.headers).toMatchObject({ 'user-agent': expect.stringMatching(/^m365-onboarding\/test graph-js\/3/), 'client-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(asked).toEqual([{ ...scope, resource: RESOURCE, fresh: false }]);
  });

  it('keeps the order and the repeated parts of a query', async () => {
    const path = '/servicePrincipals?$filter=servicePrincipalNames/any(n:n%20eq%20%27https%3A%2F%2Fx%27)&a=1&a=2&$select=id,appId&$skiptoken=b==&$select=x';
    await get(path);
    expect(server.seen[0]?.path).toBe(`/v1.0${path}`);
  });

  it('sends bodies and headers of writes', async () => {
    server.answer = () => ({ status: 204 });
    const written = await graph.send(scope, { method: 'PATCH', path: '/applications/1', body: { größe: 1 }, headers: { Prefer: 'x' } });
    expect(written).toEqual({ status: 204, body: undefined, requestId: undefined });
    await graph.send(scope, { method: 'POST', path: '/things', body: { a: 1 } });
    await graph.send(scope, { method: 'DELETE', path: '/things/1' });
    expect(server.seen.map(({ method, body }) => [method, body])).toEqual([['PATCH', '{"größe":1}'], ['POST', '{"a":1}'], ['DELETE', '']]);
    expect(server.seen[0]?.headers).toMatchObject({ 'content-type': 'application/json', prefer: 'x' });
  });

  it.each([400, 403, 404, 409, 500, 502])('returns an answer of status %i for a rule to judge', async (status) => {
    server.answer = () => ({ status, json: { error: { code: 'Some_Code', message: 'x' } } });
    expect(await get('/users')).toEqual({ status, body: { error: { code: 'Some_Code', message: 'x' } }, requestId: undefined });
    expect(server.seen).toHaveLength(1);
  });

  it('takes an error page for an answer without a body, and a page in place of data for no answer', async () => {
    server.answer = () => ({ status: 502, text: '<html>' });
    expect(await get('/users')).toMatchObject({ status: 502, body: undefined });
    server.answer = () => ({ status: 200, text: '<html>' });
    expect((await failureOf(get('/users'))).code).toBe('GRAPH_ANSWER_INVALID');
  });

  it.each(['users', '//users', '/../beta/users', '/users#x', 'https://attacker.example/users', '/%2e%2e/beta', '/a//b', ''])('refuses the path "%s" before a token is asked for', async (path) => {
    expect((await failureOf(get(path))).code).toBe('INPUT_INVALID');
    expect((await failureOf(graph.batch(scope, [path]))).code).toBe('INPUT_INVALID');
    expect((await failureOf(graph.list(scope, path))).code).toBe('INPUT_INVALID');
    expect([server.seen, asked]).toEqual([[], []]);
  });

  it.each(CLOUDS)('goes to the Graph host of the cloud %s with a token', async (cloud) => {
    const sent: HttpsRequest[] = [];
    const inProcess: HttpsClient = {
      send: (request) => {
        sent.push(request);
        return Promise.resolve({ status: 200, headers: {}, text: '{}' });
      },
      isolated: () => inProcess,
      close: () => undefined,
    };
    graph = transport({ graphHost: CLOUD_ENDPOINTS[cloud].graphHost, https: inProcess });
    await get('/users');
    expect(sent[0]?.url).toBe(`${CLOUD_ENDPOINTS[cloud].graphHost}/v1.0/users`);
    expect(sent[0]?.headers?.['authorization']).toBe('Bearer app-token-1');
  });
});

describe('app tokens', () => {
  it('are renewed once when Graph refuses one', async () => {
    server.answer = (request) => (bearer(request) === 'Bearer app-token-1' ? { status: 401, json: { error: { code: 'InvalidAuthenticationToken' } } } : { json: { ok: true } });
    expect(await get('/users')).toMatchObject({ status: 200 });
    expect(asked.map(({ fresh }) => fresh)).toEqual([false, true]);
  });

  it('are not renewed for ever, nor for another 401', async () => {
    server.answer = () => ({ status: 401, json: { error: { code: 'InvalidAuthenticationToken' } } });
    expect(await get('/users')).toMatchObject({ status: 401 });
    expect(server.seen).toHaveLength(2);
    server.answer = () => ({ status: 401, json: { error: { code: 'Authorization_IdentityNotFound' } } });
    expect(await get('/users')).toMatchObject({ status: 401 });
    expect(server.seen).toHaveLength(3);
  });

  it('raise their own errors unchanged', async () => {
    const refusal = new OnboardingError('STS_APP_NOT_IN_TENANT', 'no');
    graph = transport({ tokens: { acquire: () => Promise.reject(refusal) } });
    expect(await failureOf(get('/users'))).toBe(refusal);
  });

  it('that are there already are used, on new sockets too, until Graph refuses them', async () => {
    const appToken = { accessToken: secret('held-token'), expiresAt: 0, claims: undefined };
    server.answer = () => ({ json: { ok: true } });
    await graph.send({ ...scope, fresh: true, appToken }, { method: 'GET', path: '/users' });
    expect([server.seen.map(bearer), asked]).toEqual([['Bearer held-token'], []]);
    server.answer = (request) => (bearer(request) === 'Bearer held-token' ? { status: 401, json: { error: { code: 'InvalidAuthenticationToken' } } } : { json: { ok: true } });
    expect(await graph.send({ ...scope, appToken }, { method: 'GET', path: '/users' })).toMatchObject({ status: 200 });
    expect(asked.map(({ fresh }) => fresh)).toEqual([true]);
  });

  it('and sockets are new for a fresh read, and shared by its pages', async () => {
    server.answer = (request) => ({ json: { value: [1], ...(request.path.includes('second') ? {} : { '@odata.nextLink': `${server.origin}/v1.0/users?second` }) } });
    await get('/users');
    await graph.list({ ...scope, fresh: true }, '/users');
    await graph.send({ ...scope, fresh: true }, { method: 'GET', path: '/users' });
    expect(server.seen.map(({ socket }) => socket)).toEqual([1, 2, 2, 3]);
    expect(server.seen.map(bearer)).toEqual([1, 2, 2, 3].map((number) => `Bearer app-token-${number}`));
    expect(asked.map(({ fresh }) => fresh)).toEqual([false, true, true]);
  });
});

describe('throttling', () => {
  it.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['a decimal', { 'retry-after': '0.249' }, 249],
    ['a date', { 'retry-after': 'Sun, 22 Nov 2026 12:00:40 GMT', date: 'Sun, 22 Nov 2026 12:00:10 GMT' }, 30_000],
  ])('is obeyed when given as %s', async (_name, headers, waitedMs) => {
    server.answer = inOrder({ status: 429, headers }, { json: {} });
    expect((await get('/users')).status).toBe(200);
    expect(clock.now() - START).toBe(waitedMs);
  });

  it('without Retry-After backs off with jitter, three times at most', async () => {
    server.answer = () => ({ status: 429, json: { error: { code: 'TooManyRequests' } }, headers: { 'request-id': 'r-9' } });
    expect(await failureOf(get('/users'))).toMatchObject({ code: 'GRAPH_THROTTLED', serviceCode: 'TooManyRequests', correlationId: 'r-9', retryable: true });
    expect(server.seen).toHaveLength(4);
    expect(clock.now() - START).toBeGreaterThanOrEqual(7000);
    expect(clock.now() - START).toBeLessThanOrEqual(10_500);
  });

  it('beyond the budget is handed to the caller at once', async () => {
    server.answer = () => ({ status: 429, headers: { 'retry-after': '600' } });
    expect(await failureOf(get('/users'))).toMatchObject({ code: 'GRAPH_THROTTLED', retryAfterSeconds: 600 });
    expect(clock.now()).toBe(START);
  });

  it('is remembered for the next read of that app in that tenant, which waits for what is left', async () => {
    server.answer = () => ({ status: 429, headers: { 'retry-after': '130' } });
    await failureOf(get('/users'));
    expect(await failureOf(get('/groups'))).toMatchObject({ code: 'GRAPH_THROTTLED', retryAfterSeconds: 130 });
    expect(server.seen).toHaveLength(1);
    server.answer = () => ({ json: {} });
    await graph.send({ ...scope, appKey: 'another' }, { method: 'GET', path: '/users' });
    expect(clock.now()).toBe(START);
    clock.advance(20_000);
    expect((await get('/groups')).status).toBe(200);
    expect(clock.now() - START).toBe(130_000);
  });

  it('is raised instead of waited for by whoever has less patience, and known to everybody who shares the memory of it', async () => {
    const pauses = createServicePauses(clock);
    const hurried = transport({ pauses, patienceMs: 5000 });
    server.answer = () => ({ status: 429, headers: { 'retry-after': '30' } });
    expect(await failureOf(hurried.send(scope, { method: 'GET', path: '/users' }))).toMatchObject({ code: 'GRAPH_THROTTLED', retryAfterSeconds: 30 });
    expect([clock.now(), server.seen.length]).toEqual([START, 1]);
    server.answer = () => ({ json: {} });
    expect((await transport({ pauses }).send(scope, { method: 'GET', path: '/groups' })).status).toBe(200);
    expect(clock.now() - START).toBe(30_000);
  });

  it.each([
    ['Application/ReadWrite/app/-', [true, true, false]],
    ['Tenant/ReadWrite/-/tenant', [true, false, true]],
    ['Tenant_Application/ReadWrite/app/tenant', [true, false, false]],
  ])('holds whom the answer names: %s', async (named, held) => {
    const elsewhere = { ...scope, tenantId: '22222222-2222-4222-8222-222222222222' };
    server.answer = () => ({ status: 429, headers: { 'retry-after': '600', 'x-ms-throttle-scope': named } });
    await failureOf(get('/users'));
    server.answer = () => ({ json: {} });
    const refused = async (one: typeof scope) => graph.send(one, { method: 'GET', path: '/users' }).then(() => false, (reason: OnboardingError) => reason.code === 'GRAPH_THROTTLED');
    expect([await refused(scope), await refused(elsewhere), await refused({ ...scope, appKey: 'another' })]).toEqual(held);
  });

  it('of an item of a batch is remembered when there is no patience left for it', async () => {
    server.answer = () => ({ json: { responses: [{ id: '0', status: 429, headers: { 'Retry-After': '150' }, body: {} }] } });
    expect((await graph.batch(scope, ['/users']))[0]?.status).toBe(429);
    expect(await failureOf(graph.batch(scope, ['/users']))).toMatchObject({ code: 'GRAPH_THROTTLED', retryAfterSeconds: 150 });
    expect(server.seen).toHaveLength(1);
  });

  it('does not repeat a POST that may have been carried out', async () => {
    server.answer = () => ({ status: 504 });
    const post = { method: 'POST', path: '/things', body: {} } as const;
    expect((await failureOf(graph.send(scope, post))).code).toBe('GRAPH_UNAVAILABLE');
    expect(server.seen).toHaveLength(1);
    server.answer = () => ({ cut: true });
    expect((await failureOf(graph.send(scope, post))).code).toBe('GRAPH_UNAVAILABLE');
    expect(server.seen).toHaveLength(2);
    server.answer = inOrder({ status: 429 }, { status: 201, json: {} });
    expect((await graph.send(scope, post)).status).toBe(201);
  });

  it('and outages of a read are waited out', async () => {
    server.answer = inOrder({ status: 503 }, { cut: true }, { status: 504 }, { json: {} });
    expect((await get('/users')).status).toBe(200);
  });

  it('ends with GRAPH_UNAVAILABLE when nobody is there', async () => {
    graph = transport({ graphHost: 'https://localhost:1' });
    expect(await failureOf(get('/users'))).toMatchObject({ code: 'GRAPH_UNAVAILABLE', details: { reason: 'ECONNREFUSED' } });
  });

  it('stops waiting when the caller gives up', async () => {
    clock = createMovableClock(START);
    graph = transport();
    server.answer = () => ({ status: 429, headers: { 'retry-after': '60' } });
    const controller = new AbortController();
    const waiting = failureOf(graph.send({ ...scope, signal: controller.signal }, { method: 'GET', path: '/users' }));
    await expect.poll(() => clock.sleepers).toBe(1);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await waiting).toBe(reason);
  });
});

describe('trust', () => {
  it('says when the certificate is not trusted, and sends no token', async () => {
    graph = transport({ https: createHttpsClient({ userAgent: 'x', timeoutMs: 2000 }) });
    expect((await failureOf(get('/users'))).code).toBe('TLS_UNTRUSTED');
    expect(server.seen).toEqual([]);
  });

  it.each([
    ['another host', () => 'https://attacker.example/v1.0/users'],
    ['another port', () => `https://localhost:1/v1.0/users`],
    ['plain http', () => server.origin.replace('https:', 'http:')],
    ['a relative address', () => '/v1.0/users?$skiptoken=x'],
    ['an address with a user', () => server.origin.replace('https://', 'https://localhost:x@')],
  ])('does not follow a next page at %s', async (_name, next) => {
    server.answer = () => ({ json: { value: [], '@odata.nextLink': next() } });
    expect((await failureOf(graph.list(scope, '/users'))).code).toBe('GRAPH_ORIGIN_REFUSED');
    expect(server.seen).toHaveLength(1);
  });

  it('keeps the app token out of every error', async () => {
    const errors: OnboardingError[] = [];
    for (const answer of [{ status: 429 }, { status: 503 }, { cut: true }, { status: 200, text: 'Bearer app-token-1' }] as const) {
      server.answer = () => answer;
      errors.push(await failureOf(get('/users')));
    }
    for (const error of errors) expect(inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)).not.toMatch(/app-token/);
  });
});

describe('lists', () => {
  it('gather all pages, an empty one in the middle too', async () => {
    const next = (page: number) => ({ '@odata.nextLink': `${server.origin}/v1.0/users?$skiptoken=${page}` });
    server.answer = inOrder({ json: { value: [1, 2], ...next(2) } }, { json: { value: [], ...next(3) } }, { json: { value: [3] } });
    expect(await graph.list(scope, '/users')).toEqual({ items: [1, 2, 3] });
    expect(server.seen.map(({ path }) => path)).toEqual(['/v1.0/users', '/v1.0/users?$skiptoken=2', '/v1.0/users?$skiptoken=3']);
  });

  it('are unknown when a page is refused, broken or cut', async () => {
    const first = { json: { value: [1], '@odata.nextLink': '' } };
    for (const second of [{ status: 403, json: { error: { code: 'Authorization_RequestDenied' } } }, { json: { nothing: true } }, { json: { value: 'x' } }, { json: { value: [], '@odata.nextLink': 7 } }]) {
      first.json['@odata.nextLink'] = `${server.origin}/v1.0/users?$skiptoken=${JSON.stringify(second).length}`;
      server.answer = inOrder(first, second);
      const list = await graph.list(scope, '/users');
      expect(list.items).toEqual([1]);
      expect(list.stoppedBy).toMatchObject({ status: second.status ?? 200 });
    }
  });

  it('that never end are given up', async () => {
    server.answer = () => ({ json: { value: [1], '@odata.nextLink': `${server.origin}/v1.0/users?again` } });
    expect((await failureOf(graph.list(scope, '/users'))).code).toBe('GRAPH_ANSWER_INVALID');
    expect(server.seen).toHaveLength(2);
  });
});

describe('batches', () => {
  interface Item {
    readonly id: string;
    readonly url: string;
  }
  const itemsOf = (request: SeenRequest) => (JSON.parse(request.body) as { requests: Item[] }).requests;
  const paths = (count: number) => Array.from({ length: count }, (_, index) => `/users/${index}`);

  it('of any size are sent in twenties and answered in the order asked', async () => {
    server.answer = (request) => ({ json: { responses: itemsOf(request).toReversed().map(({ id, url }) => ({ id, status: 200, headers: { 'Request-Id': `r${url}` }, body: { url } })) } });
    const answers = await graph.batch(scope, paths(45));
    expect(answers.map(({ body }) => (body as { url: string }).url)).toEqual(paths(45));
    expect(answers[3]).toEqual({ status: 200, body: { url: '/users/3' }, requestId: 'r/users/3' });
    expect(server.seen.map((request) => itemsOf(request).length)).toEqual([20, 20, 5]);
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/v1.0/$batch' });
  });

  it('of nothing ask nobody', async () => {
    expect(await graph.batch(scope, [])).toEqual([]);
    expect(server.seen).toEqual([]);
  });

  it('repeat only the throttled items, after the longest wait asked for', async () => {
    server.answer = (request) => ({
      json: {
        responses: itemsOf(request).map(({ id, url }) =>
          server.seen.length === 1 && id !== '1' ? { id, status: id === '0' ? 429 : 503, headers: { 'Retry-After': id === '0' ? '2' : '5' }, body: {} } : { id, status: 200, body: { url } },
        ),
      },
    });
    const answers = await graph.batch(scope, paths(3));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(server.seen.map((request) => itemsOf(request).map(({ id }) => id))).toEqual([['0', '1', '2'], ['0', '2']]);
    expect(clock.now() - START).toBe(5000);
  });

  it('give an item that stays throttled its own answer, and the rest theirs', async () => {
    server.answer = (request) => ({ json: { responses: itemsOf(request).map(({ id }) => ({ id, status: id === '0' ? 429 : 404, body: {} })) } });
    expect((await graph.batch(scope, paths(2))).map(({ status }) => status)).toEqual([429, 404]);
    expect(server.seen).toHaveLength(4);
  });

  it('answer "unknown" for an item that is missing, doubled or unreadable', async () => {
    server.answer = () => ({ json: { responses: [{ id: '0', status: 200, body: {} }, { id: '1', status: 404 }, { id: '1', status: 200 }, { id: '2', status: 'ok' }, 'x', { id: '99', status: 200 }] } });
    expect((await graph.batch(scope, paths(4))).map(({ status }) => status)).toEqual([200, 0, 0, 0]);
    server.answer = () => ({ json: { something: 'else' } });
    expect((await graph.batch(scope, paths(1))).map(({ status }) => status)).toEqual([0]);
  });

  it('that are refused answer each item with the refusal', async () => {
    server.answer = () => ({ status: 400, json: { error: { code: 'BadRequest' } } });
    expect((await graph.batch(scope, paths(2))).map(({ status }) => status)).toEqual([400, 400]);
  });
});
