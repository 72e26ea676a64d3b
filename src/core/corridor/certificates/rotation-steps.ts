/**
 * What each step of a rotation does in the world. Every one can be run again after a kill or by two processes at once: ids of
 * certificates and key credentials are fixed before the effect, and what is there already is taken as done. A step answers the
 * rotation as it is after it; who runs it writes that down.
 */
import { findCertificate, openPrivateKey, readCertificateDer, recordCertificateUse, requireCertificate } from '../../certificates/records/records';
import { retireCertificate } from '../../certificates/records/retire';
import { createCertificate } from '../../certificates/records/store-certificate';
import { findLine, joinLine, switchLine } from '../../certificates/rotation/line';
import { readLifetimeLimit } from '../../certificates/lifetime-policy';
import { addKeyCredential, removeKeyCredential } from '../../certificates/keys/roll-keys';
import { keyIdOf } from '../../certificates/keys/key-credentials';
import { afterLosingTheOld, afterRelease, afterRound, afterSwitchingBack, FIRST_PROOF_MS, NO_PROOF, overlapEndsAt } from '../../certificates/rotation/rotation';
import { type CertificateRotation, findRotation, type RotatingApp } from '../../certificates/rotation/rotation-model';
import { type PlannedSuccessor, planSuccessor } from '../../certificates/rotation/successor';
import { hasCode, OnboardingError } from '../../errors';
import type { OnboardingContext } from '../context';
import { findBlockers } from './rotation-blockers';
import { askRound, chooseSample } from './rotation-proof';
import type { RotationWork } from './rotation-work';

export async function issueSuccessor({ context, operatorId, limitPolicyTime, signal }: RotationWork, rotation: CertificateRotation): Promise<CertificateRotation> {
  const { ports, settings } = context;
  const from = await requireCertificate(ports, rotation.fromCertificateId);
  await joinLine(ports, rotation.toCertificateId, rotation.lineId);
  const limit = await readLifetimeLimit(ports, { homeTenantId: settings.homeTenantId, apps: settings.apps.filter(({ key }) => rotation.apps.some(({ appKey }) => appKey === key)), signal: limitPolicyTime(signal) });
  // Also when it is there: whoever stored it may have been killed before its name was kept and its outcome audited.
  await createNamed(ports, planSuccessor(from, rotation, limit), operatorId);
  return { ...rotation, state: 'registering', nextStepAt: ports.clock.now() };
}

async function createNamed(ports: OnboardingContext['ports'], { names: [name, otherName], ...wanted }: PlannedSuccessor, operatorId: string): Promise<void> {
  try {
    await createCertificate(ports, { ...wanted, name }, operatorId);
  } catch (error) {
    if (!hasCode(error, 'CERTIFICATE_NAME_TAKEN')) throw error;
    await createCertificate(ports, { ...wanted, name: otherName }, operatorId);
  }
}

export async function registerSuccessor(work: RotationWork, rotation: CertificateRotation): Promise<CertificateRotation> {
  const { context, operatorId, signal } = work;
  const { ports, settings } = context;
  const record = await requireCertificate(ports, rotation.toCertificateId);
  const certificate = { ...record, der: await readCertificateDer(ports, record.id) };
  const signer = await signerOf(work, rotation.fromCertificateId);
  const apps: RotatingApp[] = [];
  for (const app of rotation.apps) {
    const { keyId } = await addKeyCredential(ports, { homeTenantId: settings.homeTenantId, appKey: app.appKey, applicationAppId: app.appId, certificate, signer, actor: operatorId, changeId: rotation.id, signal });
    apps.push({ ...app, newKeyId: keyId, registeredAt: app.registeredAt ?? ports.clock.now() });
  }
  const sampleAccountIds = await chooseSample(work, rotation);
  return { ...rotation, state: 'proving', apps, sampleAccountIds, reasons: [], nextStepAt: ports.clock.now() + FIRST_PROOF_MS };
}

export async function proveSuccessor(work: RotationWork, rotation: CertificateRotation): Promise<CertificateRotation> {
  const { ports, settings } = work.context;
  const answers = await askRound(work, rotation);
  const now = ports.clock.now();
  const next = afterRound(rotation, answers, work.settings, { now, homeTenantId: settings.homeTenantId });
  const from = await requireCertificate(ports, rotation.fromCertificateId);
  return next.state === 'rolling_back' && now >= Date.parse(from.notAfter) ? afterLosingTheOld(next, now) : next;
}

/** From the switch of the line on, every process that asks the store signs with the new certificate. */
export async function activateSuccessor({ context, settings }: RotationWork, rotation: CertificateRotation): Promise<CertificateRotation> {
  const { ports } = context;
  const now = ports.clock.now();
  const line = { currentId: rotation.toCertificateId, previousId: rotation.fromCertificateId, switchedAt: now, decidedBy: decisionOf(rotation) };
  if (!(await switchLine(ports, rotation.lineId, line, stillAt(ports, rotation)))) return rotation;
  for (const { appKey, appId, newKeyId, registeredAt } of rotation.apps) {
    if (newKeyId === null) throw new OnboardingError('UNEXPECTED', 'A rotation was proven of which no key was ever seen.', { details: { rotationId: rotation.id, app: appKey } });
    await recordCertificateUse(ports, rotation.toCertificateId, { appKey, appId, keyId: newKeyId, registeredAt: registeredAt ?? now });
  }
  const activated = { ...rotation, state: 'overlap' as const, activatedAt: now };
  return { ...activated, nextStepAt: overlapEndsAt(activated, settings) };
}

