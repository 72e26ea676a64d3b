/**
 * What each app signs in with, asked before every token request so that a rotation, a new file or a new secret is picked
 * up without a restart. A key is used only when it is RSA, large enough and belongs to the certificate beside it: a wrong
 * pair would be refused by Microsoft with a sentence that names neither. RFC 7468 (PEM).
 */
import type { CredentialCertificate } from '../certificates/model';
import type { DatedCredential } from '../certificates/renewal/renewal';
import { isOnboardingError, OnboardingError } from '../errors';
import { sha256Base64Url, sha256Hex } from '../internal/encoding';
import { secret, type Secret } from '../internal/secret';
import type { AppCredential, AppCredentialSource, Clock } from '../ports';
import { type CertificatePair, readPemPair } from './app-credential-pem';
import { unusable } from './app-credential-problem';

/** Where an app's credential comes from, as in the configuration file's `credential`: one source, a PFX with its password. */
export interface AppCredentialConfig {
  readonly certificateId?: string | undefined;
  readonly pfxFile?: string | undefined;
  /** The variable that holds the password of the PFX. */
  readonly pfxPasswordEnv?: string | undefined;
  /** The file that holds it; an end of line at its end does not belong to it. */
  readonly pfxPasswordFile?: string | undefined;
  readonly pemFile?: string | undefined;
  readonly secretEnv?: string | undefined;
  readonly secretFile?: string | undefined;
}

