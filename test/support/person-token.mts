/** A person's own Graph access token, got as any client gets one: sign-in and consent at the authorization endpoint, code at the token endpoint. */
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { createVisitor, playPerson, type Ready } from 'n8n-nodes-m365-onboarding/sandbox';

export const ADMIN_SCOPES = ['User.Read', 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All'] as const;

/** By the authorization code flow with PKCE, through the partner's first app; the person consents on the way. */
export async function signInAtSandbox(ready: Ready, ca: string, tenantId: string, person: { readonly upn: string; readonly password: string }, scopes: readonly string[] = ADMIN_SCOPES): Promise<string> {
  const app = ready.apps[0];
  const redirectUri = app?.redirectUris[0];
  if (app === undefined || redirectUri === undefined) throw new Error('The seed has no app to sign in with.');
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: app.appId,
    response_type: 'code',
    redirect_uri: redirectUri,
    response_mode: 'query',
    scope: scopes.map((scope) => `https://graph.microsoft.com/${scope}`).join(' '),
    state: 'handover',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const visitor = createVisitor({ ca });
  const endpoint = `${ready.login}/${tenantId}/oauth2/v2.0`;
  // The code is in the address the browser is sent to, whoever answers there or does not.
  await playPerson(visitor, await visitor.open(`${endpoint}/authorize?${query.toString()}`), person).catch((error: unknown) => {
    if ((error as { readonly code?: unknown }).code !== 'ECONNREFUSED') throw error;
  });
  const code = visitor.history.map((address) => new URL(address).searchParams.get('code')).find((found) => found !== null);
  if (code === undefined || code === null) throw new Error(`No code came back: ${visitor.history.at(-1)}`);
  const form = new URLSearchParams({ client_id: app.appId, client_secret: app.clientSecret, grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier });
  const answer = JSON.parse(await post(`${endpoint}/token`, form.toString(), ca)) as { readonly access_token?: string };
  if (answer.access_token === undefined) throw new Error(`No access token: ${JSON.stringify(answer).slice(0, 300)}`);
  return answer.access_token;
}

async function post(url: string, body: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', ca, headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
