/**
 * Puts a certificate's public part on the partner's app registration, once. The explicit bootstrap of a first certificate:
 * a snapshot that two reads agree on, one PATCH with everything that was there, reads until the result is seen. A change
 * by somebody else is reported and never undone. There is no ETag, so another writer can still slip between read and
 * write: run one registration at a time. Microsoft Graph "Update application". Least permission: Application.ReadWrite.OwnedBy.
 */
import { hasCode, OnboardingError } from '../errors';
import type { GraphResponse, JsonObject, Ports } from '../ports';
import { buildKeyCredentialsPatch, expiredKeyIds, findKeyCredential, fingerprintOf, judgeReadBack, readApplicationKeys, type ApplicationKeys, type ReadBack, type RegistrableCertificate } from './key-credentials';

const SNAPSHOT_READS = 6;
const SNAPSHOT_PAUSE_MS = 3000;
const READ_BACK_PAUSES_MS = [2000, 3000, 5000, 10_000, 20_000, 30_000, 60_000, 60_000] as const;
/** A foreign state must be seen this often in a row: one lagging replica is no foreign change. */
const FOREIGN_READS = 3;
const WRITE_ATTEMPTS = 3;

export interface RegistrationInput {
  readonly homeTenantId: string;
  /** The app whose token is used; it may be another one than is changed. */
  readonly appKey: string;
  /** Client id of the app registration that gets the certificate. */
  readonly applicationAppId: string;
  readonly certificate: RegistrableCertificate;
  /** Operator id, for the audit. */
  readonly actor: string;
  readonly signal?: AbortSignal | undefined;
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
  const keyId = await audited(ports, input, async () => {
    await patch(ports, input, before);
    return readBack(ports, input, before);
  });
  return { applicationObjectId: before.id, keyId, alreadyRegistered: false };
}

async function audited(ports: RegistrationPorts, input: RegistrationInput, effect: () => Promise<string>): Promise<string> {
  const { applicationAppId, certificate, actor, homeTenantId } = input;
  const action = 'certificate.registered';
  const base = `${action}:${applicationAppId}:${certificate.thumbprintSha256}:${ports.clock.now()}`;
  const event = { action, actor, subject: applicationAppId, tenantId: homeTenantId, details: { thumbprintSha256: certificate.thumbprintSha256 } satisfies JsonObject };
  const outcome = { ...event, id: `${base}:outcome`, phase: 'outcome', intentId: `${base}:intent` } as const;
  await ports.audit.append({ ...event, id: `${base}:intent`, phase: 'intent' });
  try {
    const keyId = await effect();
    await ports.audit.append({ ...outcome, outcome: 'done', details: { ...event.details, keyId } });
    return keyId;
  } catch (error) {
    const refused = hasCode(error, 'KEY_CREDENTIAL_REFUSED');
    // The error says more than an audit that is down as well; the sink keeps the first outcome.
    await ports.audit.append({ ...outcome, outcome: refused ? 'refused' : 'failed' }).catch(() => undefined);
    throw error;
  }
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

async function readKeys(ports: RegistrationPorts, input: RegistrationInput): Promise<ApplicationKeys> {
  const path = `/applications(appId='${encodeURIComponent(input.applicationAppId)}')?$select=id,appId,keyCredentials`;
  const answer = await ports.graph.send(scopeOf(input, true), { method: 'GET', path });
  if (answer.status !== 200) throw refusal('The app registration cannot be read', answer);
  const keys = readApplicationKeys(answer.body);
  if (keys === undefined || keys.appId.toLowerCase() !== input.applicationAppId.toLowerCase()) {
    throw new OnboardingError('GRAPH_ANSWER_INVALID', 'The app registration does not have the documented form.', { correlationId: answer.requestId });
  }
  return keys;
}

async function patch(ports: RegistrationPorts, input: RegistrationInput, before: ApplicationKeys): Promise<void> {
  const body = buildKeyCredentialsPatch(before, input.certificate);
  const answer = await ports.graph.send(scopeOf(input, false), { method: 'PATCH', path: `/applications/${encodeURIComponent(before.id)}`, body });
  if (answer.status >= 200 && answer.status < 300) return;
  const expired = expiredKeyIds(before, ports.clock.now());
  throw refusal('The certificate was not registered', answer, expired.length === 0 ? {} : { expiredKeyIds: expired });
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

function scopeOf(input: RegistrationInput, fresh: boolean) {
  return { tenantId: input.homeTenantId, appKey: input.appKey, fresh, ...(input.signal === undefined ? {} : { signal: input.signal }) };
}

function refusal(message: string, answer: GraphResponse, details: JsonObject = {}): OnboardingError {
  const code = (answer.body as { readonly error?: { readonly code?: unknown } } | undefined)?.error?.code;
  const serviceCode = typeof code === 'string' && /^[\w.-]{1,100}$/.test(code) ? code : undefined;
  return new OnboardingError('KEY_CREDENTIAL_REFUSED', `${message} (${serviceCode ?? `HTTP ${answer.status}`}).`, {
    serviceCode,
    correlationId: answer.requestId,
    details: { status: answer.status, ...details },
  });
}
