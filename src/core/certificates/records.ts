/**
 * Stored certificates. One authenticated record each; the private key inside is sealed and bound to the record's id and
 * the certificate's thumbprint, so that it opens nowhere else. Names, without regard to case, and thumbprints are unique and
 * survive a crash between the writes: they are claimed for minutes, the record is written, the claims made permanent.
 * Without a master key nothing is written. Layout: docs/storage-schema.md.
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
const CLAIM_MS = 10 * 60_000;

const certificateKind: RecordKind<StoredCertificate> = { kind: 'certificates/record', schemaVersion: 1, schema: storedCertificateSchema, authenticated: true };
const claimSchema = z.object({ certificateId: z.string() });
const nameKind: RecordKind<Claim> = { kind: 'certificates/name', schemaVersion: 1, schema: claimSchema };
const thumbprintKind: RecordKind<Claim> = { kind: 'certificates/thumbprint', schemaVersion: 1, schema: claimSchema };

type Claim = Readonly<z.infer<typeof claimSchema>>;

type RecordsPorts = Pick<Ports, 'store' | 'sealer'>;
type WritePorts = RecordsPorts & Pick<Ports, 'clock' | 'random' | 'audit'>;

export interface CertificateNaming {
  /** 1 to 80 characters, unique without regard to case. */
  readonly name: string;
  readonly description?: string | undefined;
}

export interface NewCertificate extends CertificateRequest, CertificateNaming {}

/**
 * Generate a certificate and store it as `next`. `actor` is an operator id. Raises `MASTER_KEY_MISSING` before anything
 * is written, `CERTIFICATE_INPUT_INVALID`, `CERTIFICATE_NAME_TAKEN` (`details.certificateId`), `AUDIT_UNAVAILABLE`,
 * `STATE_UNAVAILABLE`, `STATE_CONFLICT` when another writer took the name meanwhile.
 */
export async function createCertificate(ports: WritePorts & Pick<Ports, 'keys'>, input: NewCertificate, actor: string): Promise<CertificateRecord> {
  requireMasterKey(ports);
  const naming = readNaming(input);
  await refuseTaken(ports, { name: naming.name });
  const certificate = await generateCertificate(ports, input);
  return storeCertificate(ports, { ...naming, source: 'generated', certificate }, actor);
}

/**
 * Store a certificate of somebody else's making, as {@link createCertificate} stores its own. `input` names it. Raises
 * `CERTIFICATE_EXISTS` (`details.certificateId`) and like {@link createCertificate}.
 */
export async function importCertificate(ports: WritePorts, input: CertificateNaming, certificate: CredentialCertificate, actor: string): Promise<CertificateRecord> {
  requireMasterKey(ports);
  const naming = readNaming(input);
  await refuseTaken(ports, { name: naming.name, thumbprintSha256: certificate.thumbprintSha256 });
  return storeCertificate(ports, { ...naming, source: 'imported', certificate }, actor);
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
    await ports.audit.append({ ...outcome, outcome: hasCode(error, 'CERTIFICATE_NAME_TAKEN', 'CERTIFICATE_EXISTS') ? 'refused' : 'failed' }).catch(() => undefined);
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

/** The claims decide a race; the list knows what writers stored that died before their claims were permanent. */
async function write(ports: WritePorts, stored: StoredCertificate): Promise<void> {
  const claim = { certificateId: stored.id };
  const held = await claimAll(ports, stored, claim);
  await refuseTaken(ports, stored).catch(async (error: unknown) => {
    await freeAll(ports, held, stored.id);
    throw error;
  });
  await claimRecord(ports, certificateKind, stored.id, stored);
  for (const { kind, key } of held) {
    const own = await findRecord(ports, kind, key);
    const isOurs = own?.value.certificateId === stored.id && (await replaceRecord(ports, kind, key, own, claim));
    if (isOurs) continue;
    await withdraw(ports, stored);
    throw new OnboardingError('STATE_CONFLICT', 'Another writer took the certificate\'s name meanwhile.');
  }
}

interface Held {
  readonly kind: RecordKind<Claim>;
  readonly key: string;
  readonly taken: (certificateId: string | undefined) => OnboardingError;
}

function claimsOf({ name, thumbprintSha256 }: Pick<StoredCertificate, 'name' | 'thumbprintSha256'>): readonly Held[] {
  return [
    { kind: nameKind, key: encodeURIComponent(foldName(name)), taken: nameTakenBy },
    { kind: thumbprintKind, key: thumbprintSha256, taken: storedAs },
  ];
}

async function claimAll(ports: WritePorts, stored: StoredCertificate, claim: Claim): Promise<readonly Held[]> {
  const held: Held[] = [];
  for (const wanted of claimsOf(stored)) {
    if (!(await claimRecord(ports, wanted.kind, wanted.key, claim, ports.clock.now() + CLAIM_MS))) {
      const other = await findRecord(ports, wanted.kind, wanted.key);
      await freeAll(ports, held, stored.id);
      throw wanted.taken(other?.value.certificateId);
    }
    held.push(wanted);
  }
  return held;
}

/** What meanwhile is somebody else's stays. */
async function freeAll(ports: RecordsPorts, held: readonly Held[], certificateId: string): Promise<void> {
  for (const { kind, key } of held) {
    const claim = await findRecord(ports, kind, key);
    if (claim?.value.certificateId === certificateId) await deleteRecord(ports, kind, key);
  }
}

async function withdraw(ports: RecordsPorts, stored: StoredCertificate): Promise<void> {
  await deleteRecord(ports, certificateKind, stored.id);
  await freeAll(ports, claimsOf(stored), stored.id);
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

function readNaming(input: CertificateNaming): { name: string; description: string } {
  const name = input.name.trim().normalize('NFC');
  const description = (input.description ?? '').trim();
  if (name === '' || name.length > MAX_NAME_LENGTH || !name.isWellFormed() || /\p{Cc}/u.test(name)) throw refused('name', 'A certificate\'s name has 1 to 80 characters and no control characters.');
  if (description.length > MAX_DESCRIPTION_LENGTH) throw refused('description', 'A description has at most 400 characters.');
  return { name, description };
}

function refused(parameter: string, message: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_INPUT_INVALID', message, { details: { parameter } });
}

function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

async function refuseTaken(ports: RecordsPorts, wanted: { readonly name: string; readonly thumbprintSha256?: string }): Promise<void> {
  const records = await listCertificates(ports);
  const same = records.find(({ thumbprintSha256 }) => thumbprintSha256 === wanted.thumbprintSha256);
  const namesake = records.find(({ name }) => foldName(name) === foldName(wanted.name));
  if (same !== undefined) throw storedAs(same.id);
  if (namesake !== undefined) throw nameTakenBy(namesake.id);
}

function nameTakenBy(certificateId: string | undefined): OnboardingError {
  return new OnboardingError('CERTIFICATE_NAME_TAKEN', 'Another certificate has this name.', { details: certificateId === undefined ? {} : { certificateId } });
}

function storedAs(certificateId: string | undefined): OnboardingError {
  return new OnboardingError('CERTIFICATE_EXISTS', `This certificate is stored already${certificateId === undefined ? '' : ` as ${certificateId}`}.`, { details: certificateId === undefined ? {} : { certificateId } });
}
