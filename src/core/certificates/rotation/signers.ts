/**
 * Who signs with which certificate: every process that asks for tokens notes it, and so does every export of a private key,
 * since whoever has the file can sign as well. A key is not retired while somebody is known to sign with it.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import { changeRecord, claimRecord, deleteRecord, findRecord, listRecords, type RecordKind, type RecordPorts, replaceRecord, updateRecord } from '../../records';

const HOUR_MS = 60 * 60_000;
/** Processes that read the store before each request change with it; silent for longer than this, they are gone. */
const FOLLOWING_MS = 25 * HOUR_MS;
/** Whoever signs with a file of its own goes on with it when it wakes. */
const STATIC_MS = 35 * 24 * HOUR_MS;
/** What somebody signs with is news again after this time. */
export const NOTE_EVERY_MS = HOUR_MS;

export const SIGNER_SOURCES = ['store', 'pfx', 'pem', 'export'] as const;
export type SignerSource = (typeof SIGNER_SOURCES)[number];

const signerSchema = z.object({
  id: z.string(),
  /** What a person calls it: a host and what runs there, or the file that was exported. */
  label: z.string(),
  /** Null for an exported file: nobody knows which app it signs for. */
  appKey: z.string().nullable(),
  source: z.enum(SIGNER_SOURCES),
  thumbprintSha256: z.string(),
  /** Milliseconds since the Unix epoch. */
  seenAt: z.number(),
  /** An operator's word that it signs with it no more. */
  releasedBy: z.string().nullable(),
});

export type Signer = Readonly<z.infer<typeof signerSchema>>;

const signerKind: RecordKind<Signer> = { kind: 'certificates/signer', schemaVersion: 1, schema: signerSchema, authenticated: true };

type SignerPorts = RecordPorts & Pick<Ports, 'clock'>;

/** Who a process is to a rotation. */
export interface SignerIdentity {
  /** The same each time it starts; absent: this process alone, forgotten when it ends. */
  readonly id?: string | undefined;
  /** For people: where it runs and what it is. */
  readonly label: string;
}

export interface SignerNote {
  /** Stable for the process or the installation it belongs to. */
  readonly signerId: string;
  readonly label: string;
  readonly appKey: string;
  readonly source: Exclude<SignerSource, 'export'>;
  readonly thumbprintSha256: string;
}

/** Note what somebody signs with; within the hour only a change is written. Raises `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`, `STATE_RECORD_TAMPERED`. */
export async function noteSigner(ports: SignerPorts, { signerId, ...note }: SignerNote): Promise<void> {
  const id = `${signerId}:${note.appKey}`;
  const now = ports.clock.now();
  const signer: Signer = { id, ...note, seenAt: now, releasedBy: null };
  const expiresAt = endOf(signer);
  const known = await findRecord(ports, signerKind, id);
  if (known === undefined) {
    await claimRecord(ports, signerKind, id, signer, expiresAt);
    return;
  }
  // Whoever was released and signs with it all the same is known again.
  const isSame = known.value.thumbprintSha256 === note.thumbprintSha256 && known.value.source === note.source && known.value.releasedBy === null;
  if (isSame && now - known.value.seenAt < NOTE_EVERY_MS) return;
  await replaceRecord(ports, signerKind, id, known, signer, expiresAt);
}

/** Undefined for an exported file, which is no process that could fall silent. */
function endOf({ source, seenAt }: Pick<Signer, 'source' | 'seenAt'>): number | undefined {
  if (source === 'export') return undefined;
  return seenAt + (source === 'store' ? FOLLOWING_MS : STATIC_MS);
}

/** A private key left as a file. It stays known until an operator says that nobody uses the file. Raises like {@link noteSigner}. */
export async function noteExport(ports: SignerPorts, input: { readonly certificateId: string; readonly label: string; readonly thumbprintSha256: string }): Promise<void> {
  const { certificateId, label, thumbprintSha256 } = input;
  const id = `export:${certificateId}`;
  await updateRecord(ports, signerKind, id, (): Signer => ({ id, label, appKey: null, source: 'export', thumbprintSha256, seenAt: ports.clock.now(), releasedBy: null }));
}

/** Whoever is known to sign with this certificate and was not released. Raises like {@link noteSigner}. */
export async function listSigners(ports: RecordPorts, thumbprintSha256: string): Promise<readonly Signer[]> {
  const signers: Signer[] = [];
  for await (const { value } of listRecords(ports, signerKind)) {
    if (value.thumbprintSha256 === thumbprintSha256 && value.releasedBy === null) signers.push(value);
  }
  return signers;
}

/** One signer, released or not. Raises `CERTIFICATE_SIGNER_UNKNOWN` and like {@link noteSigner}. */
export async function requireSigner(ports: RecordPorts, signerId: string): Promise<Signer> {
  const known = await findRecord(ports, signerKind, signerId);
  if (known === undefined) throw unknownSigner(signerId);
  return known.value;
}

/** An operator's word that this signer uses the certificate no more. Raises `CERTIFICATE_SIGNER_UNKNOWN` and like {@link noteSigner}. */
export async function releaseSigner(ports: RecordPorts, signerId: string, operatorId: string): Promise<Signer> {
  const known = await findRecord(ports, signerKind, signerId);
  const expiresAt = known === undefined ? undefined : endOf(known.value);
  const released = await changeRecord(ports, signerKind, signerId, (signer) => (signer.releasedBy === null ? { ...signer, releasedBy: operatorId } : signer), expiresAt);
  if (released === undefined) throw unknownSigner(signerId);
  return released;
}

function unknownSigner(signerId: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_SIGNER_UNKNOWN', `Nobody is known as signer "${signerId.slice(0, 120)}".`);
}

/** What a process noted about itself goes with it when it ends in order. Raises `STATE_UNAVAILABLE`. */
export async function forgetSigner(ports: Pick<RecordPorts, 'store'>, signerId: string, appKey: string): Promise<void> {
  await deleteRecord(ports, signerKind, `${signerId}:${appKey}`);
}

/** What is noted of a certificate that is deleted goes with it. Raises like {@link noteSigner}. */
export async function forgetSignersOf(ports: RecordPorts, thumbprintSha256: string): Promise<void> {
  for await (const { id, value } of listRecords(ports, signerKind)) {
    if (value.thumbprintSha256 === thumbprintSha256) await deleteRecord(ports, signerKind, id);
  }
}
