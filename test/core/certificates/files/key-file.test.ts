import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../../../src/core/adapters/key-deriver';
import { createKeyGenerator } from '../../../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../../../src/core/adapters/node-random';
import { generateCertificate } from '../../../../src/core/certificates/generate';
import { openKeyFile } from '../../../../src/core/certificates/files/key-file';
import type { CredentialCertificate } from '../../../../src/core/certificates/model';
import { writePfx } from '../../../../src/core/certificates/pfx/write';
import { spellThumbprints } from '../../../../src/core/certificates/records/thumbprints';
import type { OnboardingError } from '../../../../src/core/errors';
import { secret } from '../../../../src/core/internal/secret';
import { createMovableClock } from '../../../../src/core/testing/movable-clock';

const clock = createMovableClock(Date.UTC(2026, 10, 22));
const random = createNodeRandom();
const ports = { clock, random, keyDeriver: createKeyDeriver(), keys: createKeyGenerator() };
let ours: CredentialCertificate;
let other: CredentialCertificate;
beforeAll(async () => {
  ours = await generateCertificate(ports, { subject: 'Ours', keyBits: 2048 });
  other = await generateCertificate(ports, { subject: 'Other', keyBits: 2048 });
});

const key = () => createPrivateKey(ours.privateKey.reveal());
const open = (content: Uint8Array | string, password?: string) => openKeyFile(ports, { bytes: Buffer.from(content), ...(password === undefined ? {} : { password: secret(password) }) });
const refusalOf = (content: Uint8Array | string, password?: string) => open(content, password).then(() => Promise.reject(new Error('It was accepted.')), (error: unknown) => error as OnboardingError);
const encrypted = (passphrase: string, cipher = 'aes-256-cbc') => key().export({ type: 'pkcs8', format: 'pem', cipher, passphrase }).toString();

