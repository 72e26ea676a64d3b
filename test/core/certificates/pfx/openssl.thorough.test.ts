/**
 * OpenSSL's command line against our reader and our writer: of whatever it can write, a file is read as OpenSSL reads it or
 * refused by the name of what it is encrypted with; whatever we write, OpenSSL opens.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../../../src/core/adapters/key-deriver';
import { createKeyGenerator } from '../../../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../../../src/core/adapters/node-random';
import { sha256Hex } from '../../../../src/core/internal/encoding';
import { secret } from '../../../../src/core/internal/secret';
import { generateCertificate } from '../../../../src/core/certificates/generate';
import type { CredentialCertificate } from '../../../../src/core/certificates/model';
import { inspectCertificateFile } from '../../../../src/core/certificates/pfx/inspect';
import { writePfx } from '../../../../src/core/certificates/pfx/write';
import type { RsaKeyPair } from '../../../../src/core/ports';

const ports = { keyDeriver: createKeyDeriver(), random: createNodeRandom(), clock: { now: () => Date.now(), sleep: () => Promise.resolve() } };
const folder = mkdtempSync(join(tmpdir(), 'm365-onboarding-openssl-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As `-keypbe` and `-certpbe` take them: what we read, and what we do not, by its name. */
const READ = ['PBE-SHA1-3DES', 'PBE-SHA1-2DES', 'PBE-SHA1-RC2-128', 'PBE-SHA1-RC2-40', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'camellia-128-cbc', 'camellia-192-cbc', 'camellia-256-cbc', 'des-ede3-cbc', 'rc2-cbc', 'rc2-40-cbc', 'rc2-64-cbc', 'NONE'];
const REFUSED: Readonly<Record<string, string>> = {
  'PBE-SHA1-RC4-128': 'RC4-128', 'PBE-SHA1-RC4-40': 'RC4-40', 'PBE-MD5-DES': 'MD5 with DES', 'PBE-SHA1-DES': 'SHA-1 with DES', 'PBE-SHA1-RC2-64': 'SHA-1 with RC2', 'PBE-MD5-RC2-64': 'MD5 with RC2', rc4: 'RC4',
  'aria-128-cbc': 'ARIA-128', 'aria-192-cbc': 'ARIA-192', 'aria-256-cbc': 'ARIA-256', 'seed-cbc': 'SEED', 'sm4-cbc': 'SM4', 'bf-cbc': 'Blowfish', 'cast5-cbc': 'CAST5', 'des-cbc': 'DES',
  'aes-128-ecb': 'AES-128-ECB', 'aes-192-cfb': 'AES-192-CFB', 'aes-256-ofb': 'AES-256-OFB',
};
const READ_MACS = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-224', 'sha512-256', 'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512'];
const REFUSED_MACS: Readonly<Record<string, string>> = { sm3: 'SM3', ripemd160: 'RIPEMD-160', whirlpool: 'Whirlpool', md4: 'MD4', blake2b512: 'BLAKE2b-512', blake2s256: 'BLAKE2s-256' };

interface Order {
  readonly keyPbe: string;
  readonly certPbe: string;
  readonly mac: string | undefined;
  readonly iterations: number;
  readonly password: string;
  readonly chain: number;
  readonly flags: readonly string[];
}

let leaf: CredentialCertificate;
let others: readonly CredentialCertificate[];
beforeAll(async () => {
  const pairs = await Promise.all([1, 2].map(() => createKeyGenerator().generateRsa(2048)));
  const make = (pair: RsaKeyPair | undefined, subject: string) => generateCertificate({ ...ports, keys: { generateRsa: async () => pair ?? Promise.reject(new Error('no key')) } }, { subject, keyBits: 2048 });
  leaf = await make(pairs[0], 'Leaf');
  others = await Promise.all(Array.from({ length: 10 }, (_, index) => make(pairs[1], `Other ${index % 4}`)));
  writeFileSync(path('leaf.pem'), leaf.pem);
  writeFileSync(path('leaf.key'), leaf.privateKey.reveal());
});

function openssl(args: readonly string[], password: string) {
  const { status, stdout, stderr } = spawnSync('openssl', args, { env: { ...process.env, PFX_PASSWORD: password, LC_ALL: 'C.UTF-8' }, encoding: 'utf8' });
  return { isDone: status === 0, stdout, stderr };
}

