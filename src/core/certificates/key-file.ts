/**
 * One certificate with its private key from a file of any usual form: PFX, PEM, or the DER of either. What an app could not
 * sign in with is refused by the problem it has. Touches no state.
 */
import { OnboardingError } from '../errors';
import { secret } from '../internal/secret';
import type { Ports } from '../ports';
import { readCertificateFacts, toPem } from './facts';
import type { CredentialCertificate } from './model';
import { decryptPkcs8, readPem } from './pem';
import { describeContents, type Pair } from './pfx/contents';
import { detectOtherFormat } from './pfx/detect';
import { requireFileSize, requirePfx } from './pfx/inspect';
import { readPrivateKey } from './pfx/private-key';
import { type FileProblem, findProblems, usablePair } from './pfx/problems';
import { type FoundCertificate, type FoundKey, type PfxInput, readPfx } from './pfx/read';
import { findDamagedPairs } from './pfx/soundness';

export type KeyFilePorts = Pick<Ports, 'clock' | 'keyDeriver'>;

export interface OpenedKeyFile {
  readonly certificate: CredentialCertificate;
  /** What was passed over: a missing integrity code, a weak signature, an early end. */
  readonly warnings: readonly FileProblem[];
}

interface Found {
  readonly certificates: readonly FoundCertificate[];
  readonly keys: readonly FoundKey[];
}

/**
 * The one pair in the file. Raises `CERTIFICATE_FILE_UNUSABLE` (`details.problems` are problem codes), `PEM_MALFORMED`,
 * `NOT_A_PFX` for anything else than a certificate file, `PFX_EMPTY`, `PFX_TOO_LARGE`, and what reading a PFX raises.
 */
export async function openKeyFile(ports: KeyFilePorts, input: PfxInput): Promise<OpenedKeyFile> {
  const { certificates, keys } = await readAny(ports, input);
  const contents = await describeContents(ports.keyDeriver, certificates, keys);
  const judged = { contents, damaged: await findDamagedPairs(ports.keyDeriver, contents.pairs), now: ports.clock.now() };
  const problems = findProblems(judged);
  const pair = usablePair(judged);
  if (pair === undefined) throw unusable(problems);
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

function unusable(problems: readonly FileProblem[]): OnboardingError {
  const faults = problems.filter(({ severity }) => severity === 'error');
  const message = faults[0]?.message ?? 'The file does not hold one certificate with its private key.';
  return new OnboardingError('CERTIFICATE_FILE_UNUSABLE', message, { details: { problems: faults.map(({ code }) => code) } });
}
