/** Opening, resending and withdrawing a consent request on behalf of an operator. */
import { findAccount, requireAccount, setExpectedTenant } from '../../accounts/account';
import { type Journey, readJourney, startJourney, updateJourney } from '../../accounts/journey';
import { type AskedApp, findCurrentInvitation, type OpenedInvitation, openInvitation, revokeInvitation } from '../../consent/rounds/invitation';
import { buildInvitationMail, type InvitationMail } from '../../consent/rounds/mail';
import { isLoss } from '../../consent/evidence/reasons';
import { OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import { CONSUMER_TENANT_ID, parseTenantName } from '../../internal/tenant-name';
import { findOwnership } from '../../sso/ownership';
import { type OnboardingContext, requireOperator } from '../context';
import { requireOwnCloud } from './tenant-cloud';
import { planReconsent, type Reconsent, startReconsent } from './reconsent';

export interface ConsentRequestView {
  readonly url: string;
  readonly round: number;
  readonly rounds: number;
  readonly expiresAt: number;
  /** The invitation ready to be sent; holds the address like `url`. */
  readonly mail: InvitationMail;
}

/**
 * Open a consent request, or send it again (see `startsOver`).
 * Raises `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`, `ACCOUNT_OFFBOARDED`, `OPERATOR_NOT_ALLOWED`, `TENANT_NOT_FOUND`, `TENANT_WRONG_CLOUD`, `TENANT_INVALID`, `CONSENT_TENANT_REFUSED`,
 * `SSO_ACCOUNT_CLAIMED`, `INPUT_INVALID`, `STS_UNAVAILABLE`, `AUDIT_UNAVAILABLE`.
 */
export async function openConsent(
  context: OnboardingContext,
  input: { readonly accountId: string; readonly operatorId: string; readonly ttlDays?: number | undefined; readonly tenant?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<ConsentRequestView & Pick<OpenedInvitation, 'hash'>> {
  const { ports, settings } = context;
  await requireOperator(context, input.operatorId, 'onboard', input.accountId);
  const account = await requireAccount(ports, input.accountId);
  if ((await readJourney(ports, input.accountId)).state === 'offboarded') {
    throw new OnboardingError('ACCOUNT_OFFBOARDED', `The customer account ${input.accountId} was offboarded.`, { details: { accountId: input.accountId } });
  }
  // An unknown domain is the operator's mistake: better said now than to the customer's admin, and before it is kept.
  await expectedTenantId(context, input.accountId, { signal: input.signal, instead: input.tenant });
  if (input.tenant !== undefined) await setExpectedTenant(ports, input.accountId, input.tenant);
  const again = input.tenant === undefined ? await findReconsent(context, input.accountId, input.signal) : undefined;
  const asks = again?.asks ?? (input.tenant === undefined ? await findOpenAsks(context, input.accountId) : null);
  const opened = await openInvitation(ports, { accountId: input.accountId, publicBaseUrl: settings.publicBaseUrl, operatorId: input.operatorId, ttlDays: input.ttlDays, asks });
  const journey = await updateJourney(ports, input.accountId, (current) => {
    if (again === undefined && !startsOver(current, input.tenant !== undefined)) return current;
    const fresh: Journey = { ...startJourney(current.accountId, current.since), epoch: current.epoch + 1, state: 'consent_pending' };
    return again === undefined ? fresh : startReconsent(fresh, again, settings.apps, ports.clock.now());
  });
  const { url, hash, expiresAt } = opened;
  const open = settings.apps.filter((app) => !journey.rounds.some((round) => round.round === app.round));
  const mail = buildInvitationMail({ partnerName: settings.partnerName, accountName: account.name, expectedTenant: input.tenant ?? account.expectedTenant, url, expiresAt, apps: open, isAgain: asks !== null });
  return { url, hash, round: open[0]?.round ?? settings.apps.length, rounds: settings.apps.length, expiresAt, mail };
}

/** Of a request that is sent again while it is open. */
async function findOpenAsks({ ports }: OnboardingContext, accountId: string): Promise<readonly AskedApp[] | null> {
  const { state } = await readJourney(ports, accountId);
  return state === 'consent_pending' ? ((await findCurrentInvitation(ports, accountId))?.asks ?? null) : null;
}

/** For an account that belongs to its tenant and was consented: what is missing now; undefined otherwise. */
async function findReconsent(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<Reconsent | undefined> {
  const owned = await findOwnership(context.ports, accountId);
  const journey = await readJourney(context.ports, accountId);
  const isUnderWay = journey.state === 'new' || journey.state === 'consent_pending' || journey.state === 'consent_verifying';
  return owned === undefined || isUnderWay ? undefined : planReconsent(context, { accountId, tenantId: owned.tenantId }, journey, signal);
}

/**
 * A resent invitation continues where the admin left, and skips what is proven: after the last round it leads to the
 * sign-in. The rounds are asked again when something is missing, and when another tenant is named.
 */
function startsOver(journey: Journey, namesTenant: boolean): boolean {
  const isMissing = journey.reasons.some((reason) => isLoss(reason.code) || reason.code === 'STS_APP_DISABLED');
  return journey.state === 'new' || namesTenant || isMissing;
}

export async function revokeConsentRequest(context: OnboardingContext, accountId: string, operatorId: string): Promise<boolean> {
  await requireOperator(context, operatorId, 'onboard', accountId);
  await requireAccount(context.ports, accountId);
  return revokeInvitation(context.ports, accountId, operatorId);
}

/**
 * The tenant the next round must answer for: proven by this journey, owned already, or expected by the operator;
 * undefined when any tenant may answer. `instead` is looked at in place of the account's expectation. Raises `TENANT_INVALID`, `TENANT_NOT_FOUND`, `TENANT_WRONG_CLOUD`, `CONSENT_TENANT_REFUSED`,
 * `SSO_ACCOUNT_CLAIMED`, `STS_UNAVAILABLE`.
 */
export async function expectedTenantId(
  context: OnboardingContext,
  accountId: string,
  { signal, instead }: { readonly signal?: AbortSignal | undefined; readonly instead?: string | undefined } = {},
): Promise<string | undefined> {
  const { ports } = context;
  const owned = (await findOwnership(ports, accountId))?.tenantId;
  const journey = await readJourney(ports, accountId);
  const account = await findAccount(ports, accountId);
  const expected = instead ?? account?.expectedTenant ?? null;
  const resolved = expected === null ? undefined : await resolveTenant(context, expected, signal);
  if (owned !== undefined && resolved !== undefined && !sameGuid(owned, resolved)) {
    throw new OnboardingError('SSO_ACCOUNT_CLAIMED', 'The account belongs to another tenant than the one expected now.', { details: { owned, expected: resolved } });
  }
  const answer = owned ?? (journey.rounds.length > 0 ? (journey.provenTenantId ?? resolved) : resolved);
  const refused = [resolved, answer].find((tenantId) => tenantId !== undefined && isRefusedTenant(context, tenantId));
  if (refused !== undefined) throw new OnboardingError('CONSENT_TENANT_REFUSED', 'This tenant can never be a customer.', { details: { tenantId: refused } });
  return answer;
}

/** The home tenant and the tenant of personal accounts are nobody's customer. */
export function isRefusedTenant(context: OnboardingContext, tenantId: string): boolean {
  return sameGuid(tenantId, context.settings.homeTenantId) || sameGuid(tenantId, CONSUMER_TENANT_ID);
}

async function resolveTenant(context: OnboardingContext, expected: string, signal?: AbortSignal): Promise<string> {
  const name = parseTenantName(expected);
  if (name === undefined) throw new OnboardingError('TENANT_INVALID', 'The expected tenant is neither a tenant id nor a domain.');
  // At once, so that both are answered by one request.
  const [found] = await Promise.all([context.ports.tenants.findTenantId(name.value, signal), requireOwnCloud(context, name.value, signal)]);
  if (found === undefined) throw new OnboardingError('TENANT_NOT_FOUND', `Microsoft knows no tenant "${name.value}" in this cloud.`, { details: { tenant: name.value } });
  return found;
}
