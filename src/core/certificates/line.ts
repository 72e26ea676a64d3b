/**
 * Which certificate of a line signs. A configuration names any certificate of the line and goes on working through every
 * rotation: the line outlives its certificates. During the overlap the one before is known as well, for the token endpoint's
 * replicas that have not heard of the new key yet.
 */
import * as z from 'zod/v4';
import { findRecord, type RecordKind, type RecordPorts } from '../records';

const lineSchema = z.object({
  /** Certificate that signs. */
  currentId: z.string(),
  /** Certificate before it, while its key is still registered. */
  previousId: z.string().nullable(),
  /** Milliseconds since the Unix epoch. */
  switchedAt: z.number(),
});

export type CertificateLine = Readonly<z.infer<typeof lineSchema>>;

export const lineKind: RecordKind<CertificateLine> = { kind: 'certificates/line', schemaVersion: 1, schema: lineSchema, authenticated: true };

/** Undefined for a line that was never rotated: its only certificate signs. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function findLine(ports: RecordPorts, lineId: string): Promise<CertificateLine | undefined> {
  return (await findRecord(ports, lineKind, lineId))?.value;
}
