/**
 * Takes a certificate that nobody signs with off an app registration, proven by another stored one of the same app. What still
 * signs is refused: that is a rotation's work. Run again after a kill, it goes on.
 */
import type { CertificateDependent } from '../../certificates/deletion/dependents';
import type { CertificateRecord } from '../../certificates/model';
import { listCertificates, openPrivateKey, requireCertificate } from '../../certificates/records/records';
import { certificateInUse } from '../../certificates/deletion/remove';
import { releaseCertificateUse } from '../../certificates/records/retire';
import { removeKeyCredential } from '../../certificates/keys/roll-keys';
import { OnboardingError } from '../../errors';
import type { OnboardingContext } from '../context';

export interface UnregisterInput {
  readonly certificateId: string;
  readonly appKey: string;
  readonly operatorId: string;
  readonly signal: AbortSignal | undefined;
  readonly findDependents: (certificate: CertificateRecord) => Promise<readonly CertificateDependent[]>;
}

export interface UnregisteredCredential {
  readonly certificateId: string;
  readonly appKey: string;
  /** The registration did not have it any more, and nothing was written there. */
  readonly alreadyGone: boolean;
}

export async function unregisterCertificate({ ports, settings }: OnboardingContext, input: UnregisterInput): Promise<UnregisteredCredential> {
  const { certificateId, appKey, operatorId, signal } = input;
  const record = await requireCertificate(ports, certificateId);
  const use = record.usedBy.find((one) => one.appKey === appKey);
  if (use === undefined) return { certificateId, appKey, alreadyGone: true };
  const others = (await input.findDependents(record)).filter(({ kind }) => kind !== 'app');
  if (others.length > 0) throw certificateInUse(record, others);
  const prover = await requireProver({ ports, settings }, record, use.appId);
  const { alreadyGone } = await removeKeyCredential(ports, {
    homeTenantId: settings.homeTenantId,
    appKey,
    applicationAppId: use.appId,
    keyId: use.keyId,
    thumbprintSha256: record.thumbprintSha256,
    signer: { ...prover, privateKey: (await openPrivateKey(ports, prover.id)).privateKey },
    actor: operatorId,
    signal,
  });
  await releaseCertificateUse(ports, certificateId, use.appId);
  return { certificateId, appKey, alreadyGone };
}

/** A key is never removed on its own word, and an app never loses its last one here. */
async function requireProver({ ports }: OnboardingContext, leaving: CertificateRecord, appId: string): Promise<CertificateRecord> {
  const now = ports.clock.now();
  const prover = (await listCertificates(ports)).find(({ id, usedBy, notAfter }) => id !== leaving.id && Date.parse(notAfter) > now && usedBy.some((use) => use.appId === appId));
  if (prover !== undefined) return prover;
  throw new OnboardingError('KEY_CREDENTIAL_SIGNER_UNUSABLE', 'No other stored certificate is registered on this app, to prove the removal with.', { details: { certificateId: leaving.id, appId } });
}
