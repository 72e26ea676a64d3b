/**
 * The credential certificates of the partner's apps, as the command line and the nodes need them: generate, import, export,
 * list, show, and register on an app in the home tenant with proof that the token endpoint accepts it. Bootstrap only: routine
 * rotation of a registered certificate has a path of its own that never rewrites the whole collection.
 */
import { exportCertificate, type ExportedFile, type ExportRequest } from '../../certificates/files/export';
import type { HeartbeatView } from '../../certificates/renewal/heartbeat';
import { openKeyFile } from '../../certificates/files/key-file';
import { chooseLifetimeDays, readLifetimeLimit } from '../../certificates/lifetime-policy';
import type { PfxPassword } from '../../certificates/pfx/passwords';
import type { FileProblem } from '../../certificates/pfx/problems';
import type { CertificateNaming } from '../../certificates/records/naming';
import { listCertificates, readCertificateDer, recordCertificateUse, requireCertificate } from '../../certificates/records/records';
import { createCertificate, importCertificate, type NewCertificate } from '../../certificates/records/store-certificate';
import { proveCertificate } from '../../certificates/keys/prove';
import { registerCertificate } from '../../certificates/keys/register';
import { withThumbprints } from '../../certificates/records/thumbprints';
import { requireApp } from '../../consent/apps/apps';
import { OnboardingError } from '../../errors';
import type { Secret } from '../../internal/secret';
import { type CertificateRecords, type CertificateRecordsOptions, type CertificateView, createCertificateRecords } from './certificate-records';
import { type CertificateCheck, checkCertificates, checkHeartbeat, type CheckOptions, type CheckRequest, watchHeartbeat } from './check-certificates';
import { type OnboardingContext, requireOperator } from '../context';
import { keepWatch } from './keep-watch';
import { createRotations, type Rotations, type RotationsOptions } from './rotations';

/** As stored; the subject's common name defaults to the name. */
export type CertificateRequest = Omit<NewCertificate, 'subject'> & { readonly subject?: string | undefined };