/** What the host lends: files and environment variables, read again for every token request. */
export interface AppCredentialFiles {
  readonly readFile: (path: string) => Promise<string | Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface KeyPair {
  readonly thumbprintSha256: string;
  readonly privateKey: Secret;
}

export interface AppCredentialPorts extends AppCredentialFiles {
  /** What the line of a stored certificate signs with (private key: PKCS#8 PEM), and signed with before; raises its own errors. */
  readonly certificates: (id: string) => Promise<KeyPair & { readonly previous?: KeyPair | undefined }>;
  /** The one certificate with its key in a PFX; raises its own errors. */
  readonly openPfx: (bytes: Uint8Array, password: Secret | undefined) => Promise<CredentialCertificate>;
  /** Told what came of requests. */
  readonly report?: AppCredentialSource['report'];
  /** When given, a certificate outside its validity is refused here and not by Microsoft. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

export interface ConfiguredCredentialSource extends AppCredentialSource {
  /** When the certificate in an app's PFX or PEM is valid, now or not. Raises like `resolve`; of a PFX, an end that has passed too. */
  readFileValidity(appKey: string): Promise<DatedCredential>;
}

/**
 * The AppCredentialSource port. `resolve` raises `APP_UNKNOWN`, `APP_CREDENTIAL_UNUSABLE` (`details.reason` says which
 * of the problems of app-credential-problem.ts; for a PFX `details.code` is the file's own), `PFX_TOO_SLOW` and what
 * `certificates` raises. Errors name files and variables, never their content.
 */
export function createAppCredentialSource(
  apps: readonly { readonly key: string; readonly credential?: AppCredentialConfig | undefined }[],
  ports: AppCredentialPorts,
): ConfiguredCredentialSource {
  const configs = new Map(apps.map(({ key, credential }) => [key, credential]));
  const pairs = new Map<string, CertificatePair>();

  async function fromPem(app: string, path: string): Promise<CertificatePair> {
    const text = await readText(ports, app, path);
    const id = sha256Base64Url(text);
    const known = pairs.get(app);
    const pair = known?.id === id ? known : readPemPair(app, id, text);
    pairs.set(app, pair);
    return pair;
  }

  async function fromPfx(app: string, { pfxFile = '', ...config }: AppCredentialConfig): Promise<CertificatePair> {
    const bytes = await readBytes(ports, app, pfxFile);
    const password = await readPfxPassword(ports, app, config);
    const id = sha256Base64Url(`${sha256Hex(bytes)}/${password?.reveal() ?? 'none'}`);
    const known = pairs.get(app);
    const pair = known?.id === id ? known : readPfxPair(id, await ports.openPfx(bytes, password).catch((error: unknown) => explainPfx(app, pfxFile, error)));
    pairs.set(app, pair);
    return pair;
  }

  function usableNow(app: string, pair: CertificatePair): AppCredential {
    checkValidity(app, pair, ports.clock);
    return pair.credential;
  }

  return {
    async resolve(appKey) {
      if (!configs.has(appKey)) throw new OnboardingError('APP_UNKNOWN', 'No app with this key is declared.', { details: { app: appKey } });
      const config = configs.get(appKey) ?? {};
      const { certificateId, pemFile, secretEnv, secretFile } = config;
      if (certificateId !== undefined) return { kind: 'certificate', ...(await pickCertificate(ports, certificateId)) };
      if (pemFile !== undefined) return usableNow(appKey, await fromPem(appKey, pemFile));
      if (secretEnv !== undefined) return secretCredential(appKey, ports.env[secretEnv]);
      if (secretFile !== undefined) return secretCredential(appKey, await readText(ports, appKey, secretFile));
      if (config.pfxFile !== undefined) return usableNow(appKey, await fromPfx(appKey, config));
      throw unusable(appKey, 'not_configured');
    },
    async readFileValidity(appKey) {
      const { pemFile, ...config } = configs.get(appKey) ?? {};
      if (pemFile === undefined && config.pfxFile === undefined) throw unusable(appKey, 'not_configured');
      const { credential, notBefore, notAfter } = pemFile === undefined ? await fromPfx(appKey, config) : await fromPem(appKey, pemFile);
      if (credential.kind !== 'certificate') throw unusable(appKey, 'certificate_missing');
      return { thumbprintSha256: credential.thumbprintSha256, notBefore: new Date(notBefore).toISOString(), notAfter: new Date(notAfter).toISOString() };
    },
    async report(appKey, use) {
      await ports.report?.(appKey, use);
    },
  };
}

async function pickCertificate(ports: Pick<AppCredentialPorts, 'certificates'>, id: string): Promise<KeyPair & { readonly previous?: KeyPair }> {
  const { previous, ...current } = await ports.certificates(id);
  return { ...pickKey(current), ...(previous === undefined ? {} : { previous: pickKey(previous) }) };
}

function pickKey({ thumbprintSha256, privateKey }: KeyPair): KeyPair {
  return { thumbprintSha256, privateKey };
}

function secretCredential(app: string, text: string | undefined): AppCredential {
  const value = text?.replace(/[\r\n]+$/, '') ?? '';
  if (value === '') throw unusable(app, 'secret_missing');
  // A digest as id: a changed secret is another credential to the token cache, and the id tells nobody the secret.
  return { kind: 'secret', id: sha256Base64Url(value), secret: secret(value) };
}

async function readText(ports: AppCredentialFiles, app: string, path: string): Promise<string> {
  return (await readBytes(ports, app, path)).toString('utf8');
}

async function readBytes(ports: AppCredentialFiles, app: string, path: string): Promise<Buffer> {
  try {
    return Buffer.from(await ports.readFile(path));
  } catch {
    throw unusable(app, 'file_unreadable', path);
  }
}

/** Undefined when none is configured; a variable that is not set is a mistake and not an empty password. */
async function readPfxPassword(ports: AppCredentialFiles, app: string, { pfxPasswordEnv, pfxPasswordFile }: AppCredentialConfig): Promise<Secret | undefined> {
  if (pfxPasswordEnv === undefined && pfxPasswordFile === undefined) return undefined;
  const text = pfxPasswordFile === undefined ? ports.env[pfxPasswordEnv ?? ''] : (await readText(ports, app, pfxPasswordFile)).replace(/\r?\n$/, '');
  if (text === undefined) throw unusable(app, 'secret_missing');
  return secret(text);
}

function readPfxPair(id: string, { thumbprintSha256, privateKey, notBefore, notAfter }: CredentialCertificate): CertificatePair {
  return { id, credential: { kind: 'certificate', thumbprintSha256, privateKey }, notBefore: Date.parse(notBefore), notAfter: Date.parse(notAfter) };
}

/** The file's own refusal says more than ours; one that a later try may heal stays what it is. */
function explainPfx(app: string, file: string, error: unknown): never {
  if (!isOnboardingError(error) || error.retryable) throw error;
  const details = { app, reason: 'pfx_refused', file, code: error.code, ...error.details };
  throw new OnboardingError('APP_CREDENTIAL_UNUSABLE', `The credential of the app "${app}" cannot be used: ${error.message}`, { details });
}

function checkValidity(app: string, pair: CertificatePair, clock: Pick<Clock, 'now'> | undefined): void {
  if (clock === undefined) return;
  if (clock.now() > pair.notAfter) throw unusable(app, 'certificate_expired');
  if (clock.now() < pair.notBefore) throw unusable(app, 'certificate_not_yet_valid');
}
