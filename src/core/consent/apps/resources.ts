/**
 * The Microsoft resources a declaration names by a word. These are app ids and words only: what a resource publishes is
 * read from its service principal in the customer's tenant, because one permission id means different things on
 * different resources.
 */

export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
export const EXCHANGE_APP_ID = '00000002-0000-0ff1-ce00-000000000000';
export const SHAREPOINT_APP_ID = '00000003-0000-0ff1-ce00-000000000000';
/** Azure Active Directory Graph, Graph's predecessor: known only to warn of it. */
export const OLD_GRAPH_APP_ID = '00000002-0000-0000-c000-000000000000';

const APP_IDS: Readonly<Record<string, string>> = {
  graph: GRAPH_APP_ID,
  'microsoft graph': GRAPH_APP_ID,
  exchange: EXCHANGE_APP_ID,
  'office 365 exchange online': EXCHANGE_APP_ID,
  sharepoint: SHAREPOINT_APP_ID,
  'office 365 sharepoint online': SHAREPOINT_APP_ID,
};

const NAMES: Readonly<Record<string, string>> = {
  [GRAPH_APP_ID]: 'Microsoft Graph',
  [EXCHANGE_APP_ID]: 'Exchange Online',
  [SHAREPOINT_APP_ID]: 'SharePoint Online',
  [OLD_GRAPH_APP_ID]: 'Azure AD Graph',
};

/** The app id behind a word or an app id, in lower case. What is neither comes back as it was written. */
export function resourceAppIdOf(resource: string): string {
  const written = resource.toLowerCase();
  return Object.hasOwn(APP_IDS, written) ? (APP_IDS[written] ?? written) : written;
}

/** What people call a resource; of others the app id. */
export function resourceName(resourceAppId: string): string {
  return NAMES[resourceAppId] ?? resourceAppId;
}