export interface ImportRequest extends CertificateNaming {
  /** PFX, PEM or DER; at most 1 MiB. */
  readonly bytes: Uint8Array;
  /** Undefined: none was given. Null: the null password. */
  readonly password?: PfxPassword | undefined;
  /** The password once more, as a person typed it; when given, it must be the same. */
  readonly repeatedPassword?: Secret | undefined;
  /** Of a file with several certificates the one that is meant: its thumbprint in any spelling. */
  readonly select?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type GeneratedCertificate = CertificateView & {
  /** What the home tenant's policy says about lifetimes. */
  readonly lifetimeLimit: 'none' | 'unreadable' | { readonly maxDays: number };
};

export interface ImportedCertificate {
  readonly record: CertificateView;
  /** What is odd about the file and did not stop the import. */
  readonly warnings: readonly FileProblem[];
}

export interface RegisteredCredential {
  readonly appKey: string;
  readonly appId: string;
  readonly keyId: string;
  /** Nothing was written: the registration had it already. */
  readonly alreadyRegistered: boolean;
  /** When the token endpoint accepted it. */
  readonly acceptedAt: number;
}

export interface Credentials extends CertificateRecords, Rotations {
  /**
   * A new certificate, for 365 days or as long as the home tenant's policy allows, whichever is shorter. Least Graph permission
   * (application): Policy.Read.All, to know the policy; without it, or without an app that can sign in, `lifetimeLimit` says
   * `unreadable`. Raises `OPERATOR_NOT_ALLOWED`, `MASTER_KEY_MISSING`, `CERTIFICATE_INPUT_INVALID`, `CERTIFICATE_NAME_TAKEN`,
   * `CERTIFICATE_POLICY_LIFETIME` (`details.maxDays`), `AUDIT_UNAVAILABLE`.
   */
  generate(request: CertificateRequest, operatorId: string, signal?: AbortSignal): Promise<GeneratedCertificate>;
  /**
   * Store the one certificate with its private key that a file holds. Raises `OPERATOR_NOT_ALLOWED`, `MASTER_KEY_MISSING`,
   * `CERTIFICATE_INPUT_INVALID` (`details.parameter`), `CERTIFICATE_FILE_UNUSABLE` (`details.problems`; `details.choices` when the
   * file holds several certificates and none is selected), `CERTIFICATE_EXISTS` and `CERTIFICATE_NAME_TAKEN`
   * (`details.certificateId`), `PEM_MALFORMED`, `NOT_A_PFX`, a code of the `PFX_` family, `AUDIT_UNAVAILABLE`.
   */
  importFile(request: ImportRequest, operatorId: string): Promise<ImportedCertificate>;
  /**
   * A file of a stored certificate; a private key only under a password, audited, and not at all when the audit is down.
   * Raises `OPERATOR_NOT_ALLOWED`, `CERTIFICATE_NOT_FOUND`, `CERTIFICATE_INPUT_INVALID`, `AUDIT_UNAVAILABLE`, `SEAL_BROKEN`.
   */
  exportFile(certificateId: string, request: ExportRequest, operatorId: string): Promise<ExportedFile & { readonly record: CertificateView }>;
  /** Raises `OPERATOR_NOT_ALLOWED`, `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`. */
  list(operatorId: string): Promise<readonly CertificateView[]>;
  /** Raises `CERTIFICATE_NOT_FOUND` and like `list`. */
  show(certificateId: string, operatorId: string): Promise<CertificateView>;
  /**
   * Register on the app and prove it; doing it again changes nothing. The app's present credential asks for the
   * change. Least Graph permission (application): Application.ReadWrite.OwnedBy, with the app owning its registration.
   * Raises `OPERATOR_NOT_ALLOWED`, `APP_UNKNOWN`, `CERTIFICATE_NOT_FOUND`, `KEY_CREDENTIAL_REFUSED`,
   * `KEY_CREDENTIAL_FOREIGN_CHANGE`, `CERTIFICATE_NOT_ACCEPTED` and what the transports raise.
   */
  register(certificateId: string, appKey: string, operatorId: string, signal?: AbortSignal): Promise<RegisteredCredential>;
  /**
   * Look at every credential in use, with `rotate` take the step that each needs, tell the host what is new, and leave a
   * heartbeat. What keeps one certificate from being rotated stands among its problems. Raises `OPERATOR_NOT_ALLOWED`,
   * `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`, `STATE_RECORD_TAMPERED`, `PFX_TOO_SLOW`; with `directory` what the transports raise.
   */
  check(operatorId: string, request?: CheckRequest): Promise<CertificateCheck>;
  /** Whether the check still runs. Raises like `check` without `directory`. */
  checkHeartbeat(operatorId: string): Promise<HeartbeatView>;
  /** For a process that runs for long: tells the host, and the log, when the check has stopped. Until the signal ends it; never rejects. */
  keepWatch(signal: AbortSignal): Promise<void>;
}

export interface CredentialsOptions extends CertificateRecordsOptions, RotationsOptions {
  readonly check: CheckOptions;
  /** Before the first proof; the default leaves Entra time to replicate. */
  readonly firstWaitSeconds?: number | undefined;
}

export function createCredentials(context: OnboardingContext, options: CredentialsOptions): Credentials {
  const { ports, settings } = context;
  const rotations = createRotations(context, options);
  return {
    ...createCertificateRecords(context, options),
    ...rotations,
    generate: async ({ name, description, subject = name, keyBits, lifetimeDays }, operatorId, signal) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      const limit = await readLifetimeLimit(ports, { homeTenantId: settings.homeTenantId, apps: settings.apps, signal: options.limitPolicyTime(signal) });
      signal?.throwIfAborted();
      const record = await createCertificate(ports, { name, description, subject, keyBits, lifetimeDays: chooseLifetimeDays(lifetimeDays, limit) }, operatorId);
      return { ...withThumbprints(record), lifetimeLimit: limit.kind === 'limited' ? { maxDays: limit.maxDays } : limit.kind };
    },
    importFile: async (request, operatorId) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      requireSamePassword(request);
      const { certificate, warnings } = await openKeyFile(ports, request);
      return { record: withThumbprints(await importCertificate(ports, request, certificate, operatorId)), warnings };
    },
    exportFile: async (certificateId, request, operatorId) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      const file = await exportCertificate(ports, certificateId, request, operatorId);
      return { ...file, record: withThumbprints(file.record) };
    },
    list: async (operatorId) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      return (await listCertificates(ports)).map(withThumbprints);
    },
    show: async (certificateId, operatorId) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      return withThumbprints(await requireCertificate(ports, certificateId));
    },
    register: async (certificateId, appKey, operatorId, signal) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      return register(context, options, { certificateId, appKey, operatorId, signal });
    },
    check: async (operatorId, request) => checkCertificates(context, { ...options.check, rotate: async (...call) => rotations.rotate(...call) }, operatorId, request),
    checkHeartbeat: async (operatorId) => checkHeartbeat(context, options.check, operatorId),
    keepWatch: async (signal) => keepWatch(ports, async () => watchHeartbeat(context, options.check), signal),
  };
}

function requireSamePassword({ password, repeatedPassword }: ImportRequest): void {
  if (repeatedPassword === undefined || repeatedPassword.reveal() === password?.reveal()) return;
  throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'The two passwords are not the same.', { details: { parameter: 'repeatedPassword' } });
}

interface RegisterInput {
  readonly certificateId: string;
  readonly appKey: string;
  readonly operatorId: string;
  readonly signal: AbortSignal | undefined;
}

async function register(context: OnboardingContext, options: CredentialsOptions, input: RegisterInput): Promise<RegisteredCredential> {
  const { ports, settings } = context;
  const { certificateId, appKey, operatorId, signal } = input;
  const app = requireApp(settings.apps, appKey);
  const record = await requireCertificate(ports, certificateId);
  const certificate = { ...record, der: await readCertificateDer(ports, certificateId) };
  const registration = await registerCertificate(ports, { homeTenantId: settings.homeTenantId, appKey, applicationAppId: app.appId, certificate, actor: operatorId, signal });
  const proof = await proveCertificate(
    { clock: ports.clock, tokens: options.tokensWith(certificateId) },
    { appKey, tenantId: settings.homeTenantId, resource: settings.endpoints.graphResource, firstWaitSeconds: options.firstWaitSeconds, signal },
  );
  // Only a proven certificate counts as in use.
  await recordCertificateUse(ports, certificateId, { appKey, appId: app.appId, keyId: registration.keyId, registeredAt: proof.acceptedAt });
  return { appKey, appId: app.appId, keyId: registration.keyId, alreadyRegistered: registration.alreadyRegistered, acceptedAt: proof.acceptedAt };
}
