import { constants, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpsClient, type HttpsClient } from '../../../src/core/adapters/https-client';
import type { HttpsRequest } from '../../../src/core/adapters/https-exchange';
import { createJwtService } from '../../../src/core/adapters/jose-jwt';
import { createMsalTokenSource, type MsalTokenSourceOptions } from '../../../src/core/adapters/msal-tokens';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { hasCode, type OnboardingError } from '../../../src/core/errors';
import { CLOUD_ENDPOINTS, CLOUDS } from '../../../src/core/internal/clouds';
import { secret } from '../../../src/core/internal/secret';
import type { AppCredential, TokenSource } from '../../../src/core/ports';
import { REFUSALS } from '../../../src/core/testing/token-refusal-checks';
import { createMovableClock } from '../../../src/core/testing/movable-clock';
import { startTlsServer, type Answer, type SeenRequest, type TlsServer } from './tls-server';

const TENANT_A = '11111111-1111-4111-8111-111111111111';
const TENANT_B = '22222222-2222-4222-8222-222222222222';
const APP = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const OTHER_APP = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
const GRAPH = 'https://graph.microsoft.com';
const START = Date.UTC(2026, 10, 22, 12, 0, 0);

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKey = secret(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const certificate: AppCredential = { kind: 'certificate', thumbprintSha256: 'AB'.repeat(32), privateKey };
const clientSecret: AppCredential = { kind: 'secret', id: 'one', secret: secret('very~Secret.Value_1234567890+/=') };

let server: TlsServer;
let https: HttpsClient;
let clock: ReturnType<typeof createMovableClock>;
let credential: AppCredential;
let tokens: TokenSource;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tenantOf = (request: SeenRequest) => request.path.split('/')[1] ?? '';
const makeAccessToken = (claims: object) => `${encode({ alg: 'RS256' })}.${encode(claims)}.c2ln`;

let issued = 0;
const granted = (request: SeenRequest): Answer => {
  issued += 1;
  return { json: { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: makeAccessToken({ tid: tenantOf(request), appid: APP, roles: ['A.Read'], issued }) } };
};
const refused = (number: number, status = 400): Answer => ({
  status,
  json: { error: 'invalid_client', error_description: `AADSTS${number}: text. Trace ID: x`, error_codes: [number], correlation_id: '33333333-3333-4333-8333-333333333333' },
});

function source(overrides: Partial<MsalTokenSourceOptions> = {}): TokenSource {
  return createMsalTokenSource({
    authorityHost: server.origin,
    cloud: 'global',
    apps: [
      { key: 'backup', appId: APP },
      { key: 'restore', appId: OTHER_APP },
    ],
    credentials: { resolve: () => Promise.resolve(credential) },
    jwt: createJwtService(),
    clock,
    random: createNodeRandom(),
    https,
    ...overrides,
  });
}

const ask = (overrides: object = {}) => tokens.acquire({ appKey: 'backup', tenantId: TENANT_A, resource: GRAPH, ...overrides });

async function refusalOf(promise: Promise<unknown>): Promise<OnboardingError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error('expected a refusal');
  return error as OnboardingError;
}

beforeEach(async () => {
  server = await startTlsServer();
  server.answer = granted;
  https = createHttpsClient({ ca: server.ca, userAgent: 'm365-onboarding/test', timeoutMs: 2000 });
  clock = createMovableClock(START);
  credential = certificate;
  tokens = source();
});

afterEach(async () => {
  https.close();
  await server.close();
});

