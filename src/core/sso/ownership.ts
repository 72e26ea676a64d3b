/**
 * Ownership evidence: an admin of the tenant, signed in just now in this browser, confirmed the account's and the
 * partner's names. That, and nothing else, lets a tenant belong to an account: a pinned domain is an expectation, and a
 * consent may have been given long ago for somebody else. Tenant and account are claimed for each other, one to one; the
 * steps can stop anywhere and be run again.
 */
import type { AuditEvent, Ports } from '../ports';
import { changeRecord, findRecord, updateRecord } from '../records';
import { freeClaim, holdClaim, settleClaim } from './claims';
import type { ConfirmOwnershipInput, OwnershipEvidence } from './model';
import { confirmationExpired, markConfirmed, type PendingRecord, requirePending } from './ownership-pending';
import { accountClaimed, type AccountTenant, accountTenantKind, findOwnership, findOwnSide, tenantClaimed, tenantClaimKind } from './ownership-records';

export { dropPendingOwnerships, findPendingOwnership, judgeOwnershipStanding, openOwnership, PENDING_OWNERSHIP_MS, type StandingVerdict } from './ownership-pending';
export { dropOwnership, findOwnership, requireOwnership } from './ownership-records';

type OwnershipPorts = Pick<Ports, 'store' | 'sealer' | 'clock' | 'audit'>;

/**
 * The press of the button. Run again (double click, crash) it ends in the same place; the pair again, by another admin,
 * renews the evidence.
 * Raises `SSO_BROWSER_MISMATCH`, `SSO_CONFIRMATION_EXPIRED`, `SSO_CONFIRMATION_INVALID`, `SSO_TENANT_CLAIMED`,
 * `SSO_ACCOUNT_CLAIMED`, `AUDIT_UNAVAILABLE` (nothing is claimed without the intent on record), `STATE_CONFLICT`, `STATE_UNAVAILABLE`.
 */
export async function confirmOwnership(ports: OwnershipPorts, input: ConfirmOwnershipInput): Promise<OwnershipEvidence> {
  const pending = await requirePending(ports, input);
  const { accountId, tenantId } = pending;
  // A page that was used and whose ownership was released since is not a way back in.
  if (pending.confirmed && (await findOwnership(ports, accountId)) === undefined) throw confirmationExpired();
  await ports.audit.append({ ...eventOf(pending), id: `${auditId(pending)}:intent`, phase: 'intent' });
  if ((await holdClaim(ports, tenantClaimKind, tenantId, accountId)).heldBy !== accountId) throw await refuse(ports, pending, tenantClaimed(tenantId));
  const evidence = evidenceOf(pending, ports.clock.now(), input.accessLevel ?? null);
  const own = await findOwnSide(ports, accountId);
  const abandonedId = own?.isAbandoned === true ? own.evidence.id : undefined;
  const kept = await updateRecord(ports, accountTenantKind, accountId, (current) => nextAccountTenant(current, evidence, abandonedId));
  if (kept.evidence.tenantId !== tenantId) throw await refuseAccount(ports, pending);
  // The account's record without the claim counts for nothing, so it may stay.
  if (!(await settleClaim(ports, tenantClaimKind, tenantId, accountId))) throw await refuse(ports, pending, tenantClaimed(tenantId));
  // Between the two writes this process may have slept so long that the account was given another tenant.
  if ((await findOwnership(ports, accountId))?.tenantId !== tenantId) throw await refuseAccount(ports, pending);
  await ports.audit.append({ ...eventOf(pending), id: `${auditId(pending)}:done`, phase: 'outcome', intentId: `${auditId(pending)}:intent`, outcome: 'done' });
  await markConfirmed(ports, pending);
  return kept.evidence;
}

/**
 * End the ownership, for offboarding: the account keeps the evidence as a released record, the tenant is free. False when
 * the account owns none. It goes through when the audit is down; then `AUDIT_UNAVAILABLE` is raised afterwards, and running
 * it again writes the entry.
 */
export async function releaseOwnership(ports: OwnershipPorts, input: { readonly accountId: string; readonly actor: string; readonly reason?: string }): Promise<boolean> {
  const held = (await findRecord(ports, accountTenantKind, input.accountId))?.value;
  if (held === undefined) return false;
  const { tenantId, id } = held.evidence;
  await letGo(ports, input.accountId, tenantId);
  await freeClaim(ports, tenantClaimKind, tenantId, input.accountId, ports.clock.now());
  await ports.audit.append({
    id: `sso.ownership_released:${input.accountId}:${id}`,
    action: 'sso.ownership_released',
    phase: 'note',
    actor: input.actor,
    accountId: input.accountId,
    tenantId,
    ...(input.reason === undefined ? {} : { reason: input.reason }),
  });
  return held.state === 'held';
}

function nextAccountTenant(current: AccountTenant | undefined, evidence: OwnershipEvidence, abandonedId: string | undefined): AccountTenant {
  if (current?.state !== 'held' || current.evidence.id === abandonedId) return { state: 'held', evidence };
  const { tenantId, id, accessLevel } = current.evidence;
  const isRepeat = id === evidence.id && accessLevel === evidence.accessLevel;
  return tenantId !== evidence.tenantId || isRepeat ? current : { state: 'held', evidence };
}

async function letGo(ports: OwnershipPorts, accountId: string, tenantId: string): Promise<void> {
  // Only the pair that ended: a newer confirmation for another tenant stays.
  await changeRecord(ports, accountTenantKind, accountId, (current): AccountTenant => (current.state === 'held' && current.evidence.tenantId === tenantId ? { ...current, state: 'released' } : current));
}

function evidenceOf(pending: PendingRecord, confirmedAt: number, accessLevel: OwnershipEvidence['accessLevel']): OwnershipEvidence {
  const { id, accountId, tenantId, objectId, upn, displayName, roles, authenticatedAt, signedInAt } = pending;
  return { id, accountId, tenantId, objectId, upn, displayName, roles, authenticatedAt, signedInAt, confirmedAt, accessLevel };
}

function auditId(pending: PendingRecord): string {
  return `sso.ownership:${pending.id}`;
}

function eventOf(pending: PendingRecord): Pick<AuditEvent, 'action' | 'actor' | 'subject' | 'accountId' | 'tenantId' | 'details'> {
  const { accountId, tenantId, objectId, upn, roles, authenticatedAt } = pending;
  return { action: 'sso.ownership_confirmed', actor: `customer-admin:${objectId}`, subject: tenantId, accountId, tenantId, details: { upn, roles, authenticatedAt } };
}

async function refuseAccount(ports: OwnershipPorts, pending: PendingRecord): Promise<Error> {
  await freeClaim(ports, tenantClaimKind, pending.tenantId, pending.accountId, ports.clock.now());
  return refuse(ports, pending, accountClaimed(pending.accountId));
}

async function refuse<E extends Error & { readonly code: string }>(ports: OwnershipPorts, pending: PendingRecord, error: E): Promise<E> {
  await ports.audit.append({ ...eventOf(pending), id: `${auditId(pending)}:${error.code}`, phase: 'outcome', intentId: `${auditId(pending)}:intent`, outcome: 'refused', reason: error.code });
  return error;
}
