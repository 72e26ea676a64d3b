/**
 * What the token endpoint answers for a person, by a code or by a refresh token: a Graph token with the delegated permissions
 * granted now, an ID token when `openid` was asked for, a refresh token with `offline_access`.
 * Sources: "OAuth 2.0 authorization code flow", "ID token claims reference".
 */
import { ACCESS_TOKEN_LIFETIME_SECONDS, GRAPH_APP_ID, issueAccessToken, type ClientProof } from '../access-tokens';
import { graphResource } from '../clouds';
import { respond, type SandboxResponse } from '../http';
import { withoutSignature } from '../lies/tokens';
import { tell } from '../lies/truth';
import { rule } from '../rules';
import type { CheckedCode } from './codes';
import { OIDC_SCOPES, type Exchange } from './context';
import { findServicePrincipal, type RegisteredApp } from './directory';
import { grantedScopes } from './grants';
import { draftIdToken, issueIdToken } from './id-tokens';
import { issueRefreshToken } from './refresh';
import { refusalJson, refuse } from './refusals';
import { misanswer } from './relying-party/modes';
import { surroundingsOf } from './relying-party/surroundings';

/** Spends the code. A refreshed ID token goes wrong only where a relying-party case is about refreshed ones. */
export function answerPerson(exchange: Exchange, app: RegisteredApp, proof: ClientProof, { grant, tenant, user }: CheckedCode, by: 'code' | 'refresh'): SandboxResponse {
  const { application } = app;
  const principal = findServicePrincipal(tenant, application.appId, exchange.world.now());
  if (principal === undefined) return refusalJson(exchange, refuse.consentGone(application.appId, 'CODE-CONSENT'));
  if (!principal.accountEnabled) return refusalJson(exchange, refuse.disabledApp(application.appId, 'TOKEN-SP-DISABLED'));
  grant.redeemed = true;
  const granted = grantedScopes(exchange.world, tenant, application.appId, GRAPH_APP_ID, user.id);
  const scopes = [...new Set([...grant.scopes.filter((scope) => OIDC_SCOPES.has(scope) && scope !== 'offline_access'), ...granted])];
  const accessToken = issueAccessToken(exchange.world, {
    tenantId: tenant.tenantId,
    audience: graphResource(exchange.world.cloud),
    appId: application.appId,
    appDisplayName: application.displayName,
    clientProof: proof,
    subjectObjectId: user.id,
    roles: [],
    scopes,
  });
  const home = user.home ?? { tenantId: tenant.tenantId, objectId: user.id };
  const clientInfo = Buffer.from(JSON.stringify({ uid: home.objectId, utid: home.tenantId })).toString('base64url');
  const draft = draftIdToken(exchange.world, tenant, application.appId, user, grant);
  const members = {
    token_type: 'Bearer',
    scope: scopes.join(' '),
    expires_in: ACCESS_TOKEN_LIFETIME_SECONDS,
    ext_expires_in: ACCESS_TOKEN_LIFETIME_SECONDS,
    access_token: accessToken,
    ...(grant.scopes.includes('offline_access') ? { refresh_token: issueRefreshToken(exchange, grant) } : {}),
    ...(grant.scopes.includes('openid') ? { id_token: tell(exchange.world, 'L-IDT-UNSIGNED', issueIdToken(draft), withoutSignature) } : {}),
    ...(exchange.form.get('client_info') === '1' ? { client_info: clientInfo } : {}),
  };
  const answer = { ...respond(rule(by === 'code' ? 'CODE-REDEEMED' : 'OIDC-REFRESH-REDEEMED'), 200, members), trace: { tenantId: tenant.tenantId } };
  const code = exchange.form.get('code') ?? '';
  return misanswer(exchange.sts.relyingParty, { appId: application.appId, by }, answer, members, (change) => change(draft, surroundingsOf(exchange, { application, tenant, accessToken, code })));
}