describe('the request', () => {
  it('is one POST to the tenant\'s token endpoint, with no discovery before it', async () => {
    await ask();
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]?.method).toBe('POST');
    expect(server.seen[0]?.path).toMatch(new RegExp(`^/${TENANT_A}/oauth2/v2\\.0/token(\\?|$)`));
    expect(server.seen[0]?.headers['user-agent']).toMatch(/^m365-onboarding\/test msal\.js\.node\/\d/);
  });

  it('carries an assertion of ours: PS256 over the SHA-256 thumbprint, times by the injected clock', async () => {
    await ask();
    const form = new URLSearchParams(server.seen[0]?.body);
    expect(form.get('scope')).toBe(`${GRAPH}/.default`);
    expect(form.get('grant_type')).toBe('client_credentials');
    expect(form.has('client_secret')).toBe(false);
    const [header, payload, signature] = (form.get('client_assertion') ?? '').split('.');
    expect(JSON.parse(Buffer.from(header ?? '', 'base64url').toString())).toEqual({ alg: 'PS256', typ: 'JWT', 'x5t#S256': Buffer.alloc(32, 0xab).toString('base64url') });
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toEqual({ aud: `${server.origin}/${TENANT_A}/oauth2/v2.0/token`, iss: APP, sub: APP, nbf: START / 1000 - 60, iat: START / 1000, exp: START / 1000 + 540, jti: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const key = { key: createPublicKey(keys.publicKey.export({ type: 'spki', format: 'pem' })), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature ?? '', 'base64url'))).toBe(true);
  });

  it('never uses one assertion twice', async () => {
    await ask({ fresh: true });
    await ask({ fresh: true });
    const jtis = server.seen.map(({ body }) => JSON.parse(Buffer.from(new URLSearchParams(body).get('client_assertion')?.split('.')[1] ?? '', 'base64url').toString()) as { jti: string });
    expect(jtis[0]?.jti).not.toBe(jtis[1]?.jti);
  });

  it('carries a secret when that is the app\'s credential', async () => {
    credential = clientSecret;
    await ask();
    expect(new URLSearchParams(server.seen[0]?.body).get('client_secret')).toBe('very~Secret.Value_1234567890+/=');
  });

  it.each(CLOUDS)('goes to the sign-in host of the cloud %s and nowhere else', async (cloud) => {
    const asked: HttpsRequest[] = [];
    const inProcess: HttpsClient = {
      send: (request) => {
        asked.push(request);
        return Promise.resolve({ status: 200, headers: {}, text: JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: 'opaque' }) });
      },
      isolated: () => inProcess,
      close: () => undefined,
    };
    tokens = source({ cloud, authorityHost: CLOUD_ENDPOINTS[cloud].authorityHost, https: inProcess });
    expect((await ask()).claims).toBeUndefined();
    expect(asked.map(({ url }) => url.split('?')[0])).toEqual([`${CLOUD_ENDPOINTS[cloud].authorityHost}/${TENANT_A}/oauth2/v2.0/token`]);
  });

  it('ignores a region forced by the environment', async () => {
    process.env['MSAL_FORCE_REGION'] = 'westeurope';
    try {
      await ask();
    } finally {
      delete process.env['MSAL_FORCE_REGION'];
    }
    expect(server.seen).toHaveLength(1);
  });
});

describe('the answer', () => {
  it('gives the token redacted, its expiry by the injected clock, and the claims as far as they can be read', async () => {
    const appToken = await ask();
    expect(appToken.expiresAt).toBe(START + 3_599_000);
    expect(appToken.claims).toEqual({ tenantId: TENANT_A, appId: APP, roles: ['A.Read'] });
    expect(JSON.stringify(appToken)).not.toContain(appToken.accessToken.reveal());
  });

  it('takes a token without roles, and one that cannot be read at all', async () => {
    server.answer = () => ({ json: { token_type: 'Bearer', expires_in: '3599', access_token: makeAccessToken({ tid: TENANT_A }) } });
    expect((await ask()).claims).toEqual({ tenantId: TENANT_A, appId: undefined, roles: [] });
    server.answer = () => ({ json: { token_type: 'Bearer', expires_in: 3599, access_token: 'opaque' } });
    expect((await ask({ fresh: true })).claims).toBeUndefined();
  });

  it('drops a token of another tenant', async () => {
    server.answer = () => ({ json: { token_type: 'Bearer', expires_in: 3599, access_token: makeAccessToken({ tid: TENANT_B }) } });
    const error = await refusalOf(ask());
    expect(error.code).toBe('STS_REFUSED');
    expect(error.details).toEqual({ askedTenant: TENANT_A, answeredTenant: TENANT_B });
    server.answer = granted;
    expect((await ask()).claims?.tenantId).toBe(TENANT_A);
  });
});

