import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createAppCredentialSource, type AppCredentialConfig } from '../../../src/core/adapters/app-credentials';
import { createKeyDeriver } from '../../../src/core/adapters/key-deriver';
import { createKeyGenerator } from '../../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { openKeyFile } from '../../../src/core/certificates/files/key-file';
import { integer, objectId, octets, sequence } from '../../../src/core/certificates/pfx/der';
import { writePfx } from '../../../src/core/certificates/pfx/write';
import type { OnboardingError } from '../../../src/core/errors';
import { secret } from '../../../src/core/internal/secret';
import { makeServerCertificate } from './tls-server';

let good: { key: string; pem: string };
let other: { key: string; pem: string };
const pkcs1 = (pem: string) => createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString();

beforeAll(() => {
  good = makeServerCertificate(['app.example']);
  other = makeServerCertificate(['other.example']);
});

/** A DSA key whose public part would take OpenSSL minutes to compute. */
const hostile = (label: string, bytes: number) => {
  const number = Buffer.concat([Buffer.from([2, 0x82, bytes >> 8, bytes & 255]), Buffer.alloc(bytes, 0x7f)]);
  const key = sequence(integer(0), sequence(objectId('1.2.840.10040.4.1'), sequence(number, integer(5), number)), octets(number));
  return `-----BEGIN ${label}-----\n${key.toString('base64')}\n-----END ${label}-----\n`;
};
const files = new Map<string, string | Uint8Array>();
const keyDeriver = createKeyDeriver();
function source(credential: AppCredentialConfig | undefined, env: Record<string, string> = {}, now?: number) {
  return createAppCredentialSource([{ key: 'backup', credential }], {
    certificates: (id) => Promise.resolve({ thumbprintSha256: 'AB'.repeat(32), privateKey: secret(id), name: 'not for the token source' }),
    openPfx: async (bytes, password) => (await openKeyFile({ clock: { now: () => now ?? Date.now(), sleep: () => Promise.resolve() }, keyDeriver }, { bytes, password })).certificate,
    readFile: (path) => {
      const text = files.get(path);
      return text === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(Buffer.from(text));
    },
    env,
    ...(now === undefined ? {} : { clock: { now: () => now } }),
  });
}
const resolvePem = (text: string, now?: number) => {
  files.set('app.pem', text);
  return source({ pemFile: 'app.pem' }, {}, now).resolve('backup');
};
async function refusalOf(promise: Promise<unknown>): Promise<OnboardingError> {
  const error: unknown = await promise.then(() => undefined, (reason: unknown) => reason);
  if (error === undefined) throw new Error('expected a refusal');
  return error as OnboardingError;
}

describe('an app\'s credential', () => {
  it('comes from the certificate store, as the store has it now', async () => {
    expect(await source({ certificateId: 'c1' }).resolve('backup')).toEqual({ kind: 'certificate', thumbprintSha256: 'AB'.repeat(32), privateKey: secret('c1') });
  });

  it.each(['PKCS#8', 'PKCS#1', 'CRLF', 'key first', 'with a chain'])('comes from a PEM file: %s', async (form) => {
    const texts: Record<string, string> = {
      'PKCS#8': good.pem + good.key,
      'PKCS#1': good.pem + pkcs1(good.key),
      CRLF: (good.pem + good.key).replaceAll(/\r?\n/g, '\r\n'),
      'key first': `# a note\n${good.key}${good.pem}`,
      'with a chain': other.pem + good.key + good.pem,
    };
    const credential = await resolvePem(texts[form] ?? '');
    if (credential.kind !== 'certificate') throw new Error('expected a certificate');
    expect(credential.thumbprintSha256).toBe(new X509Certificate(good.pem).fingerprint256.replaceAll(':', ''));
    expect(new X509Certificate(good.pem).checkPrivateKey(createPrivateKey(credential.privateKey.reveal()))).toBe(true);
  });

  it('is parsed once while the file stays, and anew when it changes', async () => {
    files.set('app.pem', good.pem + good.key);
    const credentials = source({ pemFile: 'app.pem' });
    const first = await credentials.resolve('backup');
    expect(await credentials.resolve('backup')).toBe(first);
    files.set('app.pem', other.pem + other.key);
    expect(await credentials.resolve('backup')).not.toEqual(first);
  });

  it('comes from a variable or a file as a secret, with an id that changes with it and does not tell it', async () => {
    const one = await source({ secretEnv: 'APP_SECRET' }, { APP_SECRET: 'hunter2-hunter2' }).resolve('backup');
    files.set('secret.txt', 'hunter3-hunter3\n');
    const two = await source({ secretFile: 'secret.txt' }).resolve('backup');
    if (one.kind !== 'secret' || two.kind !== 'secret') throw new Error('expected secrets');
    expect([one.secret.reveal(), two.secret.reveal()]).toEqual(['hunter2-hunter2', 'hunter3-hunter3']);
    expect(one.id).not.toBe(two.id);
    expect(JSON.stringify([one, two])).not.toContain('hunter');
  });
});

