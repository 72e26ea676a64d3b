/**
 * Consent at sign-in: which of the asked-for permissions nobody has granted yet, who may grant them, and the code
 * at the end. A tenant-wide grant on Microsoft Graph is taken to cover the OpenID scopes (assumed: nobody has
 * published what exactly makes the prompt disappear after admin consent).
 * Source: "OAuth 2.0 authorization code flow", "Scopes and permissions in the Microsoft identity platform".
 */
import { createHash } from 'node:crypto';
import { GRAPH_APP_ID } from '../access-tokens';
import type { SandboxResponse } from '../http';
import type { Tenant, User } from '../model';
import { findResource } from '../resources';
import type { RuleId } from '../rules';
import { answerAuthorize, type Members } from './callbacks';
import { issueCode } from './codes';
import { OIDC_SCOPES, type AuthorizeRequest, type Exchange, type Interaction } from './context';
import { consentRight, heldRoles } from './directory';
import { delegatedPermissions, grantedScopes, hasTenantWideGrant } from './grants';
import { adminNeededPage, type WallReason } from './consent-pages';
import { offerRequest } from './consent-requests';
import { refuse } from './refusals';
import { miscall } from './relying-party/modes';
import { answerWith, refuseToApp, type Entrant, type Step } from './steps';
import { tellRequest } from '../lies/consent';
import { tell } from '../lies/truth';

const ADMIN_CONSENT_REQUIRED = 90094;
const RISKY_APP = 900941;

/** Undefined when nothing is left to consent to. */
export function judgeAuthorizeConsent(
  exchange: Exchange,
  interaction: Interaction,
  request: AuthorizeRequest,
  who: Entrant,
): Step | undefined {
  const wanted = tell(exchange.world, 'L-AUTHZ-CONSENT', request.prompt === 'consent' ? request.scopes : missingScopes(exchange, interaction, request, who), () => []);
  if (wanted.length === 0) return undefined;
  const { appId } = interaction.application;
  if (request.prompt === 'none') return answerWith(refuseToApp(exchange, interaction, refuse.consentGone(appId, 'AUTHZ-NO-CONSENT')));
  const wall = findWall(exchange, interaction, who, wanted);
  if (wall !== undefined && consentRight(interaction.application, heldRoles(exchange.world, who.tenant, who.user.id)) !== 'may-consent') {
    return answerWith(adminNeededPage(exchange, interaction, who.upn, offerRequest(exchange, interaction, who, wall)));
  }
  return { kind: 'consent', ready: { ...who, permissions: delegatedPermissions(GRAPH_APP_ID, wanted) ?? [], isDynamic: true } };
}

/** Why people may not consent to this by themselves, if they may not. */
function findWall({ sts }: Exchange, { application }: Interaction, { tenant }: Entrant, wanted: readonly string[]): WallReason | undefined {
  const { policies } = sts;
  const needsAdmin = wanted.some((name) => findResource(GRAPH_APP_ID)?.scopes.find((scope) => scope.value === name)?.type === 'Admin');
  if (needsAdmin) return { rule: 'AUTHZ-ADMIN-NEEDED', code: ADMIN_CONSENT_REQUIRED };
  if (policies.isRisky(application.appId)) return { rule: 'POLICY-RISKY', code: RISKY_APP };
  const { users } = policies.consentIn(tenant.tenantId);
  const isUnverified = policies.publisherOf(application.appId)?.verified !== true;
  const isForbidden = users === 'nothing' || (users === 'verified-publishers' && isUnverified);
  return isForbidden ? { rule: 'POLICY-USER-CONSENT', code: ADMIN_CONSENT_REQUIRED } : undefined;
}

function missingScopes(
  exchange: Exchange,
  interaction: Interaction,
  request: AuthorizeRequest,
  { tenant, user }: Entrant,
): string[] {
  const { appId } = interaction.application;
  const granted = grantedScopes(exchange.world, tenant, appId, GRAPH_APP_ID, user.id);
  const coversOidc = hasTenantWideGrant(exchange.world, tenant, appId, GRAPH_APP_ID);
  return request.scopes.filter((scope) => !granted.has(scope) && !(coversOidc && OIDC_SCOPES.has(scope)));
}

/** The code, and the interaction's end. */
export function finishAuthorize(exchange: Exchange, interaction: Interaction, request: AuthorizeRequest, tenant: Tenant, user: User): SandboxResponse {
  exchange.sts.interactions.delete(interaction.id);
  const code = issueCode(exchange.sts, interaction, request, tenant, user);
  const members: Members = [
    ['code', code],
    ['session_state', sessionState(interaction.sessionId)],
    ...tell<Members>(exchange.world, 'L-AUTHZ-ISS', [], () => [['iss', `${exchange.world.origins.login}/${tenant.tenantId}/v2.0`]]),
  ];
  const wrong = miscall(exchange.sts.relyingParty, interaction.application.appId);
  const right: RuleId = request.responseMode === 'form_post' ? 'AUTHZ-FORM-POST' : 'AUTHZ-CODE';
  const response = answerAuthorize(tellRequest(exchange.world, request), wrong === undefined ? right : 'RP-CASE', members, wrong);
  return { ...response, trace: { tenantId: tenant.tenantId, appId: interaction.application.appId, operation: 'authorize code' } };
}

/** A GUID that stays the same for the browser's session and tells nothing about it. */
function sessionState(sessionId: string): string {
  const hex = createHash('sha256').update(sessionId).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
