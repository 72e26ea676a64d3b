/**
 * Microsoft's clouds and the hosts each one fixes. Tokens and app registrations do not cross clouds.
 * Source: Microsoft Learn "National clouds" (authentication-national-cloud) and Graph "deployments".
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
