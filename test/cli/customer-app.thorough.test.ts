/** Customer-owned apps by command line: the admin's access token comes by standard input and goes nowhere else. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signInForToken, tokenFor } from '../journeys/admin-token';
import { type CliStage, onboardContoso, requireSandboxTenant, runCli, startCliStage, whileTimePasses } from './support';

let stage: CliStage;
let admin: Awaited<ReturnType<typeof onboardContoso>>;

beforeAll(async () => {
  stage = await startCliStage();
  stage.edit((configuration) => ({ ...configuration, operators: [...(configuration['operators'] as object[])].map((operator) => ({ ...operator, may: ['onboard', 'impersonate', 'certificates'] })) }));
  admin = await onboardContoso(stage);
}, 60_000);

afterAll(async () => stage.stop());

const tenant = () => requireSandboxTenant(stage.sandbox, 'contoso.example');

const cli = (input: string, ...args: readonly string[]) => runCli(['--json', '--config', stage.config, 'customer-app', ...args], input);
const PERMISSIONS = [{ resource: 'graph', type: 'application', name: 'User.Read.All', reason: 'finds people' }];

describe('the command line', { timeout: 60_000 }, () => {
  it('registers an app in the tenant of an account, shows it, and removes it again', async () => {
    writeFileSync(join(stage.folder, 'permissions.json'), JSON.stringify(PERMISSIONS));
    const personToken = (await signInForToken(stage, tenant(), admin)).reveal();
    const register = ['register', 'contoso', '--key', 'backup', '--permissions-file', 'permissions.json', '--key-bits', '2048', '--name', 'Northwind backup'];
    expect(await cli('', ...register)).toMatchObject({ code: 3, json: { error: { code: 'CUSTOMER_APP_TOKEN_MISSING', owner: 'customer admin' } } });
    const registered = await cli(`${personToken}\n`, ...register, '--token-stdin');
    expect(registered).toMatchObject({ code: 0, json: { state: 'active', step: null, reasons: [], displayName: 'Northwind backup', tenantId: tenant().tenantId, adminObjectId: admin.objectId } });
    const listed = await cli('', 'list', 'contoso');
    expect(listed).toMatchObject({ code: 0, json: { items: [registered.json], next: null } });
    expect(await cli('', 'show', 'contoso', '--key', 'backup')).toMatchObject({ code: 0, json: registered.json });
    const text = await stage.text('customer-app', 'show', 'contoso', '--key', 'backup');
    expect(text.out).toContain(`app id         ${String(registered.json['appId'])}  (registered)`);
    const removed = await cli(personToken, 'remove', 'contoso', '--key', 'backup', '--token-stdin');
    expect(removed).toMatchObject({ code: 0, json: { removed: true, evidence: { applicationGone: true, inRecycleBin: true } } });
    for (const said of [registered, listed, text, removed]) expect(`${said.out}${said.err}`.includes(personToken)).toBe(false);
    expect(await cli('', 'show', 'contoso', '--key', 'backup')).toMatchObject({ code: 3, json: { error: { code: 'CUSTOMER_APP_UNKNOWN' } } });
  });

  it('ends with 4 while only replication is missing, and goes on without the admin', async () => {
    const personToken = tokenFor(stage, tenant(), admin.objectId).reveal();
    stage.sandbox.setReplicationLagMs({ 'sts.roles': 10 * 3_600_000 });
    const register = ['register', 'contoso', '--key', 'slow', '--permissions-file', 'permissions.json', '--key-bits', '2048'];
    expect(await whileTimePasses(stage, 20, cli(personToken, ...register, '--token-stdin'))).toMatchObject({ code: 4, json: { state: 'registering', step: 'proof', reasons: [{ code: 'CUSTOMER_APP_PENDING' }] } });
    stage.sandbox.clock.advance(20 * 3600);
    stage.sandbox.setReplicationLagMs({ 'sts.roles': 0 });
    expect(await cli('', 'register', 'contoso', '--key', 'slow')).toMatchObject({ code: 0, json: { state: 'active' } });
  });

  it('refuses wrong input, and another tenant, with exit code 3', async () => {
    const fabrikam = requireSandboxTenant(stage.sandbox, 'fabrikam.example');
    const foreign = tokenFor(stage, fabrikam, fabrikam.users[0]?.objectId ?? '').reveal();
    const attempts = [
      ['TENANT_MISMATCH', foreign, 'register', 'contoso', '--key', 'other', '--permissions', 'backup', '--token-stdin'],
      ['APP_UNKNOWN', '', 'register', 'contoso', '--key', 'other', '--permissions', 'nowhere'],
      ['INPUT_INVALID', '', 'register', 'contoso', '--key', 'No Key', '--permissions', 'backup'],
      ['INPUT_INVALID', '', 'register', 'contoso', '--key', 'other', '--permissions', 'backup', '--permissions-file', 'permissions.json'],
      ['CERTIFICATE_INPUT_INVALID', '', 'register', 'contoso', '--key', 'other', '--key-bits', '1024'],
      ['INPUT_INVALID', '', 'adopt', 'contoso', '--key', 'other', '--app-id', 'Northwind backup'],
      ['ACCOUNT_NOT_FOUND', '', 'register', 'nobody', '--key', 'other'],
    ] as const;
    for (const [code, input, ...args] of attempts) expect(await cli(input, ...args), args.join(' ')).toMatchObject({ code: 3, json: { error: { code } } });
  });
});
