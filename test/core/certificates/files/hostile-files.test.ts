/** Files that are small, well-formed as far as anybody looks, and meant to keep the event loop busy. */
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createKeyDeriver } from '../../../../src/core/adapters/key-deriver';
import { createKeyGenerator } from '../../../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../../../src/core/adapters/node-random';
import { generateCertificate } from '../../../../src/core/certificates/generate';
import { openKeyFile } from '../../../../src/core/certificates/files/key-file';
import type { CredentialCertificate } from '../../../../src/core/certificates/model';
import { integer, none, objectId, octets, sequence, tagged } from '../../../../src/core/certificates/pfx/der';
import { inspectCertificateFile } from '../../../../src/core/certificates/pfx/inspect';
import { OID } from '../../../../src/core/certificates/pfx/object-ids';
import { encryptPkcs8, writePfx } from '../../../../src/core/certificates/pfx/write';
import { secret } from '../../../../src/core/internal/secret';
import type { KeyDeriver } from '../../../../src/core/ports';
import { createMovableClock } from '../../../../src/core/testing/movable-clock';

const clock = createMovableClock(Date.UTC(2026, 10, 22));
const real = createKeyDeriver();
const refusing: KeyDeriver = { derive: () => Promise.reject(new Error('something was derived')) };
/** As if the file had asked for one iteration: what is counted is what it asks for. */
const quick: KeyDeriver = { derive: (derivation) => real.derive('iterations' in derivation ? { ...derivation, iterations: 1 } : derivation) };
const ports = { clock, random: createNodeRandom(), keyDeriver: real, keys: createKeyGenerator() };
const password = secret('x');
let ours: CredentialCertificate;
beforeAll(async () => {
  ours = await generateCertificate(ports, { subject: 'Ours', keyBits: 2048 });
});

/** An INTEGER of any size. */
const number = (bytes: number) => {
  const content = randomBytes(bytes);
  content[0] = 0x7f;
  content[bytes - 1] = (content[bytes - 1] ?? 0) | 1;
  const header = sequence(content);
  header[0] = 0x02;
  return header;
};
const DSA = '1.2.840.10040.4.1';
const DIFFIE_HELLMAN = '1.2.840.113549.1.3.1';
/** PKCS#8 of a key whose public part OpenSSL computes when it reads it. */
const slowKey = (oid: string, bytes: number) =>
  sequence(integer(0), sequence(objectId(oid), oid === DSA ? sequence(number(bytes), number(32), number(bytes)) : sequence(number(bytes), integer(2))), octets(number(bytes)));
