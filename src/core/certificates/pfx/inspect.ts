/**
 * The PFX doctor: what is in a file, what it is good for, and for a file that cannot be read the one reason why. Touches
 * no state and changes nothing; of a private key it shows type, size and the digest of its public part.
 */
import { type ErrorCode, isOnboardingError, OnboardingError } from '../../errors';
import type { JsonObject, Ports } from '../../ports';
import { describeContents, type FileCertificate, type FileKey } from './contents';
import { describeFormat, detectOtherFormat } from './detect';
import { MAX_FILE_BYTES } from './limits';
import { type FileProblem, findProblems, usablePair, warning } from './problems';
import { type PfxContents, type PfxInput, readPfx } from './read';
import { refused } from './refusal';
import { findDamagedPairs } from './soundness';
import type { Encryption } from './schemes';

export interface ContainerFacts {
  /** `sha256`, `pbmac1-sha256`, …; null when nothing protects the file against changes. */
  readonly mac: string | null;
  readonly macIterations: number | null;
  /** Each way of encryption once, for example `AES-256-CBC/PBES2`. */
  readonly encryption: readonly string[];
  /** Each count once; a scrypt cost counts as one. */
  readonly kdfIterations: readonly number[];
}

export interface ReadableFile {
  readonly ok: true;
  readonly format: 'pfx';
  readonly container: ContainerFacts;
  readonly certificates: readonly FileCertificate[];
  readonly keys: readonly FileKey[];
  /** An app can sign in with it now: one RSA key with its valid certificate. */
  readonly usableForEntra: boolean;
  readonly problems: readonly FileProblem[];
}

export interface UnreadableFile {
  readonly ok: false;
  /** The error's JSON form, with what `details` holds beside it: `detected`, `algorithm`. */
  readonly error: JsonObject & { readonly code: ErrorCode; readonly message: string; readonly remedy: string };
}

export type FileReport = ReadableFile | UnreadableFile;

/**
 * Examine a file that should be a PFX. Never rejects because of the file: that is `ok: false` with the code of the
 * refusal (`PFX_EMPTY`, `PFX_TOO_LARGE`, `NOT_A_PFX` with `detected`, and what {@link readPfx} raises). Rejects with the
 * signal's reason.
 *
 * @example const report = await inspectCertificateFile({ clock, keyDeriver }, { bytes, password: secret('…') });
 */
export async function inspectCertificateFile(ports: Pick<Ports, 'clock' | 'keyDeriver'>, input: PfxInput): Promise<FileReport> {
  try {
    requirePfx(input.bytes);
    return await report(ports, input, await readPfx(ports, input));
  } catch (error) {
    if (isOnboardingError(error)) return { ok: false, error: { ...error.toJSON(), ...error.details, code: error.code, message: error.message, remedy: error.remedy } };
    throw error;
  }
}

/** Raises `PFX_EMPTY`, `PFX_TOO_LARGE`. */
export function requireFileSize({ length }: Uint8Array): void {
  if (length === 0) throw refused('PFX_EMPTY', 'The file is empty.');
  if (length > MAX_FILE_BYTES) throw refused('PFX_TOO_LARGE', 'The file is larger than 1 MiB, which no certificate file is.');
}

/** Raises `PFX_EMPTY`, `PFX_TOO_LARGE`, `NOT_A_PFX` (`details.detected`). */
export function requirePfx(bytes: Uint8Array): void {
  requireFileSize(bytes);
  const detected = detectOtherFormat(bytes);
  if (detected !== undefined) throw new OnboardingError('NOT_A_PFX', `This is not a PFX but ${describeFormat(detected)}.`, { details: { detected } });
}

async function report({ clock, keyDeriver }: Pick<Ports, 'clock' | 'keyDeriver'>, input: PfxInput, found: PfxContents): Promise<ReadableFile> {
  const contents = await describeContents(keyDeriver, found.certificates, found.keys);
  const judged = { contents, damaged: await findDamagedPairs(keyDeriver, contents.pairs), now: clock.now() };
  return {
    ok: true,
    format: 'pfx',
    container: containerFacts(found),
    certificates: contents.certificates.map(({ facts }) => facts),
    keys: contents.keys,
    usableForEntra: usablePair(judged) !== undefined,
    problems: [...findProblems(judged), ...containerProblems(found, input)],
  };
}

function containerFacts({ mac, encryptions }: PfxContents): ContainerFacts {
  return {
    mac: mac?.label ?? null,
    macIterations: mac?.iterations ?? null,
    encryption: [...new Set(encryptions.map(({ label }) => label))],
    kdfIterations: [...new Set(encryptions.map(iterationsOf))],
  };
}

function iterationsOf(encryption: Encryption): number {
  if (encryption.scheme === 'pkcs12') return encryption.iterations;
  return encryption.derivation.function === 'pbkdf2' ? encryption.derivation.iterations : 1;
}

function containerProblems({ mac, encryptions, envelopedContents, trailingBytes }: PfxContents, { password }: PfxInput): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  if (mac === undefined) problems.push(warning('MAC_MISSING', 'The file has no integrity code: nobody can tell whether it was changed after it was written.'));
  if (envelopedContents > 0) problems.push(warning('CONTENT_UNREADABLE', 'Parts of the file are encrypted to a public key and cannot be opened by a password.'));
  if (trailingBytes > 0) problems.push(warning('TRAILING_BYTES', `${trailingBytes} bytes follow the end of the content; they were not read.`));
  const wasNeedless = mac === undefined && encryptions.length === 0 && envelopedContents === 0 && (password?.reveal() ?? '') !== '';
  if (wasNeedless) problems.push(warning('PASSWORD_NOT_NEEDED', 'Nothing in the file is protected by a password, its private keys included.'));
  return problems;
}

