/**
 * Issuing an impersonation: everything it rests on is read again at this moment (the person, the role, the consent), the
 * pure policy decides, and only the decision is carried on.
 */
import { type AccessLevel, isRaise, readAccessLevel } from '../accounts/access-level';
import { findAccount, requireAccount } from '../accounts/account';
import { OnboardingError } from '../errors';
import { issueImpersonation, type IssuedImpersonation } from '../impersonation/issue';
import { decideIssue, type IssueDecision, type IssueFacts } from '../impersonation/policy';
import type { RedeemedCode } from '../impersonation/redeem';
import { sameGuid } from '../internal/guid';
import { findBinding } from '../sso/binding';
import type { SsoBinding } from '../sso/model';
import { findOwnership } from '../sso/ownership';
import { readBoundStanding } from './admins';
import type { OnboardingContext } from './context';
import { readConsent } from './consent/look-at-consent';

export interface ImpersonateInput {
  readonly accountId: string;
  /** Authenticated by the host, never taken from an item or a form. */
  readonly operatorId: string;
  readonly reason: string;
  /** May only be below what the customer allows. */
  readonly accessLevel?: AccessLevel | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Raises `ACCOUNT_NOT_FOUND`, `IMPERSONATION_PORTAL_UNCONFIGURED`, the policy's refusals (see `decideIssue`),
 * `AUDIT_UNAVAILABLE`, `MASTER_KEY_MISSING` and what the transports raise.
 */
export async function impersonate(context: OnboardingContext, input: ImpersonateInput): Promise<IssuedImpersonation> {
  const { ports, settings } = context;
  const account = await requireAccount(ports, input.accountId);
  if (settings.portal === undefined) throw new OnboardingError('IMPERSONATION_PORTAL_UNCONFIGURED', 'No backup portal is configured.');
  const binding = await findBinding(ports, account.id);
  const decision = await decide(context, input, binding);
  return issueImpersonation(ports, {
    account: { id: account.id, name: account.name },
    operator: { id: input.operatorId, issuer: settings.publicBaseUrl },
    reason: input.reason,
    decision,
    binding,
    portal: settings.portal,
    issuer: settings.publicBaseUrl,
    ttlSeconds: input.ttlSeconds,
    deployment: settings.deployment,
  });
}

/**
 * What the store says at the moment a code is redeemed: the level still covers it, and the same person is still actively
 * bound in the tenant the account still owns, and nobody is removing the account. Raises `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`.
 */
export async function stillAllows(context: OnboardingContext, about: RedeemedCode): Promise<boolean> {
  const { ports } = context;
  if ((await findAccount(ports, about.accountId))?.removal !== null) return false;
  const owned = await findOwnership(ports, about.accountId);
  const binding = await findBinding(ports, about.accountId);
  const isBound = binding?.state === 'active' && sameGuid(binding.tenantId, about.tenantId) && sameGuid(binding.userObjectId, about.userObjectId);
  return isBound && owned !== undefined && sameGuid(owned.tenantId, about.tenantId) && !isRaise(await readAccessLevel(ports, about.accountId), about.accessLevel);
}

async function decide(context: OnboardingContext, input: ImpersonateInput, binding: SsoBinding | undefined): Promise<IssueDecision> {
  const { ports } = context;
  const owned = await findOwnership(ports, input.accountId);
  const known: Omit<IssueFacts, 'standing' | 'consent'> = {
    operatorAuthorized: await ports.authorizer.authorize(input.operatorId, 'impersonate', input.accountId),
    chained: false,
    reason: input.reason,
    ownershipProven: owned !== undefined,
    accessLevel: await readAccessLevel(ports, input.accountId),
    requestedLevel: input.accessLevel,
    // A binding to a tenant the account does not own any more is no binding.
    bindingState: binding !== undefined && owned?.tenantId === binding.tenantId ? binding.state : undefined,
  };
  // Nothing is asked of Microsoft for a request that is refused anyway.
  const early = decideIssue({ ...known, standing: 'qualifies', consent: 'granted' });
  if (!early.allowed || binding === undefined) return early;
  const consent = await readConsent(context, binding.tenantId, input.signal);
  // Without consent the directory cannot be asked about the person, and need not be.
  if (consent.verdict !== 'granted') return decideIssue({ ...known, standing: 'unknown', consent: consent.verdict });
  const standing = await readBoundStanding(context, binding.tenantId, binding.userObjectId, input.signal);
  return decideIssue({ ...known, standing: standing.outcome, consent: consent.verdict });
}
