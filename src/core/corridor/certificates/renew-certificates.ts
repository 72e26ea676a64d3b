/**
 * One step for every certificate that needs one: begin the rotation of what is due, go on with what is running. What fails with
 * one certificate is reported with it and keeps none of the others from going on.
 */
import { isOnboardingError, type OnboardingError } from '../../errors';
import type { RotationReport } from './rotate';

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
