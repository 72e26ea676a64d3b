import { describe, expect, it, vi } from 'vitest';
import { createKeyDeriver } from '../../../../src/core/adapters/key-deriver';
import { inspectCertificateFile, type ReadableFile } from '../../../../src/core/certificates/pfx/inspect';
import { secret } from '../../../../src/core/internal/secret';
import { bytesOf } from './vectors';

const keyDeriver = createKeyDeriver();
const at = (now: number) => ({ clock: { now: () => now, sleep: () => Promise.resolve() }, keyDeriver });
const NOW = Date.UTC(2026, 10, 22);
const inspect = (bytes: Uint8Array, password?: string | null, now = NOW) => inspectCertificateFile(at(now), { bytes, password: typeof password === 'string' ? secret(password) : password });
const read = async (file: string, password?: string | null, now?: number): Promise<ReadableFile> => {
  const report = await inspect(bytesOf(file), password, now);
  if (!report.ok) throw new Error(JSON.stringify(report.error));
  return report;
};
const codes = ({ problems }: ReadableFile) => problems.map(({ code }) => code);
const text = (content: string) => Buffer.from(content, 'utf8');

describe('a file that is no PFX', () => {
  const pfx = bytesOf('node/agent1.pfx');
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  it.each([
    ['pem', text(pem)],
    ['pem', text(`\uFEFFBag Attributes\n  localKeyID: 01\n${pem}`)],
    ['zip', Buffer.concat([Buffer.from('504b0304', 'hex'), text(pem)])],
    ['jks', bytesOf('bouncycastle/JKS_Store.jks')],
    ['html', text('<!DOCTYPE html>\n<html><title>Sign in</title></html>')],
    ['p7b', text('-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----\n')],
    ['p7b', Buffer.from('300f06092a864886f70d010702a0023000', 'hex')],
    ['base64', text(pfx.toString('base64'))],
    ['base64', text((pfx.toString('base64').match(/.{1,64}/g) ?? []).join('\r\n'))],
    ['utf16', Buffer.from(`\uFEFF${pem}`, 'utf16le')],
    ['utf16', Buffer.from(pem, 'utf16le')],
    ['text', text('The certificate is attached.')],
    ['der-private-key', Buffer.from('3010020100300b06092a864886f70d0101010400'.replace('3010', '3012'), 'hex')],
  ] as const)('is called by its name: %s', async (detected, bytes) => {
    expect(await inspect(bytes)).toMatchObject({ ok: false, error: { code: 'NOT_A_PFX', detected, details: { detected } } });
  });

  it('is a certificate when it is one', async () => {
    const { X509Certificate } = await import('node:crypto');
    const { makeServerCertificate } = await import('../../adapters/tls-server');
    expect(await inspect(new X509Certificate(makeServerCertificate(['a.example']).pem).raw)).toMatchObject({ error: { code: 'NOT_A_PFX', detected: 'der-certificate' } });
  });

  it('is empty, too large, cut, or noise', async () => {
    expect(await inspect(Buffer.alloc(0))).toMatchObject({ error: { code: 'PFX_EMPTY' } });
    expect(await inspect(Buffer.alloc((1 << 20) + 1, 0x30))).toMatchObject({ error: { code: 'PFX_TOO_LARGE' } });
    expect(await inspect(pfx.subarray(0, -1), 'sample')).toMatchObject({ error: { code: 'PFX_TRUNCATED' } });
    expect(await inspect(Buffer.from('ff00ff00ff00ff00', 'hex'))).toMatchObject({ error: { code: 'PFX_MALFORMED' } });
    expect(await inspect(Buffer.from('3080'.repeat(5000), 'hex'))).toMatchObject({ error: { code: 'PFX_MALFORMED' } });
    expect(await inspect(Buffer.concat([Buffer.from('30840000ffff', 'hex'), Buffer.from('0500'.repeat(0x7fff), 'hex'), Buffer.alloc(1)]))).toMatchObject({ error: { code: 'PFX_MALFORMED' } });
  });
});