/** Without a terminal of its own OpenSSL asks for passwords on standard input. */
async function askedOpenssl(args: readonly string[], answers: readonly string[]): Promise<number | null> {
  const child = spawn('openssl', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.end(`${answers.join('\n')}\n`);
  return new Promise((resolve) => void child.once('close', resolve));
}

const providers = ['-provider', 'default', '-provider', 'legacy'];
const hasOpenssl = openssl(['version'], '').isDone;

/** Undefined when this OpenSSL, or a library it was built with, does not offer that. */
function write({ keyPbe, certPbe, mac, iterations, password, chain, flags }: Order): Buffer | undefined {
  writeFileSync(path('chain.pem'), others.slice(0, chain).map(({ pem }) => pem).join(''));
  const args = ['-keypbe', keyPbe, '-certpbe', certPbe, '-iter', String(iterations), ...(mac === undefined ? ['-nomac'] : ['-macalg', mac]), ...(chain === 0 ? [] : ['-certfile', path('chain.pem')]), ...flags];
  const { isDone } = openssl(['pkcs12', '-export', ...providers, '-inkey', path('leaf.key'), '-in', path('leaf.pem'), '-out', path('theirs.p12'), '-passout', 'env:PFX_PASSWORD', ...args], password);
  return isDone ? readFileSync(path('theirs.p12')) : undefined;
}

const thumbprintsIn = (text: string) => (text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map((pem) => sha256Hex(new X509Certificate(pem).raw)).toSorted();
const inspect = (bytes: Uint8Array, password: string) => inspectCertificateFile(ports, { bytes, password: secret(password) });

/** What OpenSSL wrote, read by both. */
async function expectTheSame(order: Order, bytes: Buffer): Promise<void> {
  const theirs = openssl(['pkcs12', ...providers, '-in', path('theirs.p12'), '-nodes', '-info', '-passin', 'env:PFX_PASSWORD'], order.password);
  expect(theirs.isDone, theirs.stderr).toBe(true);
  const report = await inspect(bytes, order.password);
  // Without a MAC some versions leave the certificates in the clear, whatever cipher was asked for.
  const certPbe = theirs.stderr.includes('PKCS7 Encrypted data') ? order.certPbe : '';
  const refused = [REFUSED_MACS[order.mac ?? ''], REFUSED[certPbe], REFUSED[order.keyPbe]].filter((name) => name !== undefined);
  if (refused.length > 0) {
    expect(report).toMatchObject({ ok: false, error: { code: 'PFX_ALGORITHM_UNSUPPORTED' } });
    const algorithm = report.ok ? '' : JSON.stringify(report.error['algorithm']);
    expect(refused.some((name) => algorithm.startsWith(`"${name} (`)), algorithm).toBe(true);
    return;
  }
  if (!report.ok) throw new Error(JSON.stringify(report.error));
  expect(report.certificates.map(({ thumbprintSha256 }) => thumbprintSha256).toSorted()).toEqual(thumbprintsIn(theirs.stdout));
  expect(report.keys).toMatchObject([{ type: 'rsa', bits: 2048, matchesCertificate: leaf.thumbprintSha256 }]);
  expect(report).toMatchObject({ usableForEntra: true, container: { mac: order.mac ?? null } });
}

const order: Order = { keyPbe: 'aes-256-cbc', certPbe: 'aes-256-cbc', mac: 'sha256', iterations: 100, password: 'päss🔑', chain: 1, flags: [] };
const awkward = ['correct horse', 'pässwörd', 'päss🔑wörd', 'e\u0301 decomposed', '\u00e9 composed', '\u202e\u05d0\u05d1\u05d2 to the left', ' spaces  ', '\u{10ffff}', 'x'.repeat(400), '"\'$`\\%s', 'ﬁ한글'];
const passwords = fc.oneof(fc.constantFrom(...awkward), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text)));