describe('the cache', () => {
  it('serves a token again until five minutes before it expires, by the injected clock', async () => {
    const first = await ask();
    clock.advance(3_298_000);
    expect(await ask()).toBe(first);
    clock.advance(2000);
    expect(await ask()).not.toBe(first);
    expect(server.seen).toHaveLength(2);
  });

  it('never serves tenant A\'s token to tenant B, nor across apps or resources', async () => {
    const a = await ask();
    const b = await ask({ tenantId: TENANT_B });
    expect(b.claims?.tenantId).toBe(TENANT_B);
    const rest = [await ask({ appKey: 'restore' }), await ask({ resource: 'https://outlook.office365.com' })];
    expect(new Set([a, b, ...rest].map(({ accessToken }) => accessToken.reveal())).size).toBe(4);
    expect(await ask()).toBe(a);
    expect(await ask({ tenantId: TENANT_A.toUpperCase() })).toBe(a);
  });

  it('is missed after the credential changed, also from one secret to the next', async () => {
    const first = await ask();
    credential = { ...certificate, thumbprintSha256: 'CD'.repeat(32) };
    expect(await ask()).not.toBe(first);
    credential = clientSecret;
    const third = await ask();
    credential = { ...clientSecret, id: 'two' };
    expect(await ask()).not.toBe(third);
    expect(server.seen).toHaveLength(4);
  });

  it('is bypassed by a fresh request, which uses a new socket and leaves the newer token behind', async () => {
    const first = await ask();
    const fresh = await ask({ fresh: true });
    expect(fresh).not.toBe(first);
    expect(server.seen[0]?.socket).not.toBe(server.seen[1]?.socket);
    expect(await ask()).toBe(fresh);
  });

  it('keeps the later token when an older request lands last', async () => {
    let release: (() => void) | undefined;
    server.answer = (request) => ({ ...granted(request), after: new Promise<void>((resolve) => (release = resolve)) });
    const slow = ask();
    await expect.poll(() => server.seen.length).toBe(1);
    clock.advance(1);
    server.answer = granted;
    const fresh = await ask({ fresh: true });
    release?.();
    await slow;
    expect(await ask()).toBe(fresh);
  });

  it('is bounded', async () => {
    tokens = source({ maxCachedTokens: 2 });
    const first = await ask();
    await ask({ appKey: 'restore' });
    await ask();
    await ask({ tenantId: TENANT_B });
    expect(await ask()).toBe(first);
    await ask({ appKey: 'restore' });
    expect(server.seen).toHaveLength(4);
  });
});

