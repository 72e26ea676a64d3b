/** The ways of other programs that no file at hand shows: passwords in foreign encodings, BER in pieces, scrypt, limits. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../../../src/core/adapters/key-deriver';
import { createNodeRandom } from '../../../../src/core/adapters/node-random';
import { openKeyFile } from '../../../../src/core/certificates/files/key-file';
import { type BerElement, createElementBudget, readBer } from '../../../../src/core/certificates/pfx/ber';
import { createBudgets, spendEntry } from '../../../../src/core/certificates/pfx/budgets';
import { integer, none, objectId, octets, sequence, tagged } from '../../../../src/core/certificates/pfx/der';
import { inspectCertificateFile } from '../../../../src/core/certificates/pfx/inspect';
import { toUtf16 } from '../../../../src/core/certificates/pfx/passwords';
import { type PfxProfile, writePfx } from '../../../../src/core/certificates/pfx/write';
import { secret } from '../../../../src/core/internal/secret';
import type { KeyDerivation, KeyDeriver } from '../../../../src/core/ports';
import { makeServerCertificate } from '../../adapters/tls-server';

const keyDeriver = createKeyDeriver();
const ports = { keyDeriver, random: createNodeRandom(), clock: { now: () => Date.now(), sleep: () => Promise.resolve() } };
const pair = makeServerCertificate(['backup.example']);
const pkcs8 = createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'der' });
const der = new X509Certificate(pair.pem).raw;
const PASSWORD = 'pässwörd';

/** A writer that encodes the password in its own way, for each kind of derivation. */
function writing(profile: PfxProfile, encode: Partial<Record<KeyDerivation['function'], Buffer>>): Promise<Buffer> {
  const foreign: KeyDeriver = { derive: (derivation, signal) => keyDeriver.derive({ ...derivation, password: encode[derivation.function] ?? derivation.password }, signal) };
  return writePfx({ ...ports, keyDeriver: foreign }, { pkcs8, certificates: [der], password: secret(PASSWORD), profile, iterations: 10 });
}
const inspect = (bytes: Uint8Array, password = PASSWORD) => inspectCertificateFile(ports, { bytes, password: secret(password) });

describe('a password that is not ASCII', () => {
  it.each<[string, PfxProfile, Partial<Record<KeyDerivation['function'], Buffer>>]>([
    ['UTF-16 given to PBKDF2, as NSS did', 'modern', { pbkdf2: toUtf16(PASSWORD) }],
    ['ISO-8859-1 given to PBKDF2, as Bouncy Castle does', 'modern', { pbkdf2: Buffer.from(PASSWORD, 'latin1') }],
    ['UTF-8 widened to UTF-16, as OpenSSL before 1.1 did', 'legacy', { pkcs12: toUtf16(Buffer.from(PASSWORD, 'utf8').toString('latin1')) }],
    ['decomposed letters, as macOS types them', 'modern', { pkcs12: toUtf16(PASSWORD.normalize('NFD')), pbkdf2: Buffer.from(PASSWORD.normalize('NFD'), 'utf8') }],
  ])('opens the file in every encoding that was ever used: %s', async (_how, profile, encode) => {
    expect(await inspect(await writing(profile, encode))).toMatchObject({ ok: true, usableForEntra: true, problems: [] });
    expect(await inspect(await writing(profile, encode), 'passwort')).toMatchObject({ error: { code: 'PFX_PASSWORD_WRONG' } });
  });

  it('is not said to be wrong when only the content is encrypted with another one', async () => {
    expect(await inspect(await writing('modern', { pbkdf2: Buffer.from('another') }))).toMatchObject({ error: { code: 'PFX_PASSWORD_WRONG', message: expect.stringContaining('two passwords') as string } });
  });
});

describe('BER that is not DER', () => {
  /** Indefinite lengths for what is constructed, segments of seven octets for the content, as streaming writers do. */
  function indefinite(element: BerElement, depth = 0): Buffer {
    const end = Buffer.alloc(2);
    if (element.tag === 0x04 && depth === 3) {
      const segments = Array.from({ length: Math.ceil(element.content.length / 700) }, (_, index) => octets(element.content.subarray(index * 700, (index + 1) * 700)));
      return Buffer.concat([Buffer.from([0x24, 0x80]), ...segments, end]);
    }
    return element.isConstructed ? Buffer.concat([Buffer.from([element.tag, 0x80]), ...element.children.map((child) => indefinite(child, depth + 1)), end]) : element.encoded;
  }

  it('is read: indefinite lengths and octets in segments', async () => {
    const bytes = indefinite(readBer(await writing('modern', {}), createElementBudget()));
    expect(bytes.subarray(0, 2).toString('hex')).toBe('3080');
    expect(await inspect(bytes)).toMatchObject({ ok: true, usableForEntra: true, problems: [] });
    for (const length of [2, 40, 1000, bytes.length - 1]) expect(await inspect(bytes.subarray(0, length))).toMatchObject({ error: { code: 'PFX_TRUNCATED' } });
  });

  it('is read with lengths that are longer than they must be', async () => {
    const pfx = await writing('modern', {});
    expect(pfx.subarray(1, 2).toString('hex')).toBe('82');
    const roomy = Buffer.concat([Buffer.from([0x30, 0x84, 0, 0]), pfx.subarray(2)]);
    expect(await inspect(roomy)).toMatchObject({ ok: true, usableForEntra: true });
  });

  it.each([['1f8101', 'a long tag'], ['3085ffffffffff', 'a length of five octets'], ['0480', 'a primitive without a length'], ['0000', 'an end without a begin'], ['300330040000', 'a child longer than its parent']])('is refused where it makes no sense: %s (%s)', (hex) => {
    expect(() => readBer(Buffer.from(hex, 'hex'), createElementBudget(), true)).toThrow(expect.objectContaining({ code: 'PFX_MALFORMED' }) as Error);
  });
});

