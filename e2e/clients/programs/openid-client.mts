// A certified OpenID Connect client: discovery, code flow with PKCE, ID token checked, client credentials, and what it refuses.
import * as client from 'openid-client';
import { openCallback, outlineOf, readTask, refusalOf, report } from './program.mts';

const task = readTask();
const told = ({ code, cause }: { code?: string; cause?: { message?: string; body?: unknown } }) => code ?? cause?.message ?? 'unknown';
const toldByService = ({ error, error_description: text }: { error?: string; error_description?: string }) => `${error} ${/AADSTS\d+/.exec(text ?? '')?.[0]}`;
const callback = await openCallback();

async function begin(config: client.Configuration) {
  const [verifier, nonce, state] = [client.randomPKCECodeVerifier(), client.randomNonce(), client.randomState()];
  const parameters = { redirect_uri: callback.redirectUri, scope: 'openid profile email', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', nonce, state };
  return { back: await callback.visit(client.buildAuthorizationUrl(config, parameters).href), verifier, nonce, state };
}

async function signIn(config: client.Configuration) {
  const { back, verifier, nonce, state } = await begin(config);
  const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state });
  const { iss, aud, tid, oid, ver, preferred_username: name }: Readonly<Record<string, unknown>> = { ...tokens.claims() };
  return { iss, aud, tid, oid, ver, name };
}

const discover = (tenant: string) => client.discovery(new URL(`${task.login}/${tenant}/v2.0`), task.appId, task.clientSecret);
const config = await discover(task.tenantId);
const app = await client.clientCredentialsGrant(config, { scope: task.scope });
const person = await signIn(config);

const second = await begin(config);
const otherState = await refusalOf(client.authorizationCodeGrant(config, second.back, { pkceCodeVerifier: second.verifier, expectedNonce: second.nonce, expectedState: 'other' }), told);
const otherVerifier = await refusalOf(client.authorizationCodeGrant(config, second.back, { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedNonce: second.nonce, expectedState: second.state }), toldByService);
const otherNonce = await refusalOf(client.authorizationCodeGrant(config, second.back, { pkceCodeVerifier: second.verifier, expectedNonce: 'other', expectedState: second.state }), told);

// The issuer of the shared authorities is a template, which this client understands at Microsoft's own name only.
const shared = await discover('organizations').then(
  async (organizations) => signIn(organizations),
  (error: unknown) => told(error as never),
);
callback.close();

report({ issuer: config.serverMetadata().issuer, app: outlineOf(app.access_token), person, shared, refusals: { otherState, otherVerifier, otherNonce } });
