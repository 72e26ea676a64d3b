/**
 * Microsoft's clouds: the hosts each one fixes, and how one is told from another. Tokens and app registrations do not cross
 * clouds. GCC is no cloud of its own: it is a part of the global one.
 * Source: Microsoft Learn "National clouds" (authentication-national-cloud) and Graph "deployments"; the instance data that
 * MSAL ships, for aliases and the newer sovereign clouds.
 */

export const CLOUDS = ['global', 'usgov', 'usgovdod', 'china'] as const;
export type Cloud = (typeof CLOUDS)[number];

export interface CloudEndpoints {
  /** Origin of the sign-in service, no trailing slash. */
  readonly authorityHost: string;
  /** Origin of Microsoft Graph, no version, no trailing slash. */
  readonly graphHost: string;
  /** Resource identifiers for app tokens; SharePoint's contains the tenant's own host. */
  readonly graphResource: string;
  readonly exchangeResource: string;
  readonly sharePointSuffix: string;
}

export const CLOUD_ENDPOINTS: Readonly<Record<Cloud, CloudEndpoints>> = {
  global: {
    authorityHost: 'https://login.microsoftonline.com',
    graphHost: 'https://graph.microsoft.com',
    graphResource: 'https://graph.microsoft.com',
    exchangeResource: 'https://outlook.office365.com',
    sharePointSuffix: '.sharepoint.com',
  },
  usgov: {
    authorityHost: 'https://login.microsoftonline.us',
    graphHost: 'https://graph.microsoft.us',
    graphResource: 'https://graph.microsoft.us',
    exchangeResource: 'https://outlook.office365.us',
    sharePointSuffix: '.sharepoint.us',
  },
  usgovdod: {
    authorityHost: 'https://login.microsoftonline.us',
    graphHost: 'https://dod-graph.microsoft.us',
    graphResource: 'https://dod-graph.microsoft.us',
    exchangeResource: 'https://outlook-dod.office365.us',
    sharePointSuffix: '.sharepoint-mil.us',
  },
  china: {
    authorityHost: 'https://login.partner.microsoftonline.cn',
    graphHost: 'https://microsoftgraph.chinacloudapi.cn',
    graphResource: 'https://microsoftgraph.chinacloudapi.cn',
    exchangeResource: 'https://partner.outlook.cn',
    sharePointSuffix: '.sharepoint.cn',
  },
};

/** How a cloud is told from the others, and what people call it. */
export interface CloudIdentity {
  /** For a sentence: "the tenant is in …". */
  readonly name: string;
  /** Host names of the sign-in service; the first is the one the cloud's own documents use. */
  readonly loginHosts: readonly [string, ...string[]];
  /** Origin of the issuer of version 1.0 tokens; that of version 2.0 tokens is the sign-in service's own. */
  readonly v1Issuer: string;
  /** `cloud_instance_name` of a discovery document. */
  readonly instanceName: string;
  /** `tenant_region_sub_scope` that no other cloud has; null where the document has none, or one that decides nothing (GCC). */
  readonly regionSubScope: string | null;
  /** `cloud_graph_host_name`, the retired directory API's; several clouds may share it. */
  readonly directoryHost: string;
  readonly portal: string;
}

export const CLOUD_IDENTITIES: Readonly<Record<Cloud, CloudIdentity>> = {
  global: {
    name: 'the global cloud',
    loginHosts: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
    v1Issuer: 'https://sts.windows.net',
    instanceName: 'microsoftonline.com',
    regionSubScope: null,
    directoryHost: 'graph.windows.net',
    portal: 'https://portal.azure.com',
  },
  usgov: {
    name: 'the US Government cloud GCC High',
    loginHosts: ['login.microsoftonline.us', 'login.usgovcloudapi.net'],
    v1Issuer: 'https://sts.windows.net',
    instanceName: 'microsoftonline.us',
    regionSubScope: 'DODCON',
    directoryHost: 'graph.windows.net',
    portal: 'https://portal.azure.us',
  },
  usgovdod: {
    name: 'the US Government cloud DoD',
    loginHosts: ['login.microsoftonline.us', 'login.usgovcloudapi.net'],
    v1Issuer: 'https://sts.windows.net',
    instanceName: 'microsoftonline.us',
    regionSubScope: 'DOD',
    directoryHost: 'graph.windows.net',
    portal: 'https://portal.azure.us',
  },
  china: {
    name: 'the cloud in China run by 21Vianet',
    loginHosts: ['login.partner.microsoftonline.cn', 'login.chinacloudapi.cn'],
    v1Issuer: 'https://sts.chinacloudapi.cn',
    instanceName: 'partner.microsoftonline.cn',
    regionSubScope: null,
    directoryHost: 'graph.chinacloudapi.cn',
    portal: 'https://portal.azure.cn',
  },
};

/** Newer sovereign clouds: their sign-in hosts are known to Microsoft's libraries, and nothing else is documented yet. */
export const FURTHER_LOGIN_HOSTS: readonly string[] = ['login.sovcloud-identity.fr', 'login.sovcloud-identity.de', 'login.sovcloud-identity.sg'];

/** What a discovery document says of its cloud; every member may be missing, and none is evidence. */
export interface CloudHints {
  readonly issuer: string;
  readonly instanceName?: string | undefined;
  readonly graphHost?: string | undefined;
  readonly directoryHost?: string | undefined;
  readonly regionSubScope?: string | undefined;
}

/**
 * The cloud a discovery document belongs to; `other` for a newer sovereign cloud, undefined when it names none that is known.
 * The Graph host decides, since it alone differs in all of them; then the part of the government clouds; then issuer, instance
 * and directory host. GCC is a part of the global cloud and stays there.
 */
export function cloudOfDocument(hints: CloudHints): Cloud | 'other' | undefined {
  const issuerHost = URL.canParse(hints.issuer) ? new URL(hints.issuer).host : '';
  const byGraph = CLOUDS.find((cloud) => new URL(CLOUD_ENDPOINTS[cloud].graphHost).host === hints.graphHost?.toLowerCase());
  if (byGraph !== undefined) return byGraph;
  if (FURTHER_LOGIN_HOSTS.includes(issuerHost)) return 'other';
  const identities = CLOUDS.map((cloud) => ({ cloud, ...CLOUD_IDENTITIES[cloud] }));
  const bySubScope = identities.find(({ regionSubScope }) => regionSubScope !== null && regionSubScope === hints.regionSubScope);
  const byHost = identities.find(({ loginHosts }) => loginHosts.includes(issuerHost)) ?? identities.find(({ instanceName }) => instanceName === hints.instanceName);
  // Only China's directory host is its own; the others share one.
  const byDirectory = hints.directoryHost === CLOUD_IDENTITIES.china.directoryHost ? 'china' : undefined;
  return (bySubScope ?? byHost)?.cloud ?? byDirectory;
}
