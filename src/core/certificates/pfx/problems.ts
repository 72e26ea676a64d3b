/**
 * Judges what a readable file is good for: signing in to Microsoft's token endpoint as an app. Pure, with `now` passed in.
 * Microsoft identity platform "Certificate credentials" (RSA, PS256 or RS256); sizes as in limits.ts. An `error` makes the
 * file unusable, a `warning` does not.
 */
import type { FileContents, FileKey, Pair, ReadCertificate } from './contents';
import { MAX_RSA_BITS, MIN_RSA_BITS } from './limits';
import { WEAK_SIGNATURES } from './object-ids';

export const PROBLEM_CODES = [
  'PRIVATE_KEY_MISSING', 'CERTIFICATE_MISSING', 'KEY_MISMATCH', 'KEY_TYPE_UNSUPPORTED', 'KEY_TOO_SMALL', 'KEY_TOO_LARGE', 'KEY_DAMAGED',
  'CERTIFICATE_EXPIRED', 'CERTIFICATE_NOT_YET_VALID', 'CERTIFICATE_EXPIRES_SOON', 'CERTIFICATE_UNREADABLE', 'SEVERAL_KEYS', 'MAC_MISSING',
  'SIGNATURE_ALGORITHM_WEAK', 'CONTENT_UNREADABLE', 'TRAILING_BYTES', 'PASSWORD_NOT_NEEDED',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

export interface FileProblem {
  readonly code: ProblemCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** A sentence names no more than these. */
const MAX_CHOICES = 5;
const EXPIRES_SOON_MS = 30 * 24 * 60 * 60_000;

export interface Judged {
  readonly contents: FileContents;
  /** Pairs whose key is not sound. */
  readonly damaged: ReadonlySet<Pair>;
  readonly now: number;
}

/** The problems of keys and certificates; those of the container are the reader's. */
export function findProblems({ contents, damaged, now }: Judged): readonly FileProblem[] {
  const lonely = contents.pairs.length > 0 ? [] : contents.certificates.filter(({ facts }) => facts.isLeaf);
  return [...matchProblems(contents), ...contents.pairs.flatMap((pair) => pairProblems(pair, damaged.has(pair), now)), ...lonely.flatMap((certificate) => certificateProblems(certificate, now)), ...unreadable(contents)];
}

/** The pair an app can sign in with; undefined when there is none, or more than one to choose from. */
export function usablePair(judged: Judged): Pair | undefined {
  const usable = judged.contents.pairs.filter((pair) => pairProblems(pair, judged.damaged.has(pair), judged.now).every(({ severity }) => severity === 'warning'));
  return usable.length === 1 && judged.contents.pairs.length === 1 ? usable[0] : undefined;
}

function matchProblems({ certificates, keys, pairs }: FileContents): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  const distinct = new Set(keys.map(({ spkiSha256 }) => spkiSha256));
  if (keys.length === 0) problems.push(fault('PRIVATE_KEY_MISSING', 'The file holds no private key. Export it again together with its private key.'));
  if (certificates.length === 0) problems.push(fault('CERTIFICATE_MISSING', 'The file holds no certificate.'));
  if (keys.length > 0 && certificates.length > 0 && pairs.length === 0) problems.push(mismatch(keys, certificates));
  if (pairs.length > 1) problems.push(fault('SEVERAL_KEYS', `The file holds ${pairs.length} certificates with their keys: ${nameChoices(pairs)}. Give a file with one of them; an import can also choose by thumbprint.`));
  else if (pairs.length === 1 && distinct.size > 1) problems.push(warning('SEVERAL_KEYS', `The file holds ${distinct.size} private keys, of which one belongs to a certificate.`));
  return problems;
}

function nameChoices(pairs: readonly Pair[]): string {
  const named = pairs.slice(0, MAX_CHOICES).map(({ certificate: { facts } }) => `${facts.thumbprintSha1} (${facts.subject})`);
  return [...named, ...(pairs.length > MAX_CHOICES ? ['…'] : [])].join(', ');
}

/** A key of a kind that nobody can use says more than that it does not fit. */
function mismatch(keys: readonly FileKey[], certificates: readonly ReadCertificate[]): FileProblem {
  const types = new Set([...keys.map(({ type }) => type), ...certificates.map(({ facts }) => facts.keyType)]);
  if (types.size === 1 && !types.has('rsa')) return fault('KEY_TYPE_UNSUPPORTED', `Neither a key nor a certificate in the file is RSA, which Microsoft requires: ${[...types].join(', ')}.`);
  return fault('KEY_MISMATCH', 'No private key in the file belongs to a certificate in it.');
}

function pairProblems({ key, certificate }: Pair, isDamaged: boolean, now: number): readonly FileProblem[] {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  const problems: FileProblem[] = [];
  if (key.asymmetricKeyType !== 'rsa') problems.push(fault('KEY_TYPE_UNSUPPORTED', `The key is ${String(key.asymmetricKeyType)}; Microsoft accepts RSA keys only for this.`));
  else if (bits < MIN_RSA_BITS) problems.push(fault('KEY_TOO_SMALL', `The RSA key has ${bits} bits; ${MIN_RSA_BITS} are the least that is accepted.`));
  else if (bits > MAX_RSA_BITS) problems.push(fault('KEY_TOO_LARGE', `The RSA key has ${bits} bits; more than ${MAX_RSA_BITS} make every signature take seconds.`));
  else if (isDamaged) problems.push(fault('KEY_DAMAGED', 'The private key is damaged: its numbers do not fit each other.'));
  return [...problems, ...certificateProblems(certificate, now)];
}

function certificateProblems({ facts, notBeforeAt, notAfterAt, signatureOid }: ReadCertificate, now: number): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  if (now > notAfterAt) problems.push(fault('CERTIFICATE_EXPIRED', `The certificate expired on ${facts.notAfter}.`));
  else if (now < notBeforeAt) problems.push(fault('CERTIFICATE_NOT_YET_VALID', `The certificate is valid from ${facts.notBefore} on only.`));
  else if (notAfterAt - now < EXPIRES_SOON_MS) problems.push(warning('CERTIFICATE_EXPIRES_SOON', `The certificate expires on ${facts.notAfter}.`));
  const weak = WEAK_SIGNATURES.get(signatureOid ?? '');
  if (weak !== undefined) problems.push(warning('SIGNATURE_ALGORITHM_WEAK', `The certificate is signed with ${weak}, which is forgeable and refused by more and more programs.`));
  return problems;
}

function unreadable({ unreadableCertificates, keys }: FileContents): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  if (unreadableCertificates > 0) problems.push(warning('CERTIFICATE_UNREADABLE', `${unreadableCertificates} entries of the file that should be certificates are none.`));
  if (keys.some(({ type }) => type === 'unknown')) problems.push(warning('KEY_TYPE_UNSUPPORTED', 'A private key in the file is of a kind that is not known, or damaged.'));
  return problems;
}

export function fault(code: ProblemCode, message: string): FileProblem {
  return { code, severity: 'error', message };
}

export function warning(code: ProblemCode, message: string): FileProblem {
  return { code, severity: 'warning', message };
}
