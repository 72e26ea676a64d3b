/**
 * Names and thumbprints of stored certificates are unique: both are claimed before a record is written, and the claim decides
 * a race. A claim is pending for minutes, then made permanent. A permanent one that its certificate does not bear out is
 * what a killed writer left behind and is taken over at once; a pending one belongs to a writer that may still be at work,
 * unless it names the very certificate that is asked for. Layout: docs/storage-schema.md.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import { claimRecord, findRecord, replaceRecord, retireRecord, type RecordKind, type Stored } from '../../records';
import type { StoredCertificate } from '../model';
import { foldName } from './naming';
import { findStored, listCertificates, type CertificatePorts } from './records';

const CLAIM_MS = 10 * 60_000;
const MAX_ATTEMPTS = 8;

const claimSchema = z.object({ certificateId: z.string(), pending: z.literal(true).optional() });
type Claim = Readonly<z.infer<typeof claimSchema>>;

const nameKind: RecordKind<Claim> = { kind: 'certificates/name', schemaVersion: 1, schema: claimSchema };
const thumbprintKind: RecordKind<Claim> = { kind: 'certificates/thumbprint', schemaVersion: 1, schema: claimSchema };

export type ClaimPorts = CertificatePorts & Pick<Ports, 'clock'>;

/** Something that only one certificate has. */
export interface Distinction {
  readonly kind: RecordKind<Claim>;
  readonly key: string;
  readonly has: (certificate: StoredCertificate) => boolean;
  readonly taken: (certificateId: string | undefined) => OnboardingError;
}

export function nameOf({ name }: Pick<StoredCertificate, 'name'>): Distinction {
  const folded = foldName(name);
  return { kind: nameKind, key: encodeURIComponent(folded), has: (certificate) => foldName(certificate.name) === folded, taken: nameTakenBy };
}

export function thumbprintOf({ thumbprintSha256 }: Pick<StoredCertificate, 'thumbprintSha256'>): Distinction {
  return { kind: thumbprintKind, key: thumbprintSha256, has: (certificate) => certificate.thumbprintSha256 === thumbprintSha256, taken: storedAs };
}

/** The records themselves, for what their writers died over. Raises `CERTIFICATE_NAME_TAKEN`, `CERTIFICATE_EXISTS` (`details.certificateId`). */
export async function refuseTaken(ports: CertificatePorts, wanted: { readonly name: string; readonly thumbprintSha256?: string }, certificateId?: string): Promise<void> {
  const others = (await listCertificates(ports)).filter(({ id }) => id !== certificateId);
  const same = others.find(({ thumbprintSha256 }) => thumbprintSha256 === wanted.thumbprintSha256);
  const namesake = others.find(({ name }) => foldName(name) === foldName(wanted.name));
  if (same !== undefined) throw storedAs(same.id);
  if (namesake !== undefined) throw nameTakenBy(namesake.id);
}

/** Claim all of them for minutes, or none. Raises `CERTIFICATE_NAME_TAKEN`, `CERTIFICATE_EXISTS`, `STATE_CONFLICT`. */
export async function claimAll(ports: ClaimPorts, wanted: readonly Distinction[], certificateId: string): Promise<void> {
  const held: Distinction[] = [];
  for (const one of wanted) {
    await claim(ports, one, certificateId).catch(async (error: unknown) => {
      await freeAll(ports, held, certificateId);
      throw error;
    });
    held.push(one);
  }
}

async function claim(ports: ClaimPorts, wanted: Distinction, certificateId: string): Promise<void> {
  const { kind, key } = wanted;
  const pending: Claim = { certificateId, pending: true };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const expiresAt = ports.clock.now() + CLAIM_MS;
    if (await claimRecord(ports, kind, key, pending, expiresAt)) return;
    const other = await findRecord(ports, kind, key);
    if (other === undefined) continue;
    if (other.value.certificateId === certificateId) {
      if (await replaceRecord(ports, kind, key, other, pending, expiresAt)) return;
    } else if (!(await isStale(ports, wanted, other))) throw wanted.taken(other.value.certificateId);
    else await retireRecord(ports, kind, key, other);
  }
  throw new OnboardingError('STATE_CONFLICT', 'The claim on a certificate\'s name or thumbprint kept changing.');
}

/** A claim becomes permanent after the record says the same, so it is stale as soon as the record does not. */
async function isStale(ports: CertificatePorts, { has }: Distinction, { value }: Stored<Claim>): Promise<boolean> {
  if (value.pending === true) return false;
  const owner = await findStored(ports, value.certificateId);
  return owner === undefined || !has(owner);
}

/** Make the claims last, after the record was written. False when one of them is somebody else's meanwhile. */
export async function keepAll(ports: CertificatePorts, held: readonly Distinction[], certificateId: string): Promise<boolean> {
  for (const { kind, key } of held) if (!(await keep(ports, kind, key, { certificateId }))) return false;
  return true;
}

async function keep(ports: CertificatePorts, kind: RecordKind<Claim>, key: string, permanent: Claim): Promise<boolean> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const found = await findRecord(ports, kind, key);
    // Gone is as good as ours: whoever claims it from here on finds the record and gives way.
    const isKept = found === undefined ? await claimRecord(ports, kind, key, permanent) : found.value.certificateId === permanent.certificateId && (await replaceRecord(ports, kind, key, found, permanent));
    if (isKept) return true;
    if (found !== undefined && found.value.certificateId !== permanent.certificateId) return false;
  }
  return false;
}

/** What meanwhile is somebody else's stays. */
export async function freeAll(ports: Pick<CertificatePorts, 'store' | 'sealer'>, held: readonly Distinction[], certificateId: string): Promise<void> {
  for (const { kind, key } of held) {
    const found = await findRecord(ports, kind, key);
    if (found?.value.certificateId === certificateId) await retireRecord(ports, kind, key, found);
  }
}

function nameTakenBy(certificateId: string | undefined): OnboardingError {
  return new OnboardingError('CERTIFICATE_NAME_TAKEN', 'Another certificate has this name.', { details: certificateId === undefined ? {} : { certificateId } });
}

function storedAs(certificateId: string | undefined): OnboardingError {
  return new OnboardingError('CERTIFICATE_EXISTS', `This certificate is stored already${certificateId === undefined ? '' : ` as ${certificateId}`}.`, { details: certificateId === undefined ? {} : { certificateId } });
}
