/**
 * Between the admin's sign-in and the press of the button: what was proven, kept for the browser that proved it. A sign-in
 * of a guest, of somebody without a tenant-wide ownership role, or at another tenant than the consent proved gets no page.
 * The CSRF value is a code over this very record, so it fits no other browser and no other sign-in.
 */
import * as z from 'zod/v4';
import { type ErrorCode, OnboardingError } from '../errors';
import { sha256Base64Url } from '../internal/encoding';
import { sameGuid } from '../internal/guid';
import { CONSUMER_TENANT_ID } from '../internal/tenant-name';
import type { Ports, SealBinding, Sealer } from '../ports';
import { dropRecordsWhere, findRecord, type RecordKind, type RecordPorts, replaceRecord, type StillMine, updateRecord } from '../records';
import type { ConfirmOwnershipInput, OpenOwnershipInput, PendingOwnership, StandingEvidence } from './model';
import { requireUnclaimed, signedInFields } from './ownership-records';

/** From the opening of the page to the press of the button, and from the sign-in to the opening of the page. */
export const PENDING_OWNERSHIP_MS = 30 * 60_000;

/**
 * Global Administrator and Privileged Role Administrator. Said here again although the caller asked for them: evidence
 * gathered for another question must not answer this one.
 */
const OWNERSHIP_ROLES = ['62e90394-69f5-4237-9190-012177145e10', 'e8611ab8-c189-46e8-94e1-60213ab1f814'];

const pendingSchema = z.strictObject({
  ...signedInFields,
  expiresAt: z.number(),
  confirmed: z.boolean(),
});

export type PendingRecord = z.infer<typeof pendingSchema>;

/** `sso/ownership-pending/<browserHash>`. */
const pendingKind: RecordKind<PendingRecord> = { kind: 'sso/ownership-pending', schemaVersion: 1, schema: pendingSchema, authenticated: true };

export type StandingVerdict =
  | { readonly verdict: 'proven'; readonly person: NonNullable<StandingEvidence['person']> }
  | { readonly verdict: 'refused' | 'retry'; readonly code: Extract<ErrorCode, 'SSO_GUEST_REFUSED' | 'SSO_NOT_AN_ADMIN' | 'SSO_STANDING_UNKNOWN'> };

/** Pure: does this standing let the person with this object id speak for the tenant? */
export function judgeOwnershipStanding(standing: StandingEvidence, objectId: string): StandingVerdict {
  const { outcome, person, roles } = standing;
  if (outcome === 'unknown') return { verdict: 'retry', code: 'SSO_STANDING_UNKNOWN' };
  if (person?.userType === 'guest') return { verdict: 'refused', code: 'SSO_GUEST_REFUSED' };
  const holdsRole = roles.some((role) => OWNERSHIP_ROLES.some((id) => sameGuid(id, role.roleTemplateId)));
  if (outcome !== 'qualifies' || !holdsRole || person?.accountEnabled !== true || !sameGuid(person.objectId, objectId)) return { verdict: 'refused', code: 'SSO_NOT_AN_ADMIN' };
  return { verdict: 'proven', person };
}

/**
 * Open the confirmation for the browser that signed in. Opening it again for the same sign-in changes nothing.
 * Raises `SSO_TENANT_REFUSED`, `SSO_WRONG_TENANT`, `SSO_CONFIRMATION_EXPIRED`, `SSO_GUEST_REFUSED`, `SSO_NOT_AN_ADMIN`,
 * `SSO_STANDING_UNKNOWN` (try again), `SSO_TENANT_CLAIMED`, `SSO_ACCOUNT_CLAIMED`, `MASTER_KEY_MISSING`.
 */
export async function openOwnership(ports: Pick<Ports, 'store' | 'sealer' | 'clock'>, input: OpenOwnershipInput): Promise<PendingOwnership> {
  const { identity, accountId, browserHash, signedInAt } = input.signIn;
  const now = ports.clock.now();
  requireCustomerTenant(input);
  if (now - signedInAt > PENDING_OWNERSHIP_MS) throw confirmationExpired();
  const verdict = judgeOwnershipStanding(input.standing, identity.objectId);
  if (verdict.verdict !== 'proven') throw new OnboardingError(verdict.code, STANDING_MESSAGES[verdict.code], { details: { reasons: [...input.standing.reasons] } });
  await requireUnclaimed(ports, accountId, identity.tenantId);
  const record: PendingRecord = {
    id: sha256Base64Url(JSON.stringify([browserHash, accountId, identity.tenantId, identity.objectId, signedInAt])),
    accountId,
    tenantId: identity.tenantId,
    objectId: identity.objectId,
    upn: verdict.person.upn,
    displayName: verdict.person.displayName,
    roles: [...new Set(input.standing.roles.map((role) => role.role))],
    authenticatedAt: identity.authenticatedAt,
    signedInAt,
    expiresAt: now + PENDING_OWNERSHIP_MS,
    confirmed: false,
  };
  const written = await updateRecord(ports, pendingKind, browserHash, (current) => (current?.id === record.id ? current : record), record.expiresAt);
  return viewOf(ports.sealer, browserHash, written);
}

