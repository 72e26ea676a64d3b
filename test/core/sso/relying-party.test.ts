/** Our OpenID Connect client against a provider that is wrong in one way at a time: refused, and by which check. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpsClient, type HttpsClient } from '../../../src/core/adapters/https-client';
import { createJwtService } from '../../../src/core/adapters/jose-jwt';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { createSignInClient } from '../../../src/core/adapters/sign-in-client';
import { OnboardingError, toPublicError } from '../../../src/core/errors';
import { secret } from '../../../src/core/internal/secret';
import { finishSignIn, startSignIn } from '../../../src/core/sso/sign-in';
import type { RunningSandbox } from '../../../src/sandbox/index';
import { RELYING_PARTY_CASES } from '../../../src/sandbox/sts/relying-party/modes';
import { app, Browser, openSandbox, person, tenantId } from '../../sandbox/support';
import { BROWSER, startInput, testPorts } from './support';

let sandbox: RunningSandbox;
let https: HttpsClient;
let browser: Browser;

beforeAll(async () => {
  sandbox = await openSandbox();
  https = createHttpsClient({ ca: readFileSync(sandbox.ready.caFile, 'utf8'), userAgent: 'm365-onboarding/test', timeoutMs: 60_000 });
  browser = new Browser(sandbox);
});
afterAll(async () => {
  https.close();
  await sandbox.stop();
});
beforeEach(() => sandbox.setRelyingParty(null));

function createClient() {
  const { appId, clientSecret, key } = app(sandbox);
  return createSignInClient({
    authorityHost: sandbox.ready.login,
    https,
    clock: { now: () => sandbox.clock.now() },
    random: createNodeRandom(),
    jwt: createJwtService(),
    apps: [{ key, appId }],
    credentials: { resolve: () => Promise.resolve({ kind: 'secret', id: 'seed', secret: secret(clientSecret) }) },
  });
}

const INVALID = 'SSO_ID_TOKEN_INVALID';

/** A whole sign-in of Ada's by the real pages. What it comes to, in one word or two. */
async function signIn(client = createClient(), press: 'accept' | 'cancel' = 'accept'): Promise<readonly [code: string, check?: unknown]> {
  const ports = { ...testPorts(), signIn: client };
  const input = startInput({ tenantId: tenantId(sandbox, 'contoso'), appId: app(sandbox).appId, authorityHost: sandbox.ready.login, redirectUri: 'http://localhost:4180/sign-in/callback' });
  ports.clock.moveTo(sandbox.clock.now());
  const { authorizationUrl } = await startSignIn(ports, input);
  let page = await browser.open(authorizationUrl);
  page = await browser.signIn(page, person(sandbox, 'contoso/ada'));
  if (page.has('accept')) page = await browser.press(page, press);
  const members = (page.forms[0]?.fields ?? []).map(({ attributes }): [string, string] => [attributes.name ?? '', attributes.value ?? '']);
  try {
    const finished = await finishSignIn(ports, { params: members, browserSecret: BROWSER, arrivedBy: 'form_post' });
    if (finished.outcome === 'signed_in') return ['signed_in', finished.identity.objectId];
    const { code, details } = finished.error;
    // Which check it was is told inside only.
    if (code === INVALID) expect(toPublicError(finished.error)).toEqual({ code: 'failed' });
    return [code, details['check'] ?? details['why'] ?? details['error'] ?? finished.error.serviceCode];
  } catch (error) {
    if (error instanceof OnboardingError) return [error.code, error.details['check']];
    throw error;
  }
}

const REFUSALS: Readonly<Record<string, readonly [code: string, check?: unknown]>> = {
  // Three parts are the form; an empty signature is none.
  'signature-none': [INVALID, 'form'],
  'signature-none-with-bytes': [INVALID, 'alg'],
  'signature-rs256-invalid': [INVALID, 'signature'],
  'signature-hs256-client-secret': [INVALID, 'alg'],
  'signature-hs256-public-key': [INVALID, 'alg'],
  'signature-es256-invalid': [INVALID, 'alg'],
  'signature-ps256': [INVALID, 'alg'],
  'key-unpublished': [INVALID, 'kid'],
  'key-in-header': [INVALID, 'header'],
  'header-critical': [INVALID, 'header'],
  'kid-missing': [INVALID, 'kid'],
  'kid-missing-single-key': [INVALID, 'kid'],
  'consumer-key': [INVALID, 'key_issuer'],
  'iss-other-host': [INVALID, 'iss'],
  'iss-template': [INVALID, 'iss'],
  'iss-other-tenant': [INVALID, 'iss'],
  'iss-version-1': [INVALID, 'ver'],
  'tid-other-tenant': [INVALID, 'iss'],
  'other-tenant': ['SSO_WRONG_TENANT', undefined],
  'consumer-tenant': [INVALID, 'tid_consumer'],
  'aud-nobody': [INVALID, 'aud'],
  'other-app': [INVALID, 'aud'],
  'aud-list': [INVALID, 'aud'],
  'nonce-wrong': [INVALID, 'nonce'],
  'exp-past': [INVALID, 'exp'],
  'nbf-future': [INVALID, 'nbf'],
  'iat-future': [INVALID, 'iat'],
  'c-hash-wrong': [INVALID, 'c_hash'],
  'at-hash-wrong': [INVALID, 'at_hash'],
  'iss-missing': [INVALID, 'iss'],
  'aud-missing': [INVALID, 'aud'],
  'sub-missing': [INVALID, 'sub'],
  'iat-missing': [INVALID, 'iat'],
  'exp-missing': [INVALID, 'exp'],
  'nonce-missing': [INVALID, 'nonce'],
  'tid-missing': [INVALID, 'tid_form'],
  'oid-missing': [INVALID, 'oid'],
  'discovery-issuer-other': [INVALID, 'discovery_issuer'],
  'discovery-issuer-template': [INVALID, 'discovery_issuer'],
  'discovery-keys-elsewhere': [INVALID, 'jwks_uri'],
  // Nothing that could be wrong about the person: the service did not answer as documented.
  'discovery-keys-unnamed': ['STS_UNAVAILABLE', undefined],
  'keys-empty': [INVALID, 'kid'],
  'keys-ambiguous': [INVALID, 'kid'],
  'keys-without-issuer': [INVALID, 'key_issuer_missing'],
  'keys-for-encryption': [INVALID, 'key'],
  'id-token-missing': ['STS_UNAVAILABLE', undefined],
  'id-token-is-access-token': [INVALID, 'aud'],
  'state-missing': ['SSO_CALLBACK_MALFORMED', 'state'],
  'state-other': ['SSO_STATE_UNKNOWN', undefined],
  'code-missing': ['SSO_CALLBACK_MALFORMED', 'code'],
  'code-twice': ['SSO_CALLBACK_MALFORMED', 'duplicate'],
  'code-other': ['SSO_CODE_REFUSED', 'invalid_grant'],
  'callback-issuer-other': ['SSO_CALLBACK_MALFORMED', 'iss'],
  'error-with-code': ['SSO_SIGN_IN_DECLINED', 'access_denied'],
};

