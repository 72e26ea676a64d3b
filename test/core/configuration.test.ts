import { describe, expect, it } from 'vitest';
import { DEFAULT_EXCLUSIONS } from '../../src/core/admins/model';
import { DEFAULT_RANKING } from '../../src/core/admins/ranking';
import { DEFAULT_ADMIN_POLICY, EXCHANGE_ADMINISTRATOR } from '../../src/core/admins/roles';
import { parseConfiguration } from '../../src/core/configuration';

const base = {
  homeTenantId: 'bbbbbbbb-0000-4000-8000-000000000000',
  apps: [{ key: 'backup', appId: 'aaaaaaaa-0000-4000-8000-000000000001', round: 1, requiredPermissions: [{ resource: 'graph', type: 'application', name: 'Directory.Read.All', reason: 'r' }], credential: { secretEnv: 'SECRET' } }],
  publicBaseUrl: 'https://onboarding.partner.example',
};
const sandbox = { authorityHost: 'https://localhost:8443', graphBaseUrl: 'https://localhost:8443' };
const portal = { audience: 'portal', deliverTo: 'https://portal.example/enter', jwksOrClientKey: 'https://portal.example/jwks' };

describe('the configuration', () => {
  it('takes both hosts from the cloud', () => {
    expect(parseConfiguration({ ...base, cloud: 'china' }).endpoints).toMatchObject({ authorityHost: 'https://login.partner.microsoftonline.cn', graphHost: 'https://microsoftgraph.chinacloudapi.cn' });
  });

  it('takes both hosts from the sandbox, so that no real host is ever mixed with a stand-in', () => {
    expect(parseConfiguration({ ...base, sandbox }).endpoints).toMatchObject({ authorityHost: 'https://localhost:8443', graphHost: 'https://localhost:8443' });
    for (const half of [{ authorityHost: sandbox.authorityHost }, { graphBaseUrl: sandbox.graphBaseUrl }]) expect(() => parseConfiguration({ ...base, sandbox: half })).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('takes Global, SharePoint or Exchange Administrators when nothing is said, and roles by name or id', () => {
    expect(parseConfiguration(base).admins).toEqual({ policy: DEFAULT_ADMIN_POLICY, ranking: DEFAULT_RANKING, exclude: DEFAULT_EXCLUSIONS });
    const custom = 'AAAAAAAA-0000-4000-8000-000000000009';
    const { policy, exclude } = parseConfiguration({ ...base, admins: { roles: { allOf: ['exchange administrator', custom] }, exclude: { breakGlass: [], withoutMailbox: true } } }).admins;
    expect(policy).toEqual({ mode: 'allOf', roleTemplateIds: [EXCHANGE_ADMINISTRATOR, custom.toLowerCase()] });
    expect(exclude).toEqual({ breakGlass: [], synced: false, withoutMailbox: true });
  });

  it.each<[string, object, string]>([
    ['an authority elsewhere', { sandbox: { ...sandbox, authorityHost: 'https://login.evil.example' } }, 'sandbox.authorityHost'],
    ['a real host as a stand-in', { sandbox: { ...sandbox, graphBaseUrl: 'https://graph.microsoft.com' } }, 'sandbox.graphBaseUrl'],
    ['a host that only begins like this machine', { sandbox: { ...sandbox, graphBaseUrl: 'https://localhost.evil.example' } }, 'sandbox.graphBaseUrl'],
    ['a stand-in without TLS', { sandbox: { ...sandbox, authorityHost: 'http://localhost:8080' } }, 'sandbox.authorityHost'],
    ['a clock from elsewhere', { sandbox: { ...sandbox, control: 'http://clock.evil.example' } }, 'sandbox.control'],
    ['pages without TLS', { publicBaseUrl: 'http://onboarding.partner.example' }, 'publicBaseUrl'],
    ['a last stop that is a script', { settingsUrl: 'javascript:alert(1)' }, 'settingsUrl'],
    ['a last stop without TLS', { settingsUrl: 'http://partner.example/settings' }, 'settingsUrl'],
    ['a code delivered without TLS', { portal: { ...portal, deliverTo: 'http://portal.example/enter' } }, 'portal.deliverTo'],
    ['an operator nobody declared', { operator: 'ghost' }, 'operator'],
    ['a home tenant by name', { homeTenantId: 'northwind.example' }, 'homeTenantId'],
    ['a cloud that does not exist', { cloud: 'moon' }, 'cloud'],
    ['a secret written into it', { apps: [{ ...base.apps[0], credential: { secret: 'hunter2' } }] }, 'apps.0.credential'],
    ['a role nobody knows', { admins: { roles: { anyOf: ['Global Admin'] } } }, 'admins.roles.anyOf.0'],
    ['roles asked for both ways', { admins: { roles: { anyOf: ['Global Administrator'], allOf: ['Global Administrator'] } } }, 'admins.roles'],
    ['no role at all', { admins: { roles: { allOf: [] } } }, 'admins.roles.allOf'],
    ['a criterion that does not exist', { admins: { ranking: ['nicest'] } }, 'admins.ranking.0'],
    ['a criterion twice', { admins: { ranking: ['named', 'named'] } }, 'admins.ranking'],
    ['cloud accounts and on-premises ones both first', { admins: { ranking: ['cloud_only', 'synced'] } }, 'admins.ranking'],
    ['a pattern with a domain', { admins: { exclude: { breakGlass: ['breakglass@contoso.com'] } } }, 'admins.exclude.breakGlass.0'],
    ['a setting of admins nobody knows', { admins: { excludes: {} } }, 'admins'],
    ['two credentials of one app', { apps: [{ ...base.apps[0], credential: { secretEnv: 'A', pemFile: 'b.pem' } }] }, 'apps.0.credential'],
  ])('refuses %s and names the field', (_name, change, field) => {
    expect(() => parseConfiguration({ ...base, ...change })).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID', details: { field } }));
  });
});
