/**
 * A consent request travels by mail as an address on our own landing page, never as a Microsoft address: it can be
 * revoked, a mail scanner that opens it spends nothing, and the store keeps only its SHA-256.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import { sha256Base64Url, toBase64Url } from '../../internal/encoding';
import { invitationPath, publicUrl } from '../../internal/public-url';
import type { AuditSink, Clock, RandomSource } from '../../ports';
import { changeRecord, claimRecord, dropRecord, findRecord, type RecordKind, type RecordPorts, type StillMine, type Stored, updateRecord } from '../../records';

export const DEFAULT_INVITATION_DAYS = 7;
const DAY_MS = 86_400_000;
/** Kept after its end, so that a late click reads "expired" and not "unknown". */
const REMEMBERED_MS = 30 * DAY_MS;
const TOKEN_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** A permission that an account consented before is asked for again: because it is new, or because it went missing. */
const addedSchema = z.object({ resourceAppId: z.string(), type: z.enum(['application', 'delegated']), name: z.string().optional(), id: z.string().optional(), reason: z.string(), wasGranted: z.boolean() });
const askedSchema = z.object({ key: z.string(), added: z.array(addedSchema).readonly() });

/** One app of a request that asks only for what is new. */
export type AskedApp = z.infer<typeof askedSchema>;

const invitationSchema = z.object({
  accountId: z.string(),
  openedBy: z.string(),
  openedAt: z.number(),
  expiresAt: z.number(),
  revokedAt: z.number().nullable(),
  /** Null: every app is asked for, in full. */
  asks: z.array(askedSchema).readonly().nullable().default(null),
});

export type Invitation = z.infer<typeof invitationSchema>;

const invitationKind: RecordKind<Invitation> = { kind: 'consent/invitation', schemaVersion: 1, schema: invitationSchema };
const currentKind: RecordKind<{ hash: string }> = { kind: 'consent/current-invitation', schemaVersion: 1, schema: z.object({ hash: z.string() }) };

export interface OpenedInvitation {
  /** The one place where the address exists in plain: hand it over, do not log it. */
  readonly url: string;
  readonly hash: string;
  readonly expiresAt: number;
}

type InvitationPorts = RecordPorts & { readonly clock: Clock; readonly random: RandomSource; readonly audit: AuditSink };

/**
 * Open a consent request; an older one of the account stops working and says so.
 * Raises `INPUT_INVALID` for a lifetime outside 1 to 90 days, `AUDIT_UNAVAILABLE`.
 */
export async function openInvitation(
  ports: InvitationPorts,
  input: { readonly accountId: string; readonly publicBaseUrl: string; readonly operatorId: string; readonly ttlDays?: number | undefined; readonly asks?: readonly AskedApp[] | null | undefined },
): Promise<OpenedInvitation> {
  const ttlDays = input.ttlDays ?? DEFAULT_INVITATION_DAYS;
  if (!Number.isFinite(ttlDays) || ttlDays <= 0 || ttlDays > 90) {
    throw new OnboardingError('INPUT_INVALID', 'An invitation lives more than 0 and at most 90 days.', { details: { field: 'ttlDays' } });
  }
  const now = ports.clock.now();
  const expiresAt = now + Math.round(ttlDays * DAY_MS);
  const ticket = toBase64Url(ports.random.bytes(32));
  const hash = sha256Base64Url(ticket);
  await ports.audit.append({ id: `consent.opened:${hash}`, action: 'consent.opened', phase: 'note', actor: input.operatorId, accountId: input.accountId, details: { expiresAt } });
  await claimRecord(ports, invitationKind, hash, { accountId: input.accountId, openedBy: input.operatorId, openedAt: now, expiresAt, revokedAt: null, asks: input.asks ?? null }, expiresAt + REMEMBERED_MS);
  // One write takes over from the older one, whoever else opens or dies at this moment.
  await updateRecord(ports, currentKind, input.accountId, () => ({ hash }));
  return { url: publicUrl(input.publicBaseUrl, invitationPath(input.publicBaseUrl, ticket)), hash, expiresAt };
}

