import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyGenerator } from '../../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { generateCertificate, type CertificateRequest } from '../../../src/core/certificates/generate';
import { readCertificateFacts } from '../../../src/core/certificates/facts';
import type { CredentialCertificate } from '../../../src/core/certificates/model';
import { hasCode } from '../../../src/core/errors';
import type { RsaKeyPair } from '../../../src/core/ports';
import { createMovableClock } from '../../../src/core/testing/movable-clock';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0, 789);
const clock = createMovableClock(NOW);
const folder = mkdtempSync(join(tmpdir(), 'm365-onboarding-certificate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// One key for most tests: generating it is the slow part, and not what they are about.
let shared: RsaKeyPair;
beforeAll(async () => {
  shared = await createKeyGenerator().generateRsa(2048);
});
const generate = (request: CertificateRequest, random = createNodeRandom()) => generateCertificate({ clock, random, keys: { generateRsa: () => Promise.resolve(shared) } }, request);

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).toString().startsWith('OpenSSL');
  } catch {
    return false;
  }
})();
function openssl(certificate: CredentialCertificate, ...args: string[]): string {
  const file = join(folder, 'certificate.pem');
  writeFileSync(file, certificate.pem);
  return execFileSync('openssl', args.map((arg) => (arg === 'FILE' ? file : arg)), { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
}

describe('a generated certificate', () => {
  it('has a key of the size asked, 3072 bits by default', async () => {
    const ports = { clock, random: createNodeRandom(), keys: createKeyGenerator() };
    const [standard, small] = await Promise.all([generateCertificate(ports, { subject: 'Backup' }), generateCertificate(ports, { subject: 'Backup', keyBits: 2048 })]);
    expect([standard.keyBits, small.keyBits]).toEqual([3072, 2048]);
    for (const { der, privateKey } of [standard, small]) expect(new X509Certificate(der).checkPrivateKey(createPrivateKey(privateKey.reveal()))).toBe(true);
  });

  it('tells its facts as the certificate has them', async () => {
    const certificate = await generate({ subject: 'CN=Backup Mail', lifetimeDays: 180 });
    const read = new X509Certificate(certificate.pem);
    expect(certificate).toMatchObject({
      subject: 'CN=Backup Mail',
      notBefore: '2026-11-22T11:45:00Z',
      notAfter: '2027-05-21T11:45:00Z',
      thumbprintSha1: read.fingerprint.replaceAll(':', ''),
      thumbprintSha256: read.fingerprint256.replaceAll(':', ''),
      serialNumber: read.serialNumber,
      keyType: 'rsa',
    });
    expect(read.issuer).toBe(read.subject);
    expect(read.ca).toBe(false);
    expect(JSON.stringify(certificate)).not.toContain('PRIVATE KEY');
  });

  it('lives exactly as long as asked, across the change to four-digit years', async () => {
    for (const lifetimeDays of [1, 365, 3650]) {
      const { notBefore, notAfter } = await generate({ subject: 'x', lifetimeDays });
      expect(Date.parse(notAfter) - Date.parse(notBefore)).toBe(lifetimeDays * 86_400_000);
    }
    const late = await generateCertificate({ clock: createMovableClock(Date.UTC(2049, 11, 31)), random: createNodeRandom(), keys: { generateRsa: () => Promise.resolve(shared) } }, { subject: 'x' });
    expect(late.notAfter).toBe('2050-12-30T23:45:00Z');
  });

  it.each([0x00, 0x7f, 0x80, 0xff])('has a positive serial of 16 bytes when chance begins with %i', async (first) => {
    const { serialNumber } = await generate({ subject: 'x' }, { ...createNodeRandom(), bytes: (length) => new Uint8Array(length).fill(first) });
    expect(serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it('is read by node-forge too', async () => {
    const certificate = forge.pki.certificateFromPem((await generate({ subject: 'Müller 🔐' })).pem);
    expect(certificate.verify(certificate)).toBe(true);
    expect(certificate.siginfo.algorithmOid).toBe(forge.pki.oids['sha256WithRSAEncryption']);
  });

  it.each([
    ['a subject', { subject: '' }, 'subject'],
    ['a subject of blanks', { subject: 'CN= ' }, 'subject'],
    ['a subject of 65 characters', { subject: 'x'.repeat(65) }, 'subject'],
    ['a subject with a line break', { subject: 'a\nb' }, 'subject'],
    ['a subject with half a character', { subject: 'a\uD83D' }, 'subject'],
    ['a small key', { subject: 'x', keyBits: 1024 as 2048 }, 'keyBits'],
    ['no life', { subject: 'x', lifetimeDays: 0 }, 'lifetimeDays'],
    ['half a day', { subject: 'x', lifetimeDays: 1.5 }, 'lifetimeDays'],
    ['a life of eleven years', { subject: 'x', lifetimeDays: 4000 }, 'lifetimeDays'],
  ])('is refused for %s', async (_name, request, parameter) => {
    const error: unknown = await generate(request).then(() => undefined, (reason: unknown) => reason);
    expect(hasCode(error, 'CERTIFICATE_INPUT_INVALID')).toBe(true);
    expect(error).toMatchObject({ details: { parameter } });
  });
});

describe.skipIf(!hasOpenssl)('as OpenSSL reads it, a generated certificate', () => {
  it('verifies with its own key, for client authentication and nothing more', async () => {
    const certificate = await generate({ subject: 'Backup' });
    const day = String(Date.UTC(2026, 11, 1) / 1000);
    expect(openssl(certificate, 'verify', '-attime', day, '-check_ss_sig', '-x509_strict', '-partial_chain', '-purpose', 'sslclient', '-CAfile', 'FILE', 'FILE')).toContain('OK');
    expect(() => openssl(certificate, 'verify', '-attime', day, '-partial_chain', '-purpose', 'sslserver', '-CAfile', 'FILE', 'FILE')).toThrow('Command failed');
    const text = openssl(certificate, 'x509', '-in', 'FILE', '-noout', '-text');
    expect(text).toContain('Version: 3');
    expect(text).toContain('sha256WithRSAEncryption');
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/Extended Key Usage:\s+TLS Web Client Authentication\n/);
    expect(text).toMatch(/Subject Key Identifier:\s+(?:[0-9A-F]{2}:){19}[0-9A-F]{2}/);
  });

  it.each(['Backup', 'Ärger & Söhne GmbH', '備份', '🔐 Backup 🗄️', "O'Brien, \"Ltd\" <x> = +;#\\", '  spaces  inside  '])('carries the subject %s', async (subject) => {
    const certificate = await generate({ subject });
    const name = openssl(certificate, 'x509', '-in', 'FILE', '-noout', '-subject', '-nameopt', 'utf8,sname,sep_multiline,dn_rev,-esc_msb').trim();
    expect(name.slice(name.indexOf('CN=') + 3)).toBe(subject.trim());
    expect(openssl(certificate, 'verify', '-attime', String(Date.UTC(2026, 11, 1) / 1000), '-check_ss_sig', '-partial_chain', '-CAfile', 'FILE', 'FILE')).toContain('OK');
  });

  it('has the thumbprints we say', async () => {
    const certificate = await generate({ subject: 'Backup' });
    const told = (digest: string) => openssl(certificate, 'x509', '-in', 'FILE', '-noout', '-fingerprint', digest).split('=')[1]?.trim().replaceAll(':', '');
    expect([told('-sha1'), told('-sha256')]).toEqual([certificate.thumbprintSha1, certificate.thumbprintSha256]);
  });
});

describe('reading a certificate', () => {
  it('refuses what is not exactly one DER certificate with an RSA key', async () => {
    const { der, pem } = await generate({ subject: 'x' });
    const inputs = [new Uint8Array(), Buffer.from(pem), Buffer.concat([der, new Uint8Array([0])]), der.subarray(0, -1), Buffer.from('hello')];
    for (const input of inputs) expect(() => readCertificateFacts(input)).toThrow(/damaged|not exactly one DER certificate/);
  });
});
