/**
 * A stored certificate as a file: the public part for the upload to Entra ID as it is, the private key only protected by a
 * password and only when the audit took both the intent and the outcome. The bytes are not handed out before that.
 */
import { createPrivateKey } from 'node:crypto';
import { OnboardingError } from '../../errors';
import type { Secret } from '../../internal/secret';
import type { AuditEvent, Ports } from '../../ports';
import { toPem } from '../facts';
import type { CertificateRecord } from '../model';
import { encryptPkcs8, PFX_PROFILES, type PfxProfile, requireExportPassword, writePfx } from '../pfx/write';
import { openPrivateKey, readCertificateDer, requireCertificate } from '../records/records';
import { noteExport } from '../rotation/signers';

export const EXPORT_FORMATS = ['pfx', 'pem', 'cer'] as const;
/** `pfx` always with the private key; `pem` with it when a password is given; `cer` is the certificate's DER. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  readonly format: ExportFormat;
  /** Protects the private key; 1 to 256 characters. */
  readonly password?: Secret | undefined;
  /** Default `modern`; `legacy` is for Windows Server 2016 and before. Of `pfx` only. */
  readonly profile?: PfxProfile | undefined;
  /** Of `pfx` only: for programs on Windows that cannot use keys of CNG, such as Exchange Online PowerShell. */
  readonly csp?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ExportedFile {
  readonly record: CertificateRecord;
  /** From the certificate's name, without characters that a file name must not have. */
  readonly fileName: string;
  readonly mimeType: string;
  readonly includesPrivateKey: boolean;
  readonly bytes: Uint8Array;
}

type ExportPorts = Pick<Ports, 'store' | 'sealer' | 'clock' | 'random' | 'audit' | 'keyDeriver'>;

const MIME_TYPES: Readonly<Record<ExportFormat, string>> = { pfx: 'application/x-pkcs12', pem: 'application/x-pem-file', cer: 'application/pkix-cert' };

/**
 * One file. `actor` is an operator id. Raises `CERTIFICATE_NOT_FOUND`, `CERTIFICATE_INPUT_INVALID` (`details.parameter`),
 * `AUDIT_UNAVAILABLE` with nothing handed out, `SEAL_BROKEN`, `MASTER_KEY_MISSING`, `PFX_TOO_SLOW`, `STATE_UNAVAILABLE`.
 */
export async function exportCertificate(ports: ExportPorts, certificateId: string, request: ExportRequest, actor: string): Promise<ExportedFile> {
  requireKnown(request);
  const record = await requireCertificate(ports, certificateId);
  const der = await readCertificateDer(ports, certificateId);
  const file = { record, fileName: fileNameOf(record.name, request.format), mimeType: MIME_TYPES[request.format] };
  const isPublic = request.format === 'cer' || (request.format === 'pem' && request.password === undefined);
  if (isPublic) return { ...file, includesPrivateKey: false, bytes: request.format === 'cer' ? der : Buffer.from(toPem(der)) };
  const password = requireExportPassword(request.password);
  const bytes = await audited(ports, { record, format: request.format, actor }, async () => {
    const made = await writePrivate(ports, record, der, { ...request, password });
    // Whoever has the file can sign; a file that was never made belongs to nobody.
    await noteExport(ports, { certificateId, label: `${request.format.toUpperCase()} of "${record.name}"`, thumbprintSha256: record.thumbprintSha256 });
    return made;
  });
  return { ...file, includesPrivateKey: true, bytes };
}

function requireKnown({ format, profile = 'modern' }: ExportRequest): void {
  if (!EXPORT_FORMATS.includes(format)) throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'A certificate is exported as pfx, pem or cer.', { details: { parameter: 'format' } });
  if (!PFX_PROFILES.includes(profile)) throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'The profile of a PFX is modern or legacy.', { details: { parameter: 'profile' } });
}

async function writePrivate(ports: ExportPorts, record: CertificateRecord, der: Uint8Array, request: ExportRequest & { readonly password: Secret }): Promise<Uint8Array> {
  const { privateKey } = await openPrivateKey(ports, record.id);
  const pkcs8 = createPrivateKey(privateKey.reveal()).export({ type: 'pkcs8', format: 'der' });
  const protection = { pkcs8, password: request.password, profile: request.profile, signal: request.signal };
  if (request.format === 'pfx') return writePfx(ports, { ...protection, certificates: [der], friendlyName: record.name, csp: request.csp });
  return Buffer.from(`${toPem(await encryptPkcs8(ports, protection), 'ENCRYPTED PRIVATE KEY')}${toPem(der)}`);
}

interface Export {
  readonly record: CertificateRecord;
  readonly format: ExportFormat;
  readonly actor: string;
}

async function audited<T>(ports: Pick<Ports, 'audit' | 'random'>, { record, format, actor }: Export, work: () => Promise<T>): Promise<T> {
  const id = `certificate.exported:${record.id}:${ports.random.uuid()}`;
  const event = { action: 'certificate.exported', actor, subject: record.id, details: { name: record.name, thumbprintSha256: record.thumbprintSha256, format } };
  const intentId = `${id}:intent`;
  await ports.audit.append({ ...event, id: intentId, phase: 'intent' });
  const outcome: AuditEvent = { ...event, id: `${id}:outcome`, phase: 'outcome', intentId };
  const result = await work().catch(async (error: unknown) => {
    // Best effort: why nothing was exported matters more to the caller than an audit that is down as well.
    await ports.audit.append({ ...outcome, outcome: 'failed' }).catch(() => undefined);
    throw error;
  });
  await ports.audit.append({ ...outcome, outcome: 'done' });
  return result;
}

function fileNameOf(name: string, format: ExportFormat): string {
  const safe = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replaceAll(/^[.-]+|[.-]+$/g, '');
  return `${safe === '' ? 'certificate' : safe}.${format}`;
}
