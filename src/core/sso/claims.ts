/**
 * A thing that may belong to one account only: a tenant, a person in a tenant. Claims are made in two steps around the
 * claimant's own record: hold, write the own record, settle. A held claim that was never settled (its process died) can
 * be taken over after a while; settling is a compare-and-swap, so of the first claimant and whoever took over exactly
 * one succeeds, whatever the order. Claims are freed by marking, never by deleting: a delete cannot be conditional.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { Ports } from '../ports';
import { claimRecord, findRecord, type RecordKind, type RecordPorts, replaceRecord } from '../records';

const claimSchema = z.strictObject({
  /** Account id; null once freed. */
  holder: z.string().nullable(),
  since: z.number(),
  settled: z.boolean(),
});

export type Claim = z.infer<typeof claimSchema>;
export type ClaimKind = RecordKind<Claim>;

/** An unsettled claim is safe this long; the steps between hold and settle take well under a second. */
export const CLAIM_GRACE_MS = 10 * 60_000;

const MAX_ATTEMPTS = 8;

export function claimKind(kind: string): ClaimKind {
  return { kind, schemaVersion: 1, schema: claimSchema, authenticated: true };
}

/** The account that holds the thing, settled or about to be; undefined when it is free. */
export async function findHolder(ports: RecordPorts & Pick<Ports, 'clock'>, kind: ClaimKind, id: string): Promise<string | undefined> {
  const claim = (await findRecord(ports, kind, id))?.value;
  return claim === undefined || isFree(claim, ports.clock.now()) ? undefined : (claim.holder ?? undefined);
}

/** True when the account's claim was settled and not freed since. */
export async function isSettledFor(ports: RecordPorts, kind: ClaimKind, id: string, accountId: string): Promise<boolean> {
  const claim = (await findRecord(ports, kind, id))?.value;
  return claim?.holder === accountId && claim.settled;
}

/** Hold for the account, or learn who holds. Holding again changes nothing. Raises `STATE_CONFLICT`. */
export async function holdClaim(ports: RecordPorts & Pick<Ports, 'clock'>, kind: ClaimKind, id: string, accountId: string): Promise<{ readonly heldBy: string }> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const now = ports.clock.now();
    const read = await findRecord(ports, kind, id);
    if (read !== undefined && read.value.holder !== null && (read.value.holder === accountId || !isFree(read.value, now))) return { heldBy: read.value.holder };
    const mine: Claim = { holder: accountId, since: now, settled: false };
    const won = read === undefined ? await claimRecord(ports, kind, id, mine) : await replaceRecord(ports, kind, id, read, mine);
    if (won) return { heldBy: accountId };
  }
  throw new OnboardingError('STATE_CONFLICT', `The claim ${kind.kind}/${id} kept changing.`);
}

/** Make a held claim final. False when somebody else took it over in the meantime. Raises `STATE_CONFLICT`. */
export async function settleClaim(ports: RecordPorts, kind: ClaimKind, id: string, accountId: string): Promise<boolean> {
  return changeOwn(ports, kind, id, accountId, (claim) => (claim.settled ? claim : { ...claim, settled: true }));
}

/**
 * Let go of a claim made until `heldUntil`; one the account made since then is another one and stays, so that a process
 * that was asleep does not undo what happened in the meantime. Raises `STATE_CONFLICT`.
 */
export async function freeClaim(ports: RecordPorts, kind: ClaimKind, id: string, accountId: string, heldUntil: number): Promise<void> {
  await changeOwn(ports, kind, id, accountId, (claim) => (claim.since > heldUntil ? claim : { ...claim, holder: null, settled: false }));
}

async function changeOwn(ports: RecordPorts, kind: ClaimKind, id: string, accountId: string, change: (claim: Claim) => Claim): Promise<boolean> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const read = await findRecord(ports, kind, id);
    if (read?.value.holder !== accountId) return false;
    const next = change(read.value);
    if (next === read.value || (await replaceRecord(ports, kind, id, read, next))) return true;
  }
  throw new OnboardingError('STATE_CONFLICT', `The claim ${kind.kind}/${id} kept changing.`);
}

function isFree(claim: Claim, now: number): boolean {
  return claim.holder === null || (!claim.settled && now - claim.since >= CLAIM_GRACE_MS);
}
