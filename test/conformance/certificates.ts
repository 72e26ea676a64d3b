/** Certificates for the key credential operations. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signJwt } from '../../src/sandbox/jwt';
import { createCertificate } from '../../src/sandbox/x509';

export interface Certificate {
  readonly privateKey: KeyObject;
  readonly der: Buffer;
  readonly base64: string;
}

// RSA keys are slow to make and nothing here depends on certificates having different ones.
let sharedKey: KeyObject | undefined;

export function createFreshCertificate(subject: string, nowMs: number): Certificate {
  const privateKey = (sharedKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  const dayMs = 24 * 3_600_000;
  const der = createCertificate({ subject, subjectKey: privateKey, notBeforeAt: nowMs - dayMs, notAfterAt: nowMs + 365 * dayMs, isAuthority: false });
  return { privateKey, der, base64: der.toString('base64') };
}

/** A proof of possession for addKey and removeKey. */
export function createProof(signer: Certificate, objectId: string, nowMs: number): string {
  const now = Math.floor(nowMs / 1000);
  const x5t = createHash('sha1').update(signer.der).digest('base64url');
  return signJwt(
    { alg: 'RS256', typ: 'JWT', x5t },
    { aud: '00000002-0000-0000-c000-000000000000', iss: objectId, nbf: now, exp: now + 600 },
    signer.privateKey,
  );
}
