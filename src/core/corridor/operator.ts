/**
 * The onboarding as one authenticated operator sees it: every call is authorised for its account, reads included, and
 * lists show only what is theirs. Hosts that serve operators (command line, nodes, a portal) go through here; the
 * unbound calls are for hosts that authorise by themselves.
 */
import type { AccessLevel } from '../accounts/access-level';
import type { NewAccount } from '../accounts/account';
import type { AdminDiscovery } from '../admins/model';
import { OnboardingError } from '../errors';
import type { SweepReport } from '../fleet/model';
import type { IssuedImpersonation } from '../impersonation/issue';
import type { Onboarding } from '../onboarding';
import type { Authorizer, OperatorAction } from '../ports';
import type { AppliedValidation, SsoBinding } from '../sso/model';
import type { ConsentGrantReport } from './consent/grants';
import type { ConsentRequestView } from './consent/requests';
import type { RevocationReport } from './consent/revocation';
import type { AccountView, JourneyReport } from './context';
import type { ImpersonateInput } from './impersonate';
import type { ConsentPlan, DeclaredApps } from './consent/plan';
import type { RemoveAccountInput, RemovedAccount } from './removal';
import type { SweepInput } from './sweep';
import type { RememberedServices } from '../consent/services/records';
import type { ServicesReport } from './consent/services';
import type { UnbindInput, UnboundAdmin } from './unbind';
import type { ConsentReport } from './consent/verify-consent';

type Without<T> = Omit<T, 'operatorId'>;

/** The calls of {@link Onboarding} without the operator. All of them raise `OPERATOR_NOT_ALLOWED`, but for {@link OperatorOnboarding.declaredApps}. */
export interface OperatorOnboarding {
  addAccount(input: NewAccount): Promise<AccountView>;
  showAccount(accountId: string): Promise<AccountView>;
  listAccounts(): Promise<readonly AccountView[]>;
  removeAccount(input: Without<RemoveAccountInput>): Promise<RemovedAccount>;
  lowerAccessLevel(accountId: string, level: AccessLevel): Promise<AccountView>;
  openConsent(input: Without<Parameters<Onboarding['openConsent']>[0]>): Promise<ConsentRequestView>;
  revokeConsentRequest(accountId: string): Promise<boolean>;
  verifyConsent(accountId: string, signal?: AbortSignal): Promise<ConsentReport>;
  consentStatus(accountId: string, signal?: AbortSignal): Promise<ConsentReport>;
  grantConsent(input: Without<Parameters<Onboarding['grantConsent']>[0]>): Promise<ConsentGrantReport>;
  revokeGrants(input: Without<Parameters<Onboarding['revokeGrants']>[0]>): Promise<RevocationReport>;
  /** Concerns no account and holds no secret, so that it needs no right. */
  declaredApps(): DeclaredApps;
  planConsent(accountId: string, signal?: AbortSignal): Promise<ConsentPlan>;
  checkServices(accountId: string, signal?: AbortSignal): Promise<ServicesReport>;
  lastServices(accountId: string): Promise<RememberedServices | undefined>;
  listAdmins(accountId: string, signal?: AbortSignal): Promise<AdminDiscovery>;
  bindAdmin(input: Without<Parameters<Onboarding['bindAdmin']>[0]>): Promise<SsoBinding>;
  unbindAdmin(input: Without<UnbindInput>): Promise<UnboundAdmin>;
  showBinding(accountId: string): Promise<SsoBinding>;
  verifyBinding(accountId: string, signal?: AbortSignal): Promise<AppliedValidation>;
  impersonate(input: Without<ImpersonateInput>): Promise<IssuedImpersonation>;
  advance(accountId: string, signal?: AbortSignal): Promise<JourneyReport>;
  status(accountId: string): Promise<JourneyReport>;
  /** Every account this operator may work on. */
  sweep(input?: Without<SweepInput>): Promise<SweepReport>;
  /** May this operator see what concerns this account? Undefined: what concerns no account, or all of them. */
  mayRead(accountId: string | undefined): Promise<boolean>;
}

const RIGHTS: readonly OperatorAction[] = ['onboard', 'impersonate', 'approve'];

export function bindOperator(onboarding: Onboarding, authorizer: Authorizer, operatorId: string): OperatorOnboarding {
  const mayRead = async (accountId: string | undefined): Promise<boolean> => {
    for (const action of RIGHTS) if (await authorizer.authorize(operatorId, action, accountId)) return true;
    return false;
  };
  const reading = async <T>(accountId: string, read: () => Promise<T>): Promise<T> => {
    if (!(await mayRead(accountId))) throw refused(accountId, 'read');
    return read();
  };
  const acting = async <T>(accountId: string, act: () => Promise<T>): Promise<T> => {
    if (!(await authorizer.authorize(operatorId, 'onboard', accountId))) throw refused(accountId, 'onboard');
    return act();
  };
  return {
    addAccount: (input) => onboarding.addAccount(input, operatorId),
    showAccount: (accountId) => reading(accountId, () => onboarding.showAccount(accountId)),
    listAccounts: async () => {
      const mine: AccountView[] = [];
      for (const account of await onboarding.listAccounts()) if (await mayRead(account.id)) mine.push(account);
      return mine;
    },
    removeAccount: (input) => onboarding.removeAccount({ ...input, operatorId }),
    lowerAccessLevel: (accountId, level) => onboarding.lowerAccessLevel(accountId, level, operatorId),
    openConsent: (input) => onboarding.openConsent({ ...input, operatorId }),
    revokeConsentRequest: (accountId) => onboarding.revokeConsentRequest(accountId, operatorId),
    verifyConsent: (accountId, signal) => acting(accountId, () => onboarding.verifyConsent(accountId, signal)),
    consentStatus: (accountId, signal) => reading(accountId, () => onboarding.consentStatus(accountId, signal)),
    grantConsent: (input) => onboarding.grantConsent({ ...input, operatorId }),
    revokeGrants: (input) => onboarding.revokeGrants({ ...input, operatorId }),
    declaredApps: () => onboarding.declaredApps(),
    planConsent: (accountId, signal) => reading(accountId, () => onboarding.planConsent(accountId, signal)),
    checkServices: (accountId, signal) => acting(accountId, () => onboarding.checkServices(accountId, signal)),
    lastServices: (accountId) => reading(accountId, () => onboarding.lastServices(accountId)),
    listAdmins: (accountId, signal) => onboarding.listAdmins(accountId, operatorId, signal),
    bindAdmin: (input) => onboarding.bindAdmin({ ...input, operatorId }),
    unbindAdmin: (input) => onboarding.unbindAdmin({ ...input, operatorId }),
    showBinding: (accountId) => reading(accountId, () => onboarding.showBinding(accountId)),
    verifyBinding: (accountId, signal) => acting(accountId, () => onboarding.verifyBinding(accountId, signal)),
    impersonate: (input) => onboarding.impersonate({ ...input, operatorId }),
    advance: (accountId, signal) => acting(accountId, () => onboarding.advance(accountId, signal)),
    status: (accountId) => reading(accountId, () => onboarding.status(accountId)),
    sweep: (input) => onboarding.sweep({ ...input, operatorId }),
    mayRead,
  };
}

function refused(accountId: string, action: string): OnboardingError {
  return new OnboardingError('OPERATOR_NOT_ALLOWED', `The operator may not do this (${action}).`, { details: { action, accountId } });
}
