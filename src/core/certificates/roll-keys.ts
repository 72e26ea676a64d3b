/**
 * An app rolls its own keys: addKey and removeKey with a proof of possession, which leave every other key alone. Both read
 * first and change nothing that is as it should be; a lost answer is settled by the directory, never by a guess. A key is
 * never removed on its own word. Microsoft Graph "application: addKey", "application: removeKey".
 */
import { OnboardingError } from '../errors';
import type { Ports } from '../ports';
import { readKeys, type KeyAccess } from './key-access';
import { auditKeyChange } from './key-audit';
import { buildKeyCredential, findByKeyId, findByThumbprintSha1, findForeignChange, findKeyCredential, keyIdOf, surplusKeyIds, thumbprintSha256Of, type ApplicationKeys, type ForeignChange, type KeyCredentialEntry, type RegistrableCertificate } from './key-credentials';
import { sendProven, type ProofSigner, type ProvenInput, type ProvenRequest } from './proven-send';

const SIGNER_PAUSES_MS = [2000, 5000, 10_000, 30_000] as const;
const READ_BACK_PAUSES_MS = [2000, 3000, 5000, 10_000, 20_000, 30_000, 60_000, 60_000, 60_000] as const;
/** After a refusal that nothing of ours explains. */
const DOUBT_PAUSES_MS = [2000, 5000] as const;
const RESEND_PAUSES_MS = [3000, 10_000, 30_000] as const;
/** A proof that could end on its way is not sent. */
const SIGNER_MARGIN_MS = 120_000;

export interface RollKeyInput extends KeyAccess {
  /** A certificate that is registered on the app and valid: for a removal, another one than is removed. */
  readonly signer: ProofSigner;
  /** Operator id, for the audit. */
  readonly actor: string;
}

export interface AddKeyInput extends RollKeyInput {
  readonly certificate: RegistrableCertificate;
}

export interface RemoveKeyInput extends RollKeyInput {
  readonly keyId: string;
  /** When known: every entry of this certificate goes, and a key id that names another one by now is left alone. */
  readonly thumbprintSha256?: string | undefined;
}

export interface AddedKey {
  readonly applicationObjectId: string;
  readonly keyId: string;
  /** True when the certificate was there already and nothing was written. */
  readonly alreadyRegistered: boolean;
  /** What somebody else changed meanwhile; adding a key touches no other, so this is no error of it. */
  readonly foreignChange: ForeignChange | null;
}

export interface RemovedKey {
  /** True when the key was gone already and nothing was written. */
  readonly alreadyGone: boolean;
  readonly foreignChange: ForeignChange | null;
}

export type RollPorts = Pick<Ports, 'graph' | 'clock' | 'audit' | 'jwt' | 'store' | 'sealer' | 'events'>;

/**
 * Register a certificate beside the ones that are there; doing it again changes nothing. Least permission (application): none
 * by the reference, Application.ReadWrite.OwnedBy by Microsoft's permission data; see docs/permissions.md. Raises
 * `KEY_CREDENTIAL_SIGNER_UNUSABLE` and `CERTIFICATE_EXPIRED` before anything is sent, `KEY_CREDENTIAL_PROOF_REFUSED`,
 * `KEY_CREDENTIAL_POLICY`, `KEY_CREDENTIAL_REFUSED`, `KEY_CREDENTIAL_STALE` when it was accepted and is not visible yet (run it
 * again), `GRAPH_ANSWER_INVALID`, `AUDIT_UNAVAILABLE` before anything is written, and what the GraphTransport raises.
 */
export async function addKeyCredential(ports: RollPorts, input: AddKeyInput): Promise<AddedKey> {
  const { certificate } = input;
  const isThere = (keys: ApplicationKeys) => findKeyCredential(keys, certificate) !== undefined;
  const before = await readUntil(ports, input, [0, ...SIGNER_PAUSES_MS], (keys) => isThere(keys) || findSigner(keys, input) !== undefined);
  if (isThere(before) && surplusKeyIds(before, certificate).length === 0) return addedKey(before, before, certificate, true);
  if (ports.clock.now() >= Date.parse(certificate.notAfter)) throw new OnboardingError('CERTIFICATE_EXPIRED', 'An expired certificate is not registered.');
  requireSigner(before, input, ports.clock.now());
  const details = { thumbprintSha256: certificate.thumbprintSha256, how: 'addKey' };
  return auditKeyChange(ports, { action: 'certificate.registered', ...input, key: certificate.thumbprintSha256, details }, async () => {
    const request: ProvenRequest = { action: 'addKey', applicationObjectId: before.id, body: { keyCredential: buildKeyCredential(certificate), passwordCredential: null } };
    const added = isThere(before) ? before : await carryOut(ports, input, request, isThere);
    const after = await removeSurplus(ports, input, added);
    const result = addedKey(before, after, certificate, false);
    return { result, details: { keyId: result.keyId, ...noteOf(result.foreignChange) } };
  });
}