describe('many callers at once', () => {
  it('cause one request', async () => {
    const appTokens = await Promise.all(Array.from({ length: 10 }, () => ask()));
    expect(server.seen).toHaveLength(1);
    expect(new Set(appTokens).size).toBe(1);
  });

  it('that want a fresh token share one request of their own', async () => {
    await Promise.all([...Array.from({ length: 5 }, () => ask()), ...Array.from({ length: 5 }, () => ask({ fresh: true }))]);
    expect(server.seen).toHaveLength(2);
  });

  it('all see the failure, and the next caller asks anew: the library has no throttle of its own', async () => {
    server.answer = () => refused(90033, 503);
    const errors = await Promise.all(Array.from({ length: 10 }, () => refusalOf(ask())));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['STS_UNAVAILABLE']));
    expect(server.seen).toHaveLength(1);
    server.answer = granted;
    expect((await ask()).claims?.tenantId).toBe(TENANT_A);
  });

  it.each([
    [429, 90055, 'STS_THROTTLED'],
    [503, 90033, 'STS_UNAVAILABLE'],
  ] as const)('ask nothing of that app in that tenant before a Retry-After of a %i has passed, whatever the resource', async (status, number, code) => {
    server.answer = () => ({ ...refused(number, status), headers: { 'retry-after': '30' } });
    await refusalOf(ask());
    clock.advance(29_000);
    expect(await refusalOf(ask({ fresh: true, resource: 'https://outlook.office365.com' }))).toMatchObject({ code, retryAfterSeconds: 1, serviceCode: `AADSTS${number}`, retryable: true });
    expect(server.seen).toHaveLength(1);
    server.answer = granted;
    expect((await ask({ appKey: 'restore' })).claims?.tenantId).toBe(TENANT_A);
    expect((await ask({ tenantId: TENANT_B })).claims?.tenantId).toBe(TENANT_B);
    clock.advance(1000);
    expect((await ask()).claims?.tenantId).toBe(TENANT_A);
  });

  it('ask again after an hour although somebody said a year', async () => {
    server.answer = () => ({ ...refused(90055, 429), headers: { 'retry-after': '31536000' } });
    await refusalOf(ask());
    server.answer = granted;
    clock.advance(3_599_000);
    expect((await refusalOf(ask())).retryAfterSeconds).toBe(1);
    clock.advance(1000);
    expect((await ask()).claims?.tenantId).toBe(TENANT_A);
  });

  it('do not lose their answer when one gives up', async () => {
    const controller = new AbortController();
    let release: (() => void) | undefined;
    server.answer = (request) => ({ ...granted(request), after: new Promise<void>((resolve) => (release = resolve)) });
    const impatient = refusalOf(ask({ signal: controller.signal }));
    const patient = ask();
    await expect.poll(() => server.seen.length).toBe(1);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await impatient).toBe(reason);
    release?.();
    expect((await patient).claims?.tenantId).toBe(TENANT_A);
  });

  it('abort the request when the last one gives up, and the next caller gets one of its own', async () => {
    const controller = new AbortController();
    server.answer = () => ({ after: new Promise(() => undefined) });
    const impatient = refusalOf(ask({ signal: controller.signal }));
    await expect.poll(() => server.seen.length).toBe(1);
    controller.abort(new Error('enough'));
    await impatient;
    server.answer = granted;
    await ask();
    expect(server.seen).toHaveLength(2);
  });
});

