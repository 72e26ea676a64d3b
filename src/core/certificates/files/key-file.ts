/**
 * One certificate with its private key from a file of any usual form: PFX, PEM, or the DER of either. What an app could not
 * sign in with is refused by the problem it has. Touches no state.
 */
import { OnboardingError } from '../../errors';
import { secret } from '../../internal/secret';
import type { Ports } from '../../ports';
import { readCertificateFacts, toPem } from '../facts';
import type { CredentialCertificate } from '../model';
import { decryptPkcs8, readPem } from './pem';
import { refused } from '../records/naming';
import { describeContents, type FileContents, type FileKey, type Pair } from '../pfx/contents';
import { detectOtherFormat } from '../pfx/detect';
import { requireFileSize, requirePfx } from '../pfx/inspect';
import { readPrivateKey } from '../pfx/private-key';
import { type FileProblem, findProblems, usablePair } from '../pfx/problems';
import { type FoundCertificate, type FoundKey, type PfxInput, readPfx } from '../pfx/read';
import { findDamagedPairs } from '../pfx/soundness';
import { hasThumbprint, readThumbprint } from '../records/thumbprints';

export type KeyFilePorts = Pick<Ports, 'clock' | 'keyDeriver'>;

export interface OpenedKeyFile {
  readonly certificate: CredentialCertificate;
  /** What was passed over: a missing integrity code, a weak signature, an early end. */
  readonly warnings: readonly FileProblem[];
}

export interface KeyFileInput extends PfxInput {
  /** Of a file with several certificates the one that is meant: its SHA-1 or SHA-256 thumbprint in any spelling. */
  readonly select?: string | undefined;
}

interface Found {
  readonly certificates: readonly FoundCertificate[];
  readonly keys: readonly FoundKey[];
}

/**
 * The one pair in the file, or the one that is selected. Raises `CERTIFICATE_FILE_UNUSABLE` (`details.problems` are problem
 * codes; `details.choices` when there are several pairs), `CERTIFICATE_INPUT_INVALID` for a selection that is not in the file,
 * `PEM_MALFORMED`, `NOT_A_PFX` for anything else than a certificate file, `PFX_EMPTY`, `PFX_TOO_LARGE`, and what reading a PFX raises.
 */
export async function openKeyFile(ports: KeyFilePorts, input: KeyFileInput): Promise<OpenedKeyFile> {
  const wanted = input.select === undefined ? undefined : readSelection(input.select);
  const { certificates, keys } = await readAny(ports, input);
  const everything = await describeContents(ports.keyDeriver, certificates, keys);
  const contents = wanted === undefined ? everything : selectPair(everything, wanted);
  const judged = { contents, damaged: await findDamagedPairs(ports.keyDeriver, contents.pairs), now: ports.clock.now() };
  const problems = findProblems(judged);
  const pair = usablePair(judged);
  if (pair === undefined) throw unusable(problems, contents);
  return { certificate: toCredential(pair), warnings: problems };
}

async function readAny(ports: KeyFilePorts, input: PfxInput): Promise<Found> {
  requireFileSize(input.bytes);
  const format = detectOtherFormat(input.bytes);
  if (format === 'pem') return readPem(ports, input);
  if (format === 'der-certificate') return { certificates: [{ der: Buffer.from(input.bytes), friendlyName: undefined }], keys: [] };
  if (format === 'der-private-key') return { certificates: [], keys: [{ pkcs8: await derKey(ports, input), friendlyName: undefined }] };
  requirePfx(input.bytes);
  return readPfx(ports, input);
}

async function derKey(ports: KeyFilePorts, input: PfxInput): Promise<Buffer> {
  for (const form of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    const key = readPrivateKey(input.bytes, form);
    if (key !== undefined) return key.export({ type: 'pkcs8', format: 'der' });
  }
  // No plain form; whether it is the encrypted one, and what is wrong with it, is said there.
  return decryptPkcs8(ports, input);
}

function toCredential({ key, certificate }: Pair): CredentialCertificate {
  const privateKey = secret(key.export({ type: 'pkcs8', format: 'pem' }).toString());
  return { ...readCertificateFacts(certificate.der), der: certificate.der, pem: toPem(certificate.der), privateKey };
}

function readSelection(text: string): string {
  const thumbprint = readThumbprint(text);
  if (thumbprint === undefined) throw refused('select', 'A certificate is selected by its SHA-1 or SHA-256 thumbprint, in hexadecimal or base64url.');
  return thumbprint;
}

/** As if nothing else were in the file. */
function selectPair(contents: FileContents, thumbprint: string): FileContents {
  const pair = contents.pairs.find(({ certificate: { facts } }) => hasThumbprint(facts, thumbprint));
  if (pair === undefined) {
    throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'The file holds no certificate of this thumbprint with its key.', { details: { parameter: 'select', choices: choicesOf(contents) } });
  }
  const isOf = ({ matchesCertificate }: FileKey) => matchesCertificate === pair.certificate.facts.thumbprintSha256;
  return { certificates: [pair.certificate], unreadableCertificates: 0, keys: contents.keys.filter(isOf), pairs: [pair] };
}

function choicesOf({ pairs }: FileContents) {
  return pairs.map(({ certificate: { facts } }) => ({ thumbprintSha1: facts.thumbprintSha1, thumbprintSha256: facts.thumbprintSha256, subject: facts.subject, notAfter: facts.notAfter }));
}

function unusable(problems: readonly FileProblem[], contents: FileContents): OnboardingError {
  const faults = problems.filter(({ severity }) => severity === 'error');
  const message = faults[0]?.message ?? 'The file does not hold one certificate with its private key.';
  const choices = contents.pairs.length > 1 ? { choices: choicesOf(contents) } : {};
  return new OnboardingError('CERTIFICATE_FILE_UNUSABLE', message, { details: { problems: faults.map(({ code }) => code), ...choices } });
}
