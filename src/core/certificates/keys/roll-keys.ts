/**
 * An app rolls its own keys: addKey and removeKey with a proof of possession, which leave every other key alone. Both read
 * first and change nothing that is as it should be; both can be killed anywhere and run again. A key is never removed on its
 * own word. Microsoft Graph "application: addKey", "application: removeKey".
 */
import { OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import { readUntil } from './key-access';
import { auditIfAnnounced, auditKeyChange, type AuditedChange } from './key-audit';
import { buildKeyCredential, findByKeyId, findByThumbprintSha1, findKeyCredential, keyIdOf, surplusKeyIds, thumbprintSha256Of, type ApplicationKeys, type ForeignChange, type KeyCredentialEntry, type RegistrableCertificate } from './key-credentials';
import { findContradiction, findEntry, forgetKey, isUnderWay, noteKey, noteSeen, readLedger, type KeyLedger, type LedgerEntry } from './key-ledger';
import { withKeyWriter, type KeyWriter } from './key-writer';
import type { ProvenInput } from './proven-send';
import { carryOut, findConfirmedChange, type CarriedOut, type RollPorts } from './roll-change';

export type { RollPorts } from './roll-change';

/** Before each read, until one shows what there is to decide. */
const FIRST_PAUSES_MS = [0, 2000, 5000, 10_000, 30_000] as const;
/** A proof that could end on its way is not sent. */
const SIGNER_MARGIN_MS = 120_000;

/** `signer` is registered on the app and valid: for a removal, another certificate than is removed. */
export interface RollKeyInput extends ProvenInput {
  /** Operator id, for the audit. */
  readonly actor: string;
  /** Of an undertaking that calls until it succeeds: what a killed call announced is ended by the next, and audited once. */
  readonly changeId?: string | undefined;
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
  /** True when the key was gone already and nothing was changed. */
  readonly alreadyGone: boolean;
  readonly foreignChange: ForeignChange | null;
}

/**
 * Register a certificate beside the ones that are there; doing it again changes nothing. Least permission (application): none
 * by the reference, Application.ReadWrite.OwnedBy by Microsoft's permission data; see docs/permissions.md. Raises
 * `KEY_CREDENTIAL_SIGNER_UNUSABLE` and `CERTIFICATE_EXPIRED` before anything is sent, `KEY_CREDENTIAL_PROOF_REFUSED`,
 * `KEY_CREDENTIAL_POLICY`, `KEY_CREDENTIAL_REFUSED`, `KEY_CREDENTIAL_STALE` when it was accepted and is not visible yet (run it
 * again), `KEY_CREDENTIAL_BUSY`, `GRAPH_ANSWER_INVALID`, `MASTER_KEY_MISSING`, `AUDIT_UNAVAILABLE` before anything is written,
 * and what the GraphTransport raises.
 */
export async function addKeyCredential(ports: RollPorts, input: AddKeyInput): Promise<AddedKey> {
  return withKeyWriter(ports, input, async (writer) => addAlone(ports, input, writer));
}

/**
 * Remove one key, proven by another; doing it again changes nothing. Permissions and errors as {@link addKeyCredential};
 * besides `KEY_CREDENTIAL_FOREIGN_CHANGE` when the key id names another certificate than was said (nothing is sent).
 */
export async function removeKeyCredential(ports: RollPorts, input: RemoveKeyInput): Promise<RemovedKey> {
  return withKeyWriter(ports, input, async (writer) => removeAlone(ports, input, writer));
}

async function addAlone(ports: RollPorts, input: AddKeyInput, writer: KeyWriter): Promise<AddedKey> {
  const { certificate } = input;
  const ledger = await readLedger(ports, input.applicationAppId);
  const entry = findEntry(ledger, keyIdOf(certificate));
  // Shown although we removed it: an old read, until the service itself says otherwise.
  const isThere = (keys: ApplicationKeys) => findKeyCredential(keys, certificate) !== undefined;
  const isPresent = (keys: ApplicationKeys) => isThere(keys) && entry?.state !== 'removed';
  const first = await readUntil(ports, input, FIRST_PAUSES_MS, (keys) => isPresent(keys) || findSigner(keys, input) !== undefined, writer);
  const change: AuditedChange = { action: 'certificate.registered', ...input, key: certificate.thumbprintSha256, details: { thumbprintSha256: certificate.thumbprintSha256, how: 'addKey' } };
  if (isPresent(first) && surplusKeyIds(first, certificate).length === 0) {
    return auditIfAnnounced(ports, change, async () => added(ports, input, { first, last: first, isNew: false }));
  }
  if (ports.clock.now() >= Date.parse(certificate.notAfter)) throw new OnboardingError('CERTIFICATE_EXPIRED', 'An expired certificate is not registered.');
  requireSigner(first, ledger, input, ports.clock.now());
  return auditKeyChange(ports, change, async () => {
    const shown = isPresent(first) ? first : await put(ports, input, writer, { first, isThere, mayHaveLanded: isUnderWay(entry, 'adding', ports.clock.now()) });
    const result = await added(ports, input, { first, last: await removeSurplus(ports, input, writer, shown), isNew: !isPresent(first) });
    return { result, details: { keyId: result.keyId, ...noteOf(result.foreignChange) } };
  });
}

async function put(ports: RollPorts, input: AddKeyInput, writer: KeyWriter, { first, isThere, mayHaveLanded }: { readonly first: ApplicationKeys; readonly isThere: (keys: ApplicationKeys) => boolean; readonly mayHaveLanded: boolean }): Promise<ApplicationKeys> {
  const { applicationAppId, certificate } = input;
  const entry = { keyId: keyIdOf(certificate), thumbprintSha256: certificate.thumbprintSha256, endsAt: Date.parse(certificate.notAfter) };
  await noteKey(ports, applicationAppId, { ...entry, state: 'adding' });
  const { keys } = await carryOut(ports, input, writer, {
    request: { action: 'addKey', applicationObjectId: first.id, body: { keyCredential: buildKeyCredential(certificate), passwordCredential: null } },
    isDone: isThere,
    mayHaveLanded,
    accepted: async () => noteKey(ports, applicationAppId, { ...entry, state: 'added' }),
    refused: async () => forgetKey(ports, applicationAppId, entry.keyId),
  });
  return keys;
}

/** A server that did not heed our key id has made two of one. */
async function removeSurplus(ports: RollPorts, input: AddKeyInput, writer: KeyWriter, shown: ApplicationKeys): Promise<ApplicationKeys> {
  let last = shown;
  for (const keyId of surplusKeyIds(shown, input.certificate)) {
    if (keyId !== findSigner(shown, input)?.keyId) last = (await take(ports, input, writer, { applicationObjectId: shown.id, keyId, thumbprintSha256: input.certificate.thumbprintSha256 })).keys;
  }
  return last;
}

async function added(ports: RollPorts, input: AddKeyInput, { first, last, isNew }: { readonly first: ApplicationKeys; readonly last: ApplicationKeys; readonly isNew: boolean }): Promise<AddedKey> {
  const keyId = findKeyCredential(last, input.certificate)?.keyId ?? keyIdOf(input.certificate);
  await noteSeen(ports, input.applicationAppId, keyId, input.certificate);
  return { applicationObjectId: first.id, keyId, alreadyRegistered: !isNew, foreignChange: await findConfirmedChange(ports, input, first, last) };
}

async function removeAlone(ports: RollPorts, input: RemoveKeyInput, writer: KeyWriter): Promise<RemovedKey> {
  const ledger = await readLedger(ports, input.applicationAppId);
  const entry = findEntry(ledger, input.keyId);
  const first = await readUntil(ports, input, FIRST_PAUSES_MS, (keys) => findSigner(keys, input) !== undefined && !(entry?.state === 'removed' && findByKeyId(keys, input.keyId) !== undefined), writer);
  const keyIds = targetsOf(first, input, entry);
  requireOther(first, keyIds, input);
  const { keyId, thumbprintSha256 } = input;
  const change: AuditedChange = { action: 'certificate.unregistered', ...input, key: keyId, details: { keyId, ...(thumbprintSha256 === undefined ? {} : { thumbprintSha256 }) } };
  if (keyIds.length === 0) return auditIfAnnounced(ports, change, async () => ({ alreadyGone: true, foreignChange: null }));
  requireSigner(first, ledger, input, ports.clock.now());
  return auditKeyChange(ports, change, async () => {
    const taken: CarriedOut[] = [];
    for (const one of keyIds) taken.push(await take(ports, input, writer, { applicationObjectId: first.id, keyId: one, thumbprintSha256 }));
    const foreignChange = await findConfirmedChange(ports, input, first, taken.at(-1)?.keys ?? first);
    return { result: { alreadyGone: !taken.some(({ isAccepted }) => isAccepted), foreignChange }, details: noteOf(foreignChange) };
  });
}

async function take(ports: RollPorts, input: RollKeyInput, writer: KeyWriter, { applicationObjectId, keyId, thumbprintSha256 = null }: { readonly applicationObjectId: string; readonly keyId: string; readonly thumbprintSha256?: string | null | undefined }): Promise<CarriedOut> {
  const earlier = findEntry(await readLedger(ports, input.applicationAppId), keyId);
  const note = async (state: LedgerEntry['state']) => noteKey(ports, input.applicationAppId, { keyId, thumbprintSha256, endsAt: null, state });
  await note('removing');
  const taken = await carryOut(ports, input, writer, {
    request: { action: 'removeKey', applicationObjectId, body: { keyId } },
    // A read that does not show the signer either is older than both.
    isDone: (keys) => findByKeyId(keys, keyId) === undefined && findSigner(keys, input) !== undefined,
    mayHaveLanded: earlier?.state === 'removed' || isUnderWay(earlier, 'removing', ports.clock.now()),
    accepted: async () => note('removed'),
    refused: async () => (earlier?.state === 'added' ? note('added') : forgetKey(ports, input.applicationAppId, keyId)),
  });
  await note('removed');
  return taken;
}

function noteOf(change: ForeignChange | null) {
  return change === null ? {} : { foreignMissing: change.missing, foreignUnknown: change.unknown };
}

function findSigner(keys: ApplicationKeys, { signer }: ProvenInput): KeyCredentialEntry | undefined {
  return findByThumbprintSha1(keys, signer.thumbprintSha1);
}

/** The key ids to be removed: also one that is not shown although we added it, for that may be an old read. Raises `KEY_CREDENTIAL_FOREIGN_CHANGE`. */
function targetsOf(keys: ApplicationKeys, { keyId, thumbprintSha256 }: RemoveKeyInput, entry: LedgerEntry | undefined): readonly string[] {
  const named = findByKeyId(keys, keyId);
  const shown = named === undefined ? undefined : thumbprintSha256Of(named);
  const wanted = thumbprintSha256?.toUpperCase();
  if (wanted !== undefined && shown !== undefined && shown !== wanted) {
    throw new OnboardingError('KEY_CREDENTIAL_FOREIGN_CHANGE', 'The key id names another certificate by now; it was left alone.', { details: { keyId } });
  }
  const isOwed = entry !== undefined && ['adding', 'added', 'removing'].includes(entry.state);
  const twins = keys.keyCredentials.filter((one) => one !== named && wanted !== undefined && thumbprintSha256Of(one) === wanted);
  return [...(named !== undefined || isOwed ? [keyId] : []), ...twins.map((one) => one.keyId)];
}

/** Raises `KEY_CREDENTIAL_SIGNER_UNUSABLE`: whoever proves with the key it removes has not shown that it can go on without. */
function requireOther(keys: ApplicationKeys, keyIds: readonly string[], input: RemoveKeyInput): void {
  const signer = findSigner(keys, input);
  const isSame = signer !== undefined && [...keyIds, input.keyId].some((keyId) => sameGuid(keyId, signer.keyId));
  if (isSame) throw unusable('A key is not removed on its own word: prove with another certificate that is registered on the app.', 'removes_itself');
}

/** Raises `KEY_CREDENTIAL_SIGNER_UNUSABLE`, `KEY_CREDENTIAL_STALE` while the directory is behind our own last change. */
function requireSigner(keys: ApplicationKeys, ledger: KeyLedger, input: ProvenInput, now: number): void {
  const signer = findSigner(keys, input);
  if (signer === undefined && findContradiction(ledger, keys, now)?.settled === false) {
    throw new OnboardingError('KEY_CREDENTIAL_STALE', 'The directory does not show the last change of the app\'s key credentials yet, nor the certificate that should prove possession; nothing was sent.');
  }
  if (signer === undefined) throw unusable('The certificate that should prove possession is not registered on the app.', 'not_registered');
  if (Date.parse(signer.endDateTime ?? '') <= now + SIGNER_MARGIN_MS) throw unusable('The certificate that should prove possession has ended or ends within minutes.', 'expired');
  if (Date.parse(signer.startDateTime ?? '') > now) throw unusable('The certificate that should prove possession is not valid yet.', 'not_yet_valid');
}

function unusable(message: string, reason: string): OnboardingError {
  return new OnboardingError('KEY_CREDENTIAL_SIGNER_UNUSABLE', message, { details: { reason } });
}
