/**
 * The upper floor: one object that drives customer accounts from nothing to active. It composes the rooms and holds no
 * rules; every step it takes is also exported by its room for people who want just that one.
 *
 * Operator ids are what the host authenticated. Nothing here authenticates anybody.
 */
import { type AccessLevel, lowerAccessLevel, readAccessLevel } from './accounts/access-level';
import { type CustomerAccount, listAccounts, type NewAccount, requireAccount } from './accounts/account';
import { readJourney } from './accounts/journey';
import { requireStoredAccount } from './accounts/removal';
import type { AdminDiscovery } from './admins/model';
import { createResourceMemory } from './consent/evidence/resource-memory';
import { bindChosenAdmin, listAdmins } from './corridor/admins';
import { advanceJourney, reportStatus } from './corridor/advance';
import { type ConsentGrantsOptions, NO_GRANT_ROUTES } from './corridor/consent/grant-entry';
import { type ConsentGrantReport, grantConsent, type GrantConsentInput } from './corridor/consent/grants';
import { type ConsentRequestView, openConsent, revokeConsentRequest } from './corridor/consent/requests';
import { type AccountView, type JourneyReport, type OnboardingContext, type OnboardingSettings, requireOperator, requireReach } from './corridor/context';
import { type RevocationReport, revokeGrants, type RevokeGrantsInput } from './corridor/consent/revocation';
import { impersonate, type ImpersonateInput } from './corridor/impersonate';
import { type ConsentPlan, type DeclaredApps, describeApps, planConsent } from './corridor/consent/plan';
import { addNewAccount, removeAccount, type RemoveAccountInput, type RemovedAccount } from './corridor/removal';
import { sweepFleet, type SweepInput, type SweepTransports } from './corridor/sweep';
import { type HandleOptions, handleWebRequest, type RouteOptions } from './corridor/routes';
import { unbindChosenAdmin, type UnbindInput, type UnboundAdmin } from './corridor/unbind';
import { requireBinding, verifyBinding } from './corridor/verify-binding';
import { type ConsentReport, consentStatus, verifyConsent } from './corridor/consent/verify-consent';
import type { SweepReport } from './fleet/model';
import { checkServices, lastServices, type ServicesReport } from './corridor/consent/services';
import type { RememberedServices } from './consent/services/records';
import type { IssuedImpersonation } from './impersonation/issue';
import type { WebRequest, WebResponse } from './internal/web';
import type { Ports } from './ports';
import type { AppliedValidation, SsoBinding } from './sso/model';
import { findOwnership } from './sso/ownership';

