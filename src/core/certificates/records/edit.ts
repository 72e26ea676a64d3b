/**
 * Changes what a person calls a stored certificate: its name and its description, nothing else. A new name is claimed before
 * the record says it, and the old one freed after, so that a kill in between costs neither. What is the same already is not
 * written again.
 */
import { OnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import { claimAll, type ClaimPorts, freeAll, keepAll, nameOf, refuseTaken } from './claims';
import type { CertificateRecord, StoredCertificate } from '../model';
import { foldName, readNaming } from './naming';
import { changeCertificate, requireCertificate } from './records';

export interface CertificateEdit {
  /** Absent: stays. 1 to 80 characters, unique without regard to case. */
  readonly name?: string | undefined;
  /** Absent: stays. Empty: none. */
  readonly description?: string | undefined;
}

type Naming = Partial<Pick<StoredCertificate, 'name' | 'description'>>;
type EditPorts = ClaimPorts & Pick<Ports, 'random' | 'audit'>;

/**
 * Audited as intent and outcome. `actor` is an operator id. Raises `CERTIFICATE_NOT_FOUND`, `CERTIFICATE_INPUT_INVALID`,
 * `CERTIFICATE_NAME_TAKEN` (`details.certificateId`), `AUDIT_UNAVAILABLE`, `STATE_UNAVAILABLE`, `STATE_CONFLICT` when another
 * writer took the name meanwhile.
 */
export async function editCertificate(ports: EditPorts, id: string, edit: CertificateEdit, actor: string): Promise<CertificateRecord> {
  const before = await requireCertificate(ports, id);
  const naming = readEdit(before, edit);
  if (isSame(before, naming)) return before;
  const action = 'certificate.edited';
  const base = `${action}:${id}:${ports.random.uuid()}`;
  const details = { from: { name: before.name, description: before.description }, to: { name: before.name, description: before.description, ...naming } };
  const event = { action, actor, subject: id, details };
  const outcome = { ...event, id: `${base}:outcome`, phase: 'outcome', intentId: `${base}:intent` } as const;
  await ports.audit.append({ ...event, id: `${base}:intent`, phase: 'intent' });
  const edited = await apply(ports, before, naming).catch(async (error: unknown) => {
    // Best effort: why nothing was changed matters more to the caller than an audit that is down as well.
    await ports.audit.append({ ...outcome, outcome: error instanceof OnboardingError && error.code === 'CERTIFICATE_NAME_TAKEN' ? 'refused' : 'failed' }).catch(() => undefined);
    throw error;
  });
  await ports.audit.append({ ...outcome, outcome: 'done' });
  return edited;
}

function readEdit(before: CertificateRecord, { name, description }: CertificateEdit): Naming {
  const read = readNaming({ name: name ?? before.name, description: description ?? before.description });
  return { ...(name === undefined ? {} : { name: read.name }), ...(description === undefined ? {} : { description: read.description }) };
}

function isSame(current: Naming, { name = current.name, description = current.description }: Naming): boolean {
  return name === current.name && description === current.description;
}

async function apply(ports: EditPorts, { id, name: present }: CertificateRecord, naming: Naming): Promise<CertificateRecord> {
  const { name } = naming;
  if (name === undefined || foldName(name) === foldName(present)) return (await write(ports, id, naming)).record;
  const wanted = [nameOf({ name })];
  await claimAll(ports, wanted, id);
  const { record, replaced } = await refuseTaken(ports, { name }, id)
    .then(async () => write(ports, id, naming))
    .catch(async (error: unknown) => {
      await freeAll(ports, wanted, id);
      throw error;
    });
  if (!(await keepAll(ports, wanted, id))) {
    await takeBack(ports, id, naming, replaced);
    throw new OnboardingError('STATE_CONFLICT', 'Another writer took the certificate\'s name meanwhile.');
  }
  if (foldName(replaced.name) !== foldName(name)) await freeAll(ports, [nameOf(replaced)], id);
  return record;
}

interface Written {
  readonly record: CertificateRecord;
  /** What the record said right before. */
  readonly replaced: Pick<StoredCertificate, 'name' | 'description'>;
}

async function write(ports: EditPorts, id: string, naming: Naming): Promise<Written> {
  let replaced = { name: '', description: '' };
  const record = await changeCertificate(ports, id, (current) => {
    replaced = { name: current.name, description: current.description };
    return isSame(current, naming) ? current : { ...current, ...naming };
  });
  return { record, replaced };
}

/** Only what is still as it was written: a later edit stands. */
async function takeBack(ports: EditPorts, id: string, naming: Naming, replaced: Written['replaced']): Promise<void> {
  await changeCertificate(ports, id, (current) => (isSame(current, naming) ? { ...current, ...replaced } : current));
}