describe('what a file holds', () => {
  it('is shown whole: container, certificates, keys', async () => {
    const report = await read('node/agent10.pfx', 'sample');
    expect(report).toMatchObject({
      format: 'pfx',
      container: { mac: 'sha256', macIterations: 2048, encryption: ['3DES-CBC/PKCS12', 'AES-256-CBC/PBES2'], kdfIterations: [2048] },
      usableForEntra: true,
      problems: [],
    });
    expect(report.certificates.map(({ isLeaf }) => isLeaf)).toEqual([true, false, false]);
    const [leaf] = report.certificates;
    expect(leaf).toMatchObject({ keyType: 'rsa', keyBits: 2048, notBefore: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string, thumbprintSha1: expect.stringMatching(/^[0-9A-F]{40}$/) as string });
    expect(report.keys).toEqual([{ type: 'rsa', bits: 2048, spkiSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string, matchesCertificate: leaf?.thumbprintSha256 }]);
  });

  it('is judged by the clock', async () => {
    const { certificates } = await read('node/agent1.pfx', 'sample');
    const { notBefore = '', notAfter = '' } = certificates[0] ?? {};
    for (const [now, code, isUsable] of [[Date.parse(notBefore) - 1, 'CERTIFICATE_NOT_YET_VALID', false], [Date.parse(notAfter) + 1, 'CERTIFICATE_EXPIRED', false], [Date.parse(notAfter) - 86_400_000, 'CERTIFICATE_EXPIRES_SOON', true]] as const) {
      const report = await read('node/agent1.pfx', 'sample', now);
      expect([codes(report), report.usableForEntra]).toEqual([[code], isUsable]);
    }
  });

  it.each([
    ['openssl/v3-certs-TDES.p12', 'v3-certs', ['PRIVATE_KEY_MISSING', 'CERTIFICATE_EXPIRED', 'SIGNATURE_ALGORITHM_WEAK', 'CERTIFICATE_EXPIRED', 'SIGNATURE_ALGORITHM_WEAK']],
    ['node/ec.pfx', '', ['KEY_TYPE_UNSUPPORTED']],
    ['node/legacy.pfx', 'legacy', ['KEY_TOO_SMALL', 'SIGNATURE_ALGORITHM_WEAK']],
    ['openssl/nomac_parse.p12', 'testpassword', ['PRIVATE_KEY_MISSING', 'CERTIFICATE_MISSING', 'MAC_MISSING', 'CONTENT_UNREADABLE']],
  ])('%s cannot be used, and it says why', async (file, password, problems) => {
    const report = await read(file, password);
    expect(report.usableForEntra).toBe(false);
    expect(codes(report)).toEqual(problems);
  });

  it('is read although bytes follow it, and says so', async () => {
    const report = await inspect(Buffer.concat([bytesOf('node/agent1.pfx'), Buffer.alloc(1)]), 'sample');
    expect(report).toMatchObject({ ok: true, usableForEntra: true, problems: [{ code: 'TRAILING_BYTES', severity: 'warning' }] });
  });
});

describe('the password', () => {
  it('may be absent, empty or null for a file that has none', async () => {
    for (const password of [undefined, '', null]) {
      for (const file of ['go-pkcs12/testing_example_com.p12', 'go-pkcs12/Windows_Azure_Tools.p12']) expect(await read(file, password)).toMatchObject({ ok: true });
    }
  });

  it('is told to be needless when the file opens without one', async () => {
    expect(await inspect(bytesOf('node/ec.pfx'), 'surplus')).toMatchObject({ error: { code: 'PFX_PASSWORD_WRONG', message: expect.stringContaining('empty password does') as string } });
  });

  it('is not blamed when the file was changed', async () => {
    const changed = Buffer.from(bytesOf('node/agent1.pfx'));
    changed.writeUInt8(changed.readUInt8(changed.length - 20) ^ 1, changed.length - 20);
    expect(await inspect(changed, 'sample')).toMatchObject({ error: { code: 'PFX_MALFORMED', message: expect.stringContaining('changed after it was written') as string } });
  });

  it('is in no report and no error', async () => {
    for (const file of ['node/agent1.pfx', 'node/legacy.pfx', 'openssl/garbage-pkcs12.p12']) expect(JSON.stringify(await inspect(bytesOf(file), 'hunter2-hunter2'))).not.toContain('hunter2');
  });
});

describe('a hostile file', () => {
  /** The iteration count of the integrity code is the last field of these files. */
  function withMacIterations(iterations: string): Buffer {
    const file = bytesOf('node/agent1.pfx');
    const at = file.length - 4;
    expect(file.subarray(at).toString('hex')).toBe('02020800');
    const field = Buffer.from(`02${(iterations.length / 2).toString(16).padStart(2, '0')}${iterations}`, 'hex');
    const grown = Buffer.concat([file.subarray(0, at), field]);
    const growth = grown.length - file.length;
    // The two enclosing lengths: of the file (two octets at 2) and of the integrity code (one octet).
    grown.writeUInt16BE(grown.readUInt16BE(2) + growth, 2);
    const macStart = file.length - 4 - 10 - 35;
    expect(file.readUInt8(macStart - 2)).toBe(0x30);
    grown.writeUInt8(grown.readUInt8(macStart - 1) + growth, macStart - 1);
    return grown;
  }

  it.each([['0f4241'], ['7fffffff'], ['00ffffffffffffffff']])('that asks for 0x%s iterations is refused before anything is derived', async (iterations) => {
    const derive = vi.fn<typeof keyDeriver.derive>();
    const report = await inspectCertificateFile({ ...at(NOW), keyDeriver: { derive } }, { bytes: withMacIterations(iterations), password: secret('sample') });
    expect(report).toMatchObject({ ok: false, error: { code: 'PFX_ITERATIONS_EXCESSIVE' } });
    expect(derive).not.toHaveBeenCalled();
  });

  it.each([['00'], ['ff']])('whose iteration count is 0x%s is malformed', async (iterations) => {
    expect(await inspect(withMacIterations(iterations), 'sample')).toMatchObject({ error: { code: 'PFX_MALFORMED' } });
  });

  it('is let go when nobody waits for the answer', async () => {
    const reason = new Error('stop');
    await expect(inspectCertificateFile(at(NOW), { bytes: bytesOf('node/agent1.pfx'), password: secret('sample'), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
