/**
 * Whether a rotation that should go on by itself does. Pure. It judges what is stored and takes no step: a rotation that was
 * rolled back, one that nobody drives, one that cannot retire the old key, one whose old certificate ends first.
 */
import type { RenewalPlan } from '../renewal/renewal';
import { type CertificateRotation, isRunning } from './rotation-model';

export interface RotationProblem {
  readonly code: 'ROTATION_FAILED' | 'ROTATION_OVERDUE';
  readonly message: string;
}

export interface RotationFacts {
  readonly rotation: CertificateRotation;
  /** Of the certificate that is replaced; undefined when it is gone. */
  readonly oldPlan: Pick<RenewalPlan, 'expiringAt' | 'expiresAt'> | undefined;
  readonly overlapHours: number;
  readonly checkEveryHours: number;
}

const HOUR_MS = 3_600_000;
/** Whoever takes steps less often than the check runs is still on time after two of them. */
const MISSED_STEPS = 2;
/** The overlap is over as soon as every signer has the new key; this many times its length is a sign that one never will. */
const OVERLAPS = 3;

/** Undefined while all is well. `now` in milliseconds since the Unix epoch. */
export function judgeRotation({ rotation, oldPlan, overlapHours, checkEveryHours }: RotationFacts, now: number): RotationProblem | undefined {
  const because = rotation.reasons.map(({ message }) => message).join(' ');
  if (rotation.state === 'rolled_back') return { code: 'ROTATION_FAILED', message: `The new key was taken back. ${because}`.trim() };
  if (!isRunning(rotation)) return undefined;
  const overdue = (message: string): RotationProblem => ({ code: 'ROTATION_OVERDUE', message: `${message} ${because}`.trim() });
  // Once the new key signs, the end of the old one is no more than what blocks its retirement.
  const needsOld = rotation.activatedAt === null || rotation.reasons.length > 0;
  if (oldPlan !== undefined && now >= oldPlan.expiringAt && needsOld) {
    return overdue(`The certificate that is replaced ends on ${day(oldPlan.expiresAt)}, and the rotation is still "${rotation.state}".`);
  }
  if (now > rotation.nextStepAt + MISSED_STEPS * checkEveryHours * HOUR_MS) return overdue(`Nobody has taken its next step, which could be taken since ${day(rotation.nextStepAt)}.`);
  const isStuck = rotation.state === 'overlap' && rotation.activatedAt !== null && now > rotation.activatedAt + OVERLAPS * overlapHours * HOUR_MS;
  return isStuck ? overdue('The old key cannot be retired.') : undefined;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
