import { inspect } from 'node:util';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpsClient, type HttpsClient } from '../../../src/core/adapters/https-client';
import { createJwtService } from '../../../src/core/adapters/jose-jwt';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { createSignInClient } from '../../../src/core/adapters/sign-in-client';
import type { OnboardingError } from '../../../src/core/errors';
import { secret } from '../../../src/core/internal/secret';
import type { AppCredential, JsonObject, SignInClient } from '../../../src/core/ports';
import { createMovableClock } from '../../../src/core/testing/movable-clock';
import { startTlsServer, type Answer, type SeenRequest, type TlsServer } from './tls-server';

const TENANT = '11111111-1111-4111-8111-111111111111';
const APP = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const START = Date.UTC(2026, 10, 22);

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const tenantKey = pair();
const consumerKey = pair();
const appKey = pair();
const credential: AppCredential = { kind: 'certificate', thumbprintSha256: 'AB'.repeat(32), privateKey: secret(appKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()) };

let server: TlsServer;
let https: HttpsClient;
let clock: ReturnType<typeof createMovableClock>;
let client: SignInClient;
let keySet: readonly JsonObject[];
let jwksUri: string | undefined;
let tokenAnswer: (request: SeenRequest) => Answer;
let keysAnswer: Answer | undefined;

const jwkOf = (key: KeyObject, kid: string, issuer?: string) => ({ ...(key.export({ format: 'jwk' }) as JsonObject), kid, use: 'sig', x5t: kid, ...(issuer === undefined ? {} : { issuer }) });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
function makeIdToken(key: KeyObject, header: object, claims: object = { sub: 's' }) {
  const content = `${encode({ alg: 'RS256', typ: 'JWT', ...header })}.${encode(claims)}`;
  return secret(`${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`);
}
const failureOf = (promise: Promise<unknown>) => promise.then(() => new Error('expected a failure') as OnboardingError, (error: unknown) => error as OnboardingError);
const keyReads = () => server.seen.filter(({ path }) => path === '/keys').length;

beforeEach(async () => {
  server = await startTlsServer();
  https = createHttpsClient({ ca: server.ca, userAgent: 'test', timeoutMs: 2000 });
  clock = createMovableClock(START);
  jwksUri = `${server.origin}/keys`;
  keysAnswer = undefined;
  keySet = [jwkOf(tenantKey.publicKey, 'one', 'https://login.microsoftonline.com/{tenantid}/v2.0'), jwkOf(consumerKey.publicKey, 'consumer', 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0')];
  tokenAnswer = () => ({ json: { token_type: 'Bearer', expires_in: 3599, access_token: 'at', id_token: 'the.id.token' } });
  server.answer = (request) => {
    if (request.path.endsWith('openid-configuration')) return { json: { issuer: `${server.origin}/${TENANT}/v2.0`, jwks_uri: jwksUri } };
    return request.path === '/keys' ? (keysAnswer ?? { json: { keys: keySet } }) : tokenAnswer(request);
  };
  client = createSignInClient({ authorityHost: server.origin, https, clock, random: createNodeRandom(), jwt: createJwtService(), apps: [{ key: 'backup', appId: APP }], credentials: { resolve: () => Promise.resolve(credential) } });
});
afterEach(async () => {
  https.close();
  await server.close();
});

describe('redeeming a code', () => {
  const redemption = { appKey: 'backup', tenantId: TENANT, code: secret('0.AXcA-the-authorization-code'), codeVerifier: secret('the-proof-key-verifier-0123456789'), redirectUri: 'https://partner.example/callback' };

  it('posts it to the tenant\'s own authority with the app\'s assertion, and asks for no scope and no refresh token', async () => {
    const { idToken, accessTokenHash } = await client.redeemCode(redemption);
    expect(accessTokenHash).toBe(createHash('sha256').update('at').digest().subarray(0, 16).toString('base64url'));
    expect(idToken.reveal()).toBe('the.id.token');
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: `/${TENANT}/oauth2/v2.0/token` });
    const form = new URLSearchParams(server.seen[0]?.body);
    expect([...form.keys()].toSorted()).toEqual(['client_assertion', 'client_assertion_type', 'client_id', 'code', 'code_verifier', 'grant_type', 'redirect_uri']);
    expect(Object.fromEntries(form)).toMatchObject({ client_id: APP, grant_type: 'authorization_code', code: redemption.code.reveal(), code_verifier: redemption.codeVerifier.reveal(), redirect_uri: redemption.redirectUri });
  });

  it.each([
    [70008, 'SSO_CODE_REFUSED'],
    [54005, 'SSO_CODE_REFUSED'],
    [501481, 'SSO_CODE_REFUSED'],
    [700005, 'SSO_CODE_REFUSED'],
    [700027, 'STS_CREDENTIAL_REFUSED'],
    [700016, 'STS_APP_NOT_IN_TENANT'],
    [90055, 'STS_THROTTLED'],
  ] as const)('reads AADSTS%i as %s', async (number, code) => {
    tokenAnswer = () => ({ status: 400, json: { error: 'invalid_grant', error_description: `AADSTS${number}: text`, error_codes: [number] } });
    expect(await failureOf(client.redeemCode(redemption))).toMatchObject({ code, serviceCode: `AADSTS${number}` });
  });

  it('keeps the code while the token endpoint still asks to wait', async () => {
    tokenAnswer = () => ({ status: 429, headers: { 'retry-after': '30' }, text: '' });
    expect(await failureOf(client.redeemCode(redemption))).toMatchObject({ code: 'STS_THROTTLED', retryAfterSeconds: 30 });
    expect(await failureOf(client.redeemCode(redemption))).toMatchObject({ code: 'STS_THROTTLED' });
    expect(server.seen).toHaveLength(1);
  });

  it('never sends a code twice, and says that nobody answered', async () => {
    tokenAnswer = () => ({ cut: true });
    expect((await failureOf(client.redeemCode(redemption))).code).toBe('STS_UNAVAILABLE');
    expect(server.seen).toHaveLength(1);
    for (const answer of [{ status: 503, text: '<html>' }, { json: { access_token: 'at' } }, { text: 'x' }]) {
      tokenAnswer = () => answer;
      expect((await failureOf(client.redeemCode(redemption))).code).toBe('STS_UNAVAILABLE');
    }
  });

  it('keeps code, verifier and assertion out of errors, also when the service repeats them', async () => {
    tokenAnswer = ({ body }) => ({ status: 400, json: { error: 'invalid_grant', error_description: `AADSTS70000: ${body}` } });
    const error = await failureOf(client.redeemCode(redemption));
    const told = inspect(error, { depth: 9 }) + JSON.stringify(error);
    expect(error.code).toBe('SSO_CODE_REFUSED');
    for (const piece of ['the-authorization-code', 'proof-key', 'eyJ']) expect(told).not.toContain(piece);
  });

  it.each(['common', 'organizations', 'contoso.example'])('asks nobody at the authority %s', async (tenantId) => {
    expect((await failureOf(client.redeemCode({ ...redemption, tenantId }))).code).toBe('TENANT_INVALID');
    expect((await failureOf(client.redeemCode({ ...redemption, appKey: 'nobody' }))).code).toBe('APP_UNKNOWN');
    expect(server.seen).toEqual([]);
  });
});

