import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startVerifyStage, type VerifyStage } from '../verify-tenant/support';
import { runCli } from './support';

const NAMES = ['TENANT_ID', 'TENANT_DOMAIN', 'CLIENT_ID', 'CERT_PATH', 'SECRET', 'CLOUD', 'WRITE'] as const;

describe('verify-tenant', () => {
  const folder = mkdtempSync(join(tmpdir(), 'm365-verify-'));
  const readyFile = join(folder, 'ready.json');
  const pemFile = join(folder, 'app.pem');
  let stage: VerifyStage;

  const point = (changes: Readonly<Partial<Record<(typeof NAMES)[number], string>>> = {}) => {
    const { tenantId, domain, clientId } = stage.settings();
    const wanted: Readonly<Partial<Record<string, string>>> = { TENANT_ID: tenantId, TENANT_DOMAIN: domain, CLIENT_ID: clientId, CERT_PATH: pemFile, ...changes };
    for (const name of NAMES) {
      const value = wanted[name];
      if (value === undefined || value === '') delete process.env[`M365_VERIFY_${name}`];
      else process.env[`M365_VERIFY_${name}`] = value;
    }
  };
  const verify = async (...args: readonly string[]) => runCli(['--json', '--quiet', 'verify-tenant', '--sandbox', readyFile, ...args]);

  beforeAll(async () => {
    stage = await startVerifyStage();
    writeFileSync(readyFile, JSON.stringify(stage.sandbox.ready));
    const { certificateDer, privateKeyPem } = stage.certificate;
    writeFileSync(pemFile, `${privateKeyPem}-----BEGIN CERTIFICATE-----\n${certificateDer.toString('base64')}\n-----END CERTIFICATE-----\n`, { mode: 0o600 });
  });
  afterEach(() => {
    for (const name of NAMES) delete process.env[`M365_VERIFY_${name}`];
  });
  afterAll(async () => {
    await stage.stop();
    rmSync(folder, { recursive: true });
  });

  it('tells of every rule, ends with the list of what cannot be known offline, and writes facts nobody else may read', async () => {
    point();
    const out = join(folder, 'tenant-facts.json');
    const { code, json } = await verify('--out', out);
    expect([code, json['mode'], json['cloud'], json['exchanges']]).toEqual([0, 'read-only', 'global', undefined]);
    const facts = JSON.parse(readFileSync(out, 'utf8')) as { readonly version: number; readonly rules: unknown; readonly unknowns: readonly unknown[]; readonly exchanges: readonly unknown[] };
    expect([facts.version, facts.rules, facts.unknowns.length, statSync(out).mode & 0o777]).toEqual([1, json['rules'], 15, 0o600]);
    expect(facts.exchanges.length).toBeGreaterThan(60);
    expect((await verify('--out', out)).json['error']).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('takes a secret, one rule, and prints for people', async () => {
    point({ CERT_PATH: '', ...secret(stage) });
    const { code, out } = await runCli(['--quiet', 'verify-tenant', '--sandbox', readyFile, '--only', 'TOKEN-APP', '--only', 'ASSERTION-ISSUER']);
    expect(code).toBe(0);
    expect(out).toMatch(/^match {6}TOKEN-APP$/m);
    expect(out).toMatch(/^not tried {2}ASSERTION-ISSUER {2}needs M365_VERIFY_CERT_PATH$/m);
    expect(out).toMatch(/^1 rules match, 0 differ, \d+ were not tried\.$/m);
    expect(out.trimEnd().split('\n').filter((line) => /^\[[ x]\] +\d+\. /.test(line))).toHaveLength(15);
  });

  it('ends with 5 when a rule differs', async () => {
    point();
    stage.sandbox.setLies(['L-TOP-IGNORED']);
    try {
      const { code, json } = await verify('--only', 'G-USER-LIST');
      expect(code).toBe(5);
      expect(json['rules']).toContainEqual({ id: 'G-USER-LIST', result: 'differs', differences: expect.any(Array) as unknown });
    } finally {
      stage.sandbox.setLies([]);
    }
  });

  it('writes when the environment says so', async () => {
    point({ WRITE: '1' });
    const { code, json } = await verify('--only', 'G-APP-POST');
    expect([code, json['mode'], json['remaining']]).toEqual([0, 'write', []]);
    expect(json['rules']).toContainEqual({ id: 'G-APP-POST', result: 'match' });
  });

  it.each([
    ['no tenant id', { TENANT_ID: 'contoso' }, 'M365_VERIFY_TENANT_ID'],
    ['an address in place of a domain', { TENANT_DOMAIN: 'https://contoso.example' }, 'M365_VERIFY_TENANT_DOMAIN'],
    ['no client id', { CLIENT_ID: '' }, 'M365_VERIFY_CLIENT_ID'],
    ['no credential', { CERT_PATH: '' }, 'M365_VERIFY_CERT_PATH'],
    ['two credentials', { SECRET: 'a-secret-nobody-may-see' }, 'M365_VERIFY_CERT_PATH'],
    ['a file that is not there', { CERT_PATH: '/nowhere.pem' }, 'M365_VERIFY_CERT_PATH'],
    ['an unknown cloud', { CLOUD: 'moon' }, 'M365_VERIFY_CLOUD'],
  ])('refuses %s and names the variable', async (_, changes, variable) => {
    point(changes);
    const { code, json, out, err } = await verify();
    expect([code, json['error']]).toEqual([3, expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(variable) as unknown }) as unknown]);
    expect(out + err).not.toContain('a-secret-nobody-may-see');
  });

  it('refuses another tenant, an unknown rule, and a sandbox that is not on this machine', async () => {
    point({ TENANT_ID: '11111111-2222-4333-8444-555555555555' });
    expect((await verify()).json['error']).toMatchObject({ code: 'TENANT_MISMATCH' });
    point();
    expect((await verify('--only', 'NO-SUCH-RULE')).json['error']).toMatchObject({ code: 'INPUT_INVALID' });
    const elsewhere = join(folder, 'elsewhere.json');
    writeFileSync(elsewhere, JSON.stringify({ ...stage.sandbox.ready, login: 'https://login.example' }));
    expect((await runCli(['--json', 'verify-tenant', '--sandbox', elsewhere])).json['error']).toMatchObject({ code: 'INPUT_INVALID' });
  });
});

function secret(stage: VerifyStage): { readonly SECRET: string } {
  const { credential } = stage.secretSettings();
  return { SECRET: credential.kind === 'secret' ? credential.reveal() : '' };
}
