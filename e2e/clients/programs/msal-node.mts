// Microsoft's own library for Node: tokens by secret and by certificate, a person by code and PKCE, and what it makes of refusals.
import { readFileSync } from 'node:fs';
import { type AuthError, ConfidentialClientApplication, CryptoProvider, type NodeAuthOptions, type ServerError } from '@azure/msal-node';
import { openCallback, outlineOf, readTask, refusalOf, report } from './program.mts';

const task = readTask();
const { appId: clientId, clientSecret, certificate } = task;
const privateKey = readFileSync(certificate.keyFile, 'utf8');
const knownAuthorities = task.isElsewhere ? [new URL(task.login).host] : [];

function client(credential: Partial<NodeAuthOptions>, tenant = task.tenantId): ConfidentialClientApplication {
  return new ConfidentialClientApplication({ auth: { clientId, authority: `${task.login}/${tenant}`, knownAuthorities, ...credential } });
}

async function appToken(credential: Partial<NodeAuthOptions>) {
  const msal = client(credential);
  const first = await msal.acquireTokenByClientCredential({ scopes: [task.scope] });
  const second = await msal.acquireTokenByClientCredential({ scopes: [task.scope] });
  return { ...outlineOf(first?.accessToken ?? ''), cached: second?.fromCache };
}

const secret = await appToken({ clientSecret });
const sha256 = await appToken({ clientCertificate: { thumbprintSha256: certificate.sha256, privateKey } });
const sha1 = await appToken({ clientCertificate: { thumbprint: certificate.sha1, privateKey } });

const told = ({ errorCode, errorNo }: ServerError) => `${errorCode} ${errorNo}`;
const ask = (msal: ConfidentialClientApplication) => msal.acquireTokenByClientCredential({ scopes: [task.scope] });
const wrongSecret = await refusalOf(ask(client({ clientSecret: 'not-the-secret' })), told);
const otherThumbprint = await refusalOf(ask(client({ clientCertificate: { thumbprintSha256: 'AB'.repeat(32), privateKey } })), told);
const wrongTenant = await refusalOf(ask(client({ clientSecret }, 'nobody.example')), ({ errorCode }: AuthError) => errorCode);
const organizations = await refusalOf(ask(client({ clientSecret }, 'organizations')), told);
const stranger = new ConfidentialClientApplication({ auth: { clientId, clientSecret, authority: `https://login.elsewhere.example/${task.tenantId}` } });
const unknownHost = await refusalOf(ask(stranger), ({ errorCode }: AuthError) => errorCode);

const callback = await openCallback();
const msal = client({ clientSecret });
const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
const request = { scopes: ['openid', 'profile', 'User.Read'], redirectUri: callback.redirectUri, nonce: 'nonce-of-msal', state: 'state-of-msal' };
const back = await callback.visit(await msal.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256' }));
const code = back.searchParams.get('code') ?? '';
const redeem = (codeVerifier: string) => client({ clientSecret }).acquireTokenByCode({ ...request, code, codeVerifier }, { code, state: back.searchParams.get('state') ?? '' });
const otherVerifier = await refusalOf(redeem(verifier.replaceAll(/./g, 'x')), told);
const person = await redeem(verifier);
const secondTime = await refusalOf(redeem(verifier), told);
callback.close();

report({
  tokens: { secret, sha256, sha1 },
  refusals: { wrongSecret, otherThumbprint, wrongTenant, organizations, unknownHost, otherVerifier, secondTime },
  person: { account: person.account?.homeAccountId, username: person.account?.username, tenant: person.tenantId, nonce: (person.idTokenClaims as { nonce?: string }).nonce, scopes: person.scopes },
});
