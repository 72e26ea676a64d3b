import { describe, expect, it } from 'vitest';
import { CLOUD_ENDPOINTS, CLOUD_IDENTITIES, CLOUDS, cloudOfDocument } from '../../../src/core/internal/clouds';
import { CLOUD_HOSTS } from '../../../src/sandbox/cloud-hosts';
import { cloudFacts } from '../../../src/sandbox/clouds';

const TENANT = '11111111-1111-4111-8111-111111111111';

describe('the clouds', () => {
  it.each(CLOUDS)('%s has the hosts, suffixes and issuers the stand-in has from other sources', (cloud) => {
    const facts = cloudFacts(cloud);
    const { authorityHost, graphHost, graphResource, exchangeResource, sharePointSuffix } = CLOUD_ENDPOINTS[cloud];
    const { loginHosts, v1Issuer, instanceName, regionSubScope } = CLOUD_IDENTITIES[cloud];
    expect([authorityHost, graphHost, graphResource]).toEqual([`https://${CLOUD_HOSTS[cloud].login[0]}`, `https://${CLOUD_HOSTS[cloud].graph}`, `https://${CLOUD_HOSTS[cloud].graph}`]);
    expect([exchangeResource, sharePointSuffix, v1Issuer, instanceName]).toEqual([facts.exchangeResources[0], facts.sharePointSuffix, facts.tokenIssuer, facts.instanceName]);
    expect([loginHosts[0], regionSubScope]).toEqual([new URL(authorityHost).host, facts.regionSubScope ?? null]);
    for (const alias of CLOUD_HOSTS[cloud].login) expect(loginHosts).toContain(alias);
  });
});

describe('the cloud of a discovery document', () => {
  const global = `https://login.microsoftonline.com/${TENANT}/v2.0`;
  const government = `https://login.microsoftonline.us/${TENANT}/v2.0`;

  it.each([
    ['global', { issuer: global, instanceName: 'microsoftonline.com', graphHost: 'graph.microsoft.com' }],
    ['global', { issuer: global, instanceName: 'microsoftonline.com', graphHost: 'graph.microsoft.com', regionSubScope: 'GCC' }],
    ['global', { issuer: global, regionSubScope: 'GCC' }],
    ['usgov', { issuer: government, instanceName: 'microsoftonline.us', graphHost: 'graph.microsoft.us', regionSubScope: 'DODCON' }],
    ['usgov', { issuer: government, regionSubScope: 'DODCON' }],
    ['usgov', { issuer: government }],
    ['usgovdod', { issuer: government, graphHost: 'dod-graph.microsoft.us', regionSubScope: 'DOD' }],
    ['usgovdod', { issuer: government, regionSubScope: 'DOD' }],
    ['china', { issuer: `https://login.partner.microsoftonline.cn/${TENANT}/v2.0`, graphHost: 'MicrosoftGraph.chinacloudapi.cn' }],
    ['china', { issuer: `https://login.chinacloudapi.cn/${TENANT}/v2.0` }],
    ['china', { issuer: 'https://localhost:8443/x/v2.0', directoryHost: 'graph.chinacloudapi.cn' }],
    ['other', { issuer: `https://login.sovcloud-identity.fr/${TENANT}/v2.0`, instanceName: 'sovcloud-identity.fr' }],
    [undefined, { issuer: 'https://attacker.example/x/v2.0', graphHost: 'graph.attacker.example' }],
    [undefined, { issuer: 'nonsense' }],
  ] as const)('is %s for %j', (cloud, hints) => {
    expect(cloudOfDocument(hints)).toBe(cloud);
  });
});
