/** Who still needs a certificate. Pure: what was read is judged here. A certificate is deleted only when nobody does. */
import type { CertificateLine } from '../rotation/line';
import { type CertificateRecord, lineIdOf } from '../model';
import { isRunning, type CertificateRotation, type RotationState } from '../rotation/rotation-model';
import type { Signer, SignerSource } from '../rotation/signers';

export type CertificateDependent =
  /** Its key is registered on an app. */
  | { readonly kind: 'app'; readonly appKey: string; readonly appId: string; readonly keyId: string }
  /** The configuration names its line, and it is what signs. */
  | { readonly kind: 'configuration'; readonly appKey: string }
  /** A file that the configuration names holds the same certificate. */
  | { readonly kind: 'static_source'; readonly appKey: string; readonly source: 'pfx' | 'pem'; readonly file: string }
  /** Somebody was seen signing with it, or has its key as a file; `seenAt` in milliseconds since the Unix epoch. */
  | { readonly kind: 'signer'; readonly signerId: string; readonly label: string; readonly source: SignerSource; readonly appKey: string | null; readonly seenAt: number }
  | { readonly kind: 'rotation'; readonly rotationId: string; readonly state: RotationState }
  /** It was made for an app in a customer's tenant that is not proven yet; its key may be registered there. */
  | { readonly kind: 'customer_app'; readonly accountId: string; readonly key: string };

/** A certificate file that the configuration names as a credential. */
interface StaticFile {
  readonly appKey: string;
  readonly source: 'pfx' | 'pem';
  readonly file: string;
  readonly thumbprintSha256: string;
}

/** An app whose credential is a stored certificate; whichever of its line signs stands for it. */
export interface ConfiguredCertificate {
  readonly appKey: string;
  readonly lineId: string;
  /** Undefined for a line that was never rotated. */
  readonly line: CertificateLine | undefined;
}

export interface DependentFacts {
  readonly configured: readonly ConfiguredCertificate[];
  readonly staticSources: readonly StaticFile[];
  /** Of this certificate, without those an operator released. */
  readonly signers: readonly Signer[];
  readonly rotations: readonly CertificateRotation[];
  /** Those that have a certificate. */
  readonly customerApps: readonly { readonly accountId: string; readonly key: string; readonly certificateId: string | null; readonly provenAt: number | null }[];
  /** Every stored certificate. */
  readonly certificates: readonly CertificateRecord[];
}

/** The file of a key that no app ever had is somebody's copy, and nobody signs with it. */
export function findDependents(certificate: CertificateRecord, facts: DependentFacts): readonly CertificateDependent[] {
  return [
    ...certificate.usedBy.map(({ appKey, appId, keyId }) => ({ kind: 'app', appKey, appId, keyId }) as const),
    ...facts.configured.filter((configured) => signs(certificate, configured, facts.certificates)).map(({ appKey }) => ({ kind: 'configuration', appKey }) as const),
    ...facts.staticSources
      .filter(({ thumbprintSha256 }) => thumbprintSha256 === certificate.thumbprintSha256)
      .map(({ appKey, source, file }) => ({ kind: 'static_source', appKey, source, file }) as const),
    ...facts.signers
      .filter(({ source }) => source !== 'export' || certificate.state !== 'next')
      .map(({ id, label, source, appKey, seenAt }) => ({ kind: 'signer', signerId: id, label, source, appKey, seenAt }) as const),
    ...facts.rotations.filter((rotation) => takesPart(certificate, rotation)).map(({ id, state }) => ({ kind: 'rotation', rotationId: id, state }) as const),
    // A proven one has noted its use.
    ...facts.customerApps.filter(({ certificateId, provenAt }) => certificateId === certificate.id && provenAt === null).map(({ accountId, key }) => ({ kind: 'customer_app', accountId, key }) as const),
  ];
}

function signs(certificate: CertificateRecord, { lineId, line }: ConfiguredCertificate, certificates: readonly CertificateRecord[]): boolean {
  if (lineIdOf(certificate) !== lineId) return false;
  const isOnlyOne = certificates.every((other) => other.id === certificate.id || lineIdOf(other) !== lineId);
  return isOnlyOne || (line?.currentId ?? lineId) === certificate.id;
}

function takesPart({ id }: CertificateRecord, rotation: CertificateRotation): boolean {
  return isRunning(rotation) && (rotation.fromCertificateId === id || rotation.toCertificateId === id);
}

/** One dependent, and what would end its need. */
export function describeDependent(dependent: CertificateDependent): string {
  switch (dependent.kind) {
    case 'app':
      return `its key ${dependent.keyId} is registered on the app "${dependent.appKey}" (${dependent.appId}): rotate it, or unregister it there`;
    case 'configuration':
      return `the app "${dependent.appKey}" signs in with it: rotate it, or give the app another credential in the configuration`;
    case 'static_source':
      return `the app "${dependent.appKey}" signs in with the same certificate from ${dependent.file}: give the app another credential`;
    case 'signer':
      return `${describeSigner(dependent)}; when that is over, release the signer ${dependent.signerId}`;
    case 'rotation':
      return `the rotation ${dependent.rotationId} is under way (${dependent.state}): bring it to its end`;
    case 'customer_app':
      return `the app "${dependent.key}" of the account ${dependent.accountId} is being registered with it: bring that to its end, or remove the app`;
  }
  return dependent satisfies never;
}

function describeSigner({ label, source, appKey, seenAt }: Extract<CertificateDependent, { readonly kind: 'signer' }>): string {
  const at = new Date(seenAt).toISOString();
  return source === 'export' ? `its private key was exported (${label}, ${at})` : `${label} signed with it for the app "${appKey ?? ''}" (${at})`;
}