describe('a certificate with its key', () => {
  it.each<[string, () => string]>([
    ['PKCS#8', () => ours.privateKey.reveal()],
    ['PKCS#1', () => key().export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['encrypted PKCS#8', () => encrypted('pässwörd')],
    ['PKCS#8 encrypted with 3DES', () => encrypted('pässwörd', 'des-ede3-cbc')],
    ...['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des-ede3-cbc'].map((cipher): [string, () => string] => [`OpenSSL's old encrypted form with ${cipher}`, () => key().export({ type: 'pkcs1', format: 'pem', cipher, passphrase: 'pässwörd' }).toString()]),
  ])('is read from PEM, in any order and with text around: %s', async (_form, pem) => {
    for (const content of [ours.pem + pem(), `${pem()}\r\nBag Attributes\r\n    friendlyName: B\xe4ckup\r\n${ours.pem.replaceAll('\n', '\r\n')}`]) {
      const { certificate, warnings } = await open(content, 'pässwörd');
      expect(certificate).toMatchObject({ thumbprintSha256: ours.thumbprintSha256, subject: 'CN=Ours' });
      expect(createPrivateKey(certificate.privateKey.reveal()).equals(key())).toBe(true);
      expect(warnings).toEqual([]);
    }
  });

  it('is the renewed one where a key has two certificates, in either order', async () => {
    const pair = { privateKey: ours.privateKey, publicKey: createPublicKey(ours.pem).export({ type: 'spki', format: 'der' }) };
    const renewed = await generateCertificate({ ...ports, keys: { generateRsa: () => Promise.resolve(pair) } }, { subject: 'Ours', keyBits: 2048, lifetimeDays: 700 });
    for (const certificates of [ours.pem + renewed.pem, renewed.pem + ours.pem]) expect((await open(certificates + ours.privateKey.reveal())).certificate.thumbprintSha256).toBe(renewed.thumbprintSha256);
  });

  it('is read from a PFX, whose chain stays behind', async () => {
    const pfx = await writePfx(ports, { pkcs8: key().export({ type: 'pkcs8', format: 'der' }), certificates: [other.der, ours.der], password: secret('x'), iterations: 1 });
    expect((await open(pfx, 'x')).certificate.thumbprintSha256).toBe(ours.thumbprintSha256);
  });
});

describe('a file with several pairs', () => {
  const several = () => Buffer.from(ours.pem + ours.privateKey.reveal() + other.pem + other.privateKey.reveal());
  const selecting = async (select: string) => openKeyFile(ports, { bytes: several(), select });

  it('is refused with the thumbprints to choose from', async () => {
    const error = await refusalOf(several());
    expect(error).toMatchObject({ code: 'CERTIFICATE_FILE_UNUSABLE', details: { choices: [{ thumbprintSha1: ours.thumbprintSha1, thumbprintSha256: ours.thumbprintSha256, subject: 'CN=Ours' }, { thumbprintSha256: other.thumbprintSha256 }] } });
    for (const { thumbprintSha1 } of [ours, other]) expect(error.message).toContain(thumbprintSha1);
  });

  it('gives the one that is selected, by either thumbprint in any spelling', async () => {
    for (const certificate of [ours, other]) {
      for (const spelling of Object.values(spellThumbprints(certificate))) {
        const opened = await selecting(` ${spelling} `);
        expect(opened.certificate.thumbprintSha256).toBe(certificate.thumbprintSha256);
        expect(new X509Certificate(opened.certificate.pem).checkPrivateKey(createPrivateKey(opened.certificate.privateKey.reveal()))).toBe(true);
        expect(opened.warnings).toEqual([]);
      }
    }
  });

  it('is refused for a thumbprint that is not in it, and for what is none', async () => {
    await expect(selecting('A'.repeat(40))).rejects.toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter: 'select', choices: [{}, {}] } });
    await expect(selecting('ours')).rejects.toMatchObject({ code: 'CERTIFICATE_INPUT_INVALID', details: { parameter: 'select' } });
  });

  it('may be selected from where there is but one', async () => {
    expect(await openKeyFile(ports, { bytes: Buffer.from(ours.pem + ours.privateKey.reveal()), select: ours.thumbprintSha1 })).toMatchObject({ certificate: { thumbprintSha256: ours.thumbprintSha256 } });
  });
});

