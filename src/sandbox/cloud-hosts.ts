/**
 * The host names of Microsoft's clouds, the first of each kind being the one its own documents use; the others are aliases
 * that clients know. Sources: Microsoft Learn "National clouds" (authentication-national-cloud) and Graph "deployments";
 * the instance metadata that MSAL ships.
 */

export interface CloudHosts {
  readonly login: readonly [string, ...string[]];
  readonly graph: string;
}

export type CloudName = 'global' | 'usgov' | 'usgovdod' | 'china';

export const CLOUD_HOSTS: Readonly<Record<CloudName, CloudHosts>> = {
  global: { login: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'], graph: 'graph.microsoft.com' },
  usgov: { login: ['login.microsoftonline.us'], graph: 'graph.microsoft.us' },
  usgovdod: { login: ['login.microsoftonline.us'], graph: 'dod-graph.microsoft.us' },
  china: { login: ['login.partner.microsoftonline.cn', 'login.chinacloudapi.cn'], graph: 'microsoftgraph.chinacloudapi.cn' },
};

export const CLOUD_NAMES: readonly CloudName[] = ['global', 'usgov', 'usgovdod', 'china'];

export function isCloudName(text: string): text is CloudName {
  return CLOUD_NAMES.some((name) => name === text);
}

/** Scheme and host as the cloud's clients write them. */
export function originsOf(cloud: CloudName): { readonly login: string; readonly graph: string } {
  const { login, graph } = CLOUD_HOSTS[cloud];
  return { login: `https://${login[0]}`, graph: `https://${graph}` };
}

/** Every name the cloud is reached by. */
export function hostNamesOf(cloud: CloudName): readonly string[] {
  const { login, graph } = CLOUD_HOSTS[cloud];
  return [...login, graph];
}

const GRAPH_HOSTS: ReadonlySet<string> = new Set(Object.values(CLOUD_HOSTS).map(({ graph }) => graph));
const LOGIN_HOSTS: ReadonlySet<string> = new Set(Object.values(CLOUD_HOSTS).flatMap(({ login }) => login));

/** Which service answers under this `Host` header; undefined for a name that is nobody's, such as `localhost:8443`. */
export function serviceOfHost(header: string): 'login' | 'graph' | undefined {
  const host = header.toLowerCase().replace(/:443$/, '');
  if (GRAPH_HOSTS.has(host)) return 'graph';
  return LOGIN_HOSTS.has(host) ? 'login' : undefined;
}
