/**
 * A round that ended without a usable answer: what it means, and where it is written down. The admin's page says one
 * public word and a support code; the operator finds that code with the cause, the tenants and Microsoft's number in the
 * audit and in the journey's reasons.
 * Microsoft Learn "Admin consent on the Microsoft identity platform" (errors), "AADSTS error codes".
 */
import { updateJourney } from '../../accounts/journey';
import type { ConsentCallback, ConsentRefusal } from '../../consent/rounds/callback';
import { noteAnswered } from '../../consent/rounds/progress';
import type { RoundState } from '../../consent/rounds/rounds';
import { OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import { supportCodeOf } from '../../internal/support-code';
import type { JsonObject } from '../../ports';
import { isRefusedTenant } from './requests';
import type { OnboardingContext } from '../context';

export type RedeemedState = RoundState & { readonly hash: string };

type Refusal = Extract<ConsentCallback, { kind: 'refusal' }>;

const ACTIONS = {
  CONSENT_DECLINED: 'consent.declined',
  CONSENT_ADMIN_APPROVAL_NEEDED: 'consent.approval_needed',
  CONSENT_WRONG_TENANT: 'consent.wrong_tenant',
  CONSENT_TENANT_REFUSED: 'consent.tenant_refused',
  CONSENT_PARTNER_ADMIN: 'consent.partner_admin',
  CONSENT_SETTLING: 'consent.settling',
  CONSENT_SERVICE_MISSING: 'consent.service_missing',
  CONSENT_APP_MISCONFIGURED: 'consent.app_misconfigured',
  CONSENT_BLOCKED_BY_POLICY: 'consent.blocked',
  CONSENT_INTERRUPTED: 'consent.interrupted',
  CONSENT_FAILED: 'consent.failed',
} as const;

export type RoundProblem = keyof typeof ACTIONS;
type ProblemError<C extends RoundProblem = RoundProblem> = OnboardingError & { readonly code: C };

/** What each refusal means, as a sentence about the app it is about. A wrong account is a sentence about tenants instead. */
const MEANINGS: Readonly<Record<Exclude<ConsentRefusal, 'wrong_account'>, readonly [code: RoundProblem, meaning: (app: string) => string]>> = {
  declined: ['CONSENT_DECLINED', (app) => `${app}: the admin declined, or was not allowed to accept and went back; Microsoft does not tell the two apart.`],
  approval_needed: ['CONSENT_ADMIN_APPROVAL_NEEDED', (app) => `${app}: the signed-in account may not grant these permissions, or the organisation's consent policy wants somebody else to.`],
  partner_admin: ['CONSENT_PARTNER_ADMIN', (app) => `${app}: a delegated admin of the partner signed in, and the app is not open to those in this tenant.`],
  settling: ['CONSENT_SETTLING', (app) => `${app}: a service principal of that name is still being created or deleted in the tenant; it settles within 5 to 15 minutes.`],
  service_missing: ['CONSENT_SERVICE_MISSING', (app) => `${app}: the tenant lacks a service that the app asks permissions of.`],
  misconfigured: ['CONSENT_APP_MISCONFIGURED', (app) => `${app}: the app registration does not fit: not multi-tenant, an unregistered redirect address, or permissions that are not in its list.`],
  blocked: ['CONSENT_BLOCKED_BY_POLICY', (app) => `${app}: a sign-in rule of the customer's organisation stopped the admin.`],
  try_later: ['CONSENT_INTERRUPTED', (app) => `${app}: Microsoft's consent page broke off.`],
  failed: ['CONSENT_FAILED', (app) => `${app}: Microsoft ended the consent with an error.`],
};

/** Pure: Microsoft's own no. */
export function problemOfRefusal(context: OnboardingContext, state: RoundState, { refusal, serviceCode, correlationId }: Refusal): ProblemError {
  const options = { serviceCode, correlationId, details: { accountId: state.accountId, round: state.round } };
  if (refusal === 'wrong_account') return wrongTenant({ expected: state.expectedTenantId, claimed: null, proven: null }, options);
  const [code, meaning] = MEANINGS[refusal];
  const app = `Round ${state.round} of ${context.settings.apps.length} (${state.appKey})`;
  return problem(code, `${meaning(app)}${serviceCode === undefined ? '' : ` (${serviceCode})`}`, options);
}

/** Pure: a yes that came from a tenant it may not come from; undefined when nothing is wrong with it. */
export function problemOfClaim(context: OnboardingContext, state: RoundState, claimedTenantId: string): ProblemError | undefined {
  if (isRefusedTenant(context, claimedTenantId)) {
    const whose = sameGuid(claimedTenantId, context.settings.homeTenantId) ? 'the partner\'s own: somebody of the partner, or a guest whose home it is, was signed in' : 'that of personal accounts';
    return problem('CONSENT_TENANT_REFUSED', `The consent came from tenant ${claimedTenantId}, which is ${whose}; it can never be a customer, and nothing of the customer's was granted.`, { details: { claimedTenantId } });
  }
  const isExpected = state.expectedTenantId === null || sameGuid(state.expectedTenantId, claimedTenantId);
  return isExpected ? undefined : wrongTenant({ expected: state.expectedTenantId, claimed: claimedTenantId, proven: null });
}

/** Write the problem down where the operator looks, and give it back with its support code to be thrown. Raises `AUDIT_UNAVAILABLE`. */
export async function refuseRound(context: OnboardingContext, state: RedeemedState, refused: ProblemError): Promise<ProblemError> {
  const { ports } = context;
  const { code, serviceCode = null, correlationId = null } = refused;
  const action = ACTIONS[code];
  const supportCode = supportCodeOf(`${action}:${state.hash}`);
  const told = withSupportCode(refused, supportCode);
  await noteAnswered(ports, state.accountId, state.hash);
  await noteRound(context, state, action, { ...told.details, serviceCode, correlationId });
  const reason = { code, message: `${refused.message} Support code ${supportCode}.` };
  await updateJourney(ports, state.accountId, (journey) => (journey.state === 'consent_pending' ? { ...journey, reasons: [reason] } : journey));
  ports.events.emit({ type: action, at: ports.clock.now(), accountId: state.accountId, data: { round: state.round, tenantId: refused.details['claimedTenantId'] ?? null, code, message: reason.message, serviceCode } });
  return told;
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

/**
 * Names all three tenants in one sentence: the one that was expected (null when every tenant may answer), the one the answer claims (null: Microsoft
 * named none), and the one that is proven (null: none). Pure.
 */
export function wrongTenant(
  { expected, claimed, proven }: { readonly expected: string | null; readonly claimed: string | null; readonly proven: string | null },
  options: Omit<ConstructorParameters<typeof OnboardingError>[2] & object, 'cause'> = {},
): ProblemError<'CONSENT_WRONG_TENANT'> {
  const wanted = expected === null ? 'Any customer\'s tenant could answer' : `Tenant ${expected} was expected`;
  const came = claimed === null ? 'Microsoft turned the signed-in account away and named no tenant' : `the browser came back with tenant ${claimed}`;
  const details = { ...options.details, expectedTenantId: expected, claimedTenantId: claimed, provenTenantId: proven };
  return problem('CONSENT_WRONG_TENANT', `${wanted}, ${came}, and ${proven === null ? 'no tenant was proven' : `tenant ${proven} was proven`}.`, { ...options, details });
}

/** The same error with the code its page shows, for whoever logs it. */
export function withSupportCode<E extends OnboardingError>(error: E, supportCode: string): E {
  const { code, message, serviceCode, correlationId, retryAfterSeconds, cause } = error;
  return new OnboardingError(code, message, { serviceCode, correlationId, retryAfterSeconds, cause, details: { ...error.details, supportCode } }) as E;
}

function problem<C extends RoundProblem>(code: C, message: string, options: ConstructorParameters<typeof OnboardingError>[2]): ProblemError<C> {
  return new OnboardingError(code, message, options) as ProblemError<C>;
}
