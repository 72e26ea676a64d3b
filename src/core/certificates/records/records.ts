/**
 * Stored certificates, as they are read and used. One authenticated record each; the private key inside is sealed and bound to
 * the record's id and the certificate's thumbprint, so that it opens nowhere else. How one comes into the store:
 * `store-certificate.ts`. Layout: docs/storage-schema.md.
 */
import { OnboardingError } from '../../errors';
import type { Secret } from '../../internal/secret';
import type { Ports } from '../../ports';
import { changeRecord, findRecord, listRecords, type RecordKind } from '../../records';
import { certificateRecordSchema, storedCertificateSchema, type CertificateRecord, type CertificateUse, type StoredCertificate } from '../model';

export const certificateKind: RecordKind<StoredCertificate> = { kind: 'certificates/record', schemaVersion: 1, schema: storedCertificateSchema, authenticated: true };

export type CertificatePorts = Pick<Ports, 'store' | 'sealer'>;

/** Every stored certificate, by id. Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. */
export async function listCertificates(ports: CertificatePorts): Promise<readonly CertificateRecord[]> {
  const records: CertificateRecord[] = [];
  for await (const { value } of listRecords(ports, certificateKind)) if (value.removal === undefined) records.push(toRecord(value));
  return records;
}

/** One certificate by id, undefined when there is none. Raises like {@link listCertificates}. */
export async function findCertificate(ports: CertificatePorts, id: string): Promise<CertificateRecord | undefined> {
  const stored = await findStored(ports, id);
  return stored === undefined ? undefined : toRecord(stored);
}

/** One certificate by id. Raises `CERTIFICATE_NOT_FOUND` and like {@link listCertificates}. */
export async function requireCertificate(ports: CertificatePorts, id: string): Promise<CertificateRecord> {
  return toRecord(await requireStored(ports, id));
}

/** The public certificate's DER. Raises like {@link requireCertificate}. */
export async function readCertificateDer(ports: CertificatePorts, id: string): Promise<Uint8Array> {
  return Buffer.from((await requireStored(ports, id)).certificateDer, 'base64');
}

/**
 * The private key, PKCS#8 PEM, with the thumbprint an assertion needs: what an app signs in with. Raises `SEAL_BROKEN`
 * when the record or the ring was changed, and like {@link requireCertificate}.
 */
export async function openPrivateKey(ports: CertificatePorts, id: string): Promise<{ readonly thumbprintSha256: string; readonly privateKey: Secret }> {
  return openKeyOf(ports, await requireStored(ports, id));
}

/** The same of a record that was read already. Raises `SEAL_BROKEN`. */
export function openKeyOf({ sealer }: Pick<CertificatePorts, 'sealer'>, { id, thumbprintSha256, sealedPrivateKey }: StoredCertificate): { readonly thumbprintSha256: string; readonly privateKey: Secret } {
  return { thumbprintSha256, privateKey: sealer.open(sealedPrivateKey, keyBinding(id, thumbprintSha256)) };
}

/**
 * Note that an app registration accepts the certificate; the certificate becomes `active`. Doing it again changes
 * nothing. Raises like {@link requireCertificate}, and `STATE_CONFLICT`.
 */
export async function recordCertificateUse(ports: CertificatePorts, id: string, use: CertificateUse): Promise<CertificateRecord> {
  return changeCertificate(ports, id, (current) => {
    const isKnown = current.state === 'active' && current.usedBy.some(({ appId, keyId }) => appId === use.appId && keyId === use.keyId);
    return isKnown ? current : { ...current, state: 'active', usedBy: [...current.usedBy.filter(({ appId }) => appId !== use.appId), use] };
  });
}

/** Undefined when there is none, or it is being deleted. Raises like {@link listCertificates}. */
export async function findStored(ports: CertificatePorts, id: string): Promise<StoredCertificate | undefined> {
  const stored = await findRecord(ports, certificateKind, id);
  return stored?.value.removal === undefined ? stored?.value : undefined;
}

/** Read, change, swap, as `changeRecord` does it. Raises like {@link requireCertificate}, and `STATE_CONFLICT`. */
export async function changeCertificate(ports: CertificatePorts, id: string, change: (current: StoredCertificate) => StoredCertificate): Promise<CertificateRecord> {
  const changed = await changeRecord(ports, certificateKind, id, (current) => {
    if (current.removal !== undefined) throw notFound(id);
    return change(current);
  });
  if (changed === undefined) throw notFound(id);
  return toRecord(changed);
}

export function toRecord(stored: StoredCertificate): CertificateRecord {
  return certificateRecordSchema.parse(stored);
}

/** What the sealed private key is bound to. */
export function keyBinding(id: string, thumbprintSha256: string) {
  return { kind: 'certificates/record', id, field: 'privateKey', thumbprint: thumbprintSha256 };
}

export function notFound(id: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_NOT_FOUND', `There is no certificate "${id.slice(0, 64)}".`);
}

async function requireStored(ports: CertificatePorts, id: string): Promise<StoredCertificate> {
  const stored = await findStored(ports, id);
  if (stored === undefined) throw notFound(id);
  return stored;
}