/**
 * Remove one key, proven by another; doing it again changes nothing. Permissions and errors as {@link addKeyCredential};
 * besides `KEY_CREDENTIAL_FOREIGN_CHANGE` when the key id names another certificate than was said (nothing is sent).
 */
export async function removeKeyCredential(ports: RollPorts, input: RemoveKeyInput): Promise<RemovedKey> {
  const isGone = (keys: ApplicationKeys) => findSigner(keys, input) !== undefined && targetsOf(keys, input).length === 0;
  const before = await readUntil(ports, input, [0, ...SIGNER_PAUSES_MS], (keys) => findSigner(keys, input) !== undefined);
  const targets = targetsOf(before, input);
  requireOther(before, targets, input);
  if (targets.length === 0) return { alreadyGone: true, foreignChange: null };
  requireSigner(before, input, ports.clock.now());
  const details = { keyId: input.keyId, ...(input.thumbprintSha256 === undefined ? {} : { thumbprintSha256: input.thumbprintSha256 }) };
  return auditKeyChange(ports, { action: 'certificate.unregistered', ...input, key: input.keyId, details }, async () => {
    let after = before;
    for (const { keyId } of targets) after = await removeOne(ports, input, before.id, keyId, isGone);
    const foreignChange = findForeignChange(before, after, new Set(targets.map(({ keyId }) => keyId.toLowerCase()))) ?? null;
    return { result: { alreadyGone: false, foreignChange }, details: noteOf(foreignChange) };
  });
}

async function removeOne(ports: RollPorts, input: RollKeyInput, applicationObjectId: string, keyId: string, isGone: (keys: ApplicationKeys) => boolean): Promise<ApplicationKeys> {
  return carryOut(ports, input, { action: 'removeKey', applicationObjectId, body: { keyId } }, (keys) => findByKeyId(keys, keyId) === undefined && (isGone(keys) || findSigner(keys, input) !== undefined));
}

/** A server that did not heed our key id has made two of one. */
async function removeSurplus(ports: RollPorts, input: AddKeyInput, keys: ApplicationKeys): Promise<ApplicationKeys> {
  let after = keys;
  const signerKeyId = findSigner(keys, input)?.keyId;
  for (const keyId of surplusKeyIds(keys, input.certificate)) {
    if (keyId === signerKeyId) continue;
    after = await removeOne(ports, input, keys.id, keyId, (shown) => findKeyCredential(shown, input.certificate) !== undefined);
  }
  return after;
}

/** Send until an answer came, then read until it is seen. What may have landed is judged by the directory, not by the answer to its repetition. */
async function carryOut(ports: RollPorts, input: ProvenInput, request: ProvenRequest, isDone: (keys: ApplicationKeys) => boolean): Promise<ApplicationKeys> {
  let mayHaveLanded = false;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await sendProven(ports, input, request);
    if (outcome.kind === 'accepted') return requireSeen(await readUntil(ports, input, READ_BACK_PAUSES_MS, isDone), isDone, notVisible());
    const pauseMs = RESEND_PAUSES_MS[attempt];
    if (outcome.kind === 'refused' || pauseMs === undefined) return requireSeen(await readInDoubt(ports, input, mayHaveLanded || outcome.kind === 'unknown', outcome.error, isDone), isDone, outcome.error);
    mayHaveLanded = true;
    await ports.clock.sleep(pauseMs, input.signal);
    // A key that is seen need not be sent again. A key that is not seen may be an old read: removing is repeated.
    const keys = request.action === 'addKey' ? await readKeys(ports, input) : undefined;
    if (keys !== undefined && isDone(keys)) return keys;
  }
}