describe('refusals', () => {
  it.each(REFUSALS)('reads AADSTS%i as %s', async (number, code) => {
    server.answer = () => refused(number, 401);
    const error = await refusalOf(ask());
    expect(error).toMatchObject({ code, serviceCode: `AADSTS${number}`, correlationId: '33333333-3333-4333-8333-333333333333' });
    expect(error.details).toMatchObject({ status: 401, error: 'invalid_client', description: `AADSTS${number}: text. Trace ID: x` });
  });

  it('reads the number from the text when the list of codes is missing', async () => {
    server.answer = () => ({ status: 400, json: { error: 'unauthorized_client', error_description: 'AADSTS700016: Application not found' } });
    expect((await refusalOf(ask())).code).toBe('STS_APP_NOT_IN_TENANT');
  });

  it.each([
    [{ 'retry-after': '17' }, 17],
    [{ 'retry-after': 'Sun, 22 Nov 2026 12:01:00 GMT', date: 'Sun, 22 Nov 2026 12:00:30 GMT' }, 30],
    [{ 'retry-after': '0.25' }, 0.25],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('is throttled with %j', async (headers, seconds) => {
    server.answer = () => ({ status: 429, headers, text: '' });
    expect(await refusalOf(ask())).toMatchObject({ code: 'STS_THROTTLED', retryAfterSeconds: seconds });
  });

  it.each([
    ['a gateway page', { status: 503, text: '<html>busy</html>' }],
    ['a page instead of a token', { status: 200, text: '<html>Sign in</html>' }],
    ['an empty answer', { status: 200, text: '' }],
    ['JSON without a token', { json: { hello: 'there' } }],
    ['a token without a life', { json: { token_type: 'Bearer', access_token: 'x' } }],
    ['a cut', { cut: true }],
    ['a server error', { status: 500, json: { error: 'server_error', error_description: 'AADSTS1: oops' } }],
    ['a redirect', { status: 302, headers: { location: 'https://attacker.example/' } }],
  ] as const)('cannot use %s', async (_name, answer) => {
    server.answer = () => answer;
    expect((await refusalOf(ask())).code).toBe('STS_UNAVAILABLE');
  });

  it('cannot use a server that is not there or does not answer', async () => {
    tokens = source({ authorityHost: 'https://localhost:1' });
    expect((await refusalOf(ask())).code).toBe('STS_UNAVAILABLE');
    server.answer = () => ({ after: new Promise(() => undefined) });
    tokens = source({ https: createHttpsClient({ ca: server.ca, userAgent: 'x', timeoutMs: 20 }) });
    expect((await refusalOf(ask())).code).toBe('STS_UNAVAILABLE');
  });

  it('says when the server\'s certificate is not trusted', async () => {
    tokens = source({ https: createHttpsClient({ userAgent: 'x', timeoutMs: 2000 }) });
    expect((await refusalOf(ask())).code).toBe('TLS_UNTRUSTED');
    expect(server.seen).toEqual([]);
  });

  it.each(['common', 'organizations', 'consumers', 'contoso.example', '', `${TENANT_A}/..`, '9188040d-6c67-4c5b-b112-36a304b66dad'])('asks nobody about the tenant "%s"', async (tenantId) => {
    expect((await refusalOf(ask({ tenantId }))).code).toBe('TENANT_INVALID');
    expect(server.seen).toEqual([]);
  });

  it('asks nobody for an unknown app or a resource that is more than one', async () => {
    expect((await refusalOf(ask({ appKey: 'nobody' }))).code).toBe('APP_UNKNOWN');
    for (const resource of ['', 'a b', `${GRAPH}/.default`, `${GRAPH}\tx`]) expect((await refusalOf(ask({ resource }))).code).toBe('INPUT_INVALID');
    expect(() => source({ apps: [{ key: 'x', appId: 'not-a-guid' }] })).toThrow('appId');
    expect(server.seen).toEqual([]);
  });

  it('says when the certificate cannot sign, without quoting the key', async () => {
    credential = { ...certificate, privateKey: secret('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----') };
    expect((await refusalOf(ask())).code).toBe('APP_CREDENTIAL_UNUSABLE');
    credential = { ...certificate, thumbprintSha256: 'AB:CD' };
    expect((await refusalOf(ask())).code).toBe('APP_CREDENTIAL_UNUSABLE');
  });
});

describe('secrets', () => {
  const everything = (error: unknown) => inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error) + String((error as Error).stack);

  it('stay out of every error, whatever the service repeats and however it writes it', async () => {
    const spellings = [(text: string) => text, encodeURIComponent, (text: string) => text.slice(3, 20), (text: string) => JSON.stringify({ request: text })];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...spellings), fc.constantFrom(200, 400, 401, 429, 500), fc.boolean(), fc.string(), async (spell, status, withSecret, noise) => {
        credential = withSecret ? clientSecret : certificate;
        let sent = '';
        server.answer = (request) => {
          const form = new URLSearchParams(request.body);
          sent = form.get('client_assertion') ?? form.get('client_secret') ?? '';
          return { status, json: { error: 'invalid_request', error_description: `AADSTS900144: ${noise} ${spell(sent)}`, correlation_id: sent, suberror: sent } };
        };
        const error = await refusalOf(ask({ fresh: true }));
        const told = everything(error);
        expect(hasCode(error, 'STS_REFUSED', 'STS_THROTTLED', 'STS_UNAVAILABLE')).toBe(true);
        for (let at = 0; at + 16 <= sent.length; at += 16) expect(told).not.toContain(sent.slice(at, at + 16));
      }),
      { numRuns: 40 },
    );
  });
});
