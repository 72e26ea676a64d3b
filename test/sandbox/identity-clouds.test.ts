import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpsClient } from '../../src/core/adapters/https-client';
import { createTenantDirectory } from '../../src/core/adapters/tenant-directory';
import { parseConfiguration } from '../../src/core/configuration';
import { CLOUD_ENDPOINTS, CLOUDS, type Cloud } from '../../src/core/internal/clouds';
import { buildConfig, CLOUD_NAMES, type RunningSandbox, type SandboxOptions } from '../../src/sandbox/index';
import { expectEveryRuleSeen } from './rule-coverage';
import { adminConsentUrl, app, authorizeUrl, Browser, grantConsent, openSandbox, person, postForm, send, tenantId } from './support';

let running: RunningSandbox | undefined;
let sandbox: RunningSandbox;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function open(options: SandboxOptions): Promise<void> {
  running = await openSandbox(options);
  sandbox = running;
}

const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;

function askToken(resource: string, tenant = tenantId(sandbox, 'contoso')) {
  const { appId, clientSecret } = app(sandbox);
  return postForm(sandbox, `/${tenant}/oauth2/v2.0/token`, { client_id: appId, client_secret: clientSecret, grant_type: 'client_credentials', scope: `${resource}/.default` });
}

const ISSUERS: Readonly<Record<Cloud, string>> = { global: 'https://sts.windows.net', usgov: 'https://sts.windows.net', usgovdod: 'https://sts.windows.net', china: 'https://sts.chinacloudapi.cn' };

describe('a sandbox of one cloud', () => {
  it('knows the clouds the product knows', () => {
    expect([...CLOUD_NAMES]).toEqual([...CLOUDS]);
  });

  it.each(CLOUDS)('%s: consents, and issues tokens for its own resources under its own issuer, which its Graph takes', async (cloud) => {
    await open({ cloud });
    const { graphResource, exchangeResource, sharePointSuffix } = CLOUD_ENDPOINTS[cloud];
    const contoso = tenantId(sandbox, 'contoso');
    const browser = new Browser(sandbox);
    const page = await browser.signIn(await browser.open(adminConsentUrl(sandbox, contoso, { scope: `${graphResource}/.default` })), person(sandbox, 'contoso/ada'));
    expect((await browser.press(page, 'accept')).callback?.searchParams.get('admin_consent')).toBe('True');
    for (const resource of [graphResource, exchangeResource, `https://contoso${sharePointSuffix}`]) {
      const { access_token: bearer } = (await askToken(resource)).json();
      expect(claimsOf(bearer)).toMatchObject({ aud: resource, iss: `${ISSUERS[cloud]}/${contoso}/` });
      if (resource === graphResource) expect((await send(sandbox, '/v1.0/organization', { headers: { authorization: `Bearer ${bearer}` } })).status).toBe(200);
    }
    const foreign = CLOUDS.find((other) => CLOUD_ENDPOINTS[other].graphResource !== graphResource) ?? 'global';
    expect((await askToken(CLOUD_ENDPOINTS[foreign].graphResource)).json().error_codes).toEqual([500011]);
  });

  it.each(CLOUDS)('%s: says which it is in its documents, and writes a configuration the product reads', async (cloud) => {
    await open({ seed: { cloud } });
    const contoso = tenantId(sandbox, 'contoso');
    const document = JSON.parse((await send(sandbox, `/${contoso}/v2.0/.well-known/openid-configuration`)).text) as Record<string, unknown>;
    expect(document).toMatchObject({ issuer: `${sandbox.ready.login}/${contoso}/v2.0`, msgraph_host: new URL(CLOUD_ENDPOINTS[cloud].graphHost).host });
    expect(document['tenant_region_sub_scope']).toBe({ global: undefined, usgov: 'DODCON', usgovdod: 'DOD', china: undefined }[cloud]);
    const { endpoints, cloud: read } = parseConfiguration(buildConfig(sandbox.ready));
    expect([read, endpoints.graphResource, endpoints.authorityHost]).toEqual([cloud, CLOUD_ENDPOINTS[cloud].graphResource, sandbox.ready.login]);
    const { cloud: told } = sandbox.ready;
    expect(told).toBe(cloud);
  });

  it('signs people in for delegated permissions of its own Graph', async () => {
    await open({ cloud: 'china' });
    await grantConsent(sandbox, 'contoso', 'contoso/ada').catch(() => undefined);
    const browser = new Browser(sandbox);
    const page = await browser.signIn(await browser.open(authorizeUrl(sandbox, tenantId(sandbox, 'contoso'), { scope: 'openid https://microsoftgraph.chinacloudapi.cn/User.Read' })), person(sandbox, 'contoso/ada'));
    expect(page.all('permission').map(({ attributes }) => attributes['data-value'])).toEqual(['openid', 'User.Read']);
    const foreign = await browser.open(authorizeUrl(sandbox, tenantId(sandbox, 'contoso'), { scope: 'https://graph.microsoft.com/User.Read' }));
    expect(foreign.status).toBe(501);
  });
});

describe('a tenant of another cloud', () => {
  it('is known by its document and refused everywhere else; the product does not take it for a customer\'s', async () => {
    const people = [{ alias: 'ava', name: 'Ava Reed', roles: ['Global Administrator'] }];
    await open({ seed: { tenants: [{ key: 'agency', name: 'Agency', domain: 'agency.example', prefix: 'agency', country: 'US', licences: [], people, cloud: 'usgov' }] } });
    const agency = tenantId(sandbox, 'agency');
    const document = await send(sandbox, '/agency.example/v2.0/.well-known/openid-configuration');
    expect([document.rule, document.json().issuer]).toEqual(['CLOUD-DOCUMENT', `https://login.microsoftonline.us/${agency}/v2.0`]);
    expect(JSON.parse(document.text)).toMatchObject({ cloud_instance_name: 'microsoftonline.us', msgraph_host: 'graph.microsoft.us', tenant_region_sub_scope: 'DODCON' });
    const token = await askToken('https://graph.microsoft.com', agency);
    expect([token.rule, token.status, token.json().error_codes]).toEqual(['CLOUD-TENANT-REFUSED', 401, [900382]]);
    const page = await new Browser(sandbox).open(adminConsentUrl(sandbox, agency));
    expect([page.status, page.errorCode, page.callback]).toEqual([400, 'AADSTS90038', undefined]);
    const https = createHttpsClient({ ca: readFileSync(sandbox.ready.caFile, 'utf8'), userAgent: 'm365-onboarding/test', timeoutMs: 30_000 });
    const tenants = createTenantDirectory({ authorityHost: sandbox.ready.login, https, clock: { now: () => sandbox.clock.now() } });
    expect(await tenants.findTenantId('agency.example')).toBeUndefined();
    expect(await tenants.findTenantId('contoso.example')).toBe(tenantId(sandbox, 'contoso'));
    https.close();
  });
});

expectEveryRuleSeen('CLOUD-');
