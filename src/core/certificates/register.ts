/**
 * Puts a certificate's public part on the partner's app registration, once. The explicit bootstrap of a first certificate:
 * a snapshot that two reads agree on, one PATCH with everything that was there, reads until the result is seen. A change
 * by somebody else is reported and never undone. There is no ETag, so another writer can still slip between read and
 * write: run one registration at a time. Microsoft Graph "Update application". Least permission: Application.ReadWrite.OwnedBy.
 */
import { hasCode, OnboardingError } from '../errors';
import type { Ports } from '../ports';
import { readKeys, refusalOf, scopeOf, type KeyAccess } from './key-access';
import { auditKeyChange } from './key-audit';
import { buildKeyCredentialsPatch, expiredKeyIds, findKeyCredential, fingerprintOf, judgeReadBack, type ApplicationKeys, type ReadBack, type RegistrableCertificate } from './key-credentials';

const SNAPSHOT_READS = 6;
const SNAPSHOT_PAUSE_MS = 3000;
const READ_BACK_PAUSES_MS = [2000, 3000, 5000, 10_000, 20_000, 30_000, 60_000, 60_000] as const;
/** A foreign state must be seen this often in a row: one lagging replica is no foreign change. */
const FOREIGN_READS = 3;
const WRITE_ATTEMPTS = 3;

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

export type RegistrationPorts = Pick<Ports, 'graph' | 'clock' | 'audit'>;

/**
 * Register a certificate; doing it again changes nothing. Raises `KEY_CREDENTIAL_REFUSED` (service code; expired entries
 * of the registration are named in `details.expiredKeyIds`, as Graph refuses a list that carries one),
 * `KEY_CREDENTIAL_FOREIGN_CHANGE`, `CERTIFICATE_EXPIRED`, `CERTIFICATE_NOT_ACCEPTED` when the write was accepted and is
 * not visible yet (run it again), `GRAPH_ANSWER_INVALID`, `AUDIT_UNAVAILABLE` before anything is written, and what the
 * GraphTransport raises.
 */
export async function registerCertificate(ports: RegistrationPorts, input: RegistrationInput): Promise<Registration> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await registerOnce(ports, input);
    } catch (error) {
      // Microsoft's own word for "somebody else is writing": take a new snapshot instead of writing an old one.
      const isConcurrency = hasCode(error, 'KEY_CREDENTIAL_REFUSED') && error.serviceCode === 'Directory_ConcurrencyViolation';
      if (!isConcurrency || attempt >= WRITE_ATTEMPTS) throw error;
      await ports.clock.sleep(SNAPSHOT_PAUSE_MS, input.signal);
    }
  }
}

async function registerOnce(ports: RegistrationPorts, input: RegistrationInput): Promise<Registration> {
  const before = await readSnapshot(ports, input);
  const present = findKeyCredential(before, input.certificate);
  if (present !== undefined) return { applicationObjectId: before.id, keyId: present.keyId, alreadyRegistered: true };
  if (ports.clock.now() >= Date.parse(input.certificate.notAfter)) throw new OnboardingError('CERTIFICATE_EXPIRED', 'An expired certificate is not registered.');
  const details = { thumbprintSha256: input.certificate.thumbprintSha256 };
  const keyId = await auditKeyChange(ports, { action: 'certificate.registered', ...input, key: input.certificate.thumbprintSha256, details }, async () => {
    await patch(ports, input, before);
    const seen = await readBack(ports, input, before);
    return { result: seen, details: { keyId: seen } };
  });
  return { applicationObjectId: before.id, keyId, alreadyRegistered: false };
}

/** Two reads in a row that agree, each with its own token and socket. */
async function readSnapshot(ports: RegistrationPorts, input: RegistrationInput): Promise<ApplicationKeys> {
  let previous: string | undefined;
  for (let read = 0; read < SNAPSHOT_READS; read += 1) {
    const keys = await readKeys(ports, input);
    const fingerprint = fingerprintOf(keys);
    if (fingerprint === previous) return keys;
    if (previous !== undefined) await ports.clock.sleep(SNAPSHOT_PAUSE_MS, input.signal);
    previous = fingerprint;
  }
  throw new OnboardingError('KEY_CREDENTIAL_FOREIGN_CHANGE', 'The app\'s key credentials keep changing; nothing was written.');
}

async function patch(ports: RegistrationPorts, input: RegistrationInput, before: ApplicationKeys): Promise<void> {
  const body = buildKeyCredentialsPatch(before, input.certificate);
  const answer = await ports.graph.send(scopeOf(input, false), { method: 'PATCH', path: `/applications/${encodeURIComponent(before.id)}`, body });
  if (answer.status >= 200 && answer.status < 300) return;
  const expired = expiredKeyIds(before, ports.clock.now());
  throw refusalOf('The certificate was not registered', answer, expired.length === 0 ? {} : { expiredKeyIds: expired });
}

async function readBack(ports: RegistrationPorts, input: RegistrationInput, before: ApplicationKeys): Promise<string> {
  let foreign: readonly ReadBack[] = [];
  for (const pauseMs of READ_BACK_PAUSES_MS) {
    await ports.clock.sleep(pauseMs, input.signal);
    const verdict = judgeReadBack(before, await readKeys(ports, input), input.certificate);
    if (verdict.kind === 'done') return verdict.keyId;
    foreign = verdict.kind === 'foreign' ? [...foreign, verdict] : [];
    if (verdict.kind === 'foreign' && foreign.length >= FOREIGN_READS) {
      throw new OnboardingError('KEY_CREDENTIAL_FOREIGN_CHANGE', 'The app\'s key credentials were changed by somebody else during the registration.', {
        details: { missingKeyIds: verdict.missing, unknownKeyIds: verdict.unknown },
      });
    }
  }
  throw new OnboardingError('CERTIFICATE_NOT_ACCEPTED', 'The certificate was registered and is not visible yet.');
}
