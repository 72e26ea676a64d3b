import { describe, expect, it } from 'vitest';
import { OnboardingError } from '../../../src/core/errors';
import { sha256Base64Url } from '../../../src/core/internal/encoding';
import type { SignInClient } from '../../../src/core/ports';
import { readSignInCallback } from '../../../src/core/sso/sign-in-callback';
import { finishSignIn, startSignIn } from '../../../src/core/sso/sign-in';
import { ADA, AUTHORITY, BROWSER, dump, fakeSignIn, goodClaims, OTHER_TENANT, startInput, TENANT, type TestPorts, testPorts } from './support';

const KEY_ISSUER = `${AUTHORITY}/{tenantid}/v2.0`;

async function begin(overrides: Parameters<typeof startInput>[0] = {}) {
  const ports = testPorts();
  const { authorizationUrl, expiresAt } = await startSignIn(ports, startInput(overrides));
  const url = new URL(authorizationUrl);
  const parameter = (name: string) => url.searchParams.get(name) ?? '';
  const signIn = fakeSignIn(() => ({ claims: goodClaims(parameter('nonce')), keyIssuer: KEY_ISSUER }));
  return { ports: { ...ports, signIn }, url, parameter, state: parameter('state'), expiresAt };
}

type Started = Awaited<ReturnType<typeof begin>>;

function finish(started: Started, params: Readonly<Record<string, string>> = {}, browserSecret: string | undefined = BROWSER, signIn: SignInClient = started.ports.signIn) {
  return finishSignIn({ ...started.ports, signIn }, { params: new URLSearchParams({ state: started.state, code: 'the-code', ...params }), browserSecret, arrivedBy: 'form_post' });
}

describe('startSignIn', () => {
  it('sends the browser to the one tenant, with PKCE, nonce and the account picker', async () => {
    const { url, parameter, expiresAt, ports } = await begin();
    expect(url.origin + url.pathname).toBe(`${AUTHORITY}/${TENANT}/oauth2/v2.0/authorize`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ response_type: 'code', response_mode: 'form_post', scope: 'openid profile email', prompt: 'select_account', code_challenge_method: 'S256', redirect_uri: 'https://partner.example/sign-in/callback' });
    expect(['state', 'nonce', 'code_challenge'].map((name) => parameter(name).length)).toEqual([43, 43, 43]);
    expect(expiresAt).toBe(ports.clock.now() + 600_000);
  });

  it('keeps nothing in the store that could be used by a thief: state hashed, nonce and verifier sealed', async () => {
    const started = await begin();
    const stored = JSON.stringify(await dump(started.ports.store));
    await finish(started);
    const verifier = started.ports.signIn.redeemed[0]?.codeVerifier.reveal() ?? '';
    expect(sha256Base64Url(verifier)).toBe(started.parameter('code_challenge'));
    for (const value of [started.state, started.parameter('nonce'), verifier]) expect(stored).not.toContain(value);
  });

  it.each([
    ['ttlSeconds', { ttlSeconds: 3601 }, 'INPUT_INVALID'],
    ['ttlSeconds', { ttlSeconds: 0 }, 'INPUT_INVALID'],
    ['browserHash', { browserHash: 'short' }, 'INPUT_INVALID'],
    ['authorityHost', { authorityHost: `${AUTHORITY}/common` }, 'INPUT_INVALID'],
    ['redirectUri', { redirectUri: '/relative' }, 'INPUT_INVALID'],
    ['tenantId', { tenantId: 'organizations' }, 'TENANT_INVALID'],
    ['tenantId', { tenantId: '9188040d-6c67-4c5b-b112-36a304b66dad' }, 'TENANT_INVALID'],
  ])('refuses to start with a bad %s', async (field, overrides, code) => {
    await expect(startSignIn(testPorts(), startInput(overrides))).rejects.toMatchObject({ code, details: { field } });
  });
});

