/**
 * Brings a certificate with its key into the store. Without a master key nothing is written. Its name and thumbprint are
 * claimed, the record is written, the claims are made permanent; each effect is audited as intent and outcome. With an id
 * of the caller's choice the same call may be made again after any crash, or by two at once: one certificate comes of it.
 */
import { hasCode, OnboardingError } from '../../errors';
import type { AuditEvent, Ports } from '../../ports';
import { claimRecord, deleteRecord } from '../../records';
import { claimAll, type ClaimPorts, freeAll, keepAll, nameOf, refuseTaken, thumbprintOf } from './claims';
import { generateCertificate, type CertificateRequest } from '../generate';
import type { CertificateRecord, CredentialCertificate, StoredCertificate } from '../model';
import { type CertificateNaming, readNaming, refused } from './naming';
import { certificateKind, findStored, keyBinding, toRecord } from './records';

type WritePorts = ClaimPorts & Pick<Ports, 'random' | 'audit'>;

/** Of a certificate that somebody counts on before it exists. */
export interface FixedIdentity {
  /** Makes the call repeatable: a certificate that is stored under it already is the answer. Up to 64 letters, digits, hyphens. Default: a new GUID. */
  readonly id?: string | undefined;
  /** First certificate of the line this one continues. */
  readonly lineId?: string | undefined;
}

export interface NewCertificate extends CertificateRequest, CertificateNaming {}

export interface StorableCertificate extends CertificateNaming, FixedIdentity {
  readonly source: StoredCertificate['source'];
  readonly certificate: CredentialCertificate;
}

/**
 * Generate a certificate and store it as `next`. `actor` is an operator id. Raises `MASTER_KEY_MISSING` before anything
 * is written, `CERTIFICATE_INPUT_INVALID`, `CERTIFICATE_NAME_TAKEN` (`details.certificateId`), `AUDIT_UNAVAILABLE`,
 * `STATE_UNAVAILABLE`, `STATE_CONFLICT` when another writer took the name meanwhile.
 */
export async function createCertificate(ports: WritePorts & Pick<Ports, 'keys'>, input: NewCertificate & FixedIdentity, actor: string): Promise<CertificateRecord> {
  requireMasterKey(ports);
  const naming = readNaming(input);
  const present = await findOwn(ports, input.id);
  if (present !== undefined) return adopt(ports, present, actor);
  await refuseTaken(ports, { name: naming.name });
  const certificate = await generateCertificate(ports, input);
  return storeCertificate(ports, { ...naming, id: input.id, lineId: input.lineId, source: 'generated', certificate }, actor);
}

/**
 * Store a certificate of somebody else's making, as {@link createCertificate} stores its own. `input` names it. Raises
 * `CERTIFICATE_EXISTS` (`details.certificateId`) and like {@link createCertificate}.
 */
export async function importCertificate(ports: WritePorts, input: CertificateNaming, certificate: CredentialCertificate, actor: string): Promise<CertificateRecord> {
  requireMasterKey(ports);
  const { name, description } = readNaming(input);
  await refuseTaken(ports, { name, thumbprintSha256: certificate.thumbprintSha256 });
  return storeCertificate(ports, { name, description, source: 'imported', certificate }, actor);
}

/**
 * Store a certificate with its key; audited as intent and outcome. Under a new id it is taken back when the outcome could
 * not be written; under a given one it stays, for the caller to come again. Raises like {@link importCertificate}.
 */
export async function storeCertificate(ports: WritePorts, input: StorableCertificate, actor: string): Promise<CertificateRecord> {
  requireMasterKey(ports);
  const naming = readNaming(input);
  const present = await findOwn(ports, input.id);
  if (present !== undefined) return adopt(ports, present, actor);
  const stored = seal(ports, { ...input, ...naming }, actor);
  await ports.audit.append(intentOf(stored, actor));
  const isNew = await write(ports, stored).catch(async (error: unknown) => {
    // Best effort: why nothing was stored matters more to the caller than an audit that is down as well.
    await ports.audit.append(outcomeOf(stored, actor, hasCode(error, 'CERTIFICATE_NAME_TAKEN', 'CERTIFICATE_EXISTS') ? 'refused' : 'failed')).catch(() => undefined);
    throw error;
  });
  if (!isNew) return adopt(ports, await requireTwin(ports, stored.id), actor);
  await ports.audit.append(outcomeOf(stored, actor, 'done')).catch(async (error: unknown) => {
    if (input.id === undefined) await withdraw(ports, stored);
    throw error;
  });
  return toRecord(stored);
}

