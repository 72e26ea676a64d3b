/**
 * What happens next in a sign-in: who is it, have they proved it, do they belong here, may they consent, and
 * then the app's answer. `proceed` is asked again after every form, so no step can be skipped by posting to a
 * later one.
 */
import type { SandboxResponse } from '../http';
import type { User } from '../model';
import { finishAuthorize, judgeAuthorizeConsent } from './authorize-consent';
import { requestedPermissions } from './consent-scope';
import type { AdminConsentRequest, Exchange, Interaction, Person, Session } from './context';
import { offerRequest } from './consent-requests';
import { consentRight, findAccount, findHomeUser, findServicePrincipal, findUserIn, heldRoles, isSamePerson, tenantName } from './directory';
import { missingResources } from './grants';
import { adminNeededPage, consentPage } from './consent-pages';
import { errorPage, passwordPage, pickerPage, type AccountRow } from './pages';
import { refuse } from './refusals';
import { isSignedIn } from './sessions';
import { answerWith, isSilent, refuseToApp, stopOnPage, type Entrant, type Step } from './steps';
import { tellRight } from '../lies/consent';
import { isLying } from '../lies/truth';

/** The next page or the way back to the app. */
export function proceed(exchange: Exchange, interaction: Interaction, session: Session): SandboxResponse {
  const step = nextStep(exchange, interaction, session);
  if (step.kind === 'answer') return step.response;
  const { ready } = step;
  return consentPage(exchange, interaction, {
    rule: interaction.request.flow === 'adminconsent' ? 'CONSENT-PAGE' : 'AUTHZ-CONSENT',
    account: ready.upn,
    tenantName: tenantName(exchange.world, ready.tenant),
    permissions: ready.permissions,
    isForEverybody: interaction.request.flow === 'adminconsent',
  });
}

export function nextStep(exchange: Exchange, interaction: Interaction, session: Session): Step {
  interaction.person ??= presumedPerson(exchange, interaction, session);
  const { person } = interaction;
  const isProved = person !== undefined && isSignedIn(session, person) && (interaction.provedNow || !mustProveAgain(interaction));
  if (isSilent(interaction) && !isProved && !isLying(exchange.world, 'L-AUTHZ-SILENT')) return answerWith(refuseToApp(exchange, interaction, refuse.noSession()));
  if (person === undefined) return answerWith(picker(exchange, interaction, session));
  const home = findHomeUser(exchange.world, person);
  if (home === undefined) return answerWith(picker(exchange, interaction, session));
  if (!isProved) return answerWith(passwordPage(exchange, interaction, home.userPrincipalName));
  return enterTenant(exchange, interaction, person, home);
}

function mustProveAgain(interaction: Interaction): boolean {
  return interaction.request.flow === 'authorize' && interaction.request.prompt === 'login';
}

/** Whom the request means without asking: a hint, or the only account signed in here that belongs to the tenant. */
function presumedPerson(exchange: Exchange, interaction: Interaction, session: Session): Person | undefined {
  const { request, authority } = interaction;
  if (request.flow === 'authorize') {
    if (request.loginHint !== null) return findAccount(exchange.world, request.loginHint)?.person;
    if (request.prompt === 'select_account' || request.prompt === 'login') return undefined;
  }
  const [only, ...others] = session.accounts;
  if (only === undefined || others.length > 0) return undefined;
  const belongs = authority.kind === 'any' || findUserIn(exchange.world, authority.tenant, only) !== undefined;
  return belongs ? only : undefined;
}

