/** A person's own Graph access token, got as any client gets one: sign-in and consent at the authorization endpoint, code at the token endpoint. */
import { createHash, randomBytes } from 'node:crypto';
import { createHttpsClient } from '../../src/core/adapters/https-client';
import { secret, type Secret } from '../../src/core/internal/secret';
import { playPerson } from '../../src/sandbox/admin';
import { issueAccessToken } from '../../src/sandbox/access-tokens';
import type { ReadyTenant, RunningSandbox } from '../../src/sandbox/index';
import { createVisitor } from '../../src/sandbox/visitor';

export const ADMIN_SCOPES = ['User.Read', 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All'] as const;

interface Stage {
  readonly sandbox: RunningSandbox;
  readonly ca: string;
}

/** By the authorization code flow with PKCE, through the partner's first app; the person consents on the way. */
export async function signInForToken({ sandbox, ca }: Stage, tenant: ReadyTenant, person: { readonly upn: string; readonly password: string }, scopes: readonly string[] = ADMIN_SCOPES): Promise<Secret> {
  const app = sandbox.ready.apps[0];
  // Microsoft's own tools come back to the machine they run on; nobody has to listen there to read the code.
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
  await playPerson(visitor, await visitor.open(`${sandbox.ready.login}/${tenant.tenantId}/oauth2/v2.0/authorize?${query.toString()}`), person).catch((error: unknown) => {
    // Nobody has to listen at the redirect address.
    if (!String((error as { code?: unknown }).code).includes('ECONNREFUSED')) throw error;
  });
  const code = new URL(visitor.history.at(-1) ?? '').searchParams.get('code');
  if (code === null) throw new Error(`No code came back: ${visitor.history.at(-1)}`);
  const https = createHttpsClient({ userAgent: 'admin', timeoutMs: 30_000, ca });
  try {
    const form = new URLSearchParams({ client_id: app.appId, client_secret: app.clientSecret, grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier });
    const answer = await https.send({ method: 'POST', url: `${sandbox.ready.login}/${tenant.tenantId}/oauth2/v2.0/token`, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form.toString() });
    const { access_token: text } = JSON.parse(answer.text) as { readonly access_token?: string };
    if (text === undefined) throw new Error(`No access token: ${answer.text.slice(0, 300)}`);
    return secret(text);
  } finally {
    https.close();
  }
}

/** Straight from the sandbox's signing key, for people who could not consent to these scopes themselves. */
export function tokenFor({ sandbox }: Pick<Stage, 'sandbox'>, tenant: Pick<ReadyTenant, 'tenantId'>, objectId: string, scopes: readonly string[] = ADMIN_SCOPES): Secret {
  const appId = sandbox.ready.apps[0]?.appId ?? '';
  return secret(issueAccessToken(sandbox.world, { tenantId: tenant.tenantId, audience: 'https://graph.microsoft.com', appId, appDisplayName: 'Admin tool', clientProof: '1', subjectObjectId: objectId, roles: [], scopes }));
}
