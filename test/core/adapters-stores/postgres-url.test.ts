import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { explainFailure, isTakenBack } from '../../../src/core/adapters/postgres-failure';
import { quoteSchema } from '../../../src/core/adapters/postgres-schema';
import { readPostgresUrl } from '../../../src/core/adapters/postgres-url';

const refused = expect.objectContaining({ code: 'STATE_LOCATION_REFUSED' });
const folder = mkdtempSync(join(tmpdir(), 'postgres-url-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a PostgreSQL URL', () => {
  it('names host, port, database, role and password, each percent-encoded where it must be', async () => {
    expect(await readPostgresUrl('postgresql://app%20one:p%40ss%2F%3F%23@db.example:6543/state%2Fone?schema=tenant_a')).toEqual({
      place: 'db.example/state/one',
      schema: 'tenant_a',
      host: 'db.example',
      port: 6543,
      database: 'state/one',
      user: 'app one',
      password: 'p@ss/?#',
      tls: { rejectUnauthorized: true },
    });
  });

  it('leaves out what the environment gives, never host, port and database', async () => {
    expect(await readPostgresUrl('postgres://[::1]/state')).toMatchObject({ host: '::1', port: 5432, user: undefined, password: undefined, tls: false });
    expect(await readPostgresUrl('postgres://localhost/state?host=/run/postgresql')).toMatchObject({ host: '/run/postgresql', place: '/run/postgresql/state', tls: false });
    for (const url of ['postgres:///state', 'postgres://db.example', 'postgres://db.example/', 'postgres:state', 'postgres://']) await expect(readPostgresUrl(url), url).rejects.toEqual(refused);
  });

  it.each(['localhost', '127.0.0.1', '127.8.9.10', '[::1]'])('speaks plainly to %s, which is this machine', async (host) => {
    expect((await readPostgresUrl(`postgres://${host}/state`)).tls).toBe(false);
    expect((await readPostgresUrl(`postgres://${host}/state?sslmode=require`)).tls).toEqual({ rejectUnauthorized: true });
  });

  it.each(['db', 'db.example', '10.0.0.7', '127.0.0.1.example', 'localhost.example', '0.0.0.0', '[::ffff:10.0.0.7]'])('checks the certificate of %s, which may be anybody', async (host) => {
    for (const mode of ['', '?sslmode=prefer', '?sslmode=require', '?sslmode=verify-ca', '?sslmode=verify-full']) {
      expect((await readPostgresUrl(`postgres://${host}/state${mode}`)).tls, mode).toEqual({ rejectUnauthorized: true });
    }
    expect((await readPostgresUrl(`postgres://${host}/state?sslmode=no-verify`)).tls).toEqual({ rejectUnauthorized: false });
    expect((await readPostgresUrl(`postgres://${host}/state?sslmode=disable`)).tls).toBe(false);
  });

  it('takes certificates from PEM files, and tells nothing about other files', async () => {
    const pem = join(folder, 'ca.pem');
    writeFileSync(pem, '-----BEGIN CERTIFICATE-----\n');
    writeFileSync(join(folder, 'notes.txt'), 'hunter2');
    expect((await readPostgresUrl(`postgres://localhost/state?sslrootcert=${pem}`)).tls).toEqual({ rejectUnauthorized: true, ca: '-----BEGIN CERTIFICATE-----\n' });
    const answers = await Promise.all([join(folder, 'notes.txt'), join(folder, 'absent.pem'), folder, 'ca.pem'].map((file) => thrownBy(`postgres://localhost/state?sslrootcert=${file}`)));
    expect(new Set(answers.map((answer) => (answer as Error).message)).size).toBe(1);
    expect(inspect(answers)).not.toContain('hunter2');
  });

  it.each([
    ['a parameter nobody knows', 'postgres://localhost/state?sslmod=disable'],
    ['a parameter that is there twice', 'postgres://localhost/state?sslmode=verify-full&sslmode=disable'],
    ['a mode nobody knows', 'postgres://localhost/state?sslmode=allow'],
    ['a host among the parameters', 'postgres://localhost/state?host=db.example'],
    ['a password among the parameters', 'postgres://localhost/state?password=hunter2'],
    ['a control character', 'postgres://localhost/state%0A'],
    ['a broken encoding', 'postgres://localhost/state%ZZ'],
    ['another scheme', 'https://localhost/state'],
  ])('refuses %s', async (_what, url) => {
    await expect(readPostgresUrl(url)).rejects.toEqual(refused);
  });

  it('repeats no part of a password that was not percent-encoded, wherever the URL puts it', async () => {
    // Each half is long enough not to be met by chance.
    const half = fc.stringMatching(/^[0-9]{5}$/);
    await fc.assert(
      fc.asyncProperty(half, fc.constantFrom('/', '?', '#', '@', ':', '%', '\\', '[', ' '), half, async (before, special, after) => {
        const url = `postgres://app:${before}${special}${after}@db.example/state`;
        const read = await readPostgresUrl(url).then((target) => target.place, (error: unknown) => inspect(error));
        expect(read).not.toContain(before);
        expect(read).not.toContain(after);
      }),
    );
  });
});

describe('the name of a schema', () => {
  it.each(['m365_onboarding', 'a', '_a1', 'user'])('may be %s', (name) => expect(quoteSchema(name)).toBe(`"${name}"`));

  it.each(['', 'A', 'a-b', 'a"; DROP SCHEMA public; --', 'a.b', 'pg_temp', '1a', 'a'.repeat(64), 'é', 'a\n'])('may not be %j', (name) => {
    expect(() => quoteSchema(name)).toThrow(refused);
  });
});

describe('a failure of PostgreSQL', () => {
  const answer = (code: string) => Object.assign(new Error('Failing row contains (hunter2).'), { severity: 'ERROR', code, detail: 'hunter2' });

  it.each(['23505', '40001', '40P01', '42501', '57014'])('%s means that nothing of the statement remains', (code) => {
    expect(isTakenBack(answer(code))).toBe(true);
    expect(explainFailure(answer(code), 'db/state', 'writing')).toMatchObject({ code: 'STATE_UNAVAILABLE', details: { mayHaveLanded: false, sqlState: code } });
  });

  it.each([answer('57P01'), answer('57P02'), answer('08006'), answer('40003'), answer('58030'), answer('XX000'), new Error('Query read timeout'), Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'what'])(
    'that leaves a write in doubt says so: %s',
    (cause) => {
      expect(isTakenBack(cause)).toBe(false);
      const error = explainFailure(cause, 'db/state', 'writing');
      expect(error).toMatchObject({ code: 'STATE_UNAVAILABLE', details: { mayHaveLanded: true } });
      expect(error.message).toContain('may have been made');
      expect(explainFailure(cause, 'db/state', 'asking').details).not.toHaveProperty('mayHaveLanded');
    },
  );

  it('quotes nothing that the server said about rows', () => {
    for (const moment of ['opening', 'asking', 'writing'] as const) expect(inspect(explainFailure(answer('23502'), 'db/state', moment), { depth: null, showHidden: true })).not.toContain('hunter2');
  });

  it.each(['28P01', '28000', '3D000', '42501', '42P07', '42703'])('%s is the location\'s fault when opening, and an outage later', (code) => {
    expect(explainFailure(answer(code), 'db/state', 'opening').code).toBe('STATE_LOCATION_REFUSED');
    expect(explainFailure(answer(code), 'db/state', 'asking').code).toBe('STATE_UNAVAILABLE');
  });
});

async function thrownBy(url: string): Promise<unknown> {
  return readPostgresUrl(url).then(
    () => undefined,
    (error: unknown) => error,
  );
}