describe.runIf(hasOpenssl)('a file of OpenSSL', () => {
  it.each(READ.map((name, index) => [name, READ[(index * 4 + 1) % READ.length] ?? '', READ_MACS[index % READ_MACS.length] ?? '']))('is read with its key by %s, its certificates by %s, its integrity by %s', async (keyPbe, certPbe, mac) => {
    const bytes = write({ ...order, keyPbe, certPbe, mac });
    if (bytes !== undefined) await expectTheSame({ ...order, keyPbe, certPbe, mac }, bytes);
  });

  it.each(Object.keys(REFUSED))('is refused by the name of %s, wherever it is used', async (name) => {
    for (const changes of [{ keyPbe: name }, { certPbe: name }]) {
      const bytes = write({ ...order, ...changes });
      if (bytes !== undefined) await expectTheSame({ ...order, ...changes }, bytes);
    }
  });

  it.each(Object.keys(REFUSED_MACS))('is refused by the name of %s as its integrity code', async (mac) => {
    const bytes = write({ ...order, mac });
    if (bytes !== undefined) await expectTheSame({ ...order, mac }, bytes);
  });

  it('of any other choice of its parameters is read, or refused by name, as well', { timeout: 300_000 }, async () => {
    const names = [...READ, ...READ, ...READ, ...Object.keys(REFUSED)];
    const flags = fc.subarray(['-LMK', '-keyex', '-noiter', '-nomaciter', '-name Ä\u00a0🔑', '-caname same -caname same', '-CSP Some provider']).map((chosen) => chosen.flatMap((flag) => (flag.startsWith('-caname') ? flag.split(' ') : flag.split(/ (.*)/, 2))));
    const orders = fc.record({ keyPbe: fc.constantFrom(...names), certPbe: fc.constantFrom(...names), mac: fc.constantFrom(...READ_MACS, undefined), iterations: fc.integer({ min: 1, max: 3000 }), password: passwords, chain: fc.nat(10), flags });
    let written = 0;
    await fc.assert(
      fc.asyncProperty(orders, async (chosen) => {
        // Of -nomac and -nomaciter OpenSSL follows the last one only.
        fc.pre(chosen.mac !== undefined || !chosen.flags.includes('-nomaciter'));
        const bytes = write(chosen);
        if (bytes === undefined) return;
        written += 1;
        await expectTheSame(chosen, bytes);
      }),
      { numRuns: 60 },
    );
    expect(written).toBeGreaterThan(20);
  });

  it('with one password for its integrity and another for its content is refused for that', async () => {
    expect(await askedOpenssl(['pkcs12', '-export', '-twopass', '-inkey', path('leaf.key'), '-in', path('leaf.pem'), '-out', path('two.p12')], ['outer', 'outer', 'inner', 'inner'])).toBe(0);
    expect(await inspect(readFileSync(path('two.p12')), 'outer')).toMatchObject({ ok: false, error: { code: 'PFX_PASSWORD_WRONG', message: expect.stringContaining('two passwords') as string } });
    expect(await inspect(readFileSync(path('two.p12')), 'inner')).toMatchObject({ ok: false, error: { code: 'PFX_MALFORMED', message: expect.stringContaining('does not fit') as string } });
  });
});

describe.runIf(hasOpenssl)('a file of ours', () => {
  it('opens in OpenSSL, whatever is in it and whatever the password', { timeout: 300_000 }, async () => {
    const choices = fc.record({ profile: fc.constantFrom('modern' as const, 'legacy' as const), csp: fc.boolean(), chain: fc.nat(10), friendlyName: fc.option(fc.string({ unit: 'grapheme', maxLength: 80 }), { nil: undefined }), iterations: fc.integer({ min: 1, max: 3000 }), password: passwords });
    const pkcs8 = createPrivateKey(leaf.privateKey.reveal()).export({ type: 'pkcs8', format: 'der' });
    await fc.assert(
      fc.asyncProperty(choices, async ({ chain, password, ...rest }) => {
        fc.pre(Array.from(password).length <= 256);
        const certificates = [leaf, ...others.slice(0, chain)];
        writeFileSync(path('ours.p12'), await writePfx(ports, { ...rest, pkcs8, certificates: certificates.map(({ der }) => der), password: secret(password) }));
        const { stdout, stderr } = openssl(['pkcs12', '-in', path('ours.p12'), '-nodes', '-info', '-passin', 'env:PFX_PASSWORD'], password);
        expect(thumbprintsIn(stdout), stderr).toEqual(certificates.map(({ thumbprintSha256 }) => thumbprintSha256).toSorted());
        const [key = ''] = /-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----/.exec(stdout) ?? [];
        expect(createPrivateKey(key).equals(createPrivateKey(leaf.privateKey.reveal()))).toBe(true);
        expect(stdout.includes('Microsoft CSP Name')).toBe(rest.csp);
        expect(stderr).toContain(`Iteration ${rest.iterations}`);
        expect(openssl(['pkcs12', '-in', path('ours.p12'), '-noout', '-passin', 'env:PFX_PASSWORD'], `${password}.`).isDone).toBe(false);
      }),
      { numRuns: 25 },
    );
  });
});
