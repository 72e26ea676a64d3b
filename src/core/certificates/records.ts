/**
 * Stored certificates. One authenticated record each; the private key inside is sealed and bound to the record's id and
 * the certificate's thumbprint, so that it opens nowhere else. Names are unique without regard to case and survive a
 * crash between the two writes: a name is claimed for minutes, the record written, the claim made permanent. Without a
 * master key nothing is written. Layout: docs/storage-schema.md.
 */
import * as z from 'zod/v4';
import { hasCode, OnboardingError } from '../errors';
import type { Secret } from '../internal/secret';
import type { Ports } from '../ports';
import { claimRecord, deleteRecord, findRecord, listRecords, replaceRecord, updateRecord, type RecordKind } from '../records';
import { generateCertificate, type CertificateRequest } from './generate';
import { certificateRecordSchema, storedCertificateSchema, type CertificateRecord, type CertificateUse, type CredentialCertificate, type StoredCertificate } from './model';

const MAX_NAME_LENGTH = 80;
const MAX_DESCRIPTION_LENGTH = 400;
const NAME_CLAIM_MS = 10 * 60_000;

const certificateKind: RecordKind<StoredCertificate> = { kind: 'certificates/record', schemaVersion: 1, schema: storedCertificateSchema, authenticated: true };
const nameKind: RecordKind<{ readonly certificateId: string }> = { kind: 'certificates/name', schemaVersion: 1, schema: z.object({ certificateId: z.string() }) };

type RecordsPorts = Pick<Ports, 'store' | 'sealer'>;
type WritePorts = RecordsPorts & Pick<Ports, 'clock' | 'random' | 'audit'>;

export interface NewCertificate extends CertificateRequest {
  /** 1 to 80 characters, unique without regard to case. */
  readonly name: string;
  readonly description?: string | undefined;
}

/**
 * Generate a certificate and store it as `next`. `actor` is an operator id. Raises `MASTER_KEY_MISSING` before anything
 * is written, `CERTIFICATE_INPUT_INVALID`, `CERTIFICATE_NAME_TAKEN` (`details.certificateId`), `AUDIT_UNAVAILABLE`,
 * `STATE_UNAVAILABLE`, `STATE_CONFLICT` when another writer took the name meanwhile.
 */
export async function createCertificate(ports: WritePorts & Pick<Ports, 'keys'>, input: NewCertificate, actor: string): Promise<CertificateRecord> {
  requireMasterKey(ports);
  const naming = readNaming(input);
  await refuseTakenName(ports, naming.name);
  const certificate = await generateCertificate(ports, input);
  return storeCertificate(ports, { ...naming, source: 'generated', certificate }, actor);
}

/** Every stored certificate, by id. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function listCertificates(ports: RecordsPorts): Promise<readonly CertificateRecord[]> {
  const records: CertificateRecord[] = [];
  for await (const { value } of listRecords(ports, certificateKind)) records.push(toRecord(value));
  return records;
}

/** One certificate by id. Raises `CERTIFICATE_NOT_FOUND` and like {@link listCertificates}. */
export async function requireCertificate(ports: RecordsPorts, id: string): Promise<CertificateRecord> {
  return toRecord(await requireStored(ports, id));
}

/** The public certificate's DER. Raises like {@link requireCertificate}. */
export async function readCertificateDer(ports: RecordsPorts, id: string): Promise<Uint8Array> {
  return Buffer.from((await requireStored(ports, id)).certificateDer, 'base64');
}

/**
 * The private key, PKCS#8 PEM, with the thumbprint an assertion needs: what an app signs in with. Raises `SEAL_BROKEN`
 * when the record or the ring was changed, and like {@link requireCertificate}.
 */
export async function openPrivateKey(ports: RecordsPorts, id: string): Promise<{ readonly thumbprintSha256: string; readonly privateKey: Secret }> {
  const { sealedPrivateKey, thumbprintSha256 } = await requireStored(ports, id);
  return { thumbprintSha256, privateKey: ports.sealer.open(sealedPrivateKey, keyBinding(id, thumbprintSha256)) };
}

/**
 * Note that an app registration accepts the certificate; the certificate becomes `active`. Doing it again changes
 * nothing. Raises like {@link requireCertificate}, and `STATE_CONFLICT`.
 */
export async function recordCertificateUse(ports: RecordsPorts, id: string, use: CertificateUse): Promise<CertificateRecord> {
  await requireStored(ports, id);
  const updated = await updateRecord(ports, certificateKind, id, (current): StoredCertificate => {
    if (current === undefined) throw notFound(id);
    const isKnown = current.state === 'active' && current.usedBy.some(({ appId, keyId }) => appId === use.appId && keyId === use.keyId);
    return isKnown ? current : { ...current, state: 'active', usedBy: [...current.usedBy.filter(({ appId }) => appId !== use.appId), use] };
  });
  return toRecord(updated);
}

interface Storable {
  readonly name: string;
  readonly description: string;
  readonly source: StoredCertificate['source'];
  readonly certificate: CredentialCertificate;
}