export interface Onboarding {
  /** Raises `INPUT_INVALID`, `TENANT_INVALID`, `ACCOUNT_EXISTS`, `ACCOUNT_REMOVING`, `OPERATOR_NOT_ALLOWED`, `AUDIT_UNAVAILABLE`. */
  addAccount(input: NewAccount, operatorId: string): Promise<AccountView>;
  /** Raises `ACCOUNT_NOT_FOUND`. */
  showAccount(accountId: string): Promise<AccountView>;
  listAccounts(): Promise<readonly AccountView[]>;
  /**
   * Ends every access the account gives and drops its records; the audit stays, and so does what was granted in the
   * customer's tenant. Run again after a kill, it goes on. Raises `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVAL_UNCONFIRMED` for an
   * account in use, `OPERATOR_NOT_ALLOWED`, `AUDIT_UNAVAILABLE` (access has ended all the same).
   */
  removeAccount(input: RemoveAccountInput): Promise<RemovedAccount>;
  /** Raises `ACCESS_LEVEL_RAISE_REFUSED`, `OPERATOR_NOT_ALLOWED`. */
  lowerAccessLevel(accountId: string, level: AccessLevel, operatorId: string): Promise<AccountView>;
  /**
   * Opens (or resends) the invitation to hand to the customer's admin; an older one stops working. `ttlDays`: 7 when absent, 90 at
   * most. Asks Graph nothing. Raises `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`, `ACCOUNT_OFFBOARDED`, `OPERATOR_NOT_ALLOWED`,
   * `INPUT_INVALID`, `TENANT_INVALID`, `TENANT_NOT_FOUND`, `TENANT_WRONG_CLOUD`, `CONSENT_TENANT_REFUSED`, `SSO_ACCOUNT_CLAIMED`,
   * `STS_UNAVAILABLE`, `AUDIT_UNAVAILABLE`.
   */
  openConsent(input: Parameters<typeof openConsent>[1]): Promise<ConsentRequestView>;
  revokeConsentRequest(accountId: string, operatorId: string): Promise<boolean>;
  /**
   * Makes the read that is due, if one is, and keeps the streak; of a proven consent, the routine look. Not proven is an answer.
   * Least Graph permissions (application): Application.Read.All, and Directory.Read.All for delegated grants. Raises
   * `ACCOUNT_NOT_FOUND` and what the transports raise.
   */
  verifyConsent(accountId: string, signal?: AbortSignal): Promise<ConsentReport>;
  /** What is granted now; a read that changes nothing. Least permissions and codes as {@link Onboarding.verifyConsent}. */
  consentStatus(accountId: string, signal?: AbortSignal): Promise<ConsentReport>;
  /**
   * What is missing is granted by somebody who holds the rights in the tenant; then it is proven like any consent. Least permissions:
   * `GRANT_ROUTES`. Raises `OPERATOR_NOT_ALLOWED`, `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`, `ACCOUNT_OFFBOARDED`,
   * `SSO_OWNERSHIP_UNPROVEN`, `CONSENT_ROUTE_MISSING`, `APP_UNKNOWN`, `TENANT_MISMATCH`, `CONSENT_TOKEN_REFUSED`,
   * `CONSENT_GRANT_NOT_ALLOWED`, `CONSENT_GRANT_REFUSED`, `CONSENT_PERMISSION_UNKNOWN`, `AUDIT_UNAVAILABLE`, `MASTER_KEY_MISSING`,
   * `STATE_RECORD_TAMPERED`, and what the transports raise.
   */
  grantConsent(input: GrantConsentInput): Promise<ConsentGrantReport>;
  /**
   * Takes back a permission, an app's grants, or all; the report says what is gone and what stays valid until when. Raises
   * `CONSENT_REVOCATION_UNCONFIRMED`, and as {@link Onboarding.grantConsent}, but for `ACCOUNT_OFFBOARDED` and `AUDIT_UNAVAILABLE`: stopping goes through.
   */
  revokeGrants(input: RevokeGrantsInput): Promise<RevocationReport>;
  /** The apps as the declaration is understood, templates written out, and what there is to know about their permissions now. */
  declaredApps(): DeclaredApps;
  /** What would be asked for, granted and written, and why, against what is granted now. A dry run: no effect. Permissions and codes as {@link Onboarding.consentStatus}, and `ACCOUNT_REMOVING`. */
  planConsent(accountId: string, signal?: AbortSignal): Promise<ConsentPlan>;
  /**
   * Does what the apps back up work in the tenant? One cheap read per service, with what the apps were granted for it (docs/permissions.md).
   * Raises `ACCOUNT_NOT_FOUND`, `SSO_OWNERSHIP_UNPROVEN`, `CONSENT_NOT_STARTED`; what Microsoft refuses is in the report.
   */
  checkServices(accountId: string, signal?: AbortSignal): Promise<ServicesReport>;
  /** What the last check found; asks nobody. Undefined before the first. Raises `ACCOUNT_NOT_FOUND`, `SSO_OWNERSHIP_UNPROVEN`. */
  lastServices(accountId: string): Promise<RememberedServices | undefined>;
  /**
   * Candidates, strongest first, and who is excluded and why. Least Graph permissions (application): RoleManagement.Read.Directory,
   * User.Read.All, GroupMember.ReadBasic.All. Raises `ACCOUNT_NOT_FOUND`, `OPERATOR_NOT_ALLOWED`, `SSO_OWNERSHIP_UNPROVEN`,
   * `ADMINS_UNREADABLE`, and what the transports raise.
   */
  listAdmins(accountId: string, operatorId: string, signal?: AbortSignal): Promise<AdminDiscovery>;
  /**
   * Binds the admin named by object id, user principal name or `first`, looked up afresh. Raises as {@link Onboarding.listAdmins},
   * and `ADMINS_NONE`, `ADMINS_NOT_A_CANDIDATE`, `SSO_ADMIN_BOUND_ELSEWHERE`, `AUDIT_UNAVAILABLE`.
   */
  bindAdmin(input: Parameters<typeof bindChosenAdmin>[1]): Promise<SsoBinding>;
  /** Ends the binding; the account then waits for a choice. Raises `SSO_UNBINDING_UNCONFIRMED`, `OPERATOR_NOT_ALLOWED`, `ACCOUNT_NOT_FOUND`. */
  unbindAdmin(input: UnbindInput): Promise<UnboundAdmin>;
  /** As it is remembered; asks nobody. Raises `ACCOUNT_NOT_FOUND`, `SSO_OWNERSHIP_UNPROVEN`, `SSO_BINDING_NOT_FOUND`. */
  showBinding(accountId: string): Promise<SsoBinding>;
  /** Reads the bound admin and the consent again. Least permissions as for {@link Onboarding.listAdmins}; raises as {@link Onboarding.showBinding}, and what the transports raise. */
  verifyBinding(accountId: string, signal?: AbortSignal): Promise<AppliedValidation>;
  impersonate(input: ImpersonateInput): Promise<IssuedImpersonation>;
  /** Everything that can be done without a person; then what it waits for. Idempotent, survives a kill. Raises `ACCOUNT_NOT_FOUND`, and what the transports raise. */
  advance(accountId: string, signal?: AbortSignal): Promise<JourneyReport>;
  /** The same report without doing anything. Raises `ACCOUNT_NOT_FOUND`. */
  status(accountId: string): Promise<JourneyReport>;
  /**
   * `advance` for every account, a few at a time, and what it came to. One sweep at a time over one state. Raises
   * `FLEET_SWEEP_RUNNING`, `INPUT_INVALID`, `MASTER_KEY_MISSING`, `OPERATOR_NOT_ALLOWED`, `STATE_UNAVAILABLE`.
   */
  sweep(input?: SweepInput): Promise<SweepReport>;
  /** Our pages and endpoints, for any host. Never raises. */
  handle(request: WebRequest, options?: HandleOptions): Promise<WebResponse>;
}

