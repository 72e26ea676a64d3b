/**
 * Puts a certificate's public part on the partner's app registration, once. The explicit bootstrap of a first certificate:
 * a snapshot that two reads agree on and that contradicts nothing we did, one PATCH with everything that was there, reads until
 * the result is seen; one of our writers at a time. A change by somebody else is told and never undone. There is no ETag, so a
 * stranger can still slip between read and write: routine rotation adds and removes single keys instead (`roll-keys.ts`).
 * Microsoft Graph "Update application". Least permission: Application.ReadWrite.OwnedBy.
 */
import { hasCode, OnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import { reportForeignChange } from './foreign-change';
import { readKeys, refusalOf, scopeOf, type KeyAccess } from './key-access';
import { auditKeyChange } from './key-audit';
import { buildKeyCredentialsPatch, expiredKeyIds, findKeyCredential, judgeReadBack, keyIdOf, type ApplicationKeys, type ReadBack, type RegistrableCertificate } from './key-credentials';
import { explainedBy, findEntry, forgetKey, isUnderWay, noteKey, noteSeen, readLedger, type LedgerEntry } from './key-ledger';
import { readSnapshot } from './key-snapshot';
import { withKeyWriter, type KeyWriter } from './key-writer';

const READ_BACK_PAUSES_MS = [2000, 3000, 5000, 10_000, 20_000, 30_000, 60_000, 60_000] as const;
/** A foreign state must be seen this often in a row: one lagging replica is no foreign change. */
const FOREIGN_READS = 3;
const WRITE_ATTEMPTS = 3;
const REWRITE_PAUSE_MS = 3000;
/** A longer pause than this is the caller's to wait. */
const LONGEST_PAUSE_MS = 60_000;

export interface RegistrationInput extends KeyAccess {
  readonly certificate: RegistrableCertificate;
  /** Operator id, for the audit. */
  readonly actor: string;
}

export interface Registration {
  readonly applicationObjectId: string;
  readonly keyId: string;
  /** True when the certificate was there already and nothing was written. */
  readonly alreadyRegistered: boolean;
}

export type RegistrationPorts = Pick<Ports, 'graph' | 'clock' | 'random' | 'audit' | 'store' | 'sealer' | 'events'>;

/**
 * Register a certificate; doing it again changes nothing. Raises `KEY_CREDENTIAL_REFUSED` (service code; expired entries
 * of the registration are named in `details.expiredKeyIds`, as Graph refuses a list that carries one), `KEY_CREDENTIAL_POLICY`,
 * `KEY_CREDENTIAL_FOREIGN_CHANGE` once per change, `KEY_CREDENTIAL_STALE` and `KEY_CREDENTIAL_BUSY` before anything is written,
 * `CERTIFICATE_EXPIRED`, `CERTIFICATE_NOT_ACCEPTED` when the write was accepted and is not visible yet (run it again),
 * `GRAPH_ANSWER_INVALID`, `MASTER_KEY_MISSING`, `AUDIT_UNAVAILABLE` before anything is written, and what the GraphTransport raises.
 */
export async function registerCertificate(ports: RegistrationPorts, input: RegistrationInput): Promise<Registration> {
  return withKeyWriter(ports, input, async (writer) => registerAlone(ports, input, writer));
}

async function registerAlone(ports: RegistrationPorts, input: RegistrationInput, writer: KeyWriter): Promise<Registration> {
  const earlier = findEntry(await readLedger(ports, input.applicationAppId), keyIdOf(input.certificate));
  const before = await readSnapshot(ports, input, writer, keyIdOf(input.certificate));
  const present = findKeyCredential(before, input.certificate);
  if (present !== undefined) {
    await noteSeen(ports, input.applicationAppId, present.keyId, input.certificate);
    return { applicationObjectId: before.id, keyId: present.keyId, alreadyRegistered: true };
  }
  if (ports.clock.now() >= Date.parse(input.certificate.notAfter)) throw new OnboardingError('CERTIFICATE_EXPIRED', 'An expired certificate is not registered.');
  const { thumbprintSha256 } = input.certificate;
  const keyId = await auditKeyChange(ports, { action: 'certificate.registered', ...input, key: thumbprintSha256, details: { thumbprintSha256 } }, async () => {
    await note(ports, input, 'adding');
    const seen = await write(ports, input, writer, { first: before, isBegun: isUnderWay(earlier, 'adding', ports.clock.now()) });
    return { result: seen, details: { keyId: seen } };
  });
  return { applicationObjectId: before.id, keyId, alreadyRegistered: false };
}

/** Until it is seen. Whatever kept an attempt from being answered, the next one is built from a new snapshot. */
async function write(ports: RegistrationPorts, input: RegistrationInput, writer: KeyWriter, { first, isBegun }: { readonly first: ApplicationKeys; readonly isBegun: boolean }): Promise<string> {
  let mayHaveLanded = isBegun;
  for (let [attempt, before] = [1, first]; ; attempt += 1) {
    await writer.keep();
    const problem = await patch(ports, input, before);
    if (problem === undefined) {
      await note(ports, input, 'added');
      return readBack(ports, input, writer, before, new OnboardingError('CERTIFICATE_NOT_ACCEPTED', 'The certificate was registered and is not visible yet.'));
    }
    mayHaveLanded ||= hasCode(problem, 'GRAPH_UNAVAILABLE') && !isConcurrency(problem);
    const pauseMs = Math.max(REWRITE_PAUSE_MS, (problem.retryAfterSeconds ?? 0) * 1000);
    if (!isWorthAnother(problem) || attempt >= WRITE_ATTEMPTS || pauseMs > LONGEST_PAUSE_MS) {
      if (mayHaveLanded) return readBack(ports, input, writer, before, inDoubt(problem));
      await forgetKey(ports, input.applicationAppId, keyIdOf(input.certificate));
      throw problem;
    }
    await ports.clock.sleep(pauseMs, input.signal);
    before = await readSnapshot(ports, input, writer, keyIdOf(input.certificate));
    const present = findKeyCredential(before, input.certificate);
    if (present !== undefined) return settle(ports, input, present.keyId);
  }
}

/** What landed and is sent again is refused as a change of an entry: no plain refusal until the directory shows it, or time has passed. */
function inDoubt(problem: OnboardingError): OnboardingError {
  if (!hasCode(problem, 'KEY_CREDENTIAL_REFUSED') || problem.details['status'] !== 400) return problem;
  return new OnboardingError('KEY_CREDENTIAL_STALE', 'An earlier attempt may have been accepted, and the directory does not show it yet.', { cause: problem, serviceCode: problem.serviceCode, correlationId: problem.correlationId });
}

/** Microsoft's own word for "somebody else is writing", a lost answer, or a pause it asked for. */
function isWorthAnother(problem: OnboardingError): boolean {
  return isConcurrency(problem) || hasCode(problem, 'GRAPH_UNAVAILABLE', 'GRAPH_THROTTLED');
}

function isConcurrency({ serviceCode }: OnboardingError): boolean {
  return serviceCode === 'Directory_ConcurrencyViolation';
}

/** Undefined when it was accepted. Sent once: by the time of a repetition the snapshot could be an old one. */
async function patch(ports: RegistrationPorts, input: RegistrationInput, before: ApplicationKeys): Promise<OnboardingError | undefined> {
  const body = buildKeyCredentialsPatch(before, input.certificate);
  try {
    const answer = await ports.graph.send(scopeOf(input, false), { method: 'PATCH', path: `/applications/${encodeURIComponent(before.id)}`, body, once: true });
    if (answer.status >= 200 && answer.status < 300) return undefined;
    const expired = expiredKeyIds(before, ports.clock.now());
    return refusalOf('The certificate was not registered', answer, expired.length === 0 ? {} : { expiredKeyIds: expired });
  } catch (error) {
    if (hasCode(error, 'GRAPH_UNAVAILABLE', 'GRAPH_THROTTLED')) return error;
    throw error;
  }
}

async function readBack(ports: RegistrationPorts, input: RegistrationInput, writer: KeyWriter, before: ApplicationKeys, otherwise: OnboardingError): Promise<string> {
  const isExplained = explainedBy(await readLedger(ports, input.applicationAppId));
  let foreign: readonly ReadBack[] = [];
  for (const pauseMs of READ_BACK_PAUSES_MS) {
    await ports.clock.sleep(pauseMs, input.signal);
    await writer.keep();
    const verdict = judgeReadBack(before, await readKeys(ports, input), input.certificate, isExplained);
    if (verdict.kind === 'done') return settle(ports, input, verdict.keyId);
    foreign = verdict.kind === 'foreign' ? [...foreign, verdict] : [];
    if (verdict.kind === 'foreign' && foreign.length >= FOREIGN_READS) throw await foreignChange(ports, input, verdict);
  }
  throw otherwise;
}

async function foreignChange(ports: RegistrationPorts, input: RegistrationInput, { missing, unknown }: Extract<ReadBack, { kind: 'foreign' }>): Promise<OnboardingError> {
  await reportForeignChange(ports, input, { change: { missing, unknown }, isComplete: false });
  return new OnboardingError('KEY_CREDENTIAL_FOREIGN_CHANGE', 'The app\'s key credentials were changed by somebody else during the registration.', {
    details: { missingKeyIds: missing, unknownKeyIds: unknown },
  });
}

async function settle(ports: RegistrationPorts, { applicationAppId, certificate }: RegistrationInput, keyId: string): Promise<string> {
  await noteSeen(ports, applicationAppId, keyId, certificate);
  return keyId;
}

async function note(ports: RegistrationPorts, { applicationAppId, certificate }: RegistrationInput, state: LedgerEntry['state']): Promise<void> {
  await noteKey(ports, applicationAppId, { keyId: keyIdOf(certificate), thumbprintSha256: certificate.thumbprintSha256, state, endsAt: Date.parse(certificate.notAfter) });
}