/**
 * Store a certificate with its key under a new id; audited as intent and outcome, and taken back when the outcome could
 * not be written. Raises like {@link createCertificate}.
 */
export async function storeCertificate(ports: WritePorts, input: Storable, actor: string): Promise<CertificateRecord> {
  requireMasterKey(ports);
  const stored = seal(ports, input, actor);
  const action = `certificate.${input.source}`;
  const event = { action, actor, subject: stored.id, details: { name: stored.name, thumbprintSha256: stored.thumbprintSha256 } };
  const intentId = `${action}:${stored.id}:intent`;
  await ports.audit.append({ ...event, id: intentId, phase: 'intent' });
  const outcome = { ...event, id: `${action}:${stored.id}:outcome`, phase: 'outcome', intentId } as const;
  await write(ports, stored).catch(async (error: unknown) => {
    // Best effort: why nothing was stored matters more to the caller than an audit that is down as well.
    await ports.audit.append({ ...outcome, outcome: hasCode(error, 'CERTIFICATE_NAME_TAKEN') ? 'refused' : 'failed' }).catch(() => undefined);
    throw error;
  });
  await ports.audit.append({ ...outcome, outcome: 'done' }).catch(async (error: unknown) => {
    await withdraw(ports, stored);
    throw error;
  });
  return toRecord(stored);
}

function seal(ports: WritePorts, { name, description, source, certificate }: Storable, actor: string): StoredCertificate {
  const id = ports.random.uuid();
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
    certificateDer: Buffer.from(der).toString('base64'),
    sealedPrivateKey: ports.sealer.seal(privateKey.reveal(), keyBinding(id, facts.thumbprintSha256)),
  };
}

function keyBinding(id: string, thumbprintSha256: string) {
  return { kind: 'certificates/record', id, field: 'privateKey', thumbprint: thumbprintSha256 };
}

async function write(ports: WritePorts, stored: StoredCertificate): Promise<void> {
  const claim = { certificateId: stored.id };
  const key = nameKey(stored.name);
  // The claim decides a race; the list knows the names of writers that died before their claim was permanent.
  if (!(await claimRecord(ports, nameKind, key, claim, ports.clock.now() + NAME_CLAIM_MS))) throw await nameTaken(ports, stored.name);
  await refuseTakenName(ports, stored.name).catch(async (error: unknown) => {
    await deleteRecord(ports, nameKind, key);
    throw error;
  });
  await claimRecord(ports, certificateKind, stored.id, stored);
  const own = await findRecord(ports, nameKind, key);
  const isOurs = own?.value.certificateId === stored.id && (await replaceRecord(ports, nameKind, key, own, claim));
  if (isOurs) return;
  await deleteRecord(ports, certificateKind, stored.id);
  throw new OnboardingError('STATE_CONFLICT', 'Another writer took the certificate\'s name meanwhile.');
}

async function withdraw(ports: RecordsPorts, stored: StoredCertificate): Promise<void> {
  await deleteRecord(ports, certificateKind, stored.id);
  await deleteRecord(ports, nameKind, nameKey(stored.name));
}

async function requireStored(ports: RecordsPorts, id: string): Promise<StoredCertificate> {
  const stored = await findRecord(ports, certificateKind, id);
  if (stored === undefined) throw notFound(id);
  return stored.value;
}

function notFound(id: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_NOT_FOUND', `There is no certificate "${id.slice(0, 64)}".`);
}

function toRecord(stored: StoredCertificate): CertificateRecord {
  return certificateRecordSchema.parse(stored);
}

function requireMasterKey(ports: Pick<Ports, 'sealer'>): void {
  if (!ports.sealer.ready) throw new OnboardingError('MASTER_KEY_MISSING', 'A private key is stored only sealed, and no master key is configured.');
}

function readNaming(input: NewCertificate): { name: string; description: string } {
  const name = input.name.trim().normalize('NFC');
  const description = (input.description ?? '').trim();
  if (name === '' || name.length > MAX_NAME_LENGTH || !name.isWellFormed() || /\p{Cc}/u.test(name)) throw refused('name', 'A certificate\'s name has 1 to 80 characters and no control characters.');
  if (description.length > MAX_DESCRIPTION_LENGTH) throw refused('description', 'A description has at most 400 characters.');
  return { name, description };
}

function refused(parameter: string, message: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_INPUT_INVALID', message, { details: { parameter } });
}

function nameKey(name: string): string {
  return encodeURIComponent(foldName(name));
}

function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

async function refuseTakenName(ports: RecordsPorts, name: string): Promise<void> {
  for (const record of await listCertificates(ports)) {
    if (foldName(record.name) === foldName(name)) throw takenBy(record.id);
  }
}

async function nameTaken(ports: RecordsPorts, name: string): Promise<OnboardingError> {
  return takenBy((await findRecord(ports, nameKind, nameKey(name)))?.value.certificateId);
}

function takenBy(certificateId: string | undefined): OnboardingError {
  return new OnboardingError('CERTIFICATE_NAME_TAKEN', 'Another certificate has this name.', { details: certificateId === undefined ? {} : { certificateId } });
}
