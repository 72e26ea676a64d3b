/** What holds for every certificate file, however it was bent. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKeyDeriver } from '../../src/core/adapters/key-deriver';
import { createNodeRandom } from '../../src/core/adapters/node-random';
import { openKeyFile } from '../../src/core/certificates/files/key-file';
import { inspectCertificateFile } from '../../src/core/certificates/pfx/inspect';
import { type PfxProfile, writePfx } from '../../src/core/certificates/pfx/write';
import { isOnboardingError } from '../../src/core/errors';
import { secret } from '../../src/core/internal/secret';
import { bytesOf, VECTORS } from '../core/certificates/pfx/vectors';
import { makeServerCertificate } from '../core/adapters/tls-server';

const ports = { keyDeriver: createKeyDeriver(), random: createNodeRandom(), clock: { now: () => Date.now(), sleep: () => Promise.resolve() } };
const PASSWORD = 'hunter2-pässwörd-🔑';
const pair = makeServerCertificate(['backup.example']);
const pkcs8 = createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'der' });
const der = new X509Certificate(pair.pem).raw;
const write = (profile: PfxProfile, password = PASSWORD) => writePfx(ports, { pkcs8, certificates: [der], password: secret(password), profile, iterations: 1 });
const inspect = (bytes: Uint8Array, password: string | null = PASSWORD) => inspectCertificateFile(ports, { bytes, password: password === null ? null : secret(password) });

/** Files whose integrity code covers what matters, with few iterations: the property is about bytes, not about patience. */
let files: readonly { readonly bytes: Buffer; readonly password: string | null; readonly unused: number }[];
/** Of PBMAC1 the salt and the count at the end are used by nobody (RFC 9579 section 4): ten octets and three. */
const UNUSED_BYTES = 13;
beforeAll(async () => {
  const written = await Promise.all((['modern', 'legacy'] as const).map(async (profile) => ({ bytes: await write(profile), password: PASSWORD, unused: 0 })));
  files = [...written, ...['pyca/no-password.p12', 'node/agent1.pfx', 'go-pkcs12/rfc9579-a1.p12'].map((file) => ({ bytes: bytesOf(file), password: VECTORS.find((vector) => vector.file === file)?.password ?? null, unused: file.includes('rfc9579') ? UNUSED_BYTES : 0 }))];
});

describe('for any file', () => {
  it('one flipped bit is never accepted', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(7), async (which, place, bit) => {
        const { bytes, password, unused } = files[which % files.length] ?? { bytes: Buffer.alloc(1), password: null, unused: 0 };
        const bent = Buffer.from(bytes);
        const at = place % (bent.length - unused);
        bent.writeUInt8(bent.readUInt8(at) ^ (1 << bit), at);
        const report = await inspect(bent, password);
        expect(report, `bit ${bit} of byte ${at} of file ${which % files.length}`).toMatchObject({ ok: false });
      }),
      { numRuns: 500 },
    );
  });

  it('cut anywhere, it is truncated or malformed, and nothing is derived from it', async () => {
    const idle = { ...ports, keyDeriver: { derive: () => Promise.reject(new Error('something was derived')) } };
    for (const { bytes, password } of files) {
      for (let length = 1; length < bytes.length; length += 1) {
        const report = await inspectCertificateFile(idle, { bytes: bytes.subarray(0, length), password: password === null ? null : secret(password) });
        if (report.ok || !['PFX_TRUNCATED', 'PFX_MALFORMED'].includes(report.error.code)) throw new Error(`Cut after ${length} bytes: ${JSON.stringify(report)}`);
      }
    }
  });

  it('of noise, the answer is a refusal of our own', async () => {
    const noise = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }).map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.from([0x30, 0x80, 2, 1, 3, ...tail])));
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        expect((await inspect(bytes)).ok).toBe(false);
        const outcome: unknown = await openKeyFile(ports, { bytes, password: secret(PASSWORD) }).catch((error: unknown) => error);
        expect(isOnboardingError(outcome)).toBe(true);
        expect(JSON.stringify(outcome)).not.toContain('hunter2');
      }),
      { numRuns: 500 },
    );
  });
});

describe('for any password', () => {
  it('what we write under it opens with it, and with no other', { timeout: 120_000 }, async () => {
    const passwords = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 }).filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text) && text.normalize('NFC') === text);
    await fc.assert(
      fc.asyncProperty(passwords, fc.constantFrom<PfxProfile>('modern', 'legacy'), async (password, profile) => {
        const pfx = await write(profile, password);
        const report = await inspect(pfx, password);
        if (!report.ok) throw new Error(report.error.code);
        expect(report.keys).toEqual([{ type: 'rsa', bits: expect.any(Number) as number, spkiSha256: expect.any(String) as string, matchesCertificate: report.certificates[0]?.thumbprintSha256 }]);
        expect(await inspect(pfx, `${password}.`)).toMatchObject({ ok: false, error: { code: 'PFX_PASSWORD_WRONG' } });
      }),
      { numRuns: 60 },
    );
  });
});
