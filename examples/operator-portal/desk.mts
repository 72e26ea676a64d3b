/** What every page is given, and how an error of the library becomes something to read. */
import { type CertificateDependent, type ErrorCode, hasCode, type Installation, isOnboardingError, type OnboardingError } from 'n8n-nodes-m365-onboarding';
import type { Drawer } from './drawer.mts';
import type { Problem } from './fields.mts';
import type { PageContent, Viewer } from './html.mts';
import type { Reply, Submitted } from './http.mts';
import type { Session } from './session.mts';

/** A file with a private key, protected by its password; fetched once. */
export interface Offer {
  readonly certificateId: string;
  readonly fileName: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array;
}

/** An upload with several certificates, until one is chosen. Its password is not kept. */
export interface Upload {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly description: string;
  /** What can be chosen from. */
  readonly choices?: readonly Choice[];
}

export interface Choice {
  readonly thumbprintSha1: string;
  readonly thumbprintSha256: string;
  readonly subject: string;
  readonly notAfter: string;
}

export interface Desk {
  readonly certificates: Installation['certificates'];
  readonly ports: Installation['ports'];
  /** The operator that the host vouches for. */
  readonly operatorId: string;
  readonly apps: readonly { readonly key: string; readonly name: string }[];
  readonly offers: Drawer<Offer>;
  readonly uploads: Drawer<Upload>;
}

/** One request of a signed-in operator. */
export interface Visit {
  readonly desk: Desk;
  readonly session: Session;
  readonly viewer: Viewer;
  /** The part of the path that names a certificate; empty elsewhere. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly form: Submitted;
  /** Aborted when the browser goes away. */
  readonly signal: AbortSignal;
  readonly show: (content: PageContent, status?: number) => Reply;
}

const FIELD_OF_CODE: Readonly<Partial<Record<ErrorCode, string>>> = {
  PFX_PASSWORD_WRONG: 'password',
  PFX_PASSWORD_REQUIRED: 'password',
  CERTIFICATE_NAME_TAKEN: 'name',
  CERTIFICATE_FILE_UNUSABLE: 'file',
  CERTIFICATE_EXISTS: 'file',
  NOT_A_PFX: 'file',
  APP_UNKNOWN: 'app',
  CERTIFICATE_SIGNER_UNKNOWN: 'signer',
};

/** Names a field only when the form has it. What is not ours is thrown on: nobody knows what it says. */
export function toProblem(error: unknown, fields: readonly string[] = []): Problem {
  if (!isOnboardingError(error)) throw error;
  const { code, message, remedy } = error;
  const isAboutFile = /^(?:PFX|PEM)_/.test(code);
  const named = error.details['parameter'] ?? FIELD_OF_CODE[code] ?? (isAboutFile ? 'file' : undefined);
  const dependents = dependentsOf(error);
  return {
    code,
    remedy,
    message: dependents === undefined ? message : 'The certificate is in use, so it stays.',
    field: fields.find((field) => field === named),
    items: dependents?.map(describeDependent),
  };
}

export function statusOf(error: unknown): number {
  if (!isOnboardingError(error) || error.code === 'UNEXPECTED') return 500;
  if (error.code === 'CERTIFICATE_NOT_FOUND') return 404;
  if (error.code === 'OPERATOR_NOT_ALLOWED') return 403;
  if (error.retryable) return 503;
  return error.reaction === 'fix_input' ? 422 : 409;
}

function dependentsOf(error: OnboardingError): readonly CertificateDependent[] | undefined {
  return hasCode(error, 'CERTIFICATE_IN_USE') ? (error.details['dependents'] as unknown as readonly CertificateDependent[]) : undefined;
}

function describeDependent(dependent: CertificateDependent): string {
  switch (dependent.kind) {
    case 'app':
      return `The app "${dependent.appKey}" (${dependent.appId}) has its key ${dependent.keyId}. Rotate the certificate, or remove the key there.`;
    case 'configuration':
      return `The app "${dependent.appKey}" signs in with it. Rotate it, or give the app another credential in the configuration.`;
    case 'static_source':
      return `The app "${dependent.appKey}" signs in with the same certificate from ${dependent.file}. Give the app another credential.`;
    case 'signer':
      return `${describeSigner(dependent)} When that is over, release the signer ${dependent.signerId} on its rotation page.`;
    case 'rotation':
      return `The rotation ${dependent.rotationId} is under way (${dependent.state}). Bring it to its end.`;
    case 'customer_app':
      return `The app "${dependent.key}" of the account ${dependent.accountId} is being registered with it. Bring that to its end, or remove the app.`;
  }
  return dependent satisfies never;
}

function describeSigner({ label, source, appKey, seenAt }: Extract<CertificateDependent, { readonly kind: 'signer' }>): string {
  const seen = `${label}, ${new Date(seenAt).toISOString().slice(0, 16)}Z`;
  return source === 'export' ? `Its private key left as a file (${seen}).` : `Somebody signed with it for the app "${appKey ?? ''}" (${seen}).`;
}
