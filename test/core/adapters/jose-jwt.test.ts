import { createHmac, createPublicKey, constants, verify as verifyNative } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createJwtService } from '../../../src/core/adapters/jose-jwt';
import { hasCode } from '../../../src/core/errors';
import { secret } from '../../../src/core/internal/secret';
import type { JsonObject, SigningKeyPair } from '../../../src/core/ports';

const jwt = createJwtService();
const claims = { sub: 'someone', n: 1, nested: { list: [1, 'two', null] } };
let es: SigningKeyPair;
let ed: SigningKeyPair;
let ps: SigningKeyPair;

beforeAll(async () => {
  [es, ed, ps] = await Promise.all([jwt.generateSigningKey('ES256'), jwt.generateSigningKey('EdDSA'), jwt.generateSigningKey('PS256')]);
});

const kidOf = (pair: SigningKeyPair) => pair.publicJwk['kid'] as string;
const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

async function refusedCheck(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!hasCode(error, 'JWT_INVALID')) throw new Error('expected JWT_INVALID', { cause: error });
  return error.details['check'];
}

describe('signing and checking', () => {
  it.each(['ES256', 'EdDSA', 'PS256'] as const)('round-trips claims and header with %s', async (alg) => {
    const pair = { ES256: es, EdDSA: ed, PS256: ps }[alg];
    const token = await jwt.sign({ alg, typ: 'test+jwt', kid: kidOf(pair) }, claims, pair.privateKey);
    const verified = await jwt.verify(token, [pair.publicJwk], { algorithms: [alg], typ: 'TEST+JWT' });
    expect(verified.claims).toEqual(claims);
    expect(verified.header).toEqual({ alg, typ: 'test+jwt', kid: kidOf(pair) });
  });

  it('signs PS256 so that node:crypto agrees', async () => {
    const token = await jwt.sign({ alg: 'PS256', kid: 'k' }, claims, ps.privateKey);
    const at = token.lastIndexOf('.');
    const key = createPublicKey({ key: ps.publicJwk, format: 'jwk' });
    const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verifyNative('sha256', Buffer.from(token.slice(0, at)), options, Buffer.from(token.slice(at + 1), 'base64url'))).toBe(true);
  });

  it('does not judge time: an expired token is returned for the room to refuse', async () => {
    const token = await jwt.sign({ alg: 'ES256', kid: kidOf(es) }, { exp: 1 }, es.privateKey);
    expect((await jwt.verify(token, [es.publicJwk], { algorithms: ['ES256'] })).claims).toEqual({ exp: 1 });
  });

  it('gives every signing key a public JWK without private members and a key id of its own', () => {
    for (const { publicJwk } of [es, ed, ps]) {
      expect(Object.keys(publicJwk)).not.toContain('d');
      expect(publicJwk['use']).toBe('sig');
    }
    expect(new Set([es, ed, ps].map(kidOf)).size).toBe(3);
  });

  it('refuses a private key that cannot be read, without quoting it', async () => {
    const broken = secret('-----BEGIN PRIVATE KEY-----\nc2VjcmV0LW1hdGVyaWFs\n-----END PRIVATE KEY-----');
    const error: unknown = await jwt.sign({ alg: 'ES256' }, claims, broken).catch((reason: unknown) => reason);
    expect(hasCode(error, 'INPUT_INVALID')).toBe(true);
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('c2VjcmV0');
  });
});