describe('finishSignIn', () => {
  it('says who signed in, for which account and in which browser', async () => {
    const started = await begin();
    expect(await finish(started)).toEqual({
      outcome: 'signed_in',
      identity: { tenantId: TENANT, objectId: ADA, name: 'Ada', preferredUsername: 'ada@contoso.example', authenticatedAt: started.ports.clock.now() },
      accountId: 'contoso',
      purpose: 'ownership',
      appKey: 'backup',
      browserHash: sha256Base64Url(BROWSER),
      signedInAt: started.ports.clock.now(),
    });
    expect(started.ports.signIn.redeemed[0]).toMatchObject({ appKey: 'backup', tenantId: TENANT, redirectUri: 'https://partner.example/sign-in/callback' });
  });

  it('refuses a replay, and the second of two racing answers', async () => {
    const started = await begin();
    const outcomes = await Promise.all([finish(started), finish(started), finish(started)]);
    expect(outcomes.filter((answer) => answer.outcome === 'signed_in')).toHaveLength(1);
    expect(outcomes.flatMap((answer) => (answer.outcome === 'refused' ? [answer.error.code] : []))).toEqual(['SSO_STATE_REPLAYED', 'SSO_STATE_REPLAYED']);
    expect(await finish(started)).toMatchObject({ outcome: 'refused', error: { code: 'SSO_STATE_REPLAYED' } });
    expect(started.ports.signIn.redeemed).toHaveLength(1);
  });

  it.each([
    ['another browser', 'another-secret'],
    ['no cookie', undefined],
    ['an empty cookie', ''],
  ])('refuses an answer from %s without using the state up', async (_, browserSecret) => {
    const started = await begin();
    const stranger = await finishSignIn(started.ports, { params: new URLSearchParams({ state: started.state, code: 'x' }), browserSecret });
    expect(stranger).toMatchObject({ outcome: 'refused', error: { code: 'SSO_BROWSER_MISMATCH' } });
    expect(await finish(started)).toMatchObject({ outcome: 'signed_in' });
  });

  it('does not let an attacker finish the sign-in of a victim in his own browser (login CSRF)', async () => {
    const attacker = await begin();
    const victimSecret = 'browser-secret-2';
    expect(await finish(attacker, {}, victimSecret)).toMatchObject({ outcome: 'refused', error: { code: 'SSO_BROWSER_MISMATCH' } });
  });

  it('tells an unknown state from one that came too late', async () => {
    const started = await begin();
    expect(await finish(started, { state: 'A'.repeat(43) })).toMatchObject({ outcome: 'refused', error: { code: 'SSO_STATE_UNKNOWN' } });
    started.ports.clock.advance(600_000);
    expect(await finish(started)).toMatchObject({ outcome: 'refused', error: { code: 'SSO_STATE_EXPIRED' } });
  });

  it('looks at the error before anything else the answer carries, and shows no description', async () => {
    const started = await begin();
    const answer = await finish(started, { error: 'access_denied', error_description: 'AADSTS65004: <b>user declined</b> Trace ID: 1' });
    expect(answer).toMatchObject({ outcome: 'refused', accountId: 'contoso', error: { code: 'SSO_SIGN_IN_DECLINED', serviceCode: 'AADSTS65004', details: { error: 'access_denied' } } });
    expect(JSON.stringify(answer)).not.toContain('user declined');
    expect(started.ports.signIn.redeemed).toEqual([]);
    expect(await finish(started)).toMatchObject({ error: { code: 'SSO_STATE_REPLAYED' } });
  });

  it('tells a disturbance of the service from a refusal by the person', async () => {
    expect(await finish(await begin(), { error: 'temporarily_unavailable' })).toMatchObject({ outcome: 'refused', error: { code: 'STS_UNAVAILABLE', retryable: true } });
  });

  it('refuses an answer that arrived another way than was asked for', async () => {
    const started = await begin({ responseMode: 'query' });
    expect(await finish(started)).toMatchObject({ outcome: 'refused', error: { code: 'SSO_CALLBACK_MALFORMED', details: { why: 'response_mode' } } });
  });

  it('refuses an answer that names another issuer, and takes one that names the right one', async () => {
    const started = await begin();
    expect(await finish(started, { iss: `${AUTHORITY}/${OTHER_TENANT}/v2.0` })).toMatchObject({ outcome: 'refused', error: { code: 'SSO_CALLBACK_MALFORMED', details: { why: 'iss' } } });
    expect(started.ports.signIn.redeemed).toEqual([]);
    expect(await finish(started, { iss: `${AUTHORITY}/${TENANT}/v2.0` })).toMatchObject({ outcome: 'signed_in' });
  });

  it('refuses the token of another tenant by its own code, naming both', async () => {
    const started = await begin();
    const signIn = fakeSignIn(() => ({ claims: goodClaims(started.parameter('nonce'), { tid: OTHER_TENANT, iss: `${AUTHORITY}/${OTHER_TENANT}/v2.0` }), keyIssuer: KEY_ISSUER }));
    expect(await finish(started, {}, BROWSER, signIn)).toMatchObject({ outcome: 'refused', error: { code: 'SSO_WRONG_TENANT', details: { expectedTenantId: TENANT, signedInTenantId: OTHER_TENANT } } });
  });

  it('refuses a token made for another sign-in (nonce), naming the check and not the value', async () => {
    const started = await begin();
    const signIn = fakeSignIn(() => ({ claims: goodClaims('nonce-of-another'), keyIssuer: KEY_ISSUER }));
    const answer = await finish(started, {}, BROWSER, signIn);
    expect(answer).toMatchObject({ outcome: 'refused', error: { code: 'SSO_ID_TOKEN_INVALID', details: { check: 'nonce' } } });
    expect(JSON.stringify(answer)).not.toContain(started.parameter('nonce'));
  });

  it.each(['SSO_CODE_REFUSED', 'SSO_ID_TOKEN_INVALID'] as const)('hands on %s of the sign-in service as a refusal', async (code) => {
    const started = await begin();
    const signIn = { ...started.ports.signIn, redeemCode: () => Promise.reject(new OnboardingError(code, 'no', { serviceCode: 'AADSTS54005' })) };
    expect(await finish(started, {}, BROWSER, signIn)).toMatchObject({ outcome: 'refused', accountId: 'contoso', error: { code, serviceCode: 'AADSTS54005' } });
  });

  it('raises when the service cannot be reached', async () => {
    const started = await begin();
    const signIn = { ...started.ports.signIn, redeemCode: () => Promise.reject(new OnboardingError('STS_UNAVAILABLE', 'no')) };
    await expect(finish(started, {}, BROWSER, signIn)).rejects.toMatchObject({ code: 'STS_UNAVAILABLE' });
  });

  it('refuses a stored sign-in that was edited to expect another tenant or account', async () => {
    const started = await begin();
    await edit(started.ports, (text) => text.replaceAll(TENANT, OTHER_TENANT));
    await expect(finish(started)).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
    const other = await begin();
    await edit(other.ports, (text) => text.replaceAll('contoso', 'fabrikam'));
    await expect(finish(other)).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
  });
});

