/**
 * The forms people post: an account or a password, and the decision about consent. Each leads back into
 * `nextStep`, which judges the whole situation again before anything is granted.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { SandboxResponse } from '../http';
import type { Application, Tenant } from '../model';
import type { DeclineVariant } from '../seed-format';
import { finishAuthorize } from './authorize-consent';
import { answerAuthorize, errorMembers, redirectTo, stateMember, type Members } from './callbacks';
import { auditConsent } from './consent-audit';
import { sendRequest } from './consent-requests';
import type { AdminConsentRequest, Exchange, Interaction, LoginHandler, Session } from './context';
import { findAccount, findServicePrincipal } from './directory';
import { grantPermissions } from './grants';
import { errorPage, passwordPage, usernamePage } from './pages';
import { describe, errorUri, refuse, type Refusal } from './refusals';
import { findInteraction, isSignedIn, rememberAccount } from './sessions';
import { nextStep, picker, proceed } from './sign-in';
import { refuseToApp, type ReadyToConsent } from './steps';
import { isLying, tell } from '../lies/truth';
import { tellGranted } from '../lies/consent';

/** Five to fifteen minutes are reported. */
const SOFT_DELETE_MS = 600_000;

/** Account picker, user name and password. */
export const login: LoginHandler = (exchange) => {
  const found = findInteraction(exchange);
  if (found === undefined) return errorPage(exchange, refuse.staleForm());
  const { interaction, session } = found;
  if (exchange.form.has('other')) return usernamePage(exchange, interaction);
  const upn = exchange.form.get('login') ?? '';
  const account = findAccount(exchange.world, upn);
  if (account === undefined) return usernamePage(exchange, interaction, { refusal: refuse.unknownAccount(upn), upn });
  const password = exchange.form.get('passwd');
  if (password === null) {
    interaction.person = account.person;
    interaction.provedNow = false;
    return isSignedIn(session, account.person) ? proceed(exchange, interaction, session) : passwordPage(exchange, interaction, account.user.userPrincipalName);
  }
  if (!isEqual(account.user.password, password) && !isLying(exchange.world, 'L-PASSWORD-ANY')) return passwordPage(exchange, interaction, upn, refuse.wrongPassword());
  if (!account.user.accountEnabled && !isLying(exchange.world, 'L-SIGNIN-DISABLED')) return errorPage(exchange, refuse.disabledAccount(), interaction);
  interaction.person = account.person;
  interaction.provedNow = true;
  rememberAccount(session, account.person);
  return proceed(exchange, interaction, session);
};

/** Accept, cancel, back to the app without granting, or another account. */
export const consent: LoginHandler = (exchange) => {
  const found = findInteraction(exchange);
  if (found === undefined) return errorPage(exchange, refuse.staleForm());
  const { interaction, session } = found;
  switch (exchange.form.get('decision')) {
    case 'accept':
      return accept(exchange, interaction, session);
    case 'request':
      return sendRequest(exchange, interaction) ?? proceed(exchange, interaction, session);
    case 'cancel':
      return cancelFalsely(exchange, interaction, session) ?? cancel(exchange, interaction);
    case 'return':
      return returnToApp(exchange, interaction);
    default:
      interaction.person = undefined;
      interaction.mayRequest = undefined;
      return picker(exchange, interaction, session);
  }
};

function accept(exchange: Exchange, interaction: Interaction, session: Session): SandboxResponse {
  // Judged again: the form alone proves neither who posts it nor that they may.
  const step = nextStep(exchange, interaction, session);
  if (step.kind === 'answer') return step.response;
  const { tenant, user, permissions, upn } = step.ready;
  const { application, request } = interaction;
  const provoked = exchange.sts.provocations.take('consent', { tenantId: tenant.tenantId, appId: application.appId, person: upn });
  const refused = provoked ?? whileDeleting(exchange, tenant, application);
  if (refused !== undefined) return refuseToApp(exchange, interaction, refused);
  grantPermissions(exchange.world, tenant, application, tellGranted(exchange.world, request.flow, permissions), request.flow === 'authorize' ? user.id : null);
  auditConsent(exchange.world, tenant, application, user);
  if (request.flow === 'authorize') return finishAuthorize(exchange, interaction, request, tenant, user);
  exchange.sts.interactions.delete(interaction.id);
  return adminConsented(exchange, interaction, request, step.ready);
}