/** The last look before the old key goes: is the new one still accepted, and does nobody need the old one? */
export async function releaseOld(work: RotationWork, rotation: CertificateRotation): Promise<CertificateRotation> {
  const { ports } = work.context;
  const proven = await proveSuccessor(work, rotation);
  if (proven.proof.lastProblem !== null) return proven;
  return afterRelease(proven, await findBlockers(work, rotation), ports.clock.now());
}

export async function retireOld(work: RotationWork, rotation: CertificateRotation): Promise<CertificateRotation> {
  const { ports } = work.context;
  // Somebody may have taken a file of the old key since the last look; once a key is gone there is no way back.
  const isWhole = rotation.apps.every(({ removedAt }) => removedAt === null) && (await findLine(ports, rotation.lineId))?.previousId !== null;
  const blockers = isWhole ? await findBlockers(work, rotation) : [];
  if (blockers.length > 0) return afterRelease({ ...rotation, state: 'overlap' }, blockers, ports.clock.now());
  // First nobody falls back to it any more, then it goes.
  const line = { currentId: rotation.toCertificateId, previousId: null, switchedAt: rotation.activatedAt ?? ports.clock.now(), decidedBy: decisionOf(rotation) };
  if (!(await switchLine(ports, rotation.lineId, line, stillAt(ports, rotation)))) return rotation;
  const apps = await removeKeys(work, rotation, { keyIdOf: ({ oldKeyId }) => oldKeyId, signerId: rotation.toCertificateId });
  await retireCertificate(ports, rotation.fromCertificateId);
  return { ...rotation, state: 'done', apps, reasons: [], endedAt: ports.clock.now(), nextStepAt: ports.clock.now() };
}

/** The old certificate signs alone again, then the new one's keys go. */
export async function rollBack(work: RotationWork, rotation: CertificateRotation): Promise<CertificateRotation> {
  const { ports } = work.context;
  const now = ports.clock.now();
  const line = await findLine(ports, rotation.lineId);
  const switchedAt = line?.currentId === rotation.toCertificateId ? now : (line?.switchedAt ?? 0);
  const isBack = await switchLine(ports, rotation.lineId, { currentId: rotation.fromCertificateId, previousId: null, switchedAt, decidedBy: decisionOf(rotation) }, stillAt(ports, rotation));
  const waiting = afterSwitchingBack(rotation, switchedAt);
  if (!isBack) return rotation;
  if (now < waiting.nextStepAt) return waiting;
  const apps = await removeNewKeys(work, rotation);
  if ((await findCertificate(ports, rotation.toCertificateId)) !== undefined) await retireCertificate(ports, rotation.toCertificateId);
  return { ...rotation, state: 'rolled_back', apps: [...apps], proof: { ...rotation.proof, goodRounds: NO_PROOF.goodRounds }, endedAt: now, nextStepAt: now };
}

/** Also those that were sent and never seen. */
export async function removeNewKeys(work: RotationWork, rotation: CertificateRotation): Promise<readonly RotatingApp[]> {
  const to = await findCertificate(work.context.ports, rotation.toCertificateId);
  if (to === undefined) return rotation.apps;
  return removeKeys(work, rotation, { keyIdOf: ({ newKeyId }) => newKeyId ?? keyIdOf(to), signerId: rotation.fromCertificateId });
}

function decisionOf({ id, state }: CertificateRotation): string {
  return `${id} ${state}`;
}

/** A caller that was held up must not do what others have decided against meanwhile. */
function stillAt(ports: OnboardingContext['ports'], { id, lineId, state }: CertificateRotation): () => Promise<boolean> {
  return async () => {
    const now = (await findRotation(ports, lineId))?.value;
    return now?.id === id && now.state === state;
  };
}

interface Removal {
  readonly keyIdOf: (app: RotatingApp) => string;
  /** Certificate that proves the removal: never the one that is removed. */
  readonly signerId: string;
}

async function removeKeys(work: RotationWork, { id, apps, fromCertificateId, toCertificateId }: CertificateRotation, removal: Removal): Promise<RotatingApp[]> {
  const { ports, settings } = work.context;
  const signer = await signerOf(work, removal.signerId);
  const goes = await findCertificate(ports, removal.signerId === toCertificateId ? fromCertificateId : toCertificateId);
  const removed: RotatingApp[] = [];
  for (const app of apps) {
    await removeKeyCredential(ports, {
      homeTenantId: settings.homeTenantId,
      appKey: app.appKey,
      applicationAppId: app.appId,
      keyId: removal.keyIdOf(app),
      thumbprintSha256: goes?.thumbprintSha256,
      signer,
      actor: work.operatorId,
      changeId: id,
      signal: work.signal,
    });
    removed.push({ ...app, removedAt: app.removedAt ?? ports.clock.now() });
  }
  return removed;
}

async function signerOf({ context: { ports } }: RotationWork, certificateId: string) {
  const { thumbprintSha1, thumbprintSha256, notAfter } = await requireCertificate(ports, certificateId);
  return { thumbprintSha1, thumbprintSha256, notAfter, privateKey: (await openPrivateKey(ports, certificateId)).privateKey };
}

