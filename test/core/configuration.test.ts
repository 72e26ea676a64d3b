import { describe, expect, it } from 'vitest';
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
    ['two credentials of one app', { apps: [{ ...base.apps[0], credential: { secretEnv: 'A', pemFile: 'b.pem' } }] }, 'apps.0.credential'],
  ])('refuses %s and names the field', (_name, change, field) => {
    expect(() => parseConfiguration({ ...base, ...change })).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID', details: { field } }));
  });
});
