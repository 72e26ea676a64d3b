// The protocol by the letter, without a thought for Entra: what works by the standards alone, and what cannot.
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as oauth from 'oauth4webapi';
import { openCallback, outlineOf, readTask, refusalOf, report } from './program.mts';

const task = readTask();
const client: oauth.Client = { client_id: task.appId };
const secret = oauth.ClientSecretPost(task.clientSecret);
const told = ({ code, message }: { code?: string; message: string }) => code ?? message;

async function discover(tenant: string): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(`${task.login}/${tenant}/v2.0`);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
}

const as = await discover(task.tenantId);
const shared = { organizations: await refusalOf(discover('organizations'), told), common: await refusalOf(discover('common'), told) };

async function signIn() {
  const callback = await openCallback();
  const [verifier, nonce, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomNonce(), oauth.generateRandomState()];
  const ask = { client_id: task.appId, response_type: 'code', redirect_uri: callback.redirectUri, scope: 'openid profile', state, nonce, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' };
  const back = await callback.visit(`${as.authorization_endpoint}?${new URLSearchParams(ask)}`);
  callback.close();
  const answer = await oauth.authorizationCodeGrantRequest(as, client, secret, oauth.validateAuthResponse(as, client, back, state), callback.redirectUri, verifier);
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
  await oauth.validateApplicationLevelSignature(as, answer);
  return oauth.getValidatedIdTokenClaims(tokens);
}

const pem = readFileSync(task.certificate.keyFile, 'utf8').replaceAll(/-----[A-Z ]+-----|\s/g, '');
const key = await webcrypto.subtle.importKey('pkcs8', Buffer.from(pem, 'base64'), { name: 'RSA-PSS', hash: 'SHA-256' }, false, ['sign']);
const byKey = (authentication: oauth.ClientAuth) => oauth.clientCredentialsGrantRequest(as, client, authentication, { scope: task.scope });

// Entra wants the certificate named in the header and the token endpoint as the audience; RFC 7523 knows of neither.
const asEntraWants: oauth.ModifyAssertionOptions = {
  [oauth.modifyAssertion]: (header, payload) => {
    header['x5t#S256'] = Buffer.from(task.certificate.sha256, 'hex').toString('base64url');
    payload['aud'] = as.token_endpoint ?? '';
  },
};
const named = await oauth.processClientCredentialsResponse(as, client, await byKey(oauth.PrivateKeyJwt(key, asEntraWants)));
const refusal = ({ error, error_description: text }: { error?: string; error_description?: string }) => `${error} ${/AADSTS\d+/.exec(text ?? '')?.[0]}`;
const byTheStandard = await refusalOf(
  byKey(oauth.PrivateKeyJwt(key)).then(async (answer) => oauth.processClientCredentialsResponse(as, client, answer)),
  refusal,
);
const { iss, aud, tid, nonce } = { ...(await signIn()) } as Record<string, unknown>;

report({ issuer: as.issuer, shared, person: { iss, aud, tid, hasNonce: typeof nonce === 'string' }, assertion: { named: outlineOf(named.access_token), byTheStandard } });
