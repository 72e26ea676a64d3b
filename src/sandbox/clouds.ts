/**
 * What differs between Microsoft's clouds besides the host names: resource addresses, the issuer of version 1.0 tokens,
 * domains, and what the discovery document says of itself. Only the global cloud's documents were captured; the others are
 * put together from documentation.
 * Sources: Microsoft Learn "National clouds", Graph "deployments", "Sign in to a Linux virtual machine" (rbac hosts), the
 * question about token issuers of the sovereign clouds (Learn Q&A 1190472).
 */
import { CLOUD_HOSTS, type CloudName } from './cloud-hosts';

export interface CloudFacts {
  readonly exchangeResources: readonly string[];
  readonly sharePointSuffix: string;
  readonly initialDomainSuffix: string;
  /** Origin of the issuer in version 1.0 tokens. */
  readonly tokenIssuer: string;
  readonly instanceName: string;
  readonly rbacUrl: string;
  /** Present only in the government clouds' documents. */
  readonly regionSubScope?: string;
}

const FACTS: Readonly<Record<CloudName, CloudFacts>> = {
  global: {
    exchangeResources: ['https://outlook.office365.com', 'https://outlook.office.com'],
    sharePointSuffix: '.sharepoint.com',
    initialDomainSuffix: '.onmicrosoft.com',
    tokenIssuer: 'https://sts.windows.net',
    instanceName: 'microsoftonline.com',
    rbacUrl: 'https://pas.windows.net',
  },
  usgov: {
    exchangeResources: ['https://outlook.office365.us'],
    sharePointSuffix: '.sharepoint.us',
    initialDomainSuffix: '.onmicrosoft.us',
    tokenIssuer: 'https://sts.windows.net',
    instanceName: 'microsoftonline.us',
    rbacUrl: 'https://pasff.usgovcloudapi.net',
    regionSubScope: 'DODCON',
  },
  usgovdod: {
    exchangeResources: ['https://outlook-dod.office365.us'],
    sharePointSuffix: '.sharepoint-mil.us',
    initialDomainSuffix: '.onmicrosoft.us',
    tokenIssuer: 'https://sts.windows.net',
    instanceName: 'microsoftonline.us',
    rbacUrl: 'https://pasff.usgovcloudapi.net',
    regionSubScope: 'DOD',
  },
  china: {
    exchangeResources: ['https://partner.outlook.cn'],
    sharePointSuffix: '.sharepoint.cn',
    initialDomainSuffix: '.partner.onmschina.cn',
    tokenIssuer: 'https://sts.chinacloudapi.cn',
    instanceName: 'partner.microsoftonline.cn',
    rbacUrl: 'https://pas.chinacloudapi.cn',
  },
};

/** Every suffix an initial domain can have. */
export const INITIAL_DOMAIN_SUFFIXES: readonly string[] = [...new Set(Object.values(FACTS).map(({ initialDomainSuffix }) => initialDomainSuffix))];

export function cloudFacts(cloud: CloudName | undefined): CloudFacts {
  return FACTS[cloud ?? 'global'];
}

/** How scopes and tokens of this cloud name Microsoft Graph. */
export function graphResource(cloud: CloudName | undefined): string {
  return `https://${CLOUD_HOSTS[cloud ?? 'global'].graph}`;
}