describe('a file is refused', () => {
  it.each<[string, () => Uint8Array | string, string | undefined, object]>([
    ['without its key', () => ours.pem, undefined, { code: 'CERTIFICATE_FILE_UNUSABLE', details: { problems: ['PRIVATE_KEY_MISSING'] } }],
    ['that is a bare certificate', () => ours.der, undefined, { code: 'CERTIFICATE_FILE_UNUSABLE', details: { problems: ['PRIVATE_KEY_MISSING'] } }],
    ['that is a bare key', () => key().export({ type: 'pkcs8', format: 'der' }), undefined, { code: 'CERTIFICATE_FILE_UNUSABLE', details: { problems: ['CERTIFICATE_MISSING'] } }],
    ['whose key belongs to another certificate', () => other.pem + ours.privateKey.reveal(), undefined, { code: 'CERTIFICATE_FILE_UNUSABLE', details: { problems: ['KEY_MISMATCH'] } }],
    ['with two pairs', () => ours.pem + ours.privateKey.reveal() + other.pem + other.privateKey.reveal(), undefined, { code: 'CERTIFICATE_FILE_UNUSABLE', details: { problems: ['SEVERAL_KEYS'] } }],
    ['with an elliptic key', () => ours.pem + generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString(), undefined, { code: 'CERTIFICATE_FILE_UNUSABLE' }],
    ['whose key needs a password', () => ours.pem + encrypted('hunter2'), undefined, { code: 'PFX_PASSWORD_REQUIRED' }],
    ['whose key has another password', () => ours.pem + encrypted('hunter2'), 'hunter3', { code: 'PFX_PASSWORD_WRONG' }],
    ['whose old encrypted key has another password', () => ours.pem + key().export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'hunter2' }).toString(), 'hunter3', { code: 'PFX_PASSWORD_WRONG' }],
    ['that is cut', () => ours.pem.slice(0, -20), undefined, { code: 'PEM_MALFORMED' }],
    ['that is not base64', () => ours.pem.replace('MII', 'M*I'), undefined, { code: 'PEM_MALFORMED' }],
    ['that is no certificate file', () => 'Dear colleague', undefined, { code: 'NOT_A_PFX', details: { detected: 'text' } }],
    ['that is empty', () => '', undefined, { code: 'PFX_EMPTY' }],
  ])('%s', async (_what, content, password, expected) => {
    const error = await refusalOf(content(), password);
    expect(error).toMatchObject(expected);
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain('hunter');
  });

  it('outside its validity', async () => {
    const late = { ...ports, clock: { ...clock, now: () => Date.UTC(2030, 0, 1) } };
    await expect(openKeyFile(late, { bytes: Buffer.from(ours.pem + ours.privateKey.reveal()) })).rejects.toMatchObject({ code: 'CERTIFICATE_FILE_UNUSABLE', details: { problems: ['CERTIFICATE_EXPIRED'] } });
  });

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi'] as const)('whose private key was tampered with in %s, although its public part fits', async (member) => {
    const flipped = Buffer.from(key().export({ format: 'jwk' })[member] ?? '', 'base64url');
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    expect(await refusalOf(ours.pem + withNumber(member, flipped))).toMatchObject({ code: 'CERTIFICATE_FILE_UNUSABLE', details: { problems: ['KEY_DAMAGED'] } });
    // An exponent so long that signing with it would take minutes is never taken, by OpenSSL already.
    expect((await refusalOf(ours.pem + withNumber(member, Buffer.alloc(60_000, 0x55)))).code).toMatch(/^(PEM_MALFORMED|CERTIFICATE_FILE_UNUSABLE)$/);
  });

  it('whose encrypted key asks for too many iterations, before any is computed', async () => {
    const der = key().export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' });
    const at = der.indexOf(Buffer.from('02020800', 'hex'));
    // One octet more for the count, in the three sequences around it and the file.
    const hostile = Buffer.concat([der.subarray(0, at), Buffer.from('02037fffff', 'hex'), der.subarray(at + 4)]);
    for (const [offset, value] of lengthsAround(der, at)) hostile.writeUInt8(value + 1, offset);
    await expect(openKeyFile({ clock, keyDeriver: { derive: () => Promise.reject(new Error('derived')) } }, { bytes: hostile, password: secret('x') })).rejects.toMatchObject({ code: 'PFX_ITERATIONS_EXCESSIVE' });
  });
});

/** Our key as PKCS#1 with one number exchanged. */
function withNumber(member: string, value: Buffer): string {
  const jwk = { ...key().export({ format: 'jwk' }), [member]: value.toString('base64url') };
  const toInteger = (bytes: Buffer) => forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.INTEGER, false, `${(bytes[0] ?? 0) >= 0x80 ? '\0' : ''}${bytes.toString('latin1')}`);
  const numbers = (['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const).map((name) => toInteger(Buffer.from(jwk[name] ?? '', 'base64url')));
  const version = toInteger(Buffer.alloc(1));
  const der = forge.asn1.toDer(forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.SEQUENCE, true, [version, ...numbers])).getBytes();
  return `-----BEGIN RSA PRIVATE KEY-----\n${Buffer.from(der, 'latin1').toString('base64')}\n-----END RSA PRIVATE KEY-----\n`;
}

/** Last octet of the length of every element that encloses `at`. */
function lengthsAround(der: Buffer, at: number): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (let start = 0; start < at; ) {
    const first = der.readUInt8(start + 1);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    const length = octets === 0 ? first : der.readUIntBE(start + 2, octets);
    const content = start + 2 + octets;
    if (content + length <= at) start = content + length;
    else {
      found.push([content - 1, der.readUInt8(content - 1)]);
      start = content;
    }
  }
  return found;
}
