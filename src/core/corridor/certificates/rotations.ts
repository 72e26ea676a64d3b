/** Rotation as an operator of the partner asks for it: authorised, one step per call. */
import type { RotationSettings } from '../../certificates/lifecycle';
import { releaseSigner, requireSigner, type Signer } from '../../certificates/rotation/signers';
import type { TokenSource } from '../../ports';
import { type OnboardingContext, requireOperator } from '../context';
import { abortRotation, planRotation, rotateCertificate, type RotationPlan, type RotationReport } from './rotate';
import type { RotationWork, StaticSource } from './rotation-work';

export interface Rotations {
  /**
   * Begin the rotation of the certificate that signs, or take the next step of the one that is running: issue, register beside the
   * old key, prove, activate, overlap, retire. One idempotent step per call; nothing to do is no error. Least Graph permission
   * (application): Application.ReadWrite.OwnedBy, with the app owning its registration. Raises `OPERATOR_NOT_ALLOWED`,
   * `CERTIFICATE_NOT_FOUND`, `CERTIFICATE_NOT_IN_USE`, `CERTIFICATE_NOT_CURRENT`, `CERTIFICATE_EXPIRED`,
   * `CERTIFICATE_ROTATION_RUNNING`, `APP_UNKNOWN`, a code of the `KEY_CREDENTIAL_` family, and what the transports raise; the
   * rotation stays where it was then.
   */
  rotate(certificateId: string, operatorId: string, signal?: AbortSignal): Promise<RotationReport>;
  /** Undo a running rotation; the old certificate goes on alone. Raises `CERTIFICATE_ROTATION_TOO_LATE` and like `rotate`. */
  undoRotation(certificateId: string, operatorId: string, signal?: AbortSignal): Promise<RotationReport>;
  /** What a rotation would do when, and what would be in its way. Changes nothing. Raises `OPERATOR_NOT_ALLOWED`, `CERTIFICATE_NOT_FOUND`. */
  planRotation(certificateId: string, operatorId: string): Promise<RotationPlan>;
  /** The operator's word that a signer uses the old certificate no more. Raises `OPERATOR_NOT_ALLOWED`, `CERTIFICATE_SIGNER_UNKNOWN`, `AUDIT_UNAVAILABLE` with nothing changed. */
  releaseSigner(signerId: string, operatorId: string): Promise<Signer>;
}

export interface RotationsOptions {
  readonly settings: RotationSettings;
  readonly tokensWith: (certificateId: string) => TokenSource;
  readonly staticSources: () => Promise<readonly StaticSource[]>;
  /** How long the home tenant's policy is waited for at most. */
  readonly limitPolicyTime: (signal?: AbortSignal) => AbortSignal;
}

export function createRotations(context: OnboardingContext, options: RotationsOptions): Rotations {
  const { ports } = context;
  const workFor = async (operatorId: string, signal?: AbortSignal): Promise<RotationWork> => {
    await requireOperator(context, operatorId, 'certificates', undefined);
    return { context, ...options, operatorId, signal };
  };
  return {
    rotate: async (certificateId, operatorId, signal) => rotateCertificate(await workFor(operatorId, signal), certificateId),
    undoRotation: async (certificateId, operatorId, signal) => abortRotation(await workFor(operatorId, signal), certificateId),
    planRotation: async (certificateId, operatorId) => planRotation(await workFor(operatorId), certificateId),
    releaseSigner: async (signerId, operatorId) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      const { label, source, thumbprintSha256, seenAt } = await requireSigner(ports, signerId);
      // The audit first: it is what a key is retired on, so nobody gives this word unseen.
      await ports.audit.append({ id: `certificate.signer_released:${signerId}:${seenAt}`, action: 'certificate.signer_released', phase: 'note', actor: operatorId, subject: signerId, details: { label, source, thumbprintSha256 } });
      return releaseSigner(ports, signerId, operatorId);
    },
  };
}
