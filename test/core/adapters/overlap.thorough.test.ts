/** Two keys are registered and not every replica of the sandbox knows the new one: nobody who signs in notices. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAssertionTokenSource } from '../../../src/core/adapters/assertion-tokens';
import { createHttpsClient, type HttpsClient } from '../../../src/core/adapters/https-client';
import { createJwtService } from '../../../src/core/adapters/jose-jwt';
import { createKeyFallback } from '../../../src/core/adapters/key-fallback';
import { createMsalTokenSource } from '../../../src/core/adapters/msal-tokens';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { createSignInClient } from '../../../src/core/adapters/sign-in-client';
import type { OnboardingError } from '../../../src/core/errors';
import { secret } from '../../../src/core/internal/secret';
import type { AppCredential, AppCredentialSource, CredentialUse } from '../../../src/core/ports';
import type { RunningSandbox } from '../../../src/sandbox/index';
import { app, authorizeUrl, Browser, grantConsent, makeCertificate, openSandbox, person, registerKey, tenantId, type TestCertificate } from '../../sandbox/support';

const SOURCES = { 'MSAL\'s source': createMsalTokenSource, 'the source without MSAL': createAssertionTokenSource } as const;
const CALLBACK = 'http://localhost:4180/sign-in/callback';
const VERIFIER = 'v'.repeat(64);
const DAY_SECONDS = 86_400;

let sandbox: RunningSandbox;
let https: HttpsClient;
let uses: CredentialUse[];
const former = makeCertificate();
const current = makeCertificate();

const signing = ({ der, privateKey }: TestCertificate) => ({
  thumbprintSha256: createHash('sha256').update(der).digest('hex').toUpperCase(),
  privateKey: secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
});
const FORMER = signing(former);
const CURRENT = signing(current);
const OVERLAP: AppCredential = { kind: 'certificate', ...CURRENT, previous: FORMER };

beforeAll(async () => {
  sandbox = await openSandbox();
  https = createHttpsClient({ ca: readFileSync(sandbox.ready.caFile, 'utf8'), userAgent: 'm365-onboarding/test', timeoutMs: 20_000 });
});
afterAll(async () => {
  https.close();
  await sandbox.stop();
});
beforeEach(() => {
  sandbox.faults.set(undefined);
  sandbox.reset();
  sandbox.setReplicationLagMs({ 'sts.keys': 0 });
  uses = [];
  registerKey(sandbox, former);
  sandbox.clock.advance(DAY_SECONDS);
  registerKey(sandbox, current);
});

function shared(credential: AppCredential = OVERLAP) {
  const { key, appId } = app(sandbox);
  const clock = { now: () => sandbox.clock.now() };
  const credentials: AppCredentialSource = { resolve: async () => credential, report: async (_appKey, use) => void uses.push(use) };
  return { authorityHost: sandbox.ready.login, cloud: 'global' as const, apps: [{ key, appId }], credentials, clock, https, jwt: createJwtService(), random: createNodeRandom(), keyFallback: createKeyFallback(clock) };
}
const home = () => ({ appKey: app(sandbox).key, tenantId: sandbox.ready.homeTenantId, resource: 'https://graph.microsoft.com' });
const tokenRequests = () => sandbox.requests().filter(({ path }) => path.endsWith('/token'));
const unknown = { thumbprintSha256: CURRENT.thumbprintSha256, outcome: 'unknown_key' };

describe.each(Object.entries(SOURCES))('%s through the overlap', (_name, create) => {
  it('serves every request while the new key is on its way, and tries it once a minute', async () => {
    sandbox.setReplicationLagMs({ 'sts.keys': 200_000 });
    const tokens = create(shared());
    for (let seconds = 0; seconds < 300; seconds += 5) {
      expect((await tokens.acquire({ ...home(), fresh: true })).claims?.appId).toBe(app(sandbox).appId);
      sandbox.clock.advance(5);
    }
    expect(tokenRequests().filter(({ status }) => status !== 200)).toHaveLength(4);
    expect(uses.filter(({ outcome }) => outcome === 'unknown_key')).toEqual([unknown, unknown, unknown, unknown]);
    expect(uses.at(-1)).toEqual({ thumbprintSha256: CURRENT.thumbprintSha256, outcome: 'accepted' });
  });

  it('serves every request of replicas that disagree, and goes on when the former key is removed', async () => {
    sandbox.faults.set('replication-hell');
    const tokens = create(shared());
    for (let count = 0; count < 50; count += 1) {
      await tokens.acquire({ ...home(), fresh: true });
      sandbox.clock.advance(3);
    }
    expect(uses).toContainEqual(unknown);
    expect(uses).toContainEqual({ thumbprintSha256: FORMER.thumbprintSha256, outcome: 'accepted' });
    sandbox.clock.advance(DAY_SECONDS);
    removeFormer();
    for (let count = 0; count < 50; count += 1) {
      await tokens.acquire({ ...home(), fresh: true });
      sandbox.clock.advance(3);
    }
    expect(uses.slice(-25).every(({ thumbprintSha256 }) => thumbprintSha256 === CURRENT.thumbprintSha256)).toBe(true);
  });
});

describe('a code', () => {
  beforeEach(() => grantConsent(sandbox, 'contoso', 'contoso/ada').then(() => undefined));

  async function obtainCode(): Promise<string> {
    const contoso = tenantId(sandbox, 'contoso');
    const browser = new Browser(sandbox);
    const challenge = createHash('sha256').update(VERIFIER).digest('base64url');
    const page = await browser.signIn(await browser.open(authorizeUrl(sandbox, contoso, { code_challenge: challenge, code_challenge_method: 'S256' })), person(sandbox, 'contoso/ada'));
    return page.callback?.searchParams.get('code') ?? expect.fail('no code came');
  }
  const redemption = (code: string) => ({ appKey: app(sandbox).key, tenantId: tenantId(sandbox, 'contoso'), code: secret(code), codeVerifier: secret(VERIFIER), redirectUri: CALLBACK });
  const statuses = () => tokenRequests().map(({ status }) => status);
  const refusalOf = (promise: Promise<unknown>) => promise.then(() => expect.fail('it was accepted'), (error: unknown) => error as OnboardingError);

  it('is still good after a replica did not know the key it came with, and is redeemed with the former one, once', async () => {
    const code = await obtainCode();
    sandbox.setReplicationLagMs({ 'sts.keys': 120_000 });
    const client = createSignInClient(shared());
    const { idToken } = await client.redeemCode(redemption(code));
    expect(idToken.reveal().split('.')).toHaveLength(3);
    expect(statuses()).toEqual([401, 200]);
    expect(uses).toEqual([unknown, { thumbprintSha256: FORMER.thumbprintSha256, outcome: 'accepted' }]);
    expect(await refusalOf(client.redeemCode(redemption(code)))).toMatchObject({ code: 'SSO_CODE_REFUSED', serviceCode: 'AADSTS54005' });
    expect(uses).toHaveLength(2);
  });

  it('is redeemed with the new key where it is known, and not twice when something else is wrong', async () => {
    const client = createSignInClient(shared());
    await client.redeemCode(redemption(await obtainCode()));
    expect(uses).toEqual([{ thumbprintSha256: CURRENT.thumbprintSha256, outcome: 'accepted' }]);
    const wrong = await refusalOf(client.redeemCode({ ...redemption(await obtainCode()), codeVerifier: secret('w'.repeat(64)) }));
    expect(wrong).toMatchObject({ code: 'SSO_CODE_REFUSED', serviceCode: 'AADSTS501481' });
    expect(statuses()).toEqual([200, 400]);
  });

  it('finds the former key first where the token source has just met a replica that did not know the new one', async () => {
    const parts = shared();
    const code = await obtainCode();
    sandbox.setReplicationLagMs({ 'sts.keys': 120_000 });
    await createMsalTokenSource(parts).acquire({ ...home(), tenantId: tenantId(sandbox, 'contoso') });
    await createSignInClient(parts).redeemCode(redemption(code));
    expect(statuses()).toEqual([401, 200, 200]);
  });

  it('is refused with the new key alone, and the person can still be let in with it later', async () => {
    const code = await obtainCode();
    sandbox.setReplicationLagMs({ 'sts.keys': 120_000 });
    const client = createSignInClient(shared({ kind: 'certificate', ...CURRENT }));
    expect(await refusalOf(client.redeemCode(redemption(code)))).toMatchObject({ code: 'STS_CREDENTIAL_REFUSED', serviceCode: 'AADSTS700027' });
    sandbox.clock.advance(120);
    expect((await client.redeemCode(redemption(code))).idToken.reveal()).not.toBe('');
  });
});

function removeFormer(): void {
  const { world } = sandbox;
  const applications = world.tenants.get(world.homeTenantId)?.applications;
  const registered = applications?.get(app(sandbox).objectId, world.now()) ?? expect.fail('the app is gone');
  const keyCredentials = registered.keyCredentials.filter(({ key }) => key !== former.der.toString('base64'));
  expect(keyCredentials).toHaveLength(registered.keyCredentials.length - 1);
  applications?.put(registered.id, { ...registered, keyCredentials }, world.now());
}
