/**
 * A round that ended without a usable answer: what it means, and where it is written down. The admin's page says one
 * public word; the operator finds code, tenants and Microsoft's number in the audit and in the journey's reasons.
 * Microsoft Learn "Admin consent on the Microsoft identity platform" (errors), "AADSTS error codes".
 */
import { updateJourney } from '../accounts/journey';
import type { ConsentCallback } from '../consent/callback';
import type { RoundState } from '../consent/rounds';
import { OnboardingError } from '../errors';
import { sameGuid } from '../internal/guid';
import type { JsonObject } from '../ports';
import { isRefusedTenant } from './consent-requests';
import type { OnboardingContext } from './context';

export type RedeemedState = RoundState & { readonly hash: string };

type Refusal = Extract<ConsentCallback, { kind: 'refusal' }>;

const ACTIONS = {
  CONSENT_DECLINED: 'consent.declined',
  CONSENT_ADMIN_APPROVAL_NEEDED: 'consent.approval_needed',
  CONSENT_WRONG_TENANT: 'consent.wrong_tenant',
  CONSENT_TENANT_REFUSED: 'consent.tenant_refused',
  CONSENT_FAILED: 'consent.failed',
} as const;

export type RoundProblem = keyof typeof ACTIONS;

/** Pure: Microsoft's own no. */
export function problemOfRefusal(state: RoundState, { refusal, serviceCode }: Refusal): OnboardingError & { readonly code: RoundProblem } {
  const options = { serviceCode, details: { accountId: state.accountId, round: state.round } };
  switch (refusal) {
    case 'declined':
      return problem('CONSENT_DECLINED', 'The admin declined, or was not allowed to accept and went back.', options);
    case 'approval_needed':
      return problem('CONSENT_ADMIN_APPROVAL_NEEDED', 'The signed-in account may not grant these permissions.', options);
    case 'wrong_account':
      return wrongTenant(state, null, serviceCode);
    default:
      return problem('CONSENT_FAILED', `Microsoft ended the consent with an error${serviceCode === undefined ? '' : ` (${serviceCode})`}.`, options);
  }
}

/** Pure: a yes that came from a tenant it may not come from; undefined when nothing is wrong with it. */
export function problemOfClaim(context: OnboardingContext, state: RoundState, claimedTenantId: string): (OnboardingError & { readonly code: RoundProblem }) | undefined {
  if (isRefusedTenant(context, claimedTenantId)) return problem('CONSENT_TENANT_REFUSED', 'This tenant can never be a customer.', { details: { claimedTenantId } });
  const isExpected = state.expectedTenantId === null || sameGuid(state.expectedTenantId, claimedTenantId);
  return isExpected ? undefined : wrongTenant(state, claimedTenantId, undefined);
}

/** Write the problem down where the operator looks, and give it back to be thrown. Raises `AUDIT_UNAVAILABLE`. */
export async function refuseRound<E extends OnboardingError & { readonly code: RoundProblem }>(context: OnboardingContext, state: RedeemedState, refused: E): Promise<E> {
  const { ports } = context;
  const claimed = refused.details['claimedTenantId'] ?? null;
  await noteRound(context, state, ACTIONS[refused.code], { ...refused.details, serviceCode: refused.serviceCode ?? null });
  await updateJourney(ports, state.accountId, (journey) => (journey.state === 'consent_pending' ? { ...journey, reasons: [{ code: refused.code, message: refused.message }] } : journey));
  ports.events.emit({ type: ACTIONS[refused.code], at: ports.clock.now(), accountId: state.accountId, data: { round: state.round, tenantId: claimed, code: refused.code, message: refused.message, serviceCode: refused.serviceCode ?? null } });
  return refused;
}

/** One audit entry about this round's answer. Raises `AUDIT_UNAVAILABLE`. */
export async function noteRound(context: OnboardingContext, state: RedeemedState, action: string, details: JsonObject): Promise<void> {
  await context.ports.audit.append({
    id: `${action}:${state.hash}`,
    action,
    phase: 'note',
    // Nobody is signed in with us yet: it is whoever holds the browser.
    actor: 'customer-browser',
    accountId: state.accountId,
    details: { round: state.round, app: state.appKey, ...details },
  });
}

/** Names all three tenants: the one that was expected, the one the answer claims, and that none of them was proven by it. */
function wrongTenant({ expectedTenantId }: RoundState, claimedTenantId: string | null, serviceCode: string | undefined): OnboardingError & { readonly code: 'CONSENT_WRONG_TENANT' } {
  const came = claimedTenantId === null ? 'Microsoft turned the signed-in account away and named no tenant' : `The consent came from tenant ${claimedTenantId}`;
  const wanted = expectedTenantId === null ? 'any customer\'s tenant may answer' : `tenant ${expectedTenantId} was expected`;
  return problem('CONSENT_WRONG_TENANT', `${came}; ${wanted}; no tenant was proven.`, { serviceCode, details: { expectedTenantId, claimedTenantId, provenTenantId: null } });
}

function problem<C extends RoundProblem>(code: C, message: string, options: ConstructorParameters<typeof OnboardingError>[2]): OnboardingError & { readonly code: C } {
  return new OnboardingError(code, message, options) as OnboardingError & { readonly code: C };
}