/** The open confirmation of this browser for this account; undefined when there is none (any more). */
export async function findPendingOwnership(
  ports: Pick<Ports, 'store' | 'sealer' | 'clock'>,
  input: { readonly accountId: string; readonly browserSecret: string | undefined },
): Promise<PendingOwnership | undefined> {
  if (input.browserSecret === undefined) return undefined;
  const browserHash = sha256Base64Url(input.browserSecret);
  const record = await findLive(ports, browserHash);
  return record?.accountId === input.accountId ? viewOf(ports.sealer, browserHash, record) : undefined;
}

/**
 * The record behind a press of the button. Raises `SSO_BROWSER_MISMATCH` without a cookie, `SSO_CONFIRMATION_EXPIRED`,
 * `SSO_CONFIRMATION_INVALID` when the CSRF value or the account does not fit. Nothing is used up by a wrong one.
 */
export async function requirePending(ports: Pick<Ports, 'store' | 'sealer' | 'clock'>, input: ConfirmOwnershipInput): Promise<PendingRecord & { readonly browserHash: string }> {
  if (input.browserSecret === undefined) throw new OnboardingError('SSO_BROWSER_MISMATCH', 'This browser has not signed in.');
  const browserHash = sha256Base64Url(input.browserSecret);
  const record = await findLive(ports, browserHash);
  if (record === undefined) throw confirmationExpired();
  const fits = record.accountId === input.accountId && input.csrf !== undefined && ports.sealer.isAuthentic(record.id, input.csrf, csrfBinding(browserHash));
  if (!fits) throw new OnboardingError('SSO_CONFIRMATION_INVALID', 'The confirmation did not come from the page that was shown in this browser.');
  return { ...record, browserHash };
}

export async function markConfirmed(ports: RecordPorts, pending: Pick<PendingRecord, 'id'> & { readonly browserHash: string }): Promise<void> {
  const read = await findRecord(ports, pendingKind, pending.browserHash);
  // Losing the race means that the same press arrived twice; the other one marks it.
  if (read?.value.id === pending.id && !read.value.confirmed) await replaceRecord(ports, pendingKind, pending.browserHash, read, { ...read.value, confirmed: true }, read.value.expiresAt);
}

/** For the end of an account: every confirmation page that is open for it. False when it is not `stillMine`. Raises `STATE_CONFLICT`. */
export async function dropPendingOwnerships(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecordsWhere(ports, pendingKind, (pending) => pending.accountId === accountId, stillMine);
}

const STANDING_MESSAGES = {
  SSO_GUEST_REFUSED: 'The signed-in account is a guest in the tenant.',
  SSO_NOT_AN_ADMIN: 'The signed-in account is not an active, tenant-wide Global or Privileged Role Administrator.',
  SSO_STANDING_UNKNOWN: 'The directory did not say whether the signed-in account is an admin.',
} as const;

function requireCustomerTenant(input: OpenOwnershipInput): void {
  const { tenantId } = input.signIn.identity;
  if (sameGuid(tenantId, input.homeTenantId) || sameGuid(tenantId, CONSUMER_TENANT_ID)) {
    throw new OnboardingError('SSO_TENANT_REFUSED', 'This tenant can never belong to a customer account.', { details: { tenantId } });
  }
  if (!sameGuid(tenantId, input.provenTenantId)) {
    throw new OnboardingError('SSO_WRONG_TENANT', 'The signed-in account belongs to another tenant than the one that consented.', { details: { provenTenantId: input.provenTenantId, signedInTenantId: tenantId } });
  }
}

async function findLive(ports: Pick<Ports, 'store' | 'sealer' | 'clock'>, browserHash: string): Promise<PendingRecord | undefined> {
  const record = (await findRecord(ports, pendingKind, browserHash))?.value;
  return record !== undefined && record.expiresAt > ports.clock.now() ? record : undefined;
}

function viewOf(sealer: Sealer, browserHash: string, record: PendingRecord): PendingOwnership {
  const { accountId, tenantId, objectId, upn, displayName, expiresAt, confirmed } = record;
  return { accountId, tenantId, objectId, upn, displayName, csrf: sealer.authenticate(record.id, csrfBinding(browserHash)), expiresAt, confirmed };
}

function csrfBinding(browserHash: string): SealBinding {
  return { kind: pendingKind.kind, id: browserHash, field: 'csrf' };
}

export function confirmationExpired(): OnboardingError {
  return new OnboardingError('SSO_CONFIRMATION_EXPIRED', 'There is no sign-in waiting for a confirmation in this browser.');
}
