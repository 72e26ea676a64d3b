/**
 * Tells the host about each occasion once: a certificate became due, is expiring, has expired; a rotation failed or hangs; the
 * check itself did not run. Claimed for minutes, told, then claimed for good: whoever dies in between leaves it to be told
 * again, so it is told at least once, and twice only after a crash.
 */
import * as z from 'zod/v4';
import type { DomainEvent, EventSink, JsonObject, Ports } from '../../ports';
import { claimRecord, findRecord, type RecordKind, type RecordPorts, replaceRecord } from '../../records';

export const OCCASION_TYPES = ['certificate.due', 'certificate.expiring', 'certificate.expired', 'certificate.rotation_failed', 'certificate.rotation_overdue', 'certificate.check_overdue'] as const;
export type OccasionType = (typeof OCCASION_TYPES)[number];

export interface Occasion {
  readonly type: OccasionType;
  /** What it is about, so that the same occasion is recognised: a thumbprint, a rotation, a heartbeat. */
  readonly subject: string;
  readonly data: JsonObject;
}

const occasionSchema = z.object({ claimedAt: z.number(), told: z.boolean() });
type ClaimedOccasion = Readonly<z.infer<typeof occasionSchema>>;
/** Authenticated: whoever could put down that something was told would keep it from being told. */
const occasionKind: RecordKind<ClaimedOccasion> = { kind: 'certificates/occasion', schemaVersion: 1, schema: occasionSchema, authenticated: true };

const CLAIM_MS = 10 * 60_000;
/** An occasion of a certificate that ended so long ago is no news to anybody. */
const KEPT_MS = 400 * 86_400_000;

/** What an occasion of a rotation is about: one that hangs in another state than before is news. */
export function rotationSubject({ id, state }: { readonly id: string; readonly state: string }): string {
  return `${id}:${state}`;
}

/** The same text for the same occasion. */
export function occasionId({ type, subject }: { readonly type: string; readonly subject: string }): string {
  return `${type}:${subject}`;
}

/** True when this call told it. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED` for a note that none of us made, `STATE_UNAVAILABLE`. */
export async function tellOccasion(ports: RecordPorts & Pick<Ports, 'clock' | 'events'>, occasion: Occasion): Promise<boolean> {
  if (ports.events.isSilent === true) return false;
  const now = ports.clock.now();
  const id = occasionId(occasion);
  if (!(await claimRecord(ports, occasionKind, id, { claimedAt: now, told: false }, now + CLAIM_MS))) {
    await findRecord(ports, occasionKind, id);
    return false;
  }
  tell(ports.events, { type: occasion.type, at: now, accountId: null, data: occasion.data });
  const claimed = await findRecord(ports, occasionKind, id);
  if (claimed !== undefined) await replaceRecord(ports, occasionKind, id, claimed, { claimedAt: now, told: true }, now + KEPT_MS);
  return true;
}

/** A listener that fails has been told all the same. */
function tell(events: EventSink, event: DomainEvent): void {
  try {
    events.emit(event);
  } catch {
    // Nothing here can be done about it, and the check goes on to the next credential.
  }
}
