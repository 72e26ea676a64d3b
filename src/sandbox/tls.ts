/**
 * The sandbox's own certificate authority, made at every start: its key never leaves the process, so nothing that
 * trusts the CA file can be fooled by another start's certificates. Validity follows the machine's clock, not the
 * sandbox's, since TLS is checked by clients that know only the former.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createCertificate, toPem } from './x509';

export interface TlsIdentity {
  /** The root, PEM: what clients trust. */
  readonly caPem: string;
  /** Leaf and root. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const DAY_MS = 86_400_000;
const CA_SUBJECT = 'm365-onboarding sandbox CA';

/** `hostNames`: names of Microsoft's that the sandbox answers under besides localhost. */
export function createTlsIdentity(nowMs: number, hostNames: readonly string[] = []): TlsIdentity {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const validity = { notBeforeAt: nowMs - DAY_MS, notAfterAt: nowMs + 397 * DAY_MS };
  const caPem = toPem(createCertificate({ ...validity, subject: CA_SUBJECT, subjectKey: authority.privateKey, isAuthority: true }));
  const leafPem = toPem(
    createCertificate({
      ...validity,
      subject: 'localhost',
      subjectKey: leaf.publicKey,
      issuer: { subject: CA_SUBJECT, privateKey: authority.privateKey },
      isAuthority: false,
      dnsNames: ['localhost', ...hostNames],
      ipAddresses: [Buffer.from([127, 0, 0, 1]), Buffer.from([...Array.from({ length: 15 }, () => 0), 1])],
    }),
  );
  return { caPem, certificatePem: leafPem + caPem, privateKeyPem: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
