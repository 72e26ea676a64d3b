/** Certificates into files and out of them, as an operator does it: passwords by standard input, files that are never overwritten. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliStage, runCli, startCliStage } from './support';

let stage: CliStage;
beforeAll(async () => {
  stage = await startCliStage();
});
afterAll(async () => stage.stop());

const PASSWORD = 'hunter2 päss';
const path = (name: string) => join(stage.folder, name);
const cli = (input: string, ...args: readonly string[]) => runCli(['--json', '--config', stage.config, ...args], input);
const text = (bytes: Buffer) => bytes.toString('latin1');

let id: string;
describe('certificate files on the command line', { timeout: 90_000 }, () => {
  it('generate writes a PFX that only its owner reads, beside the record', async () => {
    const result = await cli(`${PASSWORD}\n`, 'certificate', 'generate', '--name', 'Generated', '--key-bits', '2048', '--pfx-out', path('generated.pfx'), '--pfx-password-stdin');
    expect(result).toMatchObject({ code: 0, json: { name: 'Generated', source: 'generated', state: 'next' } });
    id = String(result.json['id']);
    expect(statSync(path('generated.pfx')).mode & 0o777).toBe(0o600);
    const inspected = await cli(PASSWORD, 'certificate', 'inspect', path('generated.pfx'), '--password-stdin');
    expect(inspected).toMatchObject({ code: 0, json: { usableForEntra: true, certificates: [{ thumbprintSha256: result.json['thumbprintSha256'] }] } });
  });

  it('generate makes no certificate when its file cannot be written, and no file without a password', async () => {
    const taken = await cli(PASSWORD, 'certificate', 'generate', '--name', 'Not made', '--pfx-out', path('generated.pfx'), '--pfx-password-stdin');
    expect(taken).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID' } } });
    for (const [input, flags] of [['', ['--pfx-password-stdin']], [PASSWORD, []]] as const) {
      expect(await cli(input, 'certificate', 'generate', '--name', 'Not made', '--pfx-out', path('none.pfx'), ...flags)).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_INPUT_INVALID' } } });
    }
    expect(() => statSync(path('none.pfx'))).toThrow();
    const { json } = await cli('', 'certificate', 'list');
    expect((json['items'] as { name: string }[]).map(({ name }) => name)).toEqual(['Generated']);
  });

  it('export gives the public part to anybody, and the private key under a password', async () => {
    for (const [name, input, flags, isPrivate] of [['a.cer', '', ['--format', 'cer'], false], ['a.pem', '', ['--format', 'pem'], false], ['b.pem', PASSWORD, ['--format', 'pem', '--password-stdin'], true], ['b.pfx', PASSWORD, ['--format', 'pfx', '--csp'], true], ['c.pfx', PASSWORD, ['--format', 'pfx', '--profile', 'legacy', '--password-stdin'], true]] as const) {
      const result = await cli(input, 'certificate', 'export', id, ...flags, '--out', path(name));
      expect(result).toMatchObject({ code: 0, json: { id, file: path(name), includesPrivateKey: isPrivate } });
      expect(statSync(path(name)).mode & 0o777).toBe(0o600);
    }
    expect(new X509Certificate(readFileSync(path('a.cer'))).raw.equals(new X509Certificate(readFileSync(path('a.pem'))).raw)).toBe(true);
    const pem = readFileSync(path('b.pem'), 'utf8');
    expect(new X509Certificate(pem).checkPrivateKey(createPrivateKey({ key: pem, passphrase: PASSWORD }))).toBe(true);
  });

  it('export refuses to overwrite, to leave a key without password, and an unknown certificate, and leaves no file behind', async () => {
    const before = text(readFileSync(path('a.cer')));
    expect(await cli('', 'certificate', 'export', id, '--format', 'cer', '--out', path('a.cer'))).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID' } } });
    expect(text(readFileSync(path('a.cer')))).toBe(before);
    expect(await cli('', 'certificate', 'export', id, '--format', 'pfx', '--out', path('n.pfx'))).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_INPUT_INVALID' } } });
    expect(await cli(PASSWORD, 'certificate', 'export', 'nobody', '--format', 'pfx', '--out', path('n.pfx'))).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_NOT_FOUND' } } });
    expect(await cli(PASSWORD, 'certificate', 'export', id, '--format', 'jks', '--out', path('n.pfx'))).toMatchObject({ code: 2 });
    expect(() => statSync(path('n.pfx'))).toThrow();
  });

  it('import takes PFX and PEM, and refuses what is stored already, naming it', async () => {
    expect(await cli(PASSWORD, 'certificate', 'import', path('b.pfx'), '--name', 'Again', '--password-stdin')).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_EXISTS', details: { certificateId: id } } } });
    const vector = fileURLToPath(new URL('../vectors/pfx/node/agent1.pfx', import.meta.url));
    const imported = await cli('sample', 'certificate', 'import', vector, '--name', 'Imported', '--description', 'from elsewhere', '--password-stdin');
    expect(imported).toMatchObject({ code: 0, json: { name: 'Imported', description: 'from elsewhere', source: 'imported', state: 'next', keyType: 'rsa', keyBits: 2048 } });
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', path('k.pem'), '-out', path('c.pem'), '-subj', '/CN=By OpenSSL', '-days', '400'], { stdio: 'ignore' });
    writeFileSync(path('both.pem'), readFileSync(path('c.pem'), 'utf8') + readFileSync(path('k.pem'), 'utf8'));
    expect(await cli('', 'certificate', 'import', path('both.pem'), '--name', 'By OpenSSL')).toMatchObject({ code: 0, json: { subject: 'CN=By OpenSSL', source: 'imported' } });
    expect(await cli('', 'certificate', 'import', path('both.pem'), '--name', 'IMPORTED')).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_EXISTS' } } });
  });

  it('import takes the one of several certificates that is selected', async () => {
    for (const name of ['One', 'Two']) execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', path(`${name}.key`), '-out', path(`${name}.crt`), '-subj', `/CN=${name}`, '-days', '400'], { stdio: 'ignore' });
    writeFileSync(path('several.pem'), ['One.crt', 'One.key', 'Two.crt', 'Two.key'].map((name) => readFileSync(path(name), 'utf8')).join(''));
    expect(await cli('', 'certificate', 'import', path('several.pem'), '--name', 'Several')).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_FILE_UNUSABLE', details: { choices: [{ subject: 'CN=One' }, { subject: 'CN=Two' }] } } } });
    const { fingerprint } = new X509Certificate(readFileSync(path('Two.crt')));
    expect(await cli('', 'certificate', 'import', path('several.pem'), '--name', 'Selected', '--select', fingerprint)).toMatchObject({ code: 0, json: { subject: 'CN=Two', thumbprintSha1: fingerprint.replaceAll(':', '') } });
  });

  it.each([
    ['c.pem', '', 'CERTIFICATE_FILE_UNUSABLE'],
    ['b.pfx', 'wrong', 'PFX_PASSWORD_WRONG'],
    ['config.json', '', 'NOT_A_PFX'],
  ])('import refuses %s, and stores nothing', async (file, input, code) => {
    const before = (await cli('', 'certificate', 'list')).out;
    expect(await cli(input, 'certificate', 'import', path(file), '--name', 'Refused', ...(input === '' ? [] : ['--password-stdin']))).toMatchObject({ code: 3, json: { error: { code } } });
    expect((await cli('', 'certificate', 'list')).out).toBe(before);
  });

  it('audits every private key that came or went, and no password', async () => {
    const { out, json } = await cli('', 'audit', 'list');
    const seen = (json['items'] as { action: string; phase: string; outcome?: string }[]).map(({ action, phase, outcome }) => `${action} ${outcome ?? phase}`);
    expect(seen.filter((entry) => entry === 'certificate.exported done')).toHaveLength(4);
    expect(seen.filter((entry) => entry === 'certificate.imported done')).toHaveLength(3);
    expect(out).not.toContain('hunter2');
  });
});
