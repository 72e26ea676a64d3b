/**
 * Which certificate of a line signs. A configuration names any certificate of the line and goes on working through every
 * rotation: the line outlives its certificates. During the overlap the one before is known as well, for the token endpoint's
 * replicas that have not heard of the new key yet.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import type { Secret } from '../../internal/secret';
import { claimRecord, findRecord, type RecordKind, type RecordPorts, replaceRecord } from '../../records';
import { lineIdOf, type StoredCertificate } from '../model';
import { findStored, notFound, openKeyOf } from '../records/records';

const MAX_ATTEMPTS = 8;

const lineSchema = z.object({
  /** Certificate that signs. */
  currentId: z.string(),
  /** Certificate before it, while its key is still registered. */
  previousId: z.string().nullable(),
  /** Milliseconds since the Unix epoch; 0 when it was never switched. */
  switchedAt: z.number(),
  /** Whose decision this is. A change of mind is another record, even where the same certificates sign. */
  decidedBy: z.string(),
});

export type CertificateLine = Readonly<z.infer<typeof lineSchema>>;

const lineKind: RecordKind<CertificateLine> = { kind: 'certificates/line', schemaVersion: 1, schema: lineSchema, authenticated: true };
/** A certificate that is deleted must still lead to its line. */
const memberSchema = z.object({ lineId: z.string() });
const memberKind: RecordKind<z.infer<typeof memberSchema>> = { kind: 'certificates/line-member', schemaVersion: 1, schema: memberSchema, authenticated: true };

/** Undefined for a line that was never rotated: its only certificate signs. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function findLine(ports: RecordPorts, lineId: string): Promise<CertificateLine | undefined> {
  return (await findRecord(ports, lineKind, lineId))?.value;
}

/** The line a certificate belongs to, also one that was deleted meanwhile. Raises like {@link findLine}. */
export async function findLineId(ports: RecordPorts, certificateId: string): Promise<string> {
  return (await findRecord(ports, memberKind, certificateId))?.value.lineId ?? certificateId;
}

/** Note that a certificate belongs to a line; once is enough. Raises like {@link findLine}. */
export async function joinLine(ports: RecordPorts, certificateId: string, lineId: string): Promise<void> {
  await claimRecord(ports, memberKind, certificateId, { lineId });
}

/**
 * Doing it again changes nothing. False, and nothing written, when it is not `stillWanted`: whoever was held up does not do what
 * others have decided against meanwhile. Raises like {@link findLine}, and `STATE_CONFLICT`.
 */
export async function switchLine(ports: RecordPorts, lineId: string, line: CertificateLine, stillWanted: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const read = await findRecord(ports, lineKind, lineId);
    // After the read: who changes the plan writes a decision here as well, and then what was read no longer holds.
    if (!(await stillWanted())) return false;
    if (read?.value.decidedBy === line.decidedBy && read.value.currentId === line.currentId && read.value.previousId === line.previousId) return true;
    if (read === undefined ? await claimRecord(ports, lineKind, lineId, line) : await replaceRecord(ports, lineKind, lineId, read, line)) return true;
  }
  throw new OnboardingError('STATE_CONFLICT', 'The line of a certificate kept changing.');
}

export interface SigningCertificate {
  readonly certificateId: string;
  readonly thumbprintSha256: string;
  readonly privateKey: Secret;
}

/**
 * What the line of this certificate signs with, and during an overlap what it signed with before. Raises
 * `CERTIFICATE_NOT_FOUND`, `SEAL_BROKEN` and like {@link findLine}.
 */
export async function openSigningCertificate(ports: RecordPorts, certificateId: string): Promise<SigningCertificate & { readonly previous?: SigningCertificate }> {
  // Every token request comes here. Most configurations name the first certificate of a line, whose id is the line's own.
  const own = await findLine(ports, certificateId);
  if (own !== undefined) return openLine(ports, own);
  const stored = await findStored(ports, certificateId);
  const lineId = stored === undefined ? await findLineId(ports, certificateId) : lineIdOf(stored);
  const line = lineId === certificateId ? undefined : await findLine(ports, lineId);
  if (line !== undefined) return openLine(ports, line);
  if (stored === undefined) throw notFound(certificateId);
  return openStored(ports, stored);
}

async function openLine(ports: RecordPorts, { currentId, previousId }: CertificateLine): Promise<SigningCertificate & { readonly previous?: SigningCertificate }> {
  const [current, previous] = [await findStored(ports, currentId), previousId === null ? undefined : await findStored(ports, previousId)];
  if (current === undefined) throw notFound(currentId);
  return { ...openStored(ports, current), ...(previous === undefined ? {} : { previous: openStored(ports, previous) }) };
}

function openStored(ports: RecordPorts, stored: StoredCertificate): SigningCertificate {
  return { certificateId: stored.id, ...openKeyOf(ports, stored) };
}

/** The line of any certificate in it. Undefined for one that was never rotated. Raises like {@link findLine}. */
export async function findLineOf(ports: RecordPorts, certificateId: string): Promise<CertificateLine | undefined> {
  // Most configurations name the first certificate of a line, whose id is the line's own: one read.
  const own = await findLine(ports, certificateId);
  if (own !== undefined) return own;
  const lineId = await findLineId(ports, certificateId);
  return lineId === certificateId ? undefined : findLine(ports, lineId);
}