/** What only some hosts have. */
export interface OnboardingParts {
  /** How grants are made and taken back with rights of somebody's; absent: not at all. */
  readonly grants?: ConsentGrantsOptions | undefined;
  /** Transports for one sweep; absent: the ports' own, which wait for one tenant while others could be looked at, and count nothing. */
  readonly openSweep?: (() => SweepTransports) | undefined;
}

/**
 * @example
 * const onboarding = createOnboarding(settings, ports);
 * await onboarding.addAccount({ id: 'contoso', name: 'Contoso Ltd', expectedTenant: 'contoso.example' }, 'op-1');
 * const { url } = await onboarding.openConsent({ accountId: 'contoso', operatorId: 'op-1' });
 *
 * Raises `STATE_SCOPE_TOO_SMALL` when the store's claims reach less far than the deployment.
 */
export function createOnboarding(settings: OnboardingSettings, ports: Ports, routes: RouteOptions = {}, { grants = NO_GRANT_ROUTES, openSweep }: OnboardingParts = {}): Onboarding {
  requireReach(ports.store.claimScope, settings.deployment);
  const context: OnboardingContext = { settings, ports, resources: createResourceMemory(ports.clock, settings.endpoints.graphResource) };
  return {
    addAccount: async (input, operatorId) => {
      await requireOperator(context, operatorId, 'onboard', input.id);
      return viewAccount(context, await addNewAccount(context, input, operatorId));
    },
    showAccount: async (accountId) => viewAccount(context, await requireStoredAccount(ports, accountId)),
    listAccounts: async () => {
      const views: AccountView[] = [];
      for (const account of await listAccounts(ports)) views.push(await viewAccount(context, account));
      return views;
    },
    removeAccount: (input) => removeAccount(context, input),
    lowerAccessLevel: async (accountId, level, operatorId) => {
      const account = await requireAccount(ports, accountId);
      await requireOperator(context, operatorId, 'onboard', accountId);
      await lowerAccessLevel(ports, { accountId, level, operatorId });
      return viewAccount(context, account);
    },
    openConsent: (input) => openConsent(context, input),
    revokeConsentRequest: (accountId, operatorId) => revokeConsentRequest(context, accountId, operatorId),
    verifyConsent: (accountId, signal) => verifyConsent(context, accountId, signal),
    consentStatus: (accountId, signal) => consentStatus(context, accountId, signal),
    grantConsent: (input) => grantConsent(context, grants, input),
    revokeGrants: (input) => revokeGrants(context, grants, input),
    declaredApps: () => describeApps(settings.apps, ports.clock.now()),
    planConsent: (accountId, signal) => planConsent(context, accountId, signal),
    checkServices: (accountId, signal) => checkServices(context, accountId, signal),
    lastServices: (accountId) => lastServices(context, accountId),
    listAdmins: (accountId, operatorId, signal) => listAdmins(context, accountId, operatorId, signal),
    bindAdmin: (input) => bindChosenAdmin(context, input),
    unbindAdmin: (input) => unbindChosenAdmin(context, input),
    showBinding: (accountId) => requireBinding(context, accountId),
    verifyBinding: (accountId, signal) => verifyBinding(context, accountId, signal),
    impersonate: (input) => impersonate(context, input),
    advance: (accountId, signal) => advanceJourney(context, accountId, signal),
    status: (accountId) => reportStatus(context, accountId),
    sweep: (input) => sweepFleet(context, input ?? {}, openSweep?.()),
    handle: (request, options) => handleWebRequest(context, { ...routes, ...options }, request),
  };
}

async function viewAccount(context: OnboardingContext, account: CustomerAccount): Promise<AccountView> {
  const { ports } = context;
  // Without master keys nothing was ever raised or owned that could be believed.
  const trusted = ports.sealer.ready;
  return {
    id: account.id,
    name: account.name,
    expectedTenant: account.expectedTenant,
    tenantId: trusted ? ((await findOwnership(ports, account.id))?.tenantId ?? null) : null,
    accessLevel: trusted ? await readAccessLevel(ports, account.id) : 'none',
    state: (await readJourney(ports, account.id)).state,
    labels: account.labels,
    ...(account.removal === null ? {} : { removingAt: account.removal.startedAt }),
  };
}
