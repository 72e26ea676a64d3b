import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasThumbprint, readThumbprint, spellThumbprints } from '../../../../src/core/certificates/records/thumbprints';

const digests = (der: Uint8Array) => ({ thumbprintSha1: createHash('sha1').update(der).digest('hex').toUpperCase(), thumbprintSha256: createHash('sha256').update(der).digest('hex').toUpperCase() });

describe('thumbprints', () => {
  it('are spelled as Entra ID, OpenSSL and JSON Web Tokens spell them', () => {
    const der = Buffer.from('certificate');
    const spelled = spellThumbprints(digests(der));
    expect(spelled.sha1Colon).toMatch(/^(?:[0-9A-F]{2}:){19}[0-9A-F]{2}$/);
    expect(spelled.sha256Colon.replaceAll(':', '')).toBe(spelled.sha256Hex);
    expect(spelled.sha1Base64Url).toBe(createHash('sha1').update(der).digest('base64url'));
    expect(spelled.sha256Base64Url).toBe(createHash('sha256').update(der).digest('base64url'));
  });

  it('are read from every spelling, whatever its case, spaces and invisible marks', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const facts = digests(bytes);
        for (const hex of [facts.thumbprintSha1, facts.thumbprintSha256]) {
          const raw = Buffer.from(hex, 'hex');
          const colons = hex.replaceAll(/(..)(?=.)/g, '$1:');
          const pairs = colons.toLowerCase().replaceAll(':', ' ');
          const spellings = [hex, hex.toLowerCase(), colons, pairs, `\u200e${pairs}\n`, colons.replaceAll(':', '-'), raw.toString('base64url'), raw.toString('base64'), `sha256 Fingerprint=${colons}`, `SHA1 Fingerprint=${colons}`];
          for (const spelling of spellings) {
            expect(readThumbprint(spelling)).toBe(hex);
            expect(hasThumbprint(facts, readThumbprint(spelling) ?? '')).toBe(true);
          }
        }
      }),
    );
  });

  it.each(['', 'hello', 'AB:CD', 'x'.repeat(40), 'G'.repeat(64), 'A'.repeat(41), 'A'.repeat(63), '!'.repeat(43)])('are not read from "%s"', (text) => {
    expect(readThumbprint(text)).toBeUndefined();
  });
});
