/**
 * Where an account's consent request stands, as seen from outside any browser: to whom Microsoft's page was shown last, and
 * which answer still waits for its proof. The admin who closes the tab, or never comes back, leaves only this behind. What
 * is in it is what browsers said; nothing follows from it but a look at the token endpoint.
 * Source of the patience: reports of grants that showed after seconds, minutes and hours (docs/consent.md).
 */
import * as z from 'zod/v4';
import { changeRecord, dropRecord, findRecord, type RecordKind, type RecordPorts, type StillMine, updateRecord } from '../../records';

const MINUTE_MS = 60_000;
/** From then on nobody is expected to be reading Microsoft's page any more. */
export const UNANSWERED_MS = 5 * MINUTE_MS;
/** How long the waiting page keeps somebody; the work goes on without them. */
export const PAGE_PATIENCE_MS = 5 * MINUTE_MS;
/** A claim nobody proved by then is not looked at any more. */
export const CLAIM_DEADLINE_MS = 24 * 60 * MINUTE_MS;
const QUICK_GAP_MS = 15_000;
const PATIENT_GAP_MS = 5 * MINUTE_MS;

const claimSchema = z.object({
  round: z.number().int().positive(),
  appKey: z.string(),
  tenantId: z.string(),
  /** The tenant the round was opened for; null when any might answer. */
  expectedTenantId: z.string().nullable(),
  browserHash: z.string(),
  claimedAt: z.number(),
  /** The last look that did not prove it: when, the code it ended with, and when Microsoft wants to be asked again. */
  tried: z.object({ at: z.number(), code: z.string(), serviceCode: z.string().nullable(), notBefore: z.number() }).nullable(),
});

const progressSchema = z.object({
  epoch: z.number().int().nonnegative(),
  invitationHash: z.string(),
  /** The round whose page at Microsoft was opened last; `answered` when the browser came back with it, whatever it said. */
  sent: z.object({ round: z.number().int().positive(), appKey: z.string(), stateHash: z.string(), sentAt: z.number(), answered: z.boolean() }),
  claim: claimSchema.nullable(),
});

export type ConsentProgress = z.infer<typeof progressSchema>;
export type PendingClaim = z.infer<typeof claimSchema>;

/** What tells one browser's claim from another's. */
export type ClaimName = Pick<PendingClaim, 'round' | 'tenantId' | 'browserHash'>;

const progressKind: RecordKind<ConsentProgress> = { kind: 'consent/progress', schemaVersion: 1, schema: progressSchema };

export async function findProgress(ports: RecordPorts, accountId: string): Promise<ConsentProgress | undefined> {
  return (await findRecord(ports, progressKind, accountId))?.value;
}

/** A browser leaves for Microsoft. A claim of the same request goes on waiting for its proof. */
export async function noteSent(ports: RecordPorts, accountId: string, request: Pick<ConsentProgress, 'epoch' | 'invitationHash'>, sent: Omit<ConsentProgress['sent'], 'answered'>): Promise<void> {
  await updateRecord(ports, progressKind, accountId, (current) => ({ ...request, sent: { ...sent, answered: false }, claim: current?.invitationHash === request.invitationHash ? current.claim : null }));
}

/** A browser came back: with a claim, or with a refusal. What is gone stays gone. */
export async function noteAnswered(ports: RecordPorts, accountId: string, stateHash: string, claim?: Omit<PendingClaim, 'tried'>): Promise<void> {
  await changeRecord(ports, progressKind, accountId, (current) => {
    const sent = current.sent.stateHash === stateHash ? { ...current.sent, answered: true } : current.sent;
    return { ...current, sent, claim: claim === undefined ? current.claim : { ...claim, tried: null } };
  });
}

/** A look at this claim that proved nothing. */
export async function noteUnproven(ports: RecordPorts, accountId: string, about: ClaimName, tried: NonNullable<PendingClaim['tried']>): Promise<void> {
  await changeRecord(ports, progressKind, accountId, (current) => (current.claim !== null && isSameClaim(current.claim, about) ? { ...current, claim: { ...current.claim, tried } } : current));
}

export function isSameClaim(left: ClaimName, right: ClaimName): boolean {
  return left.round === right.round && left.tenantId === right.tenantId && left.browserHash === right.browserHash;
}

/** For the end of an account. False when it is not `stillMine`. Raises `STATE_CONFLICT`. */
export async function dropProgress(ports: RecordPorts, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecord(ports, progressKind, accountId, stillMine);
}

/** Pure: when to look at a claim again; null when its time is over. */
export function nextLookAt(claim: PendingClaim): number | null {
  const last = claim.tried?.at ?? claim.claimedAt;
  if (last - claim.claimedAt >= CLAIM_DEADLINE_MS) return null;
  if (claim.tried === null) return last;
  return Math.max(claim.tried.notBefore, last + (last - claim.claimedAt < PAGE_PATIENCE_MS ? QUICK_GAP_MS : PATIENT_GAP_MS));
}
