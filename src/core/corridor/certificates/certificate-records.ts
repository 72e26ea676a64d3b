/**
 * What is done with the record of a stored certificate: its names are changed, it is deleted when nothing needs it any more.
 * What needs it is gathered here from the configuration, the store and the files; the certificates room judges it.
 */
import { findDependents, type CertificateDependent, type ConfiguredCertificate } from '../../certificates/deletion/dependents';
import { type CertificateEdit, editCertificate } from '../../certificates/records/edit';
import { findLine, findLineId } from '../../certificates/rotation/line';
import type { CertificateRecord } from '../../certificates/model';
import { listCertificates } from '../../certificates/records/records';
import { removeCertificate, type RemovedCertificate } from '../../certificates/deletion/remove';
import { listRotations } from '../../certificates/rotation/rotation-model';
import { listSigners } from '../../certificates/rotation/signers';
import { type Thumbprints, withThumbprints } from '../../certificates/records/thumbprints';
import { listCustomerApps } from '../../customer-apps/records';
import { type OnboardingContext, requireOperator } from '../context';
import type { StaticSource } from './rotation-work';
import { unregisterCertificate, type UnregisteredCredential } from './unregister';

/** A stored certificate as people and programs see it. */
export type CertificateView = CertificateRecord & { readonly thumbprints: Thumbprints };

export interface CertificateRecords {
  /**
   * Change name or description; what is absent stays. Raises `OPERATOR_NOT_ALLOWED`, `CERTIFICATE_NOT_FOUND`,
   * `CERTIFICATE_INPUT_INVALID`, `CERTIFICATE_NAME_TAKEN` (`details.certificateId`), `AUDIT_UNAVAILABLE`, `STATE_CONFLICT`.
   */
  edit(certificateId: string, edit: CertificateEdit, operatorId: string): Promise<CertificateView>;
  /**
   * Delete with its private key, for good; run again after a kill, it goes on. Raises `OPERATOR_NOT_ALLOWED`,
   * `CERTIFICATE_NOT_FOUND` (also when it was deleted before), `CERTIFICATE_DELETION_UNCONFIRMED`, `CERTIFICATE_IN_USE`
   * (`details.dependents`, each of them), `AUDIT_UNAVAILABLE`, `STATE_CONFLICT`.
   */
  remove(certificateId: string, request: { readonly confirm: boolean }, operatorId: string): Promise<RemovedCertificate>;
  /**
   * Take a certificate that nobody signs with off an app registration, proven by another stored one of the app. Without its last
   * app it is retired. Least Graph permission (application): Application.ReadWrite.OwnedBy. Raises `OPERATOR_NOT_ALLOWED`,
   * `CERTIFICATE_NOT_FOUND`, `CERTIFICATE_IN_USE` while it signs or a rotation takes part, `KEY_CREDENTIAL_SIGNER_UNUSABLE` when no
   * other one is registered, a code of the `KEY_CREDENTIAL_` family, and what the transports raise.
   */
  unregister(certificateId: string, appKey: string, operatorId: string, signal?: AbortSignal): Promise<UnregisteredCredential>;
}

/** What the configuration says about the apps' credentials. */
export interface CertificateRecordsOptions {
  /** Apps whose credential is a stored certificate, by the id that stands there. */
  readonly storedCredentials: readonly { readonly appKey: string; readonly certificateId: string }[];
  /** Files that apps of this configuration sign in with. */
  readonly staticSources: () => Promise<readonly StaticSource[]>;
}

export function createCertificateRecords(context: OnboardingContext, options: CertificateRecordsOptions): CertificateRecords {
  const { ports } = context;
  const findDependentsOf = async (certificate: CertificateRecord) => gatherDependents(context, options, certificate);
  return {
    edit: async (certificateId, { name, description }, operatorId) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      return withThumbprints(await editCertificate(ports, certificateId, { name, description }, operatorId));
    },
    remove: async (certificateId, { confirm }, operatorId) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      return removeCertificate(ports, certificateId, { confirm, findDependents: findDependentsOf }, operatorId);
    },
    unregister: async (certificateId, appKey, operatorId, signal) => {
      await requireOperator(context, operatorId, 'certificates', undefined);
      return unregisterCertificate(context, { certificateId, appKey, operatorId, signal, findDependents: findDependentsOf });
    },
  };
}

async function gatherDependents({ ports }: OnboardingContext, { storedCredentials, staticSources }: CertificateRecordsOptions, certificate: CertificateRecord): Promise<readonly CertificateDependent[]> {
  const configured: ConfiguredCertificate[] = [];
  for (const { appKey, certificateId } of storedCredentials) {
    const lineId = await findLineId(ports, certificateId);
    configured.push({ appKey, lineId, line: await findLine(ports, lineId) });
  }
  return findDependents(certificate, {
    configured,
    staticSources: await staticSources(),
    signers: await listSigners(ports, certificate.thumbprintSha256),
    rotations: await listRotations(ports),
    customerApps: await listCustomerApps(ports),
    certificates: await listCertificates(ports),
  });
}
