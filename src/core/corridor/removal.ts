/**
 * Removing a customer account: mark it, end its access, drop its records, and its own record last. It refuses an account in
 * use without a confirmation. A process that is killed anywhere is continued by the next call, with one intent and one
 * outcome in the audit; until the end every other operation refuses the account. Ending access goes through without the
 * audit; dropping does not, since the records keep what the audit still misses. The audit itself stays, and so does what the
 * customer granted in their tenant: that is theirs (or an offboarding's) to take back, and the answer says so.
 */
import { dropAccessLevel, readAccessLevel } from '../accounts/access-level';
import { addAccount, type CustomerAccount, findAccount, type NewAccount } from '../accounts/account';
import { dropJourney, readJourney } from '../accounts/journey';
import { dropAccount, isUnderWay, markRemoval, type MarkedAccount, requireStoredAccount } from '../accounts/removal';
import { dropGrantChanges } from '../consent/grants/change-records';
import { dropCurrentInvitation } from '../consent/rounds/invitation';
import { dropProgress } from '../consent/rounds/progress';
import { dropConsentProof } from '../consent/evidence/proof-records';
import { dropRounds } from '../consent/rounds/rounds';
import { dropRememberedServices } from '../consent/services/records';
import { findReadableApps } from '../customer-apps/records';
import { hasCode, OnboardingError } from '../errors';
import type { AuditEvent } from '../ports';
import type { StillMine } from '../records';
import { dropBinding, findBinding } from '../sso/binding';
import { dropOwnership, dropPendingOwnerships, findOwnership } from '../sso/ownership';
import { dropSignIns } from '../sso/sign-in';
import { type OnboardingContext, requireOperator } from './context';
import { leaveCustomerApps } from './customer-apps/customer-app-removal';
import { endAccess } from './end-access';
import { dropSignedIn } from './ownership';
import { refuseKnownOtherCloud } from './consent/tenant-cloud';

export interface RemoveAccountInput {
  readonly accountId: string;
  /** Authenticated by the host. */
  readonly operatorId: string;
  /** Needed for an account in use: one that is past its first consent, or owns a tenant, a binding or a level. */
  readonly confirmed?: boolean | undefined;
}

/** What a removal does not reach, and whose it is to undo. */
export interface RemainingGrants {
  /** `customer_apps`: registrations in the customer's own tenant, which only an admin there can delete. */
  readonly what: 'consent_grants' | 'customer_apps';
  readonly owner: 'customer admin';
  readonly tenantId: string;
  readonly apps: readonly { readonly key: string; readonly appId: string }[];
  readonly message: string;
}

export interface RemovedAccount {
  readonly id: string;
  readonly removed: true;
  /** The tenant that was proven for the account; null when none ever was. */
  readonly tenantId: string | null;
  readonly remaining: readonly RemainingGrants[];
}

/** Somebody else may write once more while we drop; twice in a row is a dispute. */
const MAX_ATTEMPTS = 3;

/**
 * Raises `OPERATOR_NOT_ALLOWED`, `ACCOUNT_NOT_FOUND` (also when it was removed before), `ACCOUNT_REMOVAL_UNCONFIRMED`,
 * `AUDIT_UNAVAILABLE` (access has ended; run it again), `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_CONFLICT`,
 * `STATE_UNAVAILABLE`.
 */
export async function removeAccount(context: OnboardingContext, input: RemoveAccountInput): Promise<RemovedAccount> {
  const { ports } = context;
  await requireOperator(context, input.operatorId, 'onboard', input.accountId);
  const marked = await mark(context, await requireStoredAccount(ports, input.accountId), input);
  const event = eventOf(marked);
  const isTold = await isAudited(context, { ...event, id: `${event.id}:intent`, phase: 'intent' });
  const stillMine = () => isUnderWay(ports, marked);
  const left = await findLeft(context, marked);
  for (let attempt = 0; ; attempt += 1) {
    // Another call has come to the end of this very removal.
    if (!(await stillMine())) return answerOf(context, marked, left);
    const { audited } = await endAccess(context, { accountId: marked.accountId, actor: marked.removal.startedBy });
    if (!isTold || !audited) throw new OnboardingError('AUDIT_UNAVAILABLE', 'The account gives no access any more. Its records stay until the audit can be written: run the removal again then.', { details: { accountId: marked.accountId } });
    if (await dropRecords(context, marked.accountId, stillMine)) break;
    if (attempt >= MAX_ATTEMPTS) throw disputed(marked.accountId);
  }
  await ports.audit.append({ ...event, id: `${event.id}:outcome`, phase: 'outcome', intentId: `${event.id}:intent`, outcome: 'done', details: { customerApps: left.map(({ appId }) => appId) } });
  if (await dropAccount(ports, marked)) ports.events.emit({ type: 'accounts.removed', at: ports.clock.now(), accountId: marked.accountId, data: { tenantId: marked.removal.tenantId } });
  return answerOf(context, marked, left);
}

/**
 * Add an account that starts from nothing, whoever had its id before: a step that outlived the removal of that one may have
 * written once more. Raises like `addAccount`, and `TENANT_WRONG_CLOUD`, `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`.
 */
