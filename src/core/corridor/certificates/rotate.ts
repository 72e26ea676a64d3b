/**
 * A rotation, one idempotent step per call, from any process: begin it, go on with it, undo it. Two at once on the same app are
 * refused; two callers of the same one do each step once, whoever writes it down first.
 */
import { findLineId, findLineOf } from '../../certificates/rotation/line';
import type { CertificateRecord } from '../../certificates/model';
import { rotationSubject, tellOccasion } from '../../certificates/renewal/occasions';
import { findCertificate, requireCertificate } from '../../certificates/records/records';
import { afterRelease, afterUndoing, canRollBack, nextRotationStep, planRotationSteps, type PlannedStep, type RotationStep } from '../../certificates/rotation/rotation';
import { type CertificateRotation, findRotation, isRunning, rotationKind } from '../../certificates/rotation/rotation-model';
import { OnboardingError } from '../../errors';
import type { JsonObject } from '../../ports';
import { replaceRecord, type Stored } from '../../records';
import type { OnboardingContext } from '../context';
import { beginRotation, requireAlone, requireRotation } from './rotation-begin';
import { type Blocker, findBlockers } from './rotation-blockers';
import { activateSuccessor, issueSuccessor, proveSuccessor, registerSuccessor, releaseOld, removeNewKeys, retireOld, rollBack } from './rotation-steps';
import type { RotationWork } from './rotation-work';

export interface RotationReport {
  readonly rotation: CertificateRotation;
  /** What this call did; `wait`: nothing was due; `none`: the rotation had ended. */
  readonly step: RotationStep;
  /** The certificate that takes over; null until it is made. */
  readonly certificate: CertificateRecord | null;
}

export interface RotationPlan {
  /** The running rotation, when there is one: the plan is what a new one would do. */
  readonly running: CertificateRotation | null;
  readonly certificateId: string;
  readonly steps: readonly PlannedStep[];
  /** What would keep the old key from being retired as things are now. */
  readonly blockers: readonly Blocker[];
}

const EFFECTS: Readonly<Partial<Record<RotationStep, (work: RotationWork, rotation: CertificateRotation) => Promise<CertificateRotation>>>> = {
  issue: issueSuccessor,
  register: registerSuccessor,
  prove: proveSuccessor,
  activate: activateSuccessor,
  release: releaseOld,
  retire: retireOld,
  roll_back: rollBack,
};

export async function rotateCertificate(work: RotationWork, certificateId: string): Promise<RotationReport> {
  const { ports } = work.context;
  const lineId = await findLineId(ports, certificateId);
  const stored = await findRotation(ports, lineId);
  if (stored !== undefined && isRunning(stored.value)) return goOn(work, stored);
  if (stored !== undefined && !(await isCurrent(work.context, certificateId))) return ended(work.context, stored.value, certificateId);
  return goOn(work, await beginRotation(work, certificateId, lineId, stored));
}

/** Undo a rotation that has not begun to retire the old key. Safe to repeat. */
export async function abortRotation(work: RotationWork, certificateId: string): Promise<RotationReport> {
  const { ports } = work.context;
  const stored = await findRotation(ports, await findLineId(ports, certificateId));
  if (stored === undefined) throw new OnboardingError('CERTIFICATE_NOT_IN_USE', 'No rotation of this certificate was begun.');
  if (stored.value.state === 'rolling_back') return goOn(work, stored);
  if (!isRunning(stored.value)) return { rotation: stored.value, step: 'none', certificate: await successorOf(work.context, stored.value) };
  if (!canRollBack(stored.value)) throw new OnboardingError('CERTIFICATE_ROTATION_TOO_LATE', 'The old key is on its way out; the rotation goes on.', { details: { rotationId: stored.value.id } });
  await requireWayBack(work, stored.value);
  const undone = afterUndoing(stored.value, { code: 'CERTIFICATE_ROTATION_UNDONE', message: 'An operator undid the rotation.' }, ports.clock.now());
  return goOn(work, await write(work, stored, undone, 'roll_back'));
}

export async function planRotation(work: RotationWork, certificateId: string): Promise<RotationPlan> {
  const { ports } = work.context;
  const stored = await findRotation(ports, await findLineId(ports, certificateId));
  const currentId = (await findLineOf(ports, certificateId))?.currentId ?? certificateId;
  const current = await requireCertificate(ports, currentId);
  const fromCertificateId = stored !== undefined && isRunning(stored.value) ? stored.value.fromCertificateId : currentId;
  return {
    running: stored !== undefined && isRunning(stored.value) ? stored.value : null,
    certificateId: currentId,
    steps: planRotationSteps(current.usedBy.map(({ appKey }) => appKey), work.settings, ports.clock.now()),
    blockers: await findBlockers(work, { fromCertificateId }),
  };
}

