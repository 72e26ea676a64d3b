/** Our own OpenID Connect client against an issuer that nobody here wrote: it signs in where Entra's rules are met, and refuses where they are not. */
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/core/adapters/memory-store';
import { createSystemClock } from '../../src/core/adapters/system-clock';
import { parseConfiguration } from '../../src/core/configuration';
import { createInstallation, type Installation } from '../../src/core/installation';
import { secret } from '../../src/core/internal/secret';
import { parseKeyRing } from '../../src/core/sealing';
import { finishSignIn, startSignIn } from '../../src/core/sso/sign-in';
import { createVisitor } from '../../src/sandbox/index';
import { type Opponent, startOpponent } from './issuer';
import { makeCertificate } from './stage';

const TENANT = '7d1f6c3e-2b58-4f0a-9c11-5a3e0d9b7a01';
const CONSUMER_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
const OTHER_TENANT = '7d1f6c3e-2b58-4f0a-9c11-5a3e0d9b7a02';
const PERSON = '3c0b2f5e-7a41-4d5f-8f5e-0c2d4e6f8a10';
const APPS = { certificate: '5b0f8a52-6d37-4a43-9d62-0d6a3f9e1c01', secret: '5b0f8a52-6d37-4a43-9d62-0d6a3f9e1c02', elliptic: '5b0f8a52-6d37-4a43-9d62-0d6a3f9e1c03' };
type AppKey = keyof typeof APPS;

const folder = mkdtempSync(join(tmpdir(), 'issuer-'));
const SECRET = randomBytes(32).toString('base64url');
let opponent: Opponent;
let callback: Server;
let redirectUri: string;
let pem: string;
let installation: Installation;

beforeAll(async () => {
  callback = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(callback, 'listening');
  redirectUri = `http://localhost:${(callback.address() as AddressInfo).port}/sign-in/callback`;
  pem = readFileSync(makeCertificate(folder).bothFile, 'utf8');
  const common = { redirect_uris: [redirectUri], response_types: ['code'], grant_types: ['authorization_code'] };
  const publicKey = new X509Certificate(pem).publicKey.export({ format: 'jwk' });
  opponent = await startOpponent(TENANT, [
    { ...common, client_id: APPS.certificate, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'PS256', jwks: { keys: [publicKey] } },
    { ...common, client_id: APPS.secret, token_endpoint_auth_method: 'client_secret_post', client_secret: SECRET },
    { ...common, client_id: APPS.elliptic, token_endpoint_auth_method: 'client_secret_post', client_secret: SECRET, id_token_signed_response_alg: 'ES256' },
  ]);
});
afterAll(async () => {
  callback.close();
  await opponent.close();
  rmSync(folder, { recursive: true });
});

const issuer = () => `${opponent.origin}/${TENANT}/v2.0`;
const entra = { ver: '2.0', tid: TENANT, oid: PERSON, name: 'A Person', preferred_username: 'person@customer.example' };

beforeEach(async () => {
  Object.assign(opponent.manners, { claims: entra, keyIssuer: issuer(), declines: false });
  const app = (key: AppKey, round: number, credential: object) => ({ key, appId: APPS[key], displayName: key, round, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'Organization.Read.All', reason: 'confirms which organisation it is' }], services: [], credential });
  const configuration = parseConfiguration({
    cloud: 'global',
    partnerName: 'Northwind Backup',
    homeTenantId: OTHER_TENANT,
    apps: [app('certificate', 1, { pemFile: 'app.pem' }), app('secret', 2, { secretFile: 'app.secret' }), app('elliptic', 3, { secretFile: 'app.secret' })],
    operators: [{ id: 'op-1', name: 'Operator', accounts: 'all', may: ['onboard'] }],
    operator: 'op-1',
    publicBaseUrl: 'http://localhost:4180',
    state: 'sqlite:./unused.sqlite',
    sandbox: { authorityHost: opponent.origin, graphBaseUrl: opponent.origin, caFile: 'ca.pem' },
  });
  installation = await createInstallation({
    configuration,
    store: createMemoryStore({ clock: createSystemClock() }),
    masterKeys: parseKeyRing(`k1:${randomBytes(32).toString('base64')}`),
    ca: opponent.ca,
    readFile: (path) => (path.endsWith('.pem') ? pem : SECRET),
    environment: {},
    deployment: 'process',
  });
});
afterEach(() => installation.close());

interface Journey {
  readonly appKey?: AppKey;
  readonly responseMode?: 'query' | 'form_post';
  /** Tampering on the way to the issuer. */
  readonly there?: (url: URL) => void;
  /** Tampering on the way back. */
  readonly back?: (params: URLSearchParams) => void;
}

