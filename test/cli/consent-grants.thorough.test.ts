/** Grants by command line: the admin's access token comes by standard input and goes nowhere else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenFor } from '../journeys/admin-token';
import { type CliStage, onboardContoso, requireSandboxTenant, runCli, startCliStage, whileTimePasses } from './support';

let stage: CliStage;
let admin: Awaited<ReturnType<typeof onboardContoso>>;

beforeAll(async () => {
  stage = await startCliStage();
  admin = await onboardContoso(stage);
}, 60_000);

afterAll(async () => stage.stop());

const tenant = () => requireSandboxTenant(stage.sandbox, 'contoso.example');

const consent = (input: string, ...args: readonly string[]) => runCli(['--json', '--config', stage.config, 'consent', ...args], input);

describe('the command line', { timeout: 120_000 }, () => {
  it('plans, takes back, grants again, and ends with the exit code that says so', async () => {
    const personToken = tokenFor(stage, tenant(), admin.objectId).reveal();
    expect(await consent('', 'grant', 'contoso')).toMatchObject({ code: 3, json: { error: { code: 'CONSENT_ROUTE_MISSING' } } });
    expect(await consent(personToken, 'grant', 'contoso', '--admin-token-stdin', '--dry-run')).toMatchObject({ code: 0, json: { state: 'nothing_missing', leftOut: [] } });
    const permission = ['revoke', 'contoso', '--app', 'backup', '--permission', 'Mail.ReadWrite', '--resource', 'graph', '--admin-token-stdin'];
    expect(await consent(personToken, ...permission)).toMatchObject({ code: 3, json: { error: { code: 'CONSENT_REVOCATION_UNCONFIRMED' } } });
    const revoked = await whileTimePasses(stage, 2, consent(`${personToken}\n`, ...permission, '--yes'));
    expect(revoked).toMatchObject({ code: 0, json: { state: 'revoked', gone: [{ name: 'Mail.ReadWrite' }], journey: 'attention' } });
    const granted = await whileTimePasses(stage, 2, consent(personToken, 'grant', 'contoso', '--app', 'backup', '--admin-token-stdin'));
    expect(granted).toMatchObject({ code: 4, json: { state: 'made', journey: 'consent_verifying', apps: [{ key: 'backup', toGrant: [{ name: 'Mail.ReadWrite' }] }] } });
    for (const said of [revoked, granted]) expect(`${said.out}${said.err}`.includes(personToken)).toBe(false);
    for (const flags of [[], ['--dry-run']]) {
      const text = await runCli(['--config', stage.config, 'consent', 'grant', 'contoso', '--admin-token-stdin', ...flags], personToken);
      expect(text.out).toContain('Nothing is missing');
    }
  });

  it('withdraws the invitation when nothing else is said, and refuses what does not go together', async () => {
    expect(await consent('', 'revoke', 'contoso')).toMatchObject({ code: 0, json: { revoked: true } });
    expect(await consent('', 'revoke', 'contoso', '--invitation', '--all')).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID' } } });
    expect(await consent('', 'revoke', 'contoso', '--permission', 'Mail.Read')).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID' } } });
    expect((await consent('', 'grant', 'contoso', '--admin-token-stdin', '--with-app', 'backup')).code).toBe(2);
  });
});
