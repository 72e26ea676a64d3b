/**
 * The end of a certificate's work: an app registration that no longer has it, and the state `retired`, in which a record is
 * kept for the record only. The directory is changed by others; this only notes what was seen there.
 */
import type { CertificateRecord } from '../model';
import { changeCertificate, type CertificatePorts } from './records';

/**
 * No app registration has it any more. Doing it again changes nothing. Raises `CERTIFICATE_NOT_FOUND`, `STATE_CONFLICT`,
 * `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`, `STATE_UNAVAILABLE`.
 */
export async function retireCertificate(ports: CertificatePorts, id: string): Promise<CertificateRecord> {
  return changeCertificate(ports, id, (current) => (current.state === 'retired' && current.usedBy.length === 0 ? current : { ...current, state: 'retired', usedBy: [] }));
}

/** One app registration has it no more; without the last one it is retired. Raises like {@link retireCertificate}. */
export async function releaseCertificateUse(ports: CertificatePorts, id: string, appId: string): Promise<CertificateRecord> {
  return changeCertificate(ports, id, (current) => {
    const usedBy = current.usedBy.filter((use) => use.appId !== appId);
    if (usedBy.length === current.usedBy.length) return current;
    return { ...current, usedBy, state: usedBy.length === 0 ? 'retired' : current.state };
  });
}