async function findOwn(ports: WritePorts, id: string | undefined): Promise<StoredCertificate | undefined> {
  if (id === undefined) return undefined;
  if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) throw refused('id', 'A certificate\'s id has 1 to 64 letters, digits and hyphens.');
  return findStored(ports, id);
}

/** The id is taken, and what has it may be on its way out. */
async function requireTwin(ports: WritePorts, id: string): Promise<StoredCertificate> {
  const twin = await findStored(ports, id);
  if (twin === undefined) throw new OnboardingError('STATE_CONFLICT', 'The certificate of this id is being deleted.', { details: { certificateId: id } });
  return twin;
}

/** What a caller of the same id wrote, who may have died before its claims were permanent and its outcome audited. */
async function adopt(ports: WritePorts, present: StoredCertificate, actor: string): Promise<CertificateRecord> {
  await keepAll(ports, distinctionsOf(present), present.id);
  await ports.audit.append(outcomeOf(present, actor, 'done'));
  return toRecord(present);
}

/** The claims decide a race; the list knows what writers stored that died before their claims were permanent. False: a twin was faster. */
async function write(ports: WritePorts, stored: StoredCertificate): Promise<boolean> {
  const held = distinctionsOf(stored);
  await claimAll(ports, held, stored.id);
  await refuseTaken(ports, stored, stored.id).catch(async (error: unknown) => {
    await freeAll(ports, held, stored.id);
    throw error;
  });
  if (!(await claimRecord(ports, certificateKind, stored.id, stored))) {
    await freeOwnThumbprint(ports, stored);
    return false;
  }
  if (await keepAll(ports, held, stored.id)) return true;
  await withdraw(ports, stored);
  throw new OnboardingError('STATE_CONFLICT', 'Another writer took the certificate\'s name meanwhile.');
}

/** A twin made another key under the same id, and its certificate is the one that counts. */
async function freeOwnThumbprint(ports: WritePorts, stored: StoredCertificate): Promise<void> {
  const winner = await findStored(ports, stored.id);
  if (winner?.thumbprintSha256 !== stored.thumbprintSha256) await freeAll(ports, [thumbprintOf(stored)], stored.id);
}

async function withdraw(ports: WritePorts, stored: StoredCertificate): Promise<void> {
  await deleteRecord(ports, certificateKind, stored.id);
  await freeAll(ports, distinctionsOf(stored), stored.id);
}

function distinctionsOf(stored: StoredCertificate) {
  return [nameOf(stored), thumbprintOf(stored)];
}

function seal(ports: WritePorts, input: StorableCertificate & { readonly description: string }, actor: string): StoredCertificate {
  const { name, description, source, lineId, certificate } = input;
  const id = input.id ?? ports.random.uuid();
  const { der, pem: _pem, privateKey, ...facts } = certificate;
  return {
    ...facts,
    id,
    name,
    description,
    source,
    state: 'next',
    usedBy: [],
    createdAt: ports.clock.now(),
    createdBy: actor,
    ...(lineId === undefined ? {} : { lineId }),
    certificateDer: Buffer.from(der).toString('base64'),
    sealedPrivateKey: ports.sealer.seal(privateKey.reveal(), keyBinding(id, facts.thumbprintSha256)),
  };
}

function intentOf({ id, source, name, thumbprintSha256 }: StoredCertificate, actor: string): AuditEvent {
  const action = `certificate.${source}`;
  return { action, actor, subject: id, details: { name, thumbprintSha256 }, id: `${action}:${id}:intent`, phase: 'intent' };
}

/** A failure has an id of its own: the sink keeps the first entry of an id, and the next call may succeed. */
function outcomeOf(stored: StoredCertificate, actor: string, outcome: 'done' | 'refused' | 'failed'): AuditEvent {
  const { id: intentId, ...event } = intentOf(stored, actor);
  const id = `${event.action}:${stored.id}:${outcome === 'done' ? 'outcome' : outcome}`;
  return { ...event, id, phase: 'outcome', intentId, outcome };
}

function requireMasterKey(ports: Pick<Ports, 'sealer'>): void {
  if (!ports.sealer.ready) throw new OnboardingError('MASTER_KEY_MISSING', 'A private key is stored only sealed, and no master key is configured.');
}
