/** Finding, choosing and binding the customer's admin. Nothing here runs before the tenant's ownership is proven. */
import { requireAccount } from '../accounts/account';
import { type Journey, readJourney, updateJourney } from '../accounts/journey';
import { discoverAdmins } from '../admins/discovery';
import type { AdminCandidate, AdminDiscovery } from '../admins/model';
import type { AdminPolicy } from '../admins/roles';
import { readAdminStanding } from '../admins/standing';
import { directoryReader } from '../consent/apps/apps';
import { hasCode, OnboardingError } from '../errors';
import { sameGuid } from '../internal/guid';
import { bindAdmin } from '../sso/binding';
import type { SsoBinding, StandingEvidence } from '../sso/model';
import { requireOwnership } from '../sso/ownership';
import { type OnboardingContext, requireOperator } from './context';
import { requireNotRemoved } from './end-access';

/** The tenant whose ownership is proven for this account. Raises `ACCOUNT_NOT_FOUND`, `SSO_OWNERSHIP_UNPROVEN`. */
export async function requireOwnedTenant(context: OnboardingContext, accountId: string): Promise<string> {
  await requireAccount(context.ports, accountId);
  return (await requireOwnership(context.ports, accountId)).tenantId;
}

/**
 * Candidates and excluded, each with reasons. Least Graph permission: RoleManagement.Read.Directory, plus
 * Directory.Read.All (or User.Read.All and GroupMember.Read.All) for the people. Raises `SSO_OWNERSHIP_UNPROVEN`,
 * `OPERATOR_NOT_ALLOWED`, `ADMINS_UNREADABLE` and what the Graph transport raises.
 */
export async function listAdmins(context: OnboardingContext, accountId: string, operatorId: string, signal?: AbortSignal): Promise<AdminDiscovery> {
  // First of all: who may not ask learns nothing about the account.
  await requireOperator(context, operatorId, 'onboard', accountId);
  const tenantId = await requireOwnedTenant(context, accountId);
  return discover(context, tenantId, signal);
}

/**
 * Bind the admin named by object id, user principal name, or `first` (the best candidate). Looks the person up afresh:
 * somebody who lost the role since the list was shown is refused.
 * Raises `SSO_OWNERSHIP_UNPROVEN`, `OPERATOR_NOT_ALLOWED`, `ADMINS_NONE`, `ADMINS_NOT_A_CANDIDATE`,
 * `SSO_ADMIN_BOUND_ELSEWHERE`, `AUDIT_UNAVAILABLE`.
 */
export async function bindChosenAdmin(context: OnboardingContext, input: { readonly accountId: string; readonly admin: string; readonly operatorId: string; readonly signal?: AbortSignal | undefined }): Promise<SsoBinding> {
  await requireOperator(context, input.operatorId, 'onboard', input.accountId);
  const tenantId = await requireOwnedTenant(context, input.accountId);
  const candidate = chooseAdmin(await discover(context, tenantId, input.signal), input.admin);
  return bindCandidate(context, { accountId: input.accountId, tenantId, candidate, actor: input.operatorId });
}