describe('an unusable credential is refused by name', () => {
  it.each([
    ['key_missing', () => good.pem],
    ['certificate_missing', () => good.key],
    ['certificate_missing', () => ''],
    ['key_mismatch', () => good.pem + other.key],
    ['key_encrypted', () => good.pem + createPrivateKey(good.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()],
    ['key_encrypted', () => good.pem + createPrivateKey(good.key).export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()],
    ['key_unusable', () => `${good.pem}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`],
    ['certificate_unreadable', () => `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${good.key}`],
    ['key_not_rsa', () => good.pem + generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['key_not_rsa', () => good.pem + generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString()],
    ['key_not_rsa', () => good.pem + hostile('PRIVATE KEY', 4000)],
    ['key_not_rsa', () => good.pem + hostile('RSA PRIVATE KEY', 4000)],
    ['key_too_large', () => good.pem + hostile('PRIVATE KEY', 20_000)],
    ['key_too_small', () => good.pem + generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ])('%s', async (reason, text) => {
    const error = await refusalOf(resolvePem(text()));
    expect(error).toMatchObject({ code: 'APP_CREDENTIAL_UNUSABLE', details: { app: 'backup', reason } });
    expect(JSON.stringify(error)).not.toMatch(/BEGIN|MII/);
  });

  it('outside its validity, when the clock is known', async () => {
    expect((await refusalOf(resolvePem(good.pem + good.key, Date.UTC(2200, 0, 1)))).details['reason']).toBe('certificate_expired');
    expect((await refusalOf(resolvePem(good.pem + good.key, Date.UTC(2000, 0, 1)))).details['reason']).toBe('certificate_not_yet_valid');
    expect((await resolvePem(good.pem + good.key, Date.UTC(2026, 0, 1))).kind).toBe('certificate');
  });

  it.each([
    [{ pemFile: 'missing.pem' }, 'file_unreadable'],
    [{ secretFile: 'missing.txt' }, 'file_unreadable'],
    [{ secretEnv: 'NOT_SET' }, 'secret_missing'],
    [{ pfxFile: 'missing.pfx' }, 'file_unreadable'],
    [undefined, 'not_configured'],
  ] as const)('%j', async (config, reason) => {
    expect(await refusalOf(source(config).resolve('backup'))).toMatchObject({ code: 'APP_CREDENTIAL_UNUSABLE', details: { reason } });
  });

  it('for an app nobody declared', async () => {
    expect((await refusalOf(source(undefined).resolve('nobody'))).code).toBe('APP_UNKNOWN');
  });
});

describe('a PFX as credential', () => {
  const pfxOf = (pair: { readonly key: string; readonly pem: string }, password: string) =>
    writePfx({ keyDeriver, random: createNodeRandom() }, { pkcs8: createPrivateKey(pair.key).export({ type: 'pkcs8', format: 'der' }), certificates: [new X509Certificate(pair.pem).raw], password: secret(password), iterations: 10 });
  const thumbprintOf = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '');

  it('opens with the password of a variable or of a file, and is read again when it changes', async () => {
    files.set('app.pfx', await pfxOf(good, 'hunter2 '));
    files.set('password.txt', 'hunter2 \r\n');
    const fromFile = source({ pfxFile: 'app.pfx', pfxPasswordFile: 'password.txt' });
    for (const opened of [fromFile, source({ pfxFile: 'app.pfx', pfxPasswordEnv: 'PFX' }, { PFX: 'hunter2 ' })]) {
      expect(await opened.resolve('backup')).toMatchObject({ kind: 'certificate', thumbprintSha256: thumbprintOf(good.pem) });
    }
    files.set('app.pfx', await pfxOf(other, 'hunter2 '));
    expect(await fromFile.resolve('backup')).toMatchObject({ thumbprintSha256: thumbprintOf(other.pem) });
  });

  it('is refused with the file\'s own reason, and never with its password', async () => {
    files.set('app.pfx', await pfxOf(good, 'hunter2'));
    files.set('text.pfx', 'not a PFX at all');
    for (const [config, env, code] of [
      [{ pfxFile: 'app.pfx' }, {}, 'PFX_PASSWORD_REQUIRED'],
      [{ pfxFile: 'app.pfx', pfxPasswordEnv: 'PFX' }, { PFX: 'hunter3' }, 'PFX_PASSWORD_WRONG'],
      [{ pfxFile: 'text.pfx' }, {}, 'NOT_A_PFX'],
    ] as const) {
      const error = await refusalOf(source(config, env).resolve('backup'));
      expect(error).toMatchObject({ code: 'APP_CREDENTIAL_UNUSABLE', details: { reason: 'pfx_refused', code } });
      expect(`${error.message}${JSON.stringify(error)}`).not.toContain('hunter');
    }
    expect(await refusalOf(source({ pfxFile: 'app.pfx', pfxPasswordEnv: 'NOT_SET' }).resolve('backup'))).toMatchObject({ details: { reason: 'secret_missing' } });
  });

  it('is opened once for many tokens', async () => {
    files.set('app.pfx', await pfxOf(good, 'x'));
    const derive = vi.spyOn(keyDeriver, 'derive');
    const opened = source({ pfxFile: 'app.pfx', pfxPasswordEnv: 'PFX' }, { PFX: 'x' });
    await opened.resolve('backup');
    const first = derive.mock.calls.length;
    await opened.resolve('backup');
    expect(derive.mock.calls.length).toBe(first);
    derive.mockRestore();
  });
});

describe('key generation', () => {
  it('makes RSA keys of the size asked, several at once, without holding the event loop', async () => {
    const keys = createKeyGenerator();
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    const pairs = await Promise.all([keys.generateRsa(2048), keys.generateRsa(2048), keys.generateRsa(2048), keys.generateRsa(3072)]);
    clearInterval(timer);
    expect(pairs.map(({ privateKey }) => createPrivateKey(privateKey.reveal()).asymmetricKeyDetails?.modulusLength)).toEqual([2048, 2048, 2048, 3072]);
    expect(JSON.stringify(pairs[0])).not.toContain('PRIVATE');
    expect(ticks).toBeGreaterThan(5);
  });
});
