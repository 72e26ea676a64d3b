import { createHash } from 'node:crypto';
import { ConfidentialClientApplication, CryptoProvider, type INetworkModule, type NetworkRequestOptions, type NetworkResponse } from '@azure/msal-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningSandbox } from '../../src/sandbox/index';
import { app, Browser, grantConsent, makeCertificate, openSandbox, person, registerKey, send, START, tenantId, type TestCertificate } from './support';

const CALLBACK = 'http://localhost:4180/sign-in/callback';

let sandbox: RunningSandbox;
let contoso: string;
let certificate: TestCertificate;

beforeAll(async () => {
  // MSAL reads the machine's clock, so the sandbox follows it here.
  sandbox = await openSandbox({ clock: { now: () => Date.now() } });
  contoso = tenantId(sandbox, 'contoso');
  certificate = makeCertificate();
  registerKey(sandbox, certificate, { start: new Date(Math.min(START, Date.now() - 1000)).toISOString(), end: new Date(Date.now() + 86_400_000).toISOString() });
  await grantConsent(sandbox, 'contoso', 'contoso/ada');
});

afterAll(() => sandbox.stop());

/** MSAL's network port over the test's own TLS client. */
function networkClient(): INetworkModule {
  const exchange = async <Body>(method: string, url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<Body>> => {
    const reply = await send(sandbox, url, {
      method,
      headers: options?.headers ?? {},
      ...(options?.body === undefined ? {} : { body: options.body }),
    });
    const headers = Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name, String(value)]));
    return { status: reply.status, headers, body: JSON.parse(reply.text) };
  };
  return {
    sendGetRequestAsync: (url, options) => exchange('GET', url, options),
    sendPostRequestAsync: (url, options) => exchange('POST', url, options),
  };
}

function client(credential: 'secret' | 'sha256' | 'sha1'): ConfidentialClientApplication {
  const { appId, clientSecret } = app(sandbox);
  const privateKey = certificate.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const thumbprint = (hash: string) => createHash(hash).update(certificate.der).digest('hex');
  const credentials = {
    secret: { clientSecret },
    sha256: { clientCertificate: { thumbprintSha256: thumbprint('sha256'), privateKey } },
    sha1: { clientCertificate: { thumbprint: thumbprint('sha1'), privateKey } },
  };
  return new ConfidentialClientApplication({
    auth: {
      clientId: appId,
      authority: `${sandbox.ready.login}/${contoso}`,
      knownAuthorities: [new URL(sandbox.ready.login).host],
      ...credentials[credential],
    },
    system: { networkClient: networkClient() },
  });
}

it.each(['secret', 'sha256', 'sha1'] as const)('lets the real MSAL in with its %s credential', async (credential) => {
  const result = await client(credential).acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] });
  expect(result?.accessToken).toEqual(expect.any(String));
  const row = sandbox.requests().at(-1);
  expect(row).toMatchObject({ operation: 'token client_credentials', status: 200, tenant: contoso, app: app(sandbox).appId });
  expect(row?.clientSku).toMatch(/^msal\.js\.node \d+\./);
});

it('gives the real MSAL a signed-in person by code and PKCE', async () => {
  const msal = client('sha256');
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes: ['openid', 'profile'], redirectUri: CALLBACK, nonce: 'no-9', state: 'st-9' };
  const url = await msal.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256' });
  const browser = new Browser(sandbox);
  const done = await browser.signIn(await browser.open(url), person(sandbox, 'contoso/ada'));
  const code = done.callback?.searchParams.get('code') ?? '';
  const result = await msal.acquireTokenByCode({ ...request, code, codeVerifier: verifier }, { code, state: 'st-9' });
  expect(result.idTokenClaims).toMatchObject({ tid: contoso, oid: person(sandbox, 'contoso/ada').objectId, nonce: 'no-9' });
  expect(result.account?.homeAccountId).toBe(`${person(sandbox, 'contoso/ada').objectId}.${contoso}`);
});

it('shows the real MSAL the service number of a refusal', async () => {
  const elsewhere = client('secret').acquireTokenByClientCredential({
    scopes: ['https://graph.microsoft.com/.default'],
    authority: `${sandbox.ready.login}/${tenantId(sandbox, 'fabrikam')}`,
  });
  await expect(elsewhere).rejects.toMatchObject({ errorCode: 'invalid_client', errorNo: 7000229 });
});
