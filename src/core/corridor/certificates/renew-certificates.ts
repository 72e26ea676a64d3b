/**
 * One step for every certificate that needs one: begin the rotation of what is due, go on with what is running. What fails with
 * one certificate is reported with it and keeps none of the others from going on.
 */
import { isRunning } from '../../certificates/rotation/rotation-model';
import { isOnboardingError, type OnboardingError } from '../../errors';
import type { CheckedCredential } from './judge-credential';
import type { RotationReport } from './rotate';
import type { WatchedCredential } from './watched-credentials';

export interface RenewalStep {
  readonly certificateId: string;
  readonly rotationId: string;
  readonly step: RotationReport['step'];
  readonly state: RotationReport['rotation']['state'];
}

export interface Renewed {
  readonly steps: readonly RenewalStep[];
  /** By certificate id, why its step was not taken. */
  readonly failures: ReadonlyMap<string, OnboardingError>;
}

/** A rotation that was taken back had its reason, which is not gone an hour later. */
const RETRY_MS = 24 * 60 * 60_000;

/** Pure. Has a rotation of this credential something to do now? `now` in milliseconds since the Unix epoch. */
export function needsStep({ certificateId, rotation }: Pick<WatchedCredential, 'certificateId' | 'rotation'>, { mayRenewNow, status }: Pick<CheckedCredential, 'mayRenewNow' | 'status'>, now: number): boolean {
  if (certificateId === null) return false;
  if (rotation !== undefined && isRunning(rotation)) return now >= rotation.nextStepAt;
  if (rotation?.state === 'rolled_back' && now < (rotation.endedAt ?? 0) + RETRY_MS) return false;
  // What has expired can no longer vouch for its successor.
  return mayRenewNow && status !== 'expired';
}

/** `rotate` takes one step. Raises only what is no error of ours. */
export async function takeSteps(certificateIds: readonly string[], rotate: (certificateId: string) => Promise<RotationReport>): Promise<Renewed> {
  const steps: RenewalStep[] = [];
  const failures = new Map<string, OnboardingError>();
  for (const certificateId of certificateIds) {
    try {
      const { rotation, step } = await rotate(certificateId);
      steps.push({ certificateId, rotationId: rotation.id, step, state: rotation.state });
    } catch (error) {
      if (!isOnboardingError(error)) throw error;
      failures.set(certificateId, error);
    }
  }
  return { steps, failures };
}
