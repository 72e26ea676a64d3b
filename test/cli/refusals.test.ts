import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/index';
import { type CliStage, runCli, startCliStage } from './support';

let stage: CliStage;
beforeAll(async () => {
  stage = await startCliStage();
  await stage.cli('account', 'add', 'fabrikam', '--name', 'Fabrikam', '--tenant', 'fabrikam.example');
});
afterAll(async () => stage.stop());

describe('the command line refuses with a code and an exit status', () => {
  it.each([
    ['an unknown account', ['account', 'show', 'nobody'], 3, 'ACCOUNT_NOT_FOUND'],
    ['an account id that is a path', ['account', 'show', '../../etc/passwd'], 3, 'ACCOUNT_NOT_FOUND'],
    ['the removal of an unknown account', ['account', 'remove', 'nobody', '--yes'], 3, 'ACCOUNT_NOT_FOUND'],
    ['a malformed tenant', ['account', 'add', 'x', '--name', 'X', '--tenant', 'not a tenant'], 3, 'TENANT_INVALID'],
    ['a tenant that could be anybody\'s', ['account', 'add', 'x', '--name', 'X', '--tenant', 'common'], 3, 'TENANT_INVALID'],
    ['a second account of the same id', ['account', 'add', 'fabrikam', '--name', 'Again'], 3, 'ACCOUNT_EXISTS'],
    ['a tenant Microsoft does not know', ['consent', 'open', 'fabrikam', '--tenant', 'nobody.example'], 3, 'TENANT_NOT_FOUND'],
    ['the partner\'s own tenant', ['consent', 'open', 'fabrikam', '--tenant', 'northwind.example'], 3, 'CONSENT_TENANT_REFUSED'],
    ['an invitation that lives too long', ['consent', 'open', 'fabrikam', '--tenant', 'fabrikam.example', '--ttl-days', '1000'], 3, 'INPUT_INVALID'],
    ['an unknown certificate', ['certificate', 'show', 'nope'], 3, 'CERTIFICATE_NOT_FOUND'],
    ['a key that Entra would not take', ['certificate', 'generate', '--name', 'weak', '--key-bits', '1024'], 3, 'CERTIFICATE_INPUT_INVALID'],
    ['a state outside the configured folder', ['--state', 'sqlite:../../elsewhere.sqlite', 'account', 'list'], 3, 'STATE_LOCATION_REFUSED'],
    ['a configuration for a sandbox nothing can be pointed at', ['sandbox', 'start', '--masquerade', '--write-config', 'm365-onboarding.config.json'], 3, 'INPUT_INVALID'],
    ['a state it cannot speak to', ['--state', 'mysql://localhost/x', 'account', 'list'], 3, 'STATE_LOCATION_REFUSED'],
    ['a password among the arguments', ['--state', 'postgres://user:hunter2@127.0.0.1:9/x', 'account', 'list'], 3, 'INPUT_INVALID'],
  ] as const)('%s', async (_name, args, code, errorCode) => {
    const result = await stage.cli(...args);
    expect(result).toMatchObject({ code, json: { error: { code: errorCode, retryable: false } } });
    expect(Object.keys(result.json['error'] as object)).toEqual(expect.arrayContaining(['code', 'message', 'retryable', 'remedy', 'owner', 'serviceCode', 'correlationId']));
    expect(result.out + result.err).not.toContain('hunter2');
  });

  it.each([[['frobnicate']], [['account', 'show']], [['sso', 'bind', 'fabrikam']], [['impersonate', 'fabrikam']], [['account', 'add', '--nonsense']], [['sandbox', 'start', '--masquerade', 'mars']], [['sandbox', 'start', '--lie', 'L-NOBODY']]])('wrong usage %j with exit code 2', async (args) => {
    expect(await stage.cli(...args)).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
  });

  it('a missing configuration, and one that is not JSON', async () => {
    expect(await runCli(['--json', '--config', join(stage.folder, 'absent.json'), 'account', 'list'])).toMatchObject({ code: 3, json: { error: { code: 'CONFIG_NOT_FOUND' } } });
    const broken = join(stage.folder, 'broken.json');
    writeFileSync(broken, '{ nope');
    expect(await runCli(['--json', '--config', broken, 'account', 'list'])).toMatchObject({ code: 3, json: { error: { code: 'CONFIG_INVALID' } } });
  });

  it('custom endpoints that are not on this machine', async () => {
    const config = JSON.parse(readFileSync(stage.config, 'utf8')) as { sandbox: object };
    const elsewhere = join(stage.folder, 'elsewhere.json');
    writeFileSync(elsewhere, JSON.stringify({ ...config, sandbox: { ...config.sandbox, authorityHost: 'https://login.evil.example' } }));
    expect(await runCli(['--json', '--config', elsewhere, 'account', 'list'])).toMatchObject({ code: 3, json: { error: { code: 'CONFIG_INVALID', details: { field: 'sandbox.authorityHost' } } } });
  });

  it('anything that must be sealed, without a master key, and writes nothing', async () => {
    const keys = process.env['M365_ONBOARDING_MASTER_KEYS'];
    delete process.env['M365_ONBOARDING_MASTER_KEYS'];
    try {
      expect(await stage.cli('serve')).toMatchObject({ code: 3, json: { error: { code: 'MASTER_KEY_MISSING' } } });
      expect(await stage.cli('certificate', 'generate', '--name', 'unsealed')).toMatchObject({ code: 3, json: { error: { code: 'MASTER_KEY_MISSING' } } });
      process.env['M365_ONBOARDING_MASTER_KEYS'] = 'k1:dG9vIHNob3J0';
      const refused = await stage.cli('account', 'list');
      expect(refused).toMatchObject({ code: 3, json: { error: { code: 'MASTER_KEY_INVALID' } } });
      expect(refused.out).not.toContain('dG9vIHNob3J0');
    } finally {
      process.env['M365_ONBOARDING_MASTER_KEYS'] = keys;
    }
    expect((await stage.cli('certificate', 'list')).json).toEqual({ items: [], next: null });
  });

  it('a server whose certificate another authority signed', async () => {
    const other = await startSandbox();
    try {
      const config = JSON.parse(readFileSync(stage.config, 'utf8')) as { sandbox: object };
      const wrong = join(stage.folder, 'wrong-ca.json');
      writeFileSync(wrong, JSON.stringify({ ...config, sandbox: { ...config.sandbox, caFile: other.ready.caFile } }));
      expect(await runCli(['--json', '--config', wrong, 'consent', 'open', 'fabrikam'])).toMatchObject({ code: 3, json: { error: { code: 'TLS_UNTRUSTED' } } });
    } finally {
      await other.stop();
    }
  });

  it('a sandbox that is gone, as something to try later', async () => {
    const gone = await startCliStage();
    await gone.cli('account', 'add', 'a', '--name', 'A', '--tenant', 'contoso.example');
    await gone.sandbox.stop();
    expect(await gone.cli('consent', 'open', 'a')).toMatchObject({ code: 6, json: { error: { code: 'STS_UNAVAILABLE', retryable: true } } });
  });

  it('a database that is not there, as something to try later, without its password', async () => {
    const elsewhere = join(stage.folder, 'database.json');
    writeFileSync(elsewhere, JSON.stringify({ ...(JSON.parse(readFileSync(stage.config, 'utf8')) as object), state: 'postgres://user:hunter2@127.0.0.1:9/x' }));
    const refused = await runCli(['--json', '--config', elsewhere, 'account', 'list']);
    expect(refused).toMatchObject({ code: 6, json: { error: { code: 'STATE_UNAVAILABLE', retryable: true } } });
    expect(refused.out + refused.err).not.toContain('hunter2');
  });

  it('a damaged state file, which it sets aside and never overwrites', async () => {
    const file = join(stage.folder, 'damaged.sqlite');
    const damage = Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8192, 0x5a)]);
    writeFileSync(file, damage);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await stage.cli('--state', 'sqlite:damaged.sqlite', 'account', 'list')).toMatchObject({ code: 3, json: { error: { code: 'STATE_CORRUPTED' } } });
    }
    expect(readFileSync(file)).toEqual(damage);
    expect(readdirSync(stage.folder).filter((name) => name.startsWith('damaged.sqlite.corrupt'))).toHaveLength(1);
  });

  it('an operator every account that is not theirs, reads included', async () => {
    await stage.cli('account', 'add', 'theirs', '--name', 'Theirs');
    const limited = join(stage.folder, 'limited.json');
    const config = JSON.parse(readFileSync(stage.config, 'utf8')) as object;
    writeFileSync(limited, JSON.stringify({ ...config, operators: [{ id: 'op-2', name: 'Limited', accounts: ['theirs'], may: ['onboard'] }], operator: 'op-2' }));
    const cli = (...args: string[]) => runCli(['--json', '--config', limited, ...args]);
    for (const args of [['account', 'show'], ['status'], ['advance'], ['consent', 'status'], ['consent', 'verify'], ['consent', 'open'], ['consent', 'revoke'], ['account', 'remove'], ['admins', 'list'], ['sso', 'show'], ['sso', 'validate']]) {
      expect(await cli(...args, 'fabrikam'), args.join(' ')).toMatchObject({ code: 3, json: { error: { code: 'OPERATOR_NOT_ALLOWED' } } });
    }
    expect((await cli('account', 'list')).json).toMatchObject({ items: [{ id: 'theirs' }] });
    expect(await cli('account', 'add', 'more', '--name', 'More')).toMatchObject({ code: 3, json: { error: { code: 'OPERATOR_NOT_ALLOWED' } } });
    for (const args of [['list'], ['show', 'x'], ['generate', '--name', 'n'], ['register', 'x']]) {
      expect(await cli('certificate', ...args), args.join(' ')).toMatchObject({ code: 3, json: { error: { code: 'OPERATOR_NOT_ALLOWED' } } });
    }
    expect(await cli('impersonate', 'theirs', '--reason', 'TICKET-9')).toMatchObject({ code: 3, json: { error: { code: 'IMPERSONATION_NOT_ALLOWED' } } });
    expect(((await cli('audit', 'list')).json['items'] as { accountId?: string }[]).filter((entry) => entry.accountId === 'fabrikam')).toEqual([]);
  });

  it('nothing about a state nobody else may read', async () => {
    expect(statSync(join(stage.folder, 'state', 'm365.sqlite')).mode & 0o077).toBe(0);
    expect((await stage.cli('--state', 'memory:', 'account', 'list')).json).toEqual({ items: [], next: null });
  });
});