/** About requests our client never makes: it keeps no refresh token and asks UserInfo nothing. */
const NEVER_ASKED: readonly string[] = ['refreshed-iss-other', 'refreshed-sub-other', 'userinfo-sub-other'];
const refusable = Object.entries(RELYING_PARTY_CASES).filter(([id, { outcome }]) => outcome !== 'accept' && !NEVER_ASKED.includes(id));

describe('the sign-in client', () => {
  it('is asked about every case the sandbox can play', () => {
    const accepted = Object.entries(RELYING_PARTY_CASES).filter(([, { outcome }]) => outcome === 'accept').map(([id]) => id);
    expect([...Object.keys(REFUSALS), ...NEVER_ASKED, ...accepted].toSorted()).toEqual(Object.keys(RELYING_PARTY_CASES).toSorted());
  });

  it.each(NEVER_ASKED)('gives %s no occasion: one code, the documents, nothing else', async (id) => {
    sandbox.setRelyingParty(id);
    const before = sandbox.requests().length;
    expect((await signIn())[0]).toBe('signed_in');
    const made = sandbox.requests().slice(before).filter(({ userAgent }) => userAgent?.startsWith('m365-onboarding/') === true);
    expect(made.map(({ method, path }) => `${method} ${path.split('/').slice(2).join('/')}`)).toEqual(['POST oauth2/v2.0/token', 'GET v2.0/.well-known/openid-configuration', 'GET discovery/v2.0/keys']);
    expect(made.every(({ rule }) => rule !== 'RP-CASE')).toBe(true);
  });

  it.each(refusable.map(([id, { statement }]) => [id, statement]))('refuses %s: %s', async (id) => {
    sandbox.setRelyingParty(id);
    expect(await signIn()).toEqual(REFUSALS[id]);
  });

  it.each(Object.entries(RELYING_PARTY_CASES).filter(([, { outcome }]) => outcome === 'accept').map(([id, { statement }]) => [id, statement]))('takes %s: %s', async (id) => {
    sandbox.setRelyingParty(id);
    expect(await signIn()).toEqual(['signed_in', person(sandbox, 'contoso/ada').objectId]);
  });

  it('keeps up with keys that roll over while it runs: published first, then used, then the old one gone', async () => {
    const client = createClient();
    const ada = ['signed_in', person(sandbox, 'contoso/ada').objectId];
    for (const step of ['publish', 'sign', 'withdraw'] as const) {
      sandbox.rollSigningKeys(step);
      expect(await signIn(client)).toEqual(ada);
      sandbox.clock.advance(60);
    }
  });

  it('learns of a complete roll-over at the next unknown key id, and takes no token of the withdrawn key afterwards', async () => {
    const client = createClient();
    await signIn(client);
    sandbox.clock.advance(60);
    sandbox.setRelyingParty('key-rolled-before-signing');
    expect((await signIn(client))[0]).toBe('signed_in');
  });

  it('is right again once the case is over, and only the app it is for is wronged', async () => {
    sandbox.setRelyingParty('nonce-wrong', 'restore');
    expect((await signIn())[0]).toBe('signed_in');
    sandbox.setRelyingParty('nonce-wrong', 'backup');
    expect(await signIn()).toEqual([INVALID, 'nonce']);
    sandbox.setRelyingParty(null, 'backup');
    sandbox.setRelyingParty(null, 'restore');
    expect((await signIn())[0]).toBe('signed_in');
    expect(() => sandbox.setRelyingParty('no-such-case')).toThrow(RangeError);
    expect(() => sandbox.setRelyingParty('nonce-wrong', 'no-such-app')).toThrow(RangeError);
  });
});