async function edit(ports: TestPorts, change: (text: string) => string): Promise<void> {
  for (const [key, value] of Object.entries(await dump(ports.store))) await ports.store.set(key, change(value));
}

describe('readSignInCallback', () => {
  const state = 'S'.repeat(43);
  const read = (query: string) => readSignInCallback(new URLSearchParams(query));

  it.each(['state', 'iss', 'code', 'error', 'error_description'])('refuses %s twice, whichever value comes first', (name) => {
    expect(read(`state=${state}&code=c&${name}=1&${name}=2`)).toEqual({ kind: 'malformed', why: 'duplicate' });
  });

  it.each([
    ['', 'state'],
    ['code=c', 'state'],
    ['state=short&code=c', 'state'],
    [`state=${state}`, 'code'],
    [`state=${state}&code=`, 'code'],
    [`state=${state}&code=a%20b`, 'code'],
    [`state=${state}&code=${'c'.repeat(16_385)}`, 'code'],
    [`state=${state}&error=%3Cscript%3E`, 'error'],
  ])('refuses %s', (query, why) => {
    expect(read(query)).toEqual({ kind: 'malformed', why });
  });

  it('ignores parameters it does not know, such as session_state, and hides the code', () => {
    const answer = read(`state=${state}&code=secret-code&session_state=1&session_state=2`);
    expect(answer.kind).toBe('code');
    expect(JSON.stringify(answer)).not.toContain('secret-code');
  });
});
