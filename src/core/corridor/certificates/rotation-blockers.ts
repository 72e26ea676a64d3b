/** Who still needs the old key: signers that were not seen with the new one, files of this configuration, exported files. */
import { requireCertificate } from '../../certificates/records/records';
import type { CertificateRotation } from '../../certificates/rotation/rotation-model';
import { listSigners, type Signer } from '../../certificates/rotation/signers';
import type { RotationWork, StaticSource } from './rotation-work';

export interface Blocker {
  readonly code: 'CERTIFICATE_SIGNER_BEHIND' | 'CERTIFICATE_STATIC_SOURCE' | 'CERTIFICATE_EXPORTED';
  /** What is in the way and what to do about it. */
  readonly message: string;
}

export async function findBlockers({ context: { ports }, staticSources }: Pick<RotationWork, 'context' | 'staticSources'>, rotation: Pick<CertificateRotation, 'fromCertificateId'>): Promise<readonly Blocker[]> {
  const { thumbprintSha256 } = await requireCertificate(ports, rotation.fromCertificateId);
  const files = (await staticSources()).filter((source) => source.thumbprintSha256 === thumbprintSha256);
  return [...files.map(explainFile), ...(await listSigners(ports, thumbprintSha256)).map(explainSigner)];
}

function explainFile({ appKey, source, file }: StaticSource): Blocker {
  return { code: 'CERTIFICATE_STATIC_SOURCE', message: `The configuration lets the app "${appKey}" sign in with the old certificate from the ${source === 'pfx' ? 'PFX' : 'PEM file'} ${file}, which does not follow the rotation. Name the stored certificate there, or put the new one in its place.` };
}

function explainSigner({ id, label, source, appKey, seenAt }: Signer): Blocker {
  const at = new Date(seenAt).toISOString();
  if (source === 'export') return { code: 'CERTIFICATE_EXPORTED', message: `The old private key was exported (${label}, ${at}). When nobody signs with that file any more, release it: signer ${id}.` };
  if (source === 'store') return { code: 'CERTIFICATE_SIGNER_BEHIND', message: `${label} last signed for the app "${appKey ?? ''}" with the old certificate (${at}) and was not seen with the new one. It is forgotten a day after that; when it is gone for good, release it: signer ${id}.` };
  return { code: 'CERTIFICATE_STATIC_SOURCE', message: `${label} signs for the app "${appKey ?? ''}" with the old certificate from a ${source === 'pfx' ? 'PFX' : 'PEM file'} of its own (${at}), which does not follow the rotation. Give it the new certificate; when it is gone for good, release it: signer ${id}.` };
}
