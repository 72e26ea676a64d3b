/**
 * Deletes a stored certificate with its private key, for good. Only with a confirmation, and not while anything needs it: each
 * dependent is named. The record is marked first, which hides it from everybody, and what needs it is looked for once more;
 * then its claims go, then itself. A call that was killed is continued by the next one, with one intent and one outcome in
 * the audit.
 */
import { OnboardingError } from '../../errors';
import type { AuditEvent, Ports } from '../../ports';
import { findRecord, replaceRecord, retireRecord, type Stored } from '../../records';
import { freeAll, nameOf, thumbprintOf } from '../records/claims';
import { describeDependent, type CertificateDependent } from './dependents';
import { joinLine } from '../rotation/line';
import type { CertificateRecord, CertificateRemoval, StoredCertificate } from '../model';
import { certificateKind, type CertificatePorts, notFound, toRecord } from '../records/records';
import { forgetSignersOf } from '../rotation/signers';

const MAX_ATTEMPTS = 8;

export interface RemovalInput {
  readonly confirm: boolean;
  /** Everything that needs the certificate; asked before and after the mark. */
  readonly findDependents: (certificate: CertificateRecord) => Promise<readonly CertificateDependent[]>;
}

export interface RemovedCertificate extends Pick<CertificateRecord, 'id' | 'name' | 'thumbprintSha1' | 'thumbprintSha256'> {
  readonly removed: true;
}

type RemovePorts = CertificatePorts & Pick<Ports, 'audit' | 'clock' | 'random'>;
type Marked = Stored<StoredCertificate> & { readonly removal: CertificateRemoval };

/**
 * `actor` is an operator id. Raises `CERTIFICATE_NOT_FOUND` (also when it was deleted before), `CERTIFICATE_DELETION_UNCONFIRMED`,
 * `CERTIFICATE_IN_USE` (`details.dependents`), `AUDIT_UNAVAILABLE` (run it again), `STATE_CONFLICT`, `STATE_UNAVAILABLE`, and
 * what `findDependents` raises.
 */
export async function removeCertificate(ports: RemovePorts, id: string, input: RemovalInput, actor: string): Promise<RemovedCertificate> {
  const marked = await mark(ports, id, input, actor);
  const event = eventOf(marked);
  await ports.audit.append({ ...event, id: `${event.id}:intent`, phase: 'intent' }).catch(async (error: unknown) => {
    await unmark(ports, marked);
    throw error;
  });
  const outcome: AuditEvent = { ...event, id: `${event.id}:outcome`, phase: 'outcome', intentId: `${event.id}:intent` };
  await refuseInUse(marked.value, input).catch(async (error: unknown) => {
    await ports.audit.append({ ...outcome, outcome: 'refused' }).catch(() => undefined);
    await unmark(ports, marked);
    throw error;
  });
  const { value } = marked;
  if (value.lineId !== undefined) await joinLine(ports, id, value.lineId);
  await freeAll(ports, [nameOf(value), thumbprintOf(value)], id);
  await forgetSignersOf(ports, value.thumbprintSha256);
  await ports.audit.append({ ...outcome, outcome: 'done' });
  await drop(ports, marked);
  return { id, name: value.name, thumbprintSha1: value.thumbprintSha1, thumbprintSha256: value.thumbprintSha256, removed: true };
}

/** The mark of this removal, or of the one that has begun already. */
async function mark(ports: RemovePorts, id: string, input: RemovalInput, actor: string): Promise<Marked> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const read = await findRecord(ports, certificateKind, id);
    if (read === undefined) throw notFound(id);
    if (!input.confirm) throw unconfirmed(read.value);
    if (read.value.removal !== undefined) return { ...read, removal: read.value.removal };
    await refuseInUse(read.value, input);
    const removal = { id: ports.random.uuid(), startedAt: ports.clock.now(), startedBy: actor };
    // Whatever changed meanwhile, a registration above all, is looked at again.
    await replaceRecord(ports, certificateKind, id, read, { ...read.value, removal });
  }
  throw disputed(id);
}

async function unmark(ports: RemovePorts, marked: Marked): Promise<void> {
  const { removal: _removal, ...value } = marked.value;
  await replaceRecord(ports, certificateKind, value.id, marked, value);
}

/** Another call may have come to the end before, or have taken the mark back. */
async function drop(ports: RemovePorts, marked: Marked): Promise<void> {
  const { id } = marked.value;
  if (await retireRecord(ports, certificateKind, id, marked)) return;
  if ((await findRecord(ports, certificateKind, id)) !== undefined) throw disputed(id);
}

async function refuseInUse(stored: StoredCertificate, { findDependents }: RemovalInput): Promise<void> {
  const dependents = await findDependents(toRecord(stored));
  if (dependents.length === 0) return;
  throw certificateInUse(stored, dependents);
}

/** `CERTIFICATE_IN_USE`, which names each of them. */
export function certificateInUse({ id, name }: Pick<CertificateRecord, 'id' | 'name'>, dependents: readonly CertificateDependent[]): OnboardingError {
  return new OnboardingError('CERTIFICATE_IN_USE', `The certificate "${name}" is in use: ${dependents.map(describeDependent).join('; ')}.`, {
    details: { certificateId: id, dependents: dependents.map((dependent) => ({ ...dependent })) },
  });
}

function unconfirmed({ id, name }: StoredCertificate): OnboardingError {
  return new OnboardingError('CERTIFICATE_DELETION_UNCONFIRMED', `Deleting the certificate "${name}" deletes its private key for good.`, { details: { certificateId: id } });
}

function disputed(id: string): OnboardingError {
  return new OnboardingError('STATE_CONFLICT', 'Somebody kept working on the certificate while it was being deleted.', { details: { certificateId: id } });
}

function eventOf({ value, removal }: Marked): Pick<AuditEvent, 'id' | 'action' | 'actor' | 'subject' | 'details'> {
  const details = { name: value.name, thumbprintSha256: value.thumbprintSha256 };
  return { id: `certificate.deleted:${value.id}:${removal.id}`, action: 'certificate.deleted', actor: removal.startedBy, subject: value.id, details };
}