export function picker(exchange: Exchange, interaction: Interaction, session: Session): SandboxResponse {
  const { world } = exchange;
  const { authority } = interaction;
  // People of generated tenants type their names: nobody picks from a list of thousands.
  const tenants = authority.kind === 'tenant' ? [authority.tenant] : [...world.tenants.declared()];
  const people = tenants.flatMap((tenant) =>
    tenant.users
      .list(world.now())
      // Across all tenants a guest would only repeat the same human's account at home.
      .filter((user) => authority.kind === 'tenant' || user.home === null)
      .map((user) => user.home ?? { tenantId: tenant.tenantId, objectId: user.id }),
  );
  const everybody = [...session.accounts, ...people.filter((person) => !session.accounts.some((known) => isSamePerson(known, person)))];
  const rows = everybody.flatMap((person): AccountRow[] => {
    const user = findHomeUser(world, person);
    return user === undefined ? [] : [{ upn: user.userPrincipalName, name: user.displayName, isSignedIn: isSignedIn(session, person) }];
  });
  return pickerPage(interaction, authority.kind === 'tenant' ? tenantName(world, authority.tenant) : 'your organisation', rows);
}

function enterTenant(exchange: Exchange, interaction: Interaction, person: Person, home: User): Step {
  const { world } = exchange;
  const { authority, application, request } = interaction;
  const maySignIn = (account: User) => account.accountEnabled || isLying(world, 'L-SIGNIN-DISABLED');
  if (!maySignIn(home)) return stopOnPage(exchange, interaction, refuse.disabledAccount());
  const tenant = authority.kind === 'tenant' ? authority.tenant : world.tenants.get(person.tenantId);
  const user = tenant === undefined ? undefined : findUserIn(world, tenant, person);
  if (tenant === undefined || user === undefined) return answerWith(refuseOutsider(exchange, interaction, home));
  if (!maySignIn(user)) return stopOnPage(exchange, interaction, refuse.disabledAccount());
  const provoked = exchange.sts.provocations.take('sign-in', { tenantId: tenant.tenantId, appId: application.appId, person: home.userPrincipalName });
  if (provoked !== undefined) return stopOnPage(exchange, interaction, provoked);
  const entrant: Entrant = { tenant, user, upn: home.userPrincipalName };
  const principal = findServicePrincipal(tenant, application.appId, world.now());
  if (request.flow === 'authorize') {
    if (principal?.accountEnabled === false) return stopOnPage(exchange, interaction, refuse.disabledApp(application.appId, 'SIGNIN-SP-DISABLED'));
    if (principal?.appRoleAssignmentRequired === true) return stopOnPage(exchange, interaction, refuse.notAssigned(application.appId));
    return judgeAuthorizeConsent(exchange, interaction, request, entrant) ?? answerWith(finishAuthorize(exchange, interaction, request, tenant, user));
  }
  return judgeAdminConsent(exchange, interaction, request, entrant);
}

function judgeAdminConsent(
  exchange: Exchange,
  interaction: Interaction,
  request: AdminConsentRequest,
  who: Entrant,
): Step {
  const requested = requestedPermissions(exchange, interaction, request, who.tenant);
  if ('status' in requested) return answerWith(requested);
  const right = tellRight(exchange.world, consentRight(interaction.application, heldRoles(exchange.world, who.tenant, who.user.id)));
  if (right !== 'may-consent') {
    const rule = right === 'needs-admin' ? 'CONSENT-NOT-ADMIN' : 'CONSENT-WHO';
    return answerWith(adminNeededPage(exchange, interaction, who.upn, offerRequest(exchange, interaction, who, { rule })));
  }
  const [missing] = missingResources(exchange.world, who.tenant, requested.rows);
  if (missing !== undefined) {
    return answerWith(refuseToApp(exchange, interaction, refuse.missingResource(missing, who.tenant.tenantId)));
  }
  return { kind: 'consent', ready: { ...who, permissions: requested.rows, isDynamic: requested.isDynamic } };
}

/** Consent sends a stranger back to the app; sign-in keeps them on a page. */
function refuseOutsider(exchange: Exchange, interaction: Interaction, home: User): SandboxResponse {
  const { authority, request } = interaction;
  const place = authority.kind === 'tenant' ? tenantName(exchange.world, authority.tenant) : authority.segment;
  if (request.flow === 'authorize') return errorPage(exchange, refuse.otherTenant(home.userPrincipalName, place, 'SIGNIN-OTHER-TENANT'), interaction);
  return refuseToApp(exchange, interaction, refuse.otherTenant('{EmailHidden}', place, 'CONSENT-OTHER-TENANT'));
}