describe('scrypt', () => {
  const scrypt = (cost: number, blockSize: number, parallelization: number) => {
    const derivation = sequence(objectId('1.3.6.1.4.1.11591.4.11'), sequence(octets(Buffer.alloc(8)), integer(cost), integer(blockSize), integer(parallelization)));
    const algorithm = sequence(objectId('1.2.840.113549.1.5.13'), sequence(derivation, sequence(objectId('2.16.840.1.101.3.4.1.42'), octets(Buffer.alloc(16)))));
    return sequence(algorithm, octets(Buffer.alloc(1200)));
  };
  const idle = { ...ports, keyDeriver: { derive: () => Promise.reject(new Error('something was derived')) } };

  it.each([[1 << 20, 8, 1], [1 << 14, 8, 1000], [2 ** 40, 8, 1], [1 << 14, 2 ** 40, 1]])('of N=%d, r=%d, p=%d is refused before any memory is taken', async (cost, blockSize, parallelization) => {
    await expect(openKeyFile(idle, { bytes: scrypt(cost, blockSize, parallelization), password: secret('x') })).rejects.toMatchObject({ code: 'PFX_ITERATIONS_EXCESSIVE' });
  });

  it('of an impossible shape is malformed', async () => {
    for (const [cost, blockSize, parallelization] of [[1, 8, 1], [1000, 8, 1], [16_384, 0, 1], [16_384, 8, 0]] as const) {
      await expect(openKeyFile(idle, { bytes: scrypt(cost, blockSize, parallelization), password: secret('x') })).rejects.toMatchObject({ code: 'PFX_MALFORMED' });
    }
  });

  it('of OpenSSL is read', async () => {
    const pem = execFileSync('openssl', ['pkcs8', '-topk8', '-scrypt', '-passout', 'pass:x'], { input: pair.key, stdio: ['pipe', 'pipe', 'ignore'] }).toString();
    expect((await openKeyFile(ports, { bytes: Buffer.from(pair.pem + pem), password: secret('x') })).certificate.thumbprintSha256).toBe(new X509Certificate(pair.pem).fingerprint256.replaceAll(':', ''));
  });
});

describe('the limits of one file', () => {
  it('are a million iterations for a key and three in total', () => {
    const { iterations } = createBudgets();
    for (let turn = 0; turn < 3; turn += 1) iterations.spend(1_000_000);
    expect(() => iterations.spend(1)).toThrow(expect.objectContaining({ code: 'PFX_ITERATIONS_EXCESSIVE' }) as Error);
    expect(() => createBudgets().iterations.spend(1_000_001)).toThrow(expect.objectContaining({ code: 'PFX_ITERATIONS_EXCESSIVE' }) as Error);
  });

  it('are some hundred entries', async () => {
    const crlBag = sequence(objectId('1.2.840.113549.1.12.10.1.4'), tagged(0, none()));
    const data = (content: Buffer) => sequence(objectId('1.2.840.113549.1.7.1'), tagged(0, octets(content)));
    const crowded = sequence(integer(3), data(sequence(data(sequence(...Array.from({ length: 500 }, () => crlBag))))));
    expect(await inspect(crowded)).toMatchObject({ error: { code: 'PFX_TOO_LARGE' } });
    expect(() => spendEntry({ entries: { left: 0 } })).toThrow();
  });

  it('are named algorithms only', async () => {
    const pfx = await writing('legacy', {});
    const tripleDes = Buffer.from('2a864886f70d010c0103', 'hex');
    const rc4 = Buffer.from(pfx);
    rc4.writeUInt8(1, rc4.indexOf(tripleDes) + tripleDes.length - 1);
    expect(await inspect(rc4)).toMatchObject({ error: { code: 'PFX_ALGORITHM_UNSUPPORTED', algorithm: expect.stringContaining('RC4-128') as string } });
  });
});