describe('certificates by command line', () => {
  it('generates, registers on every app with proof, and signs in with it from then on', async () => {
    const generated = await stage.cli('certificate', 'generate', '--name', 'Primary', '--key-bits', '2048', '--lifetime-days', '180');
    expect(generated).toMatchObject({ code: 0, json: { name: 'Primary', source: 'generated', state: 'next', keyType: 'rsa', keyBits: 2048, usedBy: [] } });
    const id = String(generated.json['id']);
    expect(await stage.cli('certificate', 'register', id)).toMatchObject({ code: 0, json: { registered: [{ appKey: 'backup', alreadyRegistered: false }, { appKey: 'restore', alreadyRegistered: false }] } });
    expect(await stage.cli('certificate', 'register', id, '--app', 'backup')).toMatchObject({ code: 0, json: { registered: [{ alreadyRegistered: true }] } });
    expect((await stage.cli('certificate', 'show', id)).json).toMatchObject({ state: 'active', usedBy: [{ appKey: 'backup' }, { appKey: 'restore' }] });
    stage.edit((configuration) => ({ ...configuration, apps: (configuration['apps'] as object[]).map((app) => ({ ...app, credential: { certificateId: id } })) }));
    const before = stage.sandbox.requests().length;
    await stage.cli('certificate', 'register', id);
    const tokens = stage.sandbox.requests().slice(before).filter((row) => row.path.endsWith('/oauth2/v2.0/token'));
    expect(tokens.length).toBeGreaterThan(0);
    expect(tokens.every((row) => row.status === 200)).toBe(true);
  });

  it('refuses a second certificate of the same name and names the first', async () => {
    expect(await stage.cli('certificate', 'generate', '--name', 'primary')).toMatchObject({ code: 3, json: { error: { code: 'CERTIFICATE_NAME_TAKEN' } } });
  });
});