describe('attacks', () => {
  const allowed = { algorithms: ['ES256'] as const };
  const good = (header: JsonObject = {}) => jwt.sign({ alg: 'ES256', kid: kidOf(es), ...header }, claims, es.privateKey);

  it.each(['jku', 'jwk', 'x5u', 'x5c', 'b64'])('refuses a key or extension brought by the message in %s', async (name) => {
    const header = encode({ alg: 'ES256', kid: kidOf(es), [name]: name === 'jwk' ? es.publicJwk : 'https://attacker.example/keys' });
    const [, payload, signature] = (await good()).split('.');
    expect(await refusedCheck(jwt.verify(`${header}.${payload}.${signature}`, [es.publicJwk], allowed))).toBe('header');
  });

  it('refuses critical extensions it does not know', async () => {
    const [, payload, signature] = (await good()).split('.');
    const header = encode({ alg: 'ES256', kid: kidOf(es), crit: ['exp'], exp: 1 });
    expect(await refusedCheck(jwt.verify(`${header}.${payload}.${signature}`, [es.publicJwk], allowed))).toBe('header');
  });

  it('refuses alg none and an HMAC made with the public key', async () => {
    const none = `${encode({ alg: 'none', kid: kidOf(es) })}.${encode(claims)}.${encode('x')}`;
    expect(await refusedCheck(jwt.verify(none, [es.publicJwk], allowed))).toBe('alg');
    const head = `${encode({ alg: 'HS256', kid: kidOf(es) })}.${encode(claims)}`;
    const mac = createHmac('sha256', JSON.stringify(es.publicJwk)).update(head).digest('base64url');
    expect(await refusedCheck(jwt.verify(`${head}.${mac}`, [es.publicJwk], allowed))).toBe('alg');
  });

  it('refuses an algorithm the caller did not name, even with a good signature', async () => {
    const token = await jwt.sign({ alg: 'EdDSA', kid: kidOf(ed) }, claims, ed.privateKey);
    expect(await refusedCheck(jwt.verify(token, [ed.publicJwk], allowed))).toBe('alg');
  });

  it('refuses another type of token', async () => {
    expect(await refusedCheck(jwt.verify(await good({ typ: 'JWT' }), [es.publicJwk], { ...allowed, typ: 'grant+jwt' }))).toBe('typ');
    expect(await refusedCheck(jwt.verify(await good(), [es.publicJwk], { ...allowed, typ: 'grant+jwt' }))).toBe('typ');
  });

  it('refuses a key id that is missing, unknown or claimed by two keys', async () => {
    expect(await refusedCheck(jwt.verify(await jwt.sign({ alg: 'ES256' }, claims, es.privateKey), [es.publicJwk], allowed))).toBe('kid');
    expect(await refusedCheck(jwt.verify(await good({ kid: 'other' }), [es.publicJwk], allowed))).toBe('kid');
    expect(await refusedCheck(jwt.verify(await good(), [es.publicJwk, { ...ed.publicJwk, kid: kidOf(es) }], allowed))).toBe('kid');
  });

  it('refuses a key made for another algorithm, for encryption, or of another type', async () => {
    for (const change of [{ alg: 'RS256' }, { use: 'enc' }, { kty: 'RSA' }]) {
      expect(await refusedCheck(jwt.verify(await good(), [{ ...es.publicJwk, ...change }], allowed))).toBe('key');
    }
  });

  it('refuses another signer', async () => {
    const other = await jwt.generateSigningKey('ES256');
    const token = await jwt.sign({ alg: 'ES256', kid: kidOf(es) }, claims, other.privateKey);
    expect(await refusedCheck(jwt.verify(token, [es.publicJwk], allowed))).toBe('signature');
  });

  it.each(['', 'a', 'a.b', 'a.b.c.d', '..', 'é.b.c', 'a.b.c ', `${'a'.repeat(70_000)}.b.c`])('refuses malformed input %#', async (text) => {
    expect(['form', 'size']).toContain(await refusedCheck(jwt.verify(text, [es.publicJwk], allowed)));
  });

  it('refuses a second spelling of the same signature', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const token = await good();
    const respelled = token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) + 1);
    expect(Buffer.from(respelled.split('.')[2] ?? '', 'base64url')).toEqual(Buffer.from(token.split('.')[2] ?? '', 'base64url'));
    expect(await refusedCheck(jwt.verify(respelled, [es.publicJwk], allowed))).toBe('form');
  });

  it('refuses claims that are not an object', async () => {
    const token = await jwt.sign({ alg: 'ES256', kid: kidOf(es) }, ['a'] as unknown as JsonObject, es.privateKey);
    expect(await refusedCheck(jwt.verify(token, [es.publicJwk], allowed))).toBe('claims');
  });

  it('never accepts a token with one character changed, and always refuses with its own error', async () => {
    const token = await good();
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_', '.'), async (at, char) => {
        const changed = token.slice(0, at) + char + token.slice(at + 1);
        if (changed === token) return;
        await refusedCheck(jwt.verify(changed, [es.publicJwk], allowed));
      }),
      { numRuns: 150 },
    );
  });
});
