/**
 * What each app signs in with, asked before every token request so that a rotation, a new file or a new secret is picked
 * up without a restart. A key is used only when it is RSA, large enough and belongs to the certificate beside it: a wrong
 * pair would be refused by Microsoft with a sentence that names neither. RFC 7468 (PEM).
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { OnboardingError } from '../errors';
import { sha256Base64Url, sha256Hex } from '../internal/encoding';
import { secret, type Secret } from '../internal/secret';
import type { AppCredential, AppCredentialSource, Clock } from '../ports';

/** Where an app's credential comes from, as in the configuration file's `credential`; exactly one member is set. */
export interface AppCredentialConfig {
  readonly certificateId?: string | undefined;
  readonly pfxFile?: string | undefined;
  readonly pemFile?: string | undefined;
  readonly secretEnv?: string | undefined;
  readonly secretFile?: string | undefined;
}

/** What the host lends: files and environment variables, read again for every token request. */
export interface AppCredentialFiles {
  readonly readFile: (path: string) => Promise<string | Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface AppCredentialPorts extends AppCredentialFiles {
  /** A stored certificate with its private key (PKCS#8 PEM); raises its own errors. */
  readonly certificates: (id: string) => Promise<{ readonly thumbprintSha256: string; readonly privateKey: Secret }>;
  /** When given, a certificate outside its validity is refused here and not by Microsoft. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** Why a credential cannot be used; `details.reason` of `APP_CREDENTIAL_UNUSABLE`. */
export type CredentialProblem =
  | 'not_configured'
  | 'file_unreadable'
  | 'secret_missing'
  | 'certificate_missing'
  | 'certificate_unreadable'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'key_missing'
  | 'key_encrypted'
  | 'key_unusable'
  | 'key_not_rsa'
  | 'key_too_small'
  | 'key_too_large'
  | 'key_mismatch'
  | 'pfx_not_supported';

const MIN_RSA_BITS = 2048;
/** Beyond this one signature costs seconds: a way to stop the process. */
const MAX_RSA_BITS = 8192;

const SENTENCES: Readonly<Record<CredentialProblem, string>> = {
  not_configured: 'no credential is configured',
  file_unreadable: 'the file cannot be read',
  secret_missing: 'the secret is empty or not set',
  certificate_missing: 'the file holds no certificate',
  certificate_unreadable: 'the certificate cannot be read',
  certificate_expired: 'the certificate has expired',
  certificate_not_yet_valid: 'the certificate is not valid yet',
  key_missing: 'the file holds no private key',
  key_encrypted: 'the private key is encrypted; decrypt it or import it into the store',
  key_unusable: 'the private key cannot be read',
  key_not_rsa: 'the private key is not RSA, which Microsoft requires',
  key_too_small: 'the private key has fewer than 2048 bits',
  key_too_large: 'the private key has more than 8192 bits',
  key_mismatch: 'the private key does not belong to a certificate in the file',
  pfx_not_supported: 'PFX files must be imported into the store first',
};

/**
 * The AppCredentialSource port. `resolve` raises `APP_UNKNOWN`, `APP_CREDENTIAL_UNUSABLE` (`details.reason` is a
 * {@link CredentialProblem}) and what `certificates` raises. Errors name files and variables, never their content.
 */
export function createAppCredentialSource(
  apps: readonly { readonly key: string; readonly credential?: AppCredentialConfig | undefined }[],
  ports: AppCredentialPorts,
): AppCredentialSource {
  const configs = new Map(apps.map(({ key, credential }) => [key, credential]));
  const pairs = new Map<string, PemPair>();

  async function fromPem(app: string, path: string): Promise<AppCredential> {
    const text = await readText(ports, app, path);
    const id = sha256Base64Url(text);
    const known = pairs.get(app);
    const pair = known?.id === id ? known : readPemPair(app, id, text);
    pairs.set(app, pair);
    checkValidity(app, pair, ports.clock);
    return pair.credential;
  }

  return {
    async resolve(appKey) {
      if (!configs.has(appKey)) throw new OnboardingError('APP_UNKNOWN', 'No app with this key is declared.', { details: { app: appKey } });
      const { certificateId, pemFile, secretEnv, secretFile, pfxFile } = configs.get(appKey) ?? {};
      if (certificateId !== undefined) return { kind: 'certificate', ...(await pickCertificate(ports, certificateId)) };
      if (pemFile !== undefined) return fromPem(appKey, pemFile);
      if (secretEnv !== undefined) return secretCredential(appKey, ports.env[secretEnv]);
      if (secretFile !== undefined) return secretCredential(appKey, await readText(ports, appKey, secretFile));
      throw unusable(appKey, pfxFile === undefined ? 'not_configured' : 'pfx_not_supported');
    },
  };
}

interface PemPair {
  /** Digest of the file, so that an unchanged file is parsed once. */
  readonly id: string;
  readonly credential: AppCredential;
  readonly notBefore: number;
  readonly notAfter: number;
}

async function pickCertificate(ports: Pick<AppCredentialPorts, 'certificates'>, id: string) {
  const { thumbprintSha256, privateKey } = await ports.certificates(id);
  return { thumbprintSha256, privateKey };
}

function secretCredential(app: string, text: string | undefined): AppCredential {
  const value = text?.replace(/[\r\n]+$/, '') ?? '';
  if (value === '') throw unusable(app, 'secret_missing');
  // A digest as id: a changed secret is another credential to the token cache, and the id tells nobody the secret.
  return { kind: 'secret', id: sha256Base64Url(value), secret: secret(value) };
}

async function readText(ports: AppCredentialFiles, app: string, path: string): Promise<string> {
  try {
    return Buffer.from(await ports.readFile(path)).toString('utf8');
  } catch {
    throw unusable(app, 'file_unreadable', path);
  }
}

function readPemPair(app: string, id: string, text: string): PemPair {
  const certificates = blocksOf(text, 'CERTIFICATE').map((block) => readCertificate(app, block));
  if (certificates.length === 0) throw unusable(app, 'certificate_missing');
  const key = readPrivateKey(app, text);
  const certificate = certificates.find((candidate) => candidate.checkPrivateKey(key));
  if (certificate === undefined) throw unusable(app, 'key_mismatch');
  const privateKey = secret(key.export({ format: 'pem', type: 'pkcs8' }).toString());
  return {
    id,
    credential: { kind: 'certificate', thumbprintSha256: sha256Hex(certificate.raw), privateKey },
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
  };
}

function checkValidity(app: string, pair: PemPair, clock: Pick<Clock, 'now'> | undefined): void {
  if (clock === undefined) return;
  if (clock.now() > pair.notAfter) throw unusable(app, 'certificate_expired');
  if (clock.now() < pair.notBefore) throw unusable(app, 'certificate_not_yet_valid');
}

function readCertificate(app: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw unusable(app, 'certificate_unreadable');
  }
}

function readPrivateKey(app: string, text: string): KeyObject {
  const [pem] = blocksOf(text, '(?:RSA |EC )?PRIVATE KEY');
  if (pem?.includes('Proc-Type: 4,ENCRYPTED') === true || (pem === undefined && blocksOf(text, 'ENCRYPTED PRIVATE KEY').length > 0)) throw unusable(app, 'key_encrypted');
  if (pem === undefined) throw unusable(app, 'key_missing');
  const key = parseKey(app, pem);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa') throw unusable(app, 'key_not_rsa');
  if (bits < MIN_RSA_BITS) throw unusable(app, 'key_too_small');
  if (bits > MAX_RSA_BITS) throw unusable(app, 'key_too_large');
  return key;
}

function parseKey(app: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw unusable(app, 'key_unusable');
  }
}

function blocksOf(text: string, label: string): readonly string[] {
  return [...text.matchAll(new RegExp(`-----BEGIN (${label})-----[^-]*(?:-(?!----)[^-]*)*-----END \\1-----`, 'g'))].map(([block]) => block);
}

function unusable(app: string, reason: CredentialProblem, file?: string): OnboardingError {
  const details = { app, reason, ...(file === undefined ? {} : { file }) };
  return new OnboardingError('APP_CREDENTIAL_UNUSABLE', `The credential of the app "${app}" cannot be used: ${SENTENCES[reason]}.`, { details });
}