export async function addNewAccount(context: OnboardingContext, input: NewAccount, operatorId: string): Promise<CustomerAccount> {
  const { ports } = context;
  const isFree = async () => (await findAccount(ports, input.id)) === undefined;
  if (await isFree()) {
    await refuseKnownOtherCloud(context, input.expectedTenant);
    const { audited } = await endAccess(context, { accountId: input.id, actor: operatorId });
    if (!audited) throw new OnboardingError('AUDIT_UNAVAILABLE', 'What a removed account left behind could not be cleared without the audit.', { details: { accountId: input.id } });
    const isCleared = await dropNamedRecords(context, input.id, isFree);
    if (!isCleared && (await isFree())) throw disputed(input.id);
  }
  return addAccount(ports, input, operatorId);
}

/** The mark of this removal, or of the one that has begun already: that one was confirmed then. */
async function mark(context: OnboardingContext, account: CustomerAccount, input: RemoveAccountInput): Promise<MarkedAccount> {
  if (account.removal !== null) return { accountId: account.id, removal: account.removal };
  const { isInUse, tenantId } = await readUse(context, account.id);
  if (isInUse && input.confirmed !== true) {
    throw new OnboardingError('ACCOUNT_REMOVAL_UNCONFIRMED', `The customer account ${account.id} is in use. Removing it ends the binding, the impersonation and the ownership of its tenant.`, { details: { accountId: account.id, tenantId } });
  }
  return markRemoval(context.ports, account, { operatorId: input.operatorId, tenantId });
}

async function readUse({ ports }: OnboardingContext, accountId: string): Promise<{ readonly isInUse: boolean; readonly tenantId: string | null }> {
  const { state, provenTenantId } = await readJourney(ports, accountId);
  const owned = await findOwnership(ports, accountId);
  const isPastConsent = !['new', 'consent_pending', 'offboarded'].includes(state);
  const isInUse = isPastConsent || owned !== undefined || (await findBinding(ports, accountId)) !== undefined || (await readAccessLevel(ports, accountId)) !== 'none';
  return { isInUse, tenantId: owned?.tenantId ?? provenTenantId };
}

/** False when something is in use (again), or the removal is not ours any more. */
async function dropRecords(context: OnboardingContext, accountId: string, stillMine: StillMine): Promise<boolean> {
  for (const drop of [dropRounds, dropSignIns, dropPendingOwnerships]) if (!(await drop(context.ports, accountId, stillMine))) return false;
  return (await dropSignedIn(context, accountId, stillMine)) && dropNamedRecords(context, accountId, stillMine);
}

/** The records whose name is the account's id, which a later account of that id would find. */
async function dropNamedRecords(context: OnboardingContext, accountId: string, stillMine: StillMine): Promise<boolean> {
  const { ports } = context;
  if (!(await leaveCustomerApps(context, accountId, stillMine))) return false;
  for (const drop of [dropGrantChanges, dropCurrentInvitation, dropProgress, dropConsentProof, dropRememberedServices, dropJourney, dropAccessLevel, dropBinding, dropOwnership]) if (!(await drop(ports, accountId, stillMine))) return false;
  return true;
}

function eventOf({ accountId, removal }: MarkedAccount): Pick<AuditEvent, 'id' | 'action' | 'actor' | 'accountId' | 'tenantId'> {
  const tenant = removal.tenantId === null ? {} : { tenantId: removal.tenantId };
  return { id: `accounts.remove:${accountId}:${removal.id}`, action: 'accounts.removed', actor: removal.startedBy, accountId, ...tenant };
}

/** Ending access never waits for the audit; the mark keeps what the entry says. */
async function isAudited({ ports }: OnboardingContext, event: AuditEvent): Promise<boolean> {
  try {
    await ports.audit.append(event);
    return true;
  } catch (error) {
    if (!hasCode(error, 'AUDIT_UNAVAILABLE')) throw error;
    return false;
  }
}

function disputed(accountId: string): OnboardingError {
  return new OnboardingError('STATE_CONFLICT', 'Somebody kept working on the account while its records were dropped.', { details: { accountId } });
}

type LeftApps = readonly { readonly key: string; readonly appId: string }[];

/** Registrations in the customer's own tenant that outlive our records of them. */
async function findLeft({ ports }: OnboardingContext, { accountId }: MarkedAccount): Promise<LeftApps> {
  return (await findReadableApps(ports, accountId)).flatMap(({ key, appId }) => (appId === null ? [] : [{ key, appId }]));
}

function answerOf({ settings }: OnboardingContext, { accountId, removal: { tenantId } }: MarkedAccount, left: LeftApps): RemovedAccount {
  if (tenantId === null) return { id: accountId, removed: true, tenantId, remaining: [] };
  const grants = {
    what: 'consent_grants',
    apps: settings.apps.map(({ key, appId }) => ({ key, appId })),
    message: 'What was granted to these apps in the customer\'s tenant stays until an admin there deletes their enterprise applications.',
  } as const;
  const registrations = {
    what: 'customer_apps',
    apps: left,
    message: 'These app registrations of the customer\'s own tenant stay, with our key on them, until an admin there deletes them; their private keys are stored here as certificates.',
  } as const;
  const remaining = [grants, ...(left.length === 0 ? [] : [registrations])].map((one) => ({ ...one, owner: 'customer admin' as const, tenantId }));
  return { id: accountId, removed: true, tenantId, remaining };
}
