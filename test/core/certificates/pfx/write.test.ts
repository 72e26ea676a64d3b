/** What we write is opened by programs nobody here wrote: OpenSSL, node-forge, Node's own TLS; and by our reader. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import forge from 'node-forge';
import { afterAll, describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../../../src/core/adapters/key-deriver';
import { createNodeRandom } from '../../../../src/core/adapters/node-random';
import { inspectCertificateFile } from '../../../../src/core/certificates/pfx/inspect';
import { type PfxToWrite, writePfx } from '../../../../src/core/certificates/pfx/write';
import { secret } from '../../../../src/core/internal/secret';
import { makeServerCertificate } from '../../adapters/tls-server';

const ports = { keyDeriver: createKeyDeriver(), random: createNodeRandom(), clock: { now: () => Date.now(), sleep: () => Promise.resolve() } };
const folder = mkdtempSync(join(tmpdir(), 'm365-onboarding-pfx-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pair = makeServerCertificate(['backup.example']);
const key = createPrivateKey(pair.key);
const x509 = new X509Certificate(pair.pem);
const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
const write = (changes: Partial<PfxToWrite> & { readonly text?: string } = {}) =>
  writePfx(ports, { pkcs8, certificates: [x509.raw], password: secret(changes.text ?? 'correct horse'), iterations: 2048, friendlyName: 'Bäckup 2027', ...changes });

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).toString().startsWith('OpenSSL');
  } catch {
    return false;
  }
})();

function openssl(pfx: Buffer, password: string, ...args: readonly string[]): string {
  const file = join(folder, 'written.pfx');
  writeFileSync(file, pfx);
  return execFileSync('openssl', ['pkcs12', '-in', file, '-passin', 'env:PFX_PASSWORD', ...args], { env: { ...process.env, PFX_PASSWORD: password, LC_ALL: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'] }).toString();
}

describe.each(['modern', 'legacy'] as const)('a PFX of the %s profile', (profile) => {
  it.each([['ASCII', 'correct horse'], ['umlauts', 'pässwörd'], ['emoji', 'päss🔑wörd']])('is read by our own reader, with a password of %s', async (_kind, text) => {
    const report = await inspectCertificateFile(ports, { bytes: await write({ profile, text }), password: secret(text) });
    expect(report).toMatchObject({
      ok: true,
      container: profile === 'modern' ? { mac: 'sha256', encryption: ['AES-256-CBC/PBES2'] } : { mac: 'sha1', encryption: ['3DES-CBC/PKCS12'] },
      certificates: [{ friendlyName: 'Bäckup 2027', isLeaf: true }],
      keys: [{ type: 'rsa', matchesCertificate: expect.any(String) as string }],
    });
  });

  it.runIf(hasOpenssl).each([['ASCII', 'correct horse'], ['umlauts', 'pässwörd'], ['emoji', 'päss🔑wörd']])('is opened by OpenSSL, with a password of %s', async (_kind, text) => {
    const output = openssl(await write({ profile, text, csp: true }), text, '-nodes', '-info');
    const [pem = ''] = /-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----/.exec(output) ?? [];
    expect(createPrivateKey(pem).equals(key)).toBe(true);
    expect(new X509Certificate(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(output)?.[0] ?? '').raw.equals(x509.raw)).toBe(true);
    expect(output).toContain('Microsoft CSP Name: Microsoft Enhanced RSA and AES Cryptographic Provider');
    expect(() => openssl(Buffer.from([]), text)).toThrow();
  });

  it('is opened by node-forge and by Node\'s own TLS', async () => {
    const pfx = await write({ profile });
    const read = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(pfx.toString('latin1')), 'correct horse');
    expect(read.getBags({ bagType: forge.pki.oids['pkcs8ShroudedKeyBag'] ?? '' })[forge.pki.oids['pkcs8ShroudedKeyBag'] ?? '']).toHaveLength(1);
    expect(read.getBags({ friendlyName: 'Bäckup 2027' }).friendlyName).toHaveLength(2);
    expect(() => createSecureContext({ pfx, passphrase: 'correct horse' })).not.toThrow();
    expect(() => createSecureContext({ pfx, passphrase: 'another' })).toThrow();
  });

  it('is never the same twice, and holds neither key nor password in plain', async () => {
    const [first, second] = [await write({ profile }), await write({ profile })];
    expect(first.equals(second)).toBe(false);
    expect(first.includes(pkcs8.subarray(60, 120))).toBe(false);
    expect(first.includes('correct horse')).toBe(false);
  });
});

describe('writing a PFX', () => {
  it('protects a key with a hundred thousand iterations unless told otherwise', async () => {
    const report = await inspectCertificateFile(ports, { bytes: await write({ iterations: undefined }), password: secret('correct horse') });
    expect(report).toMatchObject({ container: { macIterations: 100_000, kdfIterations: [100_000] } });
  });

  it.each([['', 'password'], ['a\0b', 'password'], ['\ud800', 'password'], ['x'.repeat(257), 'password']])('refuses a password nobody could type again', async (text, parameter) => {
    await expect(write({ text })).rejects.toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter } });
  });

  it.each([0, 1_000_001, 1.5])('refuses %d iterations', async (iterations) => {
    await expect(write({ iterations })).rejects.toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter: 'iterations' } });
  });
});