describe('an ID token\'s signature', () => {
  const verify = (idToken: ReturnType<typeof secret>) => client.verifySignature(idToken, TENANT);

  it('is confirmed by the tenant\'s key, whose own issuer is handed on', async () => {
    expect(await verify(makeIdToken(tenantKey.privateKey, { kid: 'one' }, { oid: 'o' }))).toEqual({ claims: { oid: 'o' }, keyIssuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' });
  });

  it('by a consumer key is handed on with that key\'s issuer, for the room to refuse', async () => {
    const { keyIssuer } = await verify(makeIdToken(consumerKey.privateKey, { kid: 'consumer' }));
    expect(keyIssuer).toContain('9188040d-6c67-4c5b-b112-36a304b66dad');
  });

  it('is refused for another signer, another algorithm, a foreign key in the header, or no form at all', async () => {
    const attacks = [
      [makeIdToken(consumerKey.privateKey, { kid: 'one' }), 'signature'],
      [makeIdToken(tenantKey.privateKey, { kid: 'one', alg: 'PS256' }), 'alg'],
      [makeIdToken(tenantKey.privateKey, { kid: 'one', alg: 'none' }), 'alg'],
      [makeIdToken(appKey.privateKey, { kid: 'one', jwk: jwkOf(appKey.publicKey, 'one') }), 'header'],
      [makeIdToken(tenantKey.privateKey, {}), 'kid'],
      [secret('not.a.token'), 'form'],
    ] as const;
    for (const [idToken, check] of attacks) expect(await failureOf(verify(idToken))).toMatchObject({ code: 'SSO_ID_TOKEN_INVALID', details: { check } });
  });

  it('with an unknown key id causes one new look at the keys, then a cool-down', async () => {
    await verify(makeIdToken(tenantKey.privateKey, { kid: 'one' }));
    expect(keyReads()).toBe(1);
    for (let count = 0; count < 5; count += 1) expect((await failureOf(verify(makeIdToken(tenantKey.privateKey, { kid: `invented${count}` })))).details['check']).toBe('kid');
    expect(keyReads()).toBe(1);
    clock.advance(31_000);
    keySet = [jwkOf(consumerKey.publicKey, 'rolled')];
    expect((await verify(makeIdToken(consumerKey.privateKey, { kid: 'rolled' }))).keyIssuer).toBeUndefined();
    expect(keyReads()).toBe(2);
    expect((await failureOf(verify(makeIdToken(tenantKey.privateKey, { kid: 'one' })))).code).toBe('SSO_ID_TOKEN_INVALID');
  });

  it('is checked against keys of at most a day, and against older ones while the service is away', async () => {
    const good = () => verify(makeIdToken(tenantKey.privateKey, { kid: 'one' }));
    await good();
    clock.advance(23 * 3_600_000);
    await good();
    expect(keyReads()).toBe(1);
    clock.advance(2 * 3_600_000);
    keysAnswer = { status: 503, text: '' };
    await good();
    expect(keyReads()).toBe(2);
    keysAnswer = undefined;
    clock.advance(60_000);
    await good();
    expect(keyReads()).toBe(3);
  });

  it('cannot be judged while the keys cannot be had', async () => {
    keysAnswer = { status: 503, text: '' };
    expect((await failureOf(verify(makeIdToken(tenantKey.privateKey, { kid: 'one' })))).code).toBe('STS_UNAVAILABLE');
  });

  it('is not checked against keys published elsewhere', async () => {
    const attacker = await startTlsServer();
    attacker.answer = () => ({ json: { keys: [jwkOf(appKey.publicKey, 'one')] } });
    jwksUri = `${attacker.origin}/keys`;
    expect(await failureOf(verify(makeIdToken(appKey.privateKey, { kid: 'one' })))).toMatchObject({ code: 'SSO_ID_TOKEN_INVALID', details: { check: 'jwks_uri' } });
    expect(attacker.seen).toEqual([]);
    await attacker.close();
  });

  it('of ten callers at once causes one look at the keys', async () => {
    await Promise.all(Array.from({ length: 10 }, () => verify(makeIdToken(tenantKey.privateKey, { kid: 'one' }))));
    expect(keyReads()).toBe(1);
  });
});