/** A service principal that was deleted minutes ago still stands in the way of a new one, where that side is played. */
function whileDeleting({ sts, world }: Exchange, tenant: Tenant, { appId }: Application): Refusal | undefined {
  if (sts.variants.reconsent === 'granted' || findServicePrincipal(tenant, appId, world.now()) !== undefined) return undefined;
  const isFresh = (deletedDateTime: string) => world.now() - Date.parse(deletedDateTime) < SOFT_DELETE_MS;
  const stands = tenant.deletedItems.list(world.now()).some((item) => item.kind === 'servicePrincipal' && item.row.appId === appId && isFresh(item.deletedDateTime));
  return stands ? refuse.principalPresent(appId) : undefined;
}

function adminConsented({ world }: Exchange, interaction: Interaction, request: AdminConsentRequest, { tenant, isDynamic }: ReadyToConsent): SandboxResponse {
  const trace = { tenantId: tenant.tenantId, appId: interaction.application.appId, operation: 'admin consent granted' };
  const consented = ['admin_consent', 'True'] as const;
  const tenantMember = ['tenant', tell(world, 'L-CONSENT-TENANT', tenant.tenantId, () => world.homeTenantId)] as const;
  const state = tell(world, 'L-CONSENT-STATE', stateMember(request.state), () => []);
  if (request.version === 'v1') {
    return { ...redirectTo('CONSENT-GRANTED-V1', request.redirectUri, [tenantMember, ...state, consented]), trace };
  }
  const members: Members = [consented, tenantMember, ['scope', request.scope ?? ''], ...state];
  return { ...redirectTo(isDynamic ? 'CONSENT-DYNAMIC' : 'CONSENT-GRANTED-V2', request.redirectUri, members), trace };
}

/** Only under a lie: what accepting would have written, or how it would have come back. */
function cancelFalsely(exchange: Exchange, interaction: Interaction, session: Session): SandboxResponse | undefined {
  const { application, request } = interaction;
  const [grants, succeeds] = [isLying(exchange.world, 'L-DECLINE-GRANTS'), isLying(exchange.world, 'L-DECLINE-SUCCESS')];
  const step = grants || succeeds ? nextStep(exchange, interaction, session) : undefined;
  if (step?.kind !== 'consent' || request.flow !== 'adminconsent') return undefined;
  if (grants) grantPermissions(exchange.world, step.ready.tenant, application, step.ready.permissions, null);
  return succeeds ? adminConsented(exchange, interaction, request, step.ready) : undefined;
}

function cancel(exchange: Exchange, interaction: Interaction): SandboxResponse {
  const { request } = interaction;
  exchange.sts.interactions.delete(interaction.id);
  if (request.flow === 'authorize') {
    const refusal = refuse.declined('AUTHZ-DECLINED', 'access_denied');
    return answerAuthorize(request, refusal.rule, errorMembers(exchange, refusal));
  }
  return declineAdminConsent(exchange, request);
}

function declineAdminConsent(exchange: Exchange, request: AdminConsentRequest): SandboxResponse {
  const state = tell(exchange.world, 'L-DECLINE-STATE', stateMember(request.state), () => []);
  const consented = ['admin_consent', 'True'] as const;
  const variants: Readonly<Record<DeclineVariant, () => SandboxResponse>> = {
    'v1-documented': () => {
      const members: Members = [['error', 'permission_denied'], ['error_description', 'The admin canceled the request'], ...state];
      return redirectTo('CONSENT-DECLINED-V1', request.redirectUri, members);
    },
    'v2-documented': () => {
      const refusal = refuse.declined('CONSENT-DECLINED-V2', 'consent_required');
      return redirectTo(refusal.rule, request.redirectUri, [consented, ...errorMembers(exchange, refusal), ...state]);
    },
    reported: () => {
      const refusal = refuse.declined('CONSENT-DECLINED-REPORTED', 'access_denied');
      const uri = ['error_uri', errorUri(exchange, refusal.code)] as const;
      return redirectTo(refusal.rule, request.redirectUri, [...errorMembers(exchange, refusal), uri, consented, ...state], '#');
    },
  };
  return variants[exchange.sts.declineVariant ?? (request.version === 'v2' ? 'v2-documented' : 'v1-documented')]();
}

function returnToApp(exchange: Exchange, interaction: Interaction): SandboxResponse {
  const { request } = interaction;
  const refusal = refuse.declined(request.flow === 'authorize' ? 'AUTHZ-DECLINED' : 'CONSENT-NOT-ADMIN', 'access_denied');
  exchange.sts.interactions.delete(interaction.id);
  const members: Members = [
    ['error', refusal.error],
    ['error_subcode', 'cancel'],
    ['error_description', describe(exchange, refusal)],
  ];
  if (request.flow === 'authorize') return answerAuthorize(request, refusal.rule, members);
  return redirectTo(refusal.rule, request.redirectUri, [...members, ...stateMember(request.state)]);
}

function isEqual(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
