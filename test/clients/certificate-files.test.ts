/** PFX files of ours in programs of others, and theirs in ours: NSS, GnuTLS, Java. OpenSSL has a test of its own in the core. */
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../src/core/adapters/key-deriver';
import { createKeyGenerator } from '../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../src/core/adapters/node-random';
import { generateCertificate } from '../../src/core/certificates/generate';
import type { CredentialCertificate } from '../../src/core/certificates/model';
import { inspectCertificateFile } from '../../src/core/certificates/pfx/inspect';
import { PFX_PROFILES, type PfxProfile, writePfx } from '../../src/core/certificates/pfx/write';
import { secret } from '../../src/core/internal/secret';

const ports = { keyDeriver: createKeyDeriver(), random: createNodeRandom(), keys: createKeyGenerator(), clock: { now: () => Date.now(), sleep: () => Promise.resolve() } };
const folder = mkdtempSync(join(tmpdir(), 'm365-onboarding-files-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  return { isHere: error === undefined, isDone: status === 0, output: `${stdout}${stderr}` };
}

const hasNss = run('pk12util', '-H').isHere && run('certutil', '-H').isHere;
const hasGnutls = run('certtool', '--version').isDone;
const hasJava = run('keytool', '-help').isHere;
for (const [isHere, program, debian] of [[hasNss, 'NSS', 'libnss3-tools'], [hasGnutls, 'GnuTLS', 'gnutls-bin'], [hasJava, "Java's keytool", 'default-jre-headless']] as const) {
  if (!isHere) process.stderr.write(`SKIPPED: ${program} did not open our files, because it is not on this machine (Debian: ${debian}).\n`);
}

let leaf: CredentialCertificate;
let issuer: CredentialCertificate;
beforeAll(async () => {
  [leaf, issuer] = (await Promise.all(['Leaf', 'Issuer'].map((subject) => generateCertificate(ports, { subject, keyBits: 2048 })))) as [CredentialCertificate, CredentialCertificate];
  writeFileSync(path('leaf.pem'), leaf.pem);
  writeFileSync(path('leaf.key'), leaf.privateKey.reveal());
});

interface Written {
  readonly profile: PfxProfile;
  readonly csp: boolean;
  readonly password: string;
}

const PASSWORDS = ['correct horse', 'pässwörd', 'päss🔑wörd', '\u05d0\u05d1\u05d2', 'x'.repeat(200), '"\'$`\\'];
const KINDS: readonly (readonly [string, Written])[] = PASSWORDS.flatMap((password) => PFX_PROFILES.flatMap((profile) => [true, false].map((csp) => [`${profile}, ${csp ? 'a chain for a CSP' : 'alone'}, under ${password.slice(0, 20)}`, { profile, csp, password }] as const)));

async function write({ profile, csp, password }: Written): Promise<void> {
  const pkcs8 = createPrivateKey(leaf.privateKey.reveal()).export({ type: 'pkcs8', format: 'der' });
  const certificates = csp ? [leaf.der, issuer.der, issuer.der] : [leaf.der];
  writeFileSync(path('ours.p12'), await writePfx(ports, { pkcs8, certificates, password: secret(password), profile, csp, friendlyName: 'Bäckup 🔑', iterations: 2048 }));
  writeFileSync(path('password'), password);
}

async function expectReadable(file: string, password: string): Promise<void> {
  const report = await inspectCertificateFile(ports, { bytes: readFileSync(path(file)), password: secret(password) });
  expect(report).toMatchObject({ ok: true, usableForEntra: true, keys: [{ matchesCertificate: leaf.thumbprintSha256 }] });
}

describe.runIf(hasNss)('NSS', { timeout: 60_000 }, () => {
  it.each(KINDS)('imports certificate and key from a file of ours: %s', async (_kind, written) => {
    await write(written);
    const database = path(`nss-${Math.random().toString(36).slice(2)}`);
    mkdirSync(database);
    expect(run('certutil', '-N', '-d', database, '--empty-password').isDone).toBe(true);
    const imported = run('pk12util', '-i', path('ours.p12'), '-d', database, '-w', path('password'));
    expect(imported.isDone, imported.output).toBe(true);
    expect(run('certutil', '-K', '-d', database).output).toMatch(/rsa\s+[0-9a-f]{40}/);
  });

  it.each(['AES-256-CBC', 'CAMELLIA-256-CBC', 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC', 'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC'])('writes a file with %s and a password of its own encoding, which we read', async (cipher) => {
    await write({ profile: 'modern', csp: false, password: 'x' });
    const database = path(`nss-${Math.random().toString(36).slice(2)}`);
    mkdirSync(database);
    run('certutil', '-N', '-d', database, '--empty-password');
    run('pk12util', '-i', path('ours.p12'), '-d', database, '-W', 'x');
    const [nickname = ''] = /Bäckup[^\n]*?(?=\s{2,})/.exec(run('certutil', '-L', '-d', database).output) ?? [];
    const exported = run('pk12util', '-o', path('theirs.p12'), '-n', nickname, '-d', database, '-W', 'päss🔑', '-c', cipher, '-C', cipher);
    expect(exported.isDone, exported.output).toBe(true);
    await expectReadable('theirs.p12', 'päss🔑');
  });
});

describe.runIf(hasGnutls)('GnuTLS', { timeout: 60_000 }, () => {
  it.each(KINDS)('opens certificates and key in a file of ours: %s', async (_kind, written) => {
    await write(written);
    const { isDone, output } = run('certtool', '--p12-info', '--inder', '--infile', path('ours.p12'), '--password', written.password);
    expect(isDone, output).toBe(true);
    const [first = ''] = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(output) ?? [];
    expect(new X509Certificate(first).raw.equals(Buffer.from(leaf.der))).toBe(true);
    const [key = ''] = /-----BEGIN ENCRYPTED PRIVATE KEY-----[\s\S]+?-----END ENCRYPTED PRIVATE KEY-----/.exec(output) ?? [];
    writeFileSync(path('key.pem'), key);
    expect(run('certtool', '--key-info', '--pkcs8', '--infile', path('key.pem'), '--password', written.password).output).toContain('RSA');
  });

  it.each(['aes-128', 'aes-256', '3des-pkcs12', 'rc2-40'])('writes a file with %s, which we read', async (cipher) => {
    for (const password of ['correct horse', 'päss🔑']) {
      const written = run('certtool', '--to-p12', '--load-certificate', path('leaf.pem'), '--load-privkey', path('leaf.key'), '--p12-name', 'näme', '--password', password, '--pkcs-cipher', cipher, '--outder', '--outfile', path('theirs.p12'));
      expect(written.isDone, written.output).toBe(true);
      await expectReadable('theirs.p12', password);
    }
  });
});

describe.runIf(hasJava)('Java', { timeout: 60_000 }, () => {
  it.each(PFX_PROFILES)('lists the key in a file of ours of the %s profile, and writes one that we read', async (profile) => {
    await write({ profile, csp: true, password: 'correct horse' });
    const listed = run('keytool', '-list', '-v', '-keystore', path('ours.p12'), '-storetype', 'PKCS12', '-storepass', 'correct horse');
    expect(listed.output).toContain('PrivateKeyEntry');
    expect(listed.output).toContain(new X509Certificate(leaf.pem).fingerprint256);
    rmSync(path('theirs.p12'), { force: true });
    const copied = run('keytool', '-importkeystore', '-srckeystore', path('ours.p12'), '-srcstoretype', 'PKCS12', '-srcstorepass', 'correct horse', '-destkeystore', path('theirs.p12'), '-deststoretype', 'PKCS12', '-deststorepass', 'another one');
    expect(copied.isDone, copied.output).toBe(true);
    await expectReadable('theirs.p12', 'another one');
  });
});