/** Withdraw the account's current invitation. False when there is none. */
export async function revokeInvitation(ports: InvitationPorts, accountId: string, actor: string): Promise<boolean> {
  const current = await findRecord(ports, currentKind, accountId);
  if (current === undefined) return false;
  await revokeByHash(ports, current.value.hash);
  await ports.audit.append({ id: `consent.invitation_revoked:${current.value.hash}`, action: 'consent.invitation_revoked', phase: 'note', actor, accountId });
  return true;
}

/**
 * The invitation behind a ticket, still usable. Reading does not spend it.
 * Raises `CONSENT_INVITATION_UNKNOWN`, `CONSENT_INVITATION_EXPIRED`, `CONSENT_INVITATION_REPLACED`, `CONSENT_INVITATION_REVOKED`.
 */
export async function requireInvitation(ports: RecordPorts & { readonly clock: Clock }, ticket: string): Promise<Invitation & { readonly hash: string }> {
  const hash = sha256Base64Url(ticket);
  const found = TOKEN_PATTERN.test(ticket) ? await findRecord(ports, invitationKind, hash) : undefined;
  return { ...(await checkInvitation(ports, found, hash)), hash };
}

/** The same check by hash: a browser that is already under way stops when its invitation is withdrawn. */
export async function requireInvitationByHash(ports: RecordPorts & { readonly clock: Clock }, hash: string): Promise<Invitation> {
  return checkInvitation(ports, await findRecord(ports, invitationKind, hash), hash);
}

/**
 * For the end of an account: without this record none of its invitations opens anything, whoever has the id later. The
 * invitations themselves are remembered until their time. False when it is not `stillMine`. Raises `STATE_CONFLICT`.
 */
export async function dropCurrentInvitation(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecord(ports, currentKind, accountId, stillMine);
}

/** The account's newest invitation, whatever its condition. */
export async function findCurrentInvitation(ports: RecordPorts, accountId: string): Promise<Invitation | undefined> {
  const current = await findRecord(ports, currentKind, accountId);
  return current === undefined ? undefined : (await findRecord(ports, invitationKind, current.value.hash))?.value;
}

async function checkInvitation(ports: RecordPorts & { readonly clock: Clock }, found: Stored<Invitation> | undefined, hash: string): Promise<Invitation> {
  if (found === undefined) throw new OnboardingError('CONSENT_INVITATION_UNKNOWN', 'This invitation does not exist.');
  const { accountId, revokedAt, expiresAt } = found.value;
  const about = { details: { accountId, about: hash } };
  const current = await findRecord(ports, currentKind, accountId);
  // Without a current one the account was removed, and its invitations with it.
  if (revokedAt !== null || current === undefined) throw new OnboardingError('CONSENT_INVITATION_REVOKED', 'This invitation was withdrawn.', about);
  if (current.value.hash !== hash) throw new OnboardingError('CONSENT_INVITATION_REPLACED', 'This invitation was replaced by a newer one.', about);
  if (expiresAt <= ports.clock.now()) throw new OnboardingError('CONSENT_INVITATION_EXPIRED', `This invitation has expired, at ${new Date(expiresAt).toISOString()}.`, about);
  return found.value;
}

/** Is this still the account's newest invitation, and not withdrawn? Its time may be over: who answered in time has answered. */
export async function isNewestInvitation(ports: RecordPorts, accountId: string, hash: string): Promise<boolean> {
  const current = await findRecord(ports, currentKind, accountId);
  return current?.value.hash === hash && (await findRecord(ports, invitationKind, hash))?.value.revokedAt === null;
}

async function revokeByHash(ports: RecordPorts & { readonly clock: Clock }, hash: string): Promise<void> {
  const found = await findRecord(ports, invitationKind, hash);
  if (found === undefined || found.value.revokedAt !== null) return;
  const revokedAt = ports.clock.now();
  await changeRecord(ports, invitationKind, hash, (current) => (current.revokedAt === null ? { ...current, revokedAt } : current), found.value.expiresAt + REMEMBERED_MS);
}