/** Going back is no way out when the old certificate has ended, or when somebody signs with the new one by a file of their own. */
async function requireWayBack(work: RotationWork, { id, fromCertificateId, toCertificateId, activatedAt }: CertificateRotation): Promise<void> {
  const { ports } = work.context;
  const from = await requireCertificate(ports, fromCertificateId);
  const details = { rotationId: id };
  if (ports.clock.now() >= Date.parse(from.notAfter)) throw new OnboardingError('CERTIFICATE_ROTATION_TOO_LATE', 'The old certificate has expired, so there is nothing to go back to.', { details });
  if (activatedAt === null) return;
  const blocker = (await findBlockers(work, { fromCertificateId: toCertificateId })).find(({ code }) => code !== 'CERTIFICATE_SIGNER_BEHIND');
  if (blocker !== undefined) throw new OnboardingError('CERTIFICATE_ROTATION_TOO_LATE', `Somebody signs with the new certificate by a file, which would end with it. ${blocker.message}`, { details });
}

async function isCurrent({ ports }: OnboardingContext, certificateId: string): Promise<boolean> {
  const line = await findLineOf(ports, certificateId);
  return line === undefined || line.currentId === certificateId;
}

/** For whoever repeats the call until the end: the end again. Not a certificate that has been replaced long ago. */
async function ended(context: OnboardingContext, rotation: CertificateRotation, certificateId: string): Promise<RotationReport> {
  const tookPart = rotation.fromCertificateId === certificateId || rotation.toCertificateId === certificateId;
  if (tookPart) return { rotation, step: 'none', certificate: await successorOf(context, rotation) };
  const currentId = (await findLineOf(context.ports, certificateId))?.currentId ?? rotation.toCertificateId;
  throw new OnboardingError('CERTIFICATE_NOT_CURRENT', `Another certificate of the line signs now: ${currentId}.`, { details: { certificateId: currentId } });
}

async function goOn(work: RotationWork, stored: Stored<CertificateRotation>): Promise<RotationReport> {
  const { context, settings } = work;
  const step = nextRotationStep(stored.value, settings, context.ports.clock.now());
  const effect = EFFECTS[step];
  if (effect === undefined) return { rotation: await withFreshReasons(work, stored.value), step, certificate: await successorOf(context, stored.value) };
  if (step === 'issue') await requireAlone(context.ports, stored.value.fromCertificateId, stored.value.apps);
  if (step === 'issue' || step === 'activate') await note(work, step === 'issue' ? stored.value : { ...stored.value, state: 'overlap' }, step);
  const { value: rotation } = await write(work, stored, await effect(work, stored.value), step);
  return { rotation, step, certificate: await successorOf(context, rotation) };
}

/** While it waits for somebody, a report says for whom as things are now. */
async function withFreshReasons(work: RotationWork, rotation: CertificateRotation): Promise<CertificateRotation> {
  if (rotation.state !== 'overlap') return rotation;
  return { ...rotation, reasons: afterRelease(rotation, await findBlockers(work, rotation), 0).reasons };
}

/** The audit first: an entry of a step that was not written down is repeated under the same id. */
async function write(work: RotationWork, stored: Stored<CertificateRotation>, rotation: CertificateRotation, step: RotationStep): Promise<Stored<CertificateRotation>> {
  const { context } = work;
  const { ports } = context;
  if (rotation.state !== stored.value.state) await note(work, rotation, step);
  const isOurs = await replaceRecord(ports, rotationKind, rotation.lineId, stored, rotation);
  if (isOurs && rotation.state === 'rolled_back') {
    const data = { certificateId: rotation.fromCertificateId, rotationId: rotation.id, rotationState: rotation.state, reasons: rotation.reasons };
    await tellOccasion(ports, { type: 'certificate.rotation_failed', subject: rotationSubject(rotation), data });
  }
  const written = await requireRotation(context, rotation.lineId);
  if (!isOurs && step === 'register') await withdrawLateKeys(work, rotation, written.value);
  return written;
}

/** Somebody undid the rotation while this caller was registering: what was added since goes again. */
async function withdrawLateKeys(work: RotationWork, ours: CertificateRotation, now: CertificateRotation): Promise<void> {
  const isUndone = now.id !== ours.id || now.state === 'rolled_back' || now.state === 'rolling_back';
  if (isUndone) await removeNewKeys(work, ours);
}

async function note({ context: { ports }, operatorId }: RotationWork, rotation: CertificateRotation, step: RotationStep): Promise<void> {
  const { id, fromCertificateId, toCertificateId, state, reasons } = rotation;
  const details: JsonObject = { rotationId: id, toCertificateId, state, step, apps: rotation.apps.map(({ appKey }) => appKey), reasons: reasons.map(({ code }) => code) };
  await ports.audit.append({ id: `certificate.rotation:${id}:${state}`, action: 'certificate.rotation', phase: 'note', actor: operatorId, subject: fromCertificateId, details });
}

async function successorOf({ ports }: OnboardingContext, { toCertificateId }: CertificateRotation): Promise<CertificateRecord | null> {
  return (await findCertificate(ports, toCertificateId)) ?? null;
}
