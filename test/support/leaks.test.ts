/** The search that other tests trust finds what it is meant to find, in every disguise, and nothing else. */
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLeakSearch, type LeakSearch, printed } from './leaks';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const der = privateKey.export({ type: 'pkcs8', format: 'der' });
const { p = '', d = '' } = privateKey.export({ format: 'jwk' });
const prime = Buffer.from(p, 'base64url');
const password = 'Kanarienvogel pässwörd 🔑 "4711"';
const around = (text: string) => `{"message":"about ${text}, and more"}`;

let search: LeakSearch;
beforeAll(() => {
  search = createLeakSearch();
  search.hideKey('key', pem);
  search.hidePassword('password', password);
});

describe('a leak of a private key is found', () => {
  it.each([
    ['PEM', pem],
    ['PEM in JSON', JSON.stringify({ pem })],
    ['PEM in JSON in JSON', JSON.stringify(JSON.stringify({ pem }))],
    ['DER, octet by octet', der.toString('latin1')],
    ['DER in base64', der.toString('base64')],
    ['DER in base64, one octet later', Buffer.concat([Buffer.alloc(1), der]).toString('base64')],
    ['DER in base64url, two octets later', Buffer.concat([Buffer.alloc(2), der]).toString('base64url')],
    ['DER in hex', der.toString('hex')],
    ['DER in hex, half an octet later', `0${der.toString('hex')}`],
    ['hex with colons', (prime.toString('hex').match(/../g) ?? []).join(':')],
    ['a JWK', JSON.stringify(privateKey.export({ format: 'jwk' }))],
    ['a prime as a number', BigInt(`0x${prime.toString('hex')}`).toString()],
    ['the exponent as a number', BigInt(`0x${Buffer.from(d, 'base64url').toString('hex')}`).toString()],
    ['a Buffer in JSON', JSON.stringify(prime)],
    ['a printed Buffer', inspect(prime)],
    ['a printed Uint8Array', inspect(new Uint8Array(prime))],
    ['a piece of 24 octets', prime.subarray(50, 74).toString('base64')],
    ['an error that quotes it', printed(new Error('no', { cause: { inner: [new Error(prime.toString('hex'))] } }))],
  ])('as %s', (_how, text) => {
    expect(search.find(around(text)).some((name) => name.startsWith('key'))).toBe(true);
  });
});

describe('a leak of a password is found', () => {
  it.each([
    ['plain', password],
    ['in JSON', JSON.stringify(password)],
    ['in JSON, escaped', JSON.stringify(password).replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)],
    ['in a URL', encodeURIComponent(password)],
    ['in base64', Buffer.from(`user:${password}`).toString('base64')],
    ['in hex of UTF-16', Buffer.from(password, 'utf16le').swap16().toString('hex')],
    ['as a map of settings', inspect({ env: { PFX_PASSWORD: password } })],
  ])('%s', (_how, text) => {
    expect(search.find(around(text))).toEqual(['password']);
  });
});

it('what is public is not taken for a leak', () => {
  const text = [publicKey.export({ type: 'spki', format: 'pem' }), JSON.stringify(publicKey.export({ format: 'jwk' })), 'x'.repeat(500), '4711'.repeat(100)].join('\n');
  expect(search.find(text)).toEqual([]);
  expect(search.size).toBeGreaterThan(100);
});

it('of a file only what it does not share with others counts', () => {
  const [shared, own] = [Buffer.alloc(120, 'shared structure'), Buffer.from(p, 'base64url')];
  search.hideFile('file', Buffer.concat([shared, own]), [Buffer.concat([own.subarray(0, 3), shared])]);
  expect(search.find(shared.toString('hex'))).toEqual([]);
  expect(search.find(own.toString('hex'))).toContain('file');
});