const pem = (label: string, der: Buffer) => `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;

const plainPfx = (...bags: readonly Buffer[]) => sequence(integer(3), sequence(objectId(OID.data), tagged(0, octets(sequence(sequence(objectId(OID.data), tagged(0, octets(sequence(...bags)))))))));
const certificateBag = (der: Uint8Array) => sequence(objectId(OID.certificateBag), tagged(0, sequence(objectId(OID.x509Certificate), tagged(0, octets(der)))));
const keyBag = (der: Buffer) => sequence(objectId(OID.keyBag), tagged(0, der));
const inspect = (bytes: Uint8Array, keyDeriver = real) => inspectCertificateFile({ clock, keyDeriver }, { bytes, password });
const open = (bytes: Uint8Array | string, keyDeriver = real) => openKeyFile({ clock, keyDeriver }, { bytes: Buffer.from(bytes), password });

describe('a key that OpenSSL would compute with while it reads it', () => {
  it.each([['DSA', DSA], ['Diffie-Hellman', DIFFIE_HELLMAN]])('is not read from a PFX: %s', async (_kind, oid) => {
    const report = await inspect(plainPfx(certificateBag(ours.der), keyBag(slowKey(oid, 512))));
    expect(report).toMatchObject({ ok: true, keys: [{ type: 'unknown', spkiSha256: null }], usableForEntra: false });
  });

  it.each(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'])('is not read from PEM, whatever its label says: %s', async (label) => {
    await expect(open(ours.pem + pem(label, slowKey(DSA, 512)))).rejects.toMatchObject({ code: label === 'PRIVATE KEY' ? 'CERTIFICATE_FILE_UNUSABLE' : 'PEM_MALFORMED' });
  });

  it('is not read from DER', async () => {
    await expect(open(slowKey(DSA, 512))).rejects.toMatchObject({ code: 'PFX_MALFORMED' });
  });

  it('stops nobody where its reading would take hours', async () => {
    const hostile = slowKey(DSA, 60_000);
    expect(await inspect(plainPfx(keyBag(hostile), keyBag(hostile)))).toMatchObject({ ok: true, keys: [{ type: 'unknown' }, { type: 'unknown' }] });
    await expect(open(hostile)).rejects.toMatchObject({ code: 'PFX_MALFORMED' });
  });
});

describe('a file of many parts', () => {
  it('lets others have the event loop after each', async () => {
    const pause = vi.fn<NonNullable<KeyDeriver['pause']>>(() => Promise.resolve());
    const key = Buffer.from(ours.privateKey.reveal().replaceAll(/-----.*-----|\s/g, ''), 'base64');
    await inspect(plainPfx(...Array.from({ length: 30 }, () => certificateBag(ours.der)), ...Array.from({ length: 20 }, () => keyBag(key))), { ...refusing, pause });
    expect(pause.mock.calls.length).toBeGreaterThanOrEqual(50);
    pause.mockClear();
    await open(ours.pem + ours.privateKey.reveal().repeat(30), { ...refusing, pause });
    expect(pause.mock.calls.length).toBeGreaterThanOrEqual(60);
  });

  it('has its scrypt work counted together, before any of it is done', async () => {
    // 64 MiB, four times over: what one part may ask for.
    const scrypt = () => sequence(objectId(OID.scrypt), sequence(octets(randomBytes(8)), integer(65_536), integer(8), integer(4)));
    const part = () => sequence(sequence(objectId(OID.pbes2), sequence(scrypt(), sequence(objectId(OID.aes256Cbc), octets(randomBytes(16))))), octets(randomBytes(32)));
    const file = (parts: number) => plainPfx(...Array.from({ length: parts }, () => sequence(objectId(OID.shroudedKeyBag), tagged(0, part()))));
    expect(await inspect(file(3), refusing)).toMatchObject({ ok: false, error: { code: 'PFX_ITERATIONS_EXCESSIVE' } });
    await expect(inspect(file(2), refusing)).rejects.toThrow('something was derived');
  });

  it('has the iterations of all its keys counted together when it is PEM', async () => {
    const key = Buffer.from(ours.privateKey.reveal().replaceAll(/-----.*-----|\s/g, ''), 'base64');
    const block = pem('ENCRYPTED PRIVATE KEY', await encryptPkcs8({ ...ports, keyDeriver: quick }, { pkcs8: key, password, iterations: 1_000_000 }));
    await expect(open(ours.pem + block.repeat(3), quick)).resolves.toMatchObject({ certificate: { thumbprintSha256: ours.thumbprintSha256 } });
    await expect(open(ours.pem + block.repeat(4), quick)).rejects.toMatchObject({ code: 'PFX_ITERATIONS_EXCESSIVE' });
  });

  it('has only so much deciphered by the slow ciphers', async () => {
    const key = Buffer.from(ours.privateKey.reveal().replaceAll(/-----.*-----|\s/g, ''), 'base64');
    const file = (certificates: number) => writePfx({ ...ports, keyDeriver: quick }, { pkcs8: key, certificates: Array.from({ length: certificates }, () => ours.der), password, profile: 'legacy', iterations: 1 });
    expect(await inspect(await file(20))).toMatchObject({ ok: true, usableForEntra: true });
    const large = await file(390);
    expect(large.length).toBeGreaterThan(128 << 10);
    expect(await inspect(large)).toMatchObject({ ok: false, error: { code: 'PFX_TOO_LARGE' } });
  });

  it('has no certificate read that is larger than any is', async () => {
    expect(await inspect(plainPfx(certificateBag(certificateWith(200)), certificateBag(certificateWith(2000))))).toMatchObject({ ok: true, certificates: [{ serialNumber: '01' }], problems: expect.arrayContaining([expect.objectContaining({ code: 'CERTIFICATE_UNREADABLE' })]) as unknown });
  });
});

/** A certificate nobody signed, with as many extensions. */
function certificateWith(extensions: number): Buffer {
  const retagged = (tag: number, der: Buffer) => {
    der[0] = tag;
    return der;
  };
  const text = (tag: number, value: string) => retagged(tag, octets(Buffer.from(value)));
  const name = sequence(retagged(0x31, sequence(sequence(objectId('2.5.4.3'), text(0x0c, 'Wide')))));
  const algorithm = sequence(objectId('1.2.840.113549.1.1.11'), none());
  const key = sequence(sequence(objectId('1.2.840.113549.1.1.1'), none()), retagged(0x03, octets(Buffer.concat([Buffer.alloc(1), sequence(number(256), integer(65_537))]))));
  const list = sequence(...Array.from({ length: extensions }, () => sequence(objectId('2.5.29.99'), octets(Buffer.alloc(4)))));
  const content = sequence(tagged(0, integer(2)), integer(1), algorithm, name, sequence(text(0x17, '260101000000Z'), text(0x17, '280101000000Z')), name, key, tagged(3, list));
  return sequence(content, algorithm, retagged(0x03, octets(Buffer.alloc(257))));
}
