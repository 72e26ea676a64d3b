/** What holds for every certificate and every key credential list, not only for the examples. */
import { X509Certificate, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKeyGenerator } from '../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../src/core/adapters/node-random';
import { readCertificateFacts } from '../../src/core/certificates/facts';
import { generateCertificate } from '../../src/core/certificates/generate';
import { buildKeyCredentialsPatch, fingerprintOf, judgeReadBack, readApplicationKeys } from '../../src/core/certificates/keys/key-credentials';
import { hasCode } from '../../src/core/errors';
import type { RsaKeyPair } from '../../src/core/ports';
import { createMovableClock } from '../../src/core/testing/movable-clock';

let shared: RsaKeyPair;
let der: Uint8Array;
beforeAll(async () => {
  shared = await createKeyGenerator().generateRsa(2048);
  der = (await generate('Backup', 365, Date.UTC(2026, 0, 1))).der;
});

function generate(subject: string, lifetimeDays: number, now: number) {
  return generateCertificate({ clock: createMovableClock(now), random: createNodeRandom(), keys: { generateRsa: () => Promise.resolve(shared) } }, { subject, lifetimeDays });
}

describe('for any input', () => {
  it('a certificate is made that verifies and says what was asked, or the input is refused by our own code', async () => {
    const nows = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2060, 0, 1) });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 70 }), fc.integer({ min: -1, max: 4000 }), nows, async (subject, lifetimeDays, now) => {
        const outcome = await generate(subject, lifetimeDays, now).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(hasCode(outcome, 'CERTIFICATE_INPUT_INVALID')).toBe(true);
          return;
        }
        const certificate = outcome as Awaited<ReturnType<typeof generate>>;
        const read = new X509Certificate(certificate.pem);
        expect(read.verify(createPublicKey({ key: Buffer.from(shared.publicKey), format: 'der', type: 'spki' }))).toBe(true);
        expect(Date.parse(certificate.notAfter) - Date.parse(certificate.notBefore)).toBe(lifetimeDays * 86_400_000);
        expect(Date.parse(certificate.notBefore)).toBeLessThanOrEqual(now);
        expect(readCertificateFacts(certificate.der)).toMatchObject({ thumbprintSha256: certificate.thumbprintSha256 });
      }),
      { numRuns: 40 },
    );
  });

  it('a changed byte makes a certificate unreadable, or one whose signature no longer verifies', () => {
    const key = createPublicKey({ key: Buffer.from(shared.publicKey), format: 'der', type: 'spki' });
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(der, (byte, index) => (index === at ? byte ^ change : byte));
        try {
          readCertificateFacts(changed);
        } catch (error) {
          return hasCode(error, 'CERTIFICATE_INPUT_INVALID');
        }
        return !new X509Certificate(changed).verify(key);
      }),
      { numRuns: 200 },
    );
  });
});

describe('for any list of key credentials', () => {
  const entry = fc.record({ keyId: fc.uuid(), key: fc.option(fc.base64String()), displayName: fc.string(), endDateTime: fc.constant('2030-01-01T00:00:00Z') });
  const lists = fc.uniqueArray(entry, { selector: ({ keyId }) => keyId.toLowerCase(), maxLength: 6 });
  const application = (keyCredentials: readonly object[]) => {
    const keys = readApplicationKeys({ id: 'o', appId: 'a', keyCredentials });
    if (keys === undefined) throw new Error('the generator made no list');
    return keys;
  };
  const certificate = { der: new Uint8Array([1, 2, 3]), name: 'x', thumbprintSha1: 'AB'.repeat(20), thumbprintSha256: 'CD'.repeat(32), notBefore: '2026-01-01T00:00:00Z', notAfter: '2027-01-01T00:00:00Z' };

  it('a write keeps every entry, and a faithful service\'s answer to it is "done"', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const before = application(list);
        const { keyCredentials } = buildKeyCredentialsPatch(before, certificate);
        expect(keyCredentials.slice(0, -1).map(({ keyId }) => keyId)).toEqual(list.map(({ keyId }) => keyId));
        expect(fingerprintOf(application(keyCredentials.slice(0, -1)))).toBe(fingerprintOf(before));
        expect(judgeReadBack(before, application(keyCredentials), certificate).kind).toBe('done');
      }),
    );
  });

  it('losing or gaining an entry of somebody else is never "done"', () => {
    fc.assert(
      fc.property(lists, entry, fc.nat(), (list, extra, pick) => {
        const before = application(list);
        const { keyCredentials } = buildKeyCredentialsPatch(before, certificate);
        const gained = application([...keyCredentials, { ...extra, key: null, keyId: `foreign-${extra.keyId}` }]);
        expect(judgeReadBack(before, gained, certificate).kind).toBe('foreign');
        if (list.length === 0) return;
        const lost = application(keyCredentials.filter((_, index) => index !== pick % list.length));
        expect(judgeReadBack(before, lost, certificate).kind).toBe('foreign');
      }),
    );
  });
});