/** A repetition of what landed is refused as well: only reading tells. A refused proof or permission needs no second look. */
async function readInDoubt(ports: RollPorts, input: KeyAccess, mayHaveLanded: boolean, error: OnboardingError, isDone: (keys: ApplicationKeys) => boolean): Promise<ApplicationKeys> {
  const { status } = error.details;
  if (status === 401 || status === 403) throw error;
  return readUntil(ports, input, mayHaveLanded ? READ_BACK_PAUSES_MS : DOUBT_PAUSES_MS, isDone);
}

/** The first read that is enough, or the last one. */
async function readUntil(ports: Pick<Ports, 'graph' | 'clock'>, access: KeyAccess, pausesMs: readonly number[], isEnough: (keys: ApplicationKeys) => boolean): Promise<ApplicationKeys> {
  let keys: ApplicationKeys | undefined;
  for (const pauseMs of pausesMs) {
    await ports.clock.sleep(pauseMs, access.signal);
    keys = await readKeys(ports, access);
    if (isEnough(keys)) return keys;
  }
  return keys ?? readKeys(ports, access);
}

function requireSeen(keys: ApplicationKeys, isDone: (keys: ApplicationKeys) => boolean, otherwise: OnboardingError): ApplicationKeys {
  if (!isDone(keys)) throw otherwise;
  return keys;
}

function notVisible(): OnboardingError {
  return new OnboardingError('KEY_CREDENTIAL_STALE', 'Microsoft accepted the change, and the directory does not show it yet.');
}

function addedKey(before: ApplicationKeys, after: ApplicationKeys, certificate: RegistrableCertificate, alreadyRegistered: boolean): AddedKey {
  const keyId = findKeyCredential(after, certificate)?.keyId ?? keyIdOf(certificate);
  const ours = new Set([keyId, ...surplusKeyIds(before, certificate)].map((id) => id.toLowerCase()));
  return { applicationObjectId: before.id, keyId, alreadyRegistered, foreignChange: findForeignChange(before, after, ours) ?? null };
}

function noteOf(change: ForeignChange | null) {
  return change === null ? {} : { foreignMissing: change.missing, foreignUnknown: change.unknown };
}

function findSigner(keys: ApplicationKeys, { signer }: RollKeyInput): KeyCredentialEntry | undefined {
  return findByThumbprintSha1(keys, signer.thumbprintSha1);
}

/** The entries to be removed. Raises `KEY_CREDENTIAL_FOREIGN_CHANGE`. */
function targetsOf(keys: ApplicationKeys, { keyId, thumbprintSha256 }: RemoveKeyInput): readonly KeyCredentialEntry[] {
  const named = findByKeyId(keys, keyId);
  if (thumbprintSha256 === undefined) return named === undefined ? [] : [named];
  const shown = named === undefined ? undefined : thumbprintSha256Of(named);
  if (shown !== undefined && shown !== thumbprintSha256.toUpperCase()) {
    throw new OnboardingError('KEY_CREDENTIAL_FOREIGN_CHANGE', 'The key id names another certificate by now; it was left alone.', { details: { keyId } });
  }
  return keys.keyCredentials.filter((entry) => entry === named || thumbprintSha256Of(entry) === thumbprintSha256.toUpperCase());
}

/** Raises `KEY_CREDENTIAL_SIGNER_UNUSABLE`: whoever proves with the key it removes has not shown that it can go on without. */
function requireOther(keys: ApplicationKeys, targets: readonly KeyCredentialEntry[], input: RemoveKeyInput): void {
  const signer = findSigner(keys, input);
  const isSame = signer !== undefined && (targets.includes(signer) || signer.keyId.toLowerCase() === input.keyId.toLowerCase());
  if (isSame) throw unusable('A key is not removed on its own word: prove with another certificate that is registered on the app.', 'removes_itself');
}

/** Raises `KEY_CREDENTIAL_SIGNER_UNUSABLE`. */
function requireSigner(keys: ApplicationKeys, input: RollKeyInput, now: number): void {
  const signer = findSigner(keys, input);
  if (signer === undefined) throw unusable('The certificate that should prove possession is not registered on the app.', 'not_registered');
  if (Date.parse(signer.endDateTime ?? '') <= now + SIGNER_MARGIN_MS) throw unusable('The certificate that should prove possession has ended or ends within minutes.', 'expired');
  if (Date.parse(signer.startDateTime ?? '') > now) throw unusable('The certificate that should prove possession is not valid yet.', 'not_yet_valid');
}

function unusable(message: string, reason: string): OnboardingError {
  return new OnboardingError('KEY_CREDENTIAL_SIGNER_UNUSABLE', message, { details: { reason } });
}
