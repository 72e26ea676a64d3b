import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAuditLog } from '../../../src/core/audit/log';
import { redactDetails, redactText } from '../../../src/core/audit/redaction';
import { secret } from '../../../src/core/internal/secret';
import type { JsonObject } from '../../../src/core/ports';
import { corePorts } from '../../support/core-ports';

const JWT = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"x"}').toString('base64url')}.c2lnbmF0dXJl`;
const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const CLIENT_SECRET = `abc8Q~${'kZ.t-'.repeat(6)}x`;

describe('redaction', () => {
  it.each([
    ['a token', JWT],
    ['an unsigned token', 'eyJhbGciOiJub25lIn0.e30.'],
    ['a private key', PEM],
    ['half a private key', PEM.slice(0, 90)],
    ['a client secret of Entra ID', CLIENT_SECRET],
  ])('takes out %s and leaves what stands around it', (_what, value) => {
    const text = redactText(`before ${value} after`);
    expect(text.startsWith('before [redacted]')).toBe(true);
    expect(text).not.toContain(value.slice(0, 40));
  });

  it('takes out random values of 32 bytes and more, in either base64', () => {
    fc.assert(
      fc.property(fc.integer({ min: 32, max: 200 }), fc.constantFrom('base64' as const, 'base64url' as const), (length, encoding) => {
        const value = randomBytes(length).toString(encoding);
        // One in some thousands has neither digit nor sign, or no sign that tells it from a path.
        fc.pre(/[+=]/.test(value.slice(40)) || encoding === 'base64url');
        expect(redactText(value)).not.toContain(value.slice(0, 20));
      }),
    );
  });

  it('takes no longer than in proportion, whatever it is fed', () => {
    for (const piece of ['a', 'eyJ', 'a/', '-----BEGIN PRIVATE KEY-----', 'abc8Q~', '.']) {
      const startedAt = performance.now();
      redactText(piece.repeat(100_000));
      expect(performance.now() - startedAt, piece).toBeLessThan(2000);
    }
  });

  it.each([
    'ACE0BB1DA5C4F1D4C6C6B4E8DE1C6F2A0B7B2E6C9D8F7A6B5C4D3E2F1A0B9C8D',
    '11111111-2222-3333-4444-555555555555:66666666-7777-8888-9999-000000000000',
    'RoleManagement.Read.Directory Application.ReadWrite.OwnedBy',
    'https://graph.microsoft.com/v1.0/servicePrincipals/11111111-2222-3333-4444-555555555555/appRoleAssignments',
    'AADSTS700027: the certificate with identifier used to sign the client assertion is not registered',
    'the-certificate-that-was-registered-by-the-partner',
  ])('leaves evidence as it is: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('goes by the name of a member too, at any depth', () => {
    const details: JsonObject = { clientSecret: 'short', pfxPassword: 'hunter2', list: [{ accessToken: 'x', n: 1 }], credentialKind: 'secret', passwordless: 'yes' };
    expect(redactDetails(details)).toEqual({ clientSecret: '[redacted]', pfxPassword: '[redacted]', list: [{ accessToken: '[redacted]', n: 1 }], credentialKind: 'secret', passwordless: 'yes' });
  });

  it('holds for everything the audit keeps, and the chain is intact with it', async () => {
    const ports = corePorts();
    const log = createAuditLog(ports);
    const details = { note: `used ${JWT}`, wrapped: secret('plain'), ['__proto__']: { polluted: true } } as unknown as JsonObject;
    await log.append({ id: 'x', action: 'a', phase: 'note', actor: JWT, subject: PEM, reason: `because ${CLIENT_SECRET}`, details });
    const stored = (await ports.store.get('audit/entry/000000000001'))?.value ?? '';
    for (const value of [JWT, 'PRIVATE KEY', CLIENT_SECRET, 'plain', 'polluted']) expect(stored).not.toContain(value);
    expect(await log.verify()).toMatchObject({ entries: 1, intact: true });
  });
});