async function begin({ appKey = 'secret', responseMode = 'query', there, back }: Journey) {
  const browserSecret = randomBytes(16).toString('base64url');
  const browserHash = createHash('sha256').update(browserSecret).digest('base64url');
  const input = { accountId: 'customer', purpose: 'ownership' as const, tenantId: TENANT, appId: APPS[appKey], appKey, authorityHost: opponent.origin, redirectUri, responseMode, browserHash, ttlSeconds: 600 };
  const { authorizationUrl } = await startSignIn(installation.ports, input);
  const url = new URL(authorizationUrl);
  there?.(url);
  const page = await createVisitor({ ca: opponent.ca }).open(url.toString());
  const params = responseMode === 'query' ? new URL(page.url).searchParams : new URLSearchParams(page.forms[0]?.fields);
  back?.(params);
  return { params, finish: () => finishSignIn(installation.ports, { params, browserSecret, arrivedBy: responseMode }) };
}

async function signIn(journey: Journey = {}): Promise<object> {
  const { finish } = await begin(journey);
  const ended = await finish();
  if (ended.outcome === 'signed_in') return { outcome: ended.outcome, ...ended.identity };
  return { code: ended.error.code, ...ended.error.details };
}

describe('where Entra\'s rules are met', () => {
  it.each(['certificate', 'secret'] as const)('a person is signed in, the app proving itself by its %s', async (appKey) => {
    expect(await signIn({ appKey })).toMatchObject({ outcome: 'signed_in', tenantId: TENANT, objectId: PERSON, name: 'A Person', preferredUsername: 'person@customer.example' });
  });

  it('a person is signed in by an answer that comes as a form', async () => {
    expect(await signIn({ responseMode: 'form_post' })).toMatchObject({ outcome: 'signed_in', objectId: PERSON });
  });

  it('the issuer\'s name in the answer, which Entra leaves out, is compared', async () => {
    const { params, finish } = await begin({});
    expect(params.get('iss')).toBe(issuer());
    expect(await finish()).toMatchObject({ outcome: 'signed_in' });
    expect(await signIn({ back: (answer) => answer.set('iss', `${opponent.origin}/${OTHER_TENANT}/v2.0`) })).toEqual({ code: 'SSO_CALLBACK_MALFORMED', why: 'iss' });
  });
});

describe('an issuer that is certified and not Entra', () => {
  const without = (name: keyof typeof entra) => Object.fromEntries(Object.entries(entra).filter(([claim]) => claim !== name));

  it.each([
    ['writes no version', () => ({ claims: without('ver') }), 'ver'],
    ['writes no tenant', () => ({ claims: without('tid') }), 'tid_form'],
    ['writes a tenant that is not the one in its own name', () => ({ claims: { ...entra, tid: OTHER_TENANT } }), 'iss'],
    ['writes the tenant of private persons', () => ({ claims: { ...entra, tid: CONSUMER_TENANT } }), 'tid_consumer'],
    ['writes no object id', () => ({ claims: without('oid') }), 'oid'],
    ['does not say whom its keys may sign for', () => ({ keyIssuer: undefined }), 'key_issuer_missing'],
    ['signs with a key that is for private persons', () => ({ keyIssuer: `${opponent.origin}/${CONSUMER_TENANT}/v2.0` }), 'key_issuer'],
  ] as const)('is refused when it %s', async (_name, manners, check) => {
    Object.assign(opponent.manners, manners());
    expect(await signIn()).toMatchObject({ code: 'SSO_ID_TOKEN_INVALID', check });
  });

  it('is refused when it signs with another algorithm than Entra', async () => {
    expect(await signIn({ appKey: 'elliptic' })).toMatchObject({ code: 'SSO_ID_TOKEN_INVALID', check: 'alg' });
  });
});

describe('a certified issuer holds our client to the standard', () => {
  it('and its refusals are understood', async () => {
    opponent.manners.declines = true;
    expect(await signIn()).toMatchObject({ code: 'SSO_SIGN_IN_DECLINED' });
  });

  it('and its nonce and code challenge tell a tampered request', async () => {
    expect(await signIn({ there: (url) => url.searchParams.set('nonce', 'another') })).toMatchObject({ code: 'SSO_ID_TOKEN_INVALID', check: 'nonce' });
    const challenge = createHash('sha256').update('another verifier of the necessary length 123').digest('base64url');
    expect(await signIn({ there: (url) => url.searchParams.set('code_challenge', challenge) })).toMatchObject({ code: 'SSO_CODE_REFUSED' });
  });

  it('and a code works once, whoever asks', async () => {
    const codeVerifier = secret(randomBytes(32).toString('base64url'));
    const challenge = createHash('sha256').update(codeVerifier.reveal()).digest('base64url');
    const { params } = await begin({ there: (url) => url.searchParams.set('code_challenge', challenge) });
    const redeem = () => installation.ports.signIn.redeemCode({ appKey: 'secret', tenantId: TENANT, code: secret(params.get('code') ?? ''), codeVerifier, redirectUri });
    expect((await redeem()).idToken.reveal()).toMatch(/^ey/);
    await expect(redeem()).rejects.toMatchObject({ code: 'SSO_CODE_REFUSED' });
  });
});
