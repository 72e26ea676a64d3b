/**
 * The beginning of a rotation: whether there can be one, and the record that is written before anything is done. Two lines of
 * one app are never rotated at once, since what is proven of one could be the other's doing.
 */
import type { CertificateRecord } from '../../certificates/model';
import { requireCertificate } from '../../certificates/records/records';
import { NO_PROOF } from '../../certificates/rotation/rotation';
import { type CertificateRotation, findRotation, isRunning, listRotations, rotationKind } from '../../certificates/rotation/rotation-model';
import { isCustomerAppUser } from '../../customer-apps/model';
import { OnboardingError } from '../../errors';
import { claimRecord, replaceRecord, retireRecord, type Stored } from '../../records';
import type { OnboardingContext } from '../context';
import type { RotationWork } from './rotation-work';

/** Written down before anything is done; whoever loses the race goes on with the winner's. Raises as `rotate` does. */
export async function beginRotation(work: RotationWork, certificateId: string, lineId: string, last: Stored<CertificateRotation> | undefined): Promise<Stored<CertificateRotation>> {
  const { context, operatorId } = work;
  const { ports } = context;
  const from = await requireCertificate(ports, certificateId);
  await requireRotatable(context, from);
  const rotation = newRotation(ports, { from, lineId, operatorId });
  // Whoever loses the race goes on with the winner's rotation.
  if (last === undefined) await claimRecord(ports, rotationKind, lineId, rotation);
  else await replaceRecord(ports, rotationKind, lineId, last, rotation);
  const begun = await requireRotation(context, lineId);
  await stillRotatable(context, from.id).catch(async (error: unknown) => {
    // Another line of the same app was begun at the same moment, and each of the two may see the other; or the certificate was deleted: this one makes way.
    if (begun.value.id === rotation.id) await (last === undefined ? retireRecord(ports, rotationKind, lineId, begun) : replaceRecord(ports, rotationKind, lineId, begun, last.value));
    throw error;
  });
  return begun;
}

async function stillRotatable(context: OnboardingContext, certificateId: string): Promise<void> {
  await requireRotatable(context, await requireCertificate(context.ports, certificateId));
}

function newRotation({ clock, random }: OnboardingContext['ports'], { from, lineId, operatorId }: { readonly from: CertificateRecord; readonly lineId: string; readonly operatorId: string }): CertificateRotation {
  const now = clock.now();
  return {
    id: random.uuid(),
    lineId,
    fromCertificateId: from.id,
    toCertificateId: random.uuid(),
    state: 'issuing',
    apps: from.usedBy.map(({ appKey, appId, keyId }) => ({ appKey, appId, oldKeyId: keyId, newKeyId: null, registeredAt: null, removedAt: null })),
    proof: NO_PROOF,
    startedAt: now,
    startedBy: operatorId,
    activatedAt: null,
    lastFallbackAt: null,
    endedAt: null,
    nextStepAt: now,
    reasons: [],
  };
}

async function requireRotatable({ ports, settings }: OnboardingContext, from: CertificateRecord): Promise<void> {
  if (from.state === 'retired' || from.usedBy.length === 0) throw new OnboardingError('CERTIFICATE_NOT_IN_USE', 'No app signs in with this certificate; only one that is registered can be rotated.', { details: { certificateId: from.id } });
  const undeclared = from.usedBy.find(({ appKey }) => !settings.apps.some((app) => app.key === appKey));
  if (undeclared !== undefined && isCustomerAppUser(undeclared.appKey)) throw new OnboardingError('APP_UNKNOWN', `The certificate is that of a customer's own app (${undeclared.appKey}), which is not rotated here: adopt the app again, which gives it another one.`, { details: { app: undeclared.appKey } });
  if (undeclared !== undefined) throw new OnboardingError('APP_UNKNOWN', `The certificate is registered on "${undeclared.appKey}", which this configuration does not declare.`, { details: { app: undeclared.appKey } });
  if (ports.clock.now() >= Date.parse(from.notAfter)) throw new OnboardingError('CERTIFICATE_EXPIRED', 'The certificate has expired, so it can no longer vouch for its successor. Register another one with a different credential of the app.', { details: { certificateId: from.id } });
  await requireAlone(ports, from.id, from.usedBy);
}

/** Raises `CERTIFICATE_ROTATION_RUNNING`. */
export async function requireAlone(ports: OnboardingContext['ports'], fromCertificateId: string, apps: readonly { readonly appId: string }[]): Promise<void> {
  const appIds = new Set(apps.map(({ appId }) => appId));
  const other = (await listRotations(ports)).find((rotation) => isRunning(rotation) && rotation.fromCertificateId !== fromCertificateId && rotation.apps.some(({ appId }) => appIds.has(appId)));
  if (other !== undefined) throw new OnboardingError('CERTIFICATE_ROTATION_RUNNING', 'Another certificate of the same app is being rotated.', { details: { certificateId: other.fromCertificateId, rotationId: other.id } });
}

/** Raises `STATE_CONFLICT` when it was withdrawn meanwhile. */
export async function requireRotation({ ports }: OnboardingContext, lineId: string): Promise<Stored<CertificateRotation>> {
  const stored = await findRotation(ports, lineId);
  if (stored === undefined) throw new OnboardingError('STATE_CONFLICT', 'The rotation was removed meanwhile.');
  return stored;
}