/** What `advance` does without a person: the first candidate, when the installation says so. Undefined when there is none. */
export async function bindFirstAdmin(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<SsoBinding | undefined> {
  const tenantId = await requireOwnedTenant(context, accountId);
  const candidate = (await discover(context, tenantId, signal)).candidates[0];
  return candidate === undefined ? undefined : bindCandidate(context, { accountId, tenantId, candidate, actor: 'system' });
}

/** The best candidate besides the one who is bound. Raises like {@link listAdmins}, without asking for an operator. */
export async function findSuccessor(context: OnboardingContext, tenantId: string, boundObjectId: string, signal?: AbortSignal): Promise<AdminCandidate | undefined> {
  return (await discover(context, tenantId, signal)).candidates.find(({ objectId }) => !sameGuid(objectId, boundObjectId));
}

/** Read one person's standing with the roles an SSO admin needs. Raises like {@link readStanding}. */
export async function readBoundStanding(context: OnboardingContext, tenantId: string, objectId: string, signal?: AbortSignal): Promise<StandingEvidence> {
  return readStanding(context, { tenantId, objectId, policy: context.settings.admins.policy }, signal);
}

/** Reason of an unknown standing: the app that would ask has no (enabled) place in the tenant, or not on this replica. */
export const READER_ABSENT = 'reader_absent';

/**
 * One person's standing under a policy. Least Graph permission as for {@link listAdmins}. Raises what the transports
 * raise, except that an absent or disabled reader makes the standing unknown: it says nothing about the person.
 */
export async function readStanding(context: OnboardingContext, who: { readonly tenantId: string; readonly objectId: string; readonly policy: AdminPolicy }, signal?: AbortSignal): Promise<StandingEvidence> {
  const { tenantId, objectId, policy } = who;
  const input = { tenantId, appKey: directoryReader(context.settings.apps).key, objectId, roleTemplateIds: policy.roleTemplateIds, mode: policy.mode, fresh: true };
  try {
    return await readAdminStanding(context.ports, signal === undefined ? input : { ...input, signal });
  } catch (error) {
    if (!hasCode(error, 'STS_APP_NOT_IN_TENANT', 'STS_APP_DISABLED')) throw error;
    return { outcome: 'unknown', roles: [], reasons: [READER_ABSENT] };
  }
}

async function discover(context: OnboardingContext, tenantId: string, signal?: AbortSignal): Promise<AdminDiscovery> {
  const input = { tenantId, appKey: directoryReader(context.settings.apps).key, ...context.settings.admins };
  return discoverAdmins(context.ports, signal === undefined ? input : { ...input, signal });
}

/** Pure: pick by object id, user principal name or `first`. */
export function chooseAdmin(discovery: AdminDiscovery, choice: string): AdminCandidate {
  const first = discovery.candidates[0];
  if (first === undefined) {
    const excluded = discovery.excluded.map((person) => ({ objectId: person.objectId, upn: person.upn, because: person.excludedBecause.map((reason) => reason.code) }));
    throw new OnboardingError('ADMINS_NONE', 'Nobody in the tenant holds the required roles in a usable way.', { details: { excluded } });
  }
  if (choice === 'first') return first;
  const wanted = (person: { readonly objectId: string; readonly upn: string | null }) => sameGuid(person.objectId, choice) || person.upn?.toLowerCase() === choice.toLowerCase();
  const found = discovery.candidates.find(wanted);
  if (found !== undefined) return found;
  const excluded = discovery.excluded.find(wanted);
  const why = excluded?.excludedBecause.map((reason) => reason.message).join(' ') ?? 'This person holds none of the required roles.';
  throw new OnboardingError('ADMINS_NOT_A_CANDIDATE', `The chosen person cannot be bound. ${why}`, { details: { excludedBecause: excluded?.excludedBecause.map((reason) => reason.code) ?? [] } });
}

async function bindCandidate(context: OnboardingContext, input: { readonly accountId: string; readonly tenantId: string; readonly candidate: Pick<AdminCandidate, 'objectId' | 'upn' | 'displayName'>; readonly actor: string }): Promise<SsoBinding> {
  const account = await requireAccount(context.ports, input.accountId);
  const binding = await bindAdmin(context.ports, input);
  await requireNotRemoved(context, account);
  if (awaitsBinding(await readJourney(context.ports, input.accountId))) {
    await updateJourney(context.ports, input.accountId, (current) => (awaitsBinding(current) ? { ...current, state: 'sso_validating', nextCheckAt: null, reasons: [] } : current));
  }
  return binding;
}

/** A journey whose consent was lost is not helped by a binding: the consent is proven first. */
function awaitsBinding({ state, consentEvidenceAt }: Journey): boolean {
  return state === 'admin_needed' || state === 'active' || (state === 'attention' && consentEvidenceAt !== null);
}
