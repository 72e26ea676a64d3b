/**
 * Which hosts are one and the same sign-in service, as instance discovery tells it. Under a name of Microsoft's the answer
 * lists the clouds that MSAL knows; at an address of its own the sandbox knows only itself.
 * Source: instance discovery data shipped in MSAL.js (2024-10).
 */

export interface Instance {
  readonly preferred_network: string;
  readonly preferred_cache: string;
  readonly aliases: readonly string[];
}

const PUBLISHED: readonly Instance[] = [
  instance('login.microsoftonline.com', 'login.windows.net', ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net']),
  instance('login.partner.microsoftonline.cn', 'login.partner.microsoftonline.cn', ['login.partner.microsoftonline.cn', 'login.chinacloudapi.cn']),
  instance('login.microsoftonline.de', 'login.microsoftonline.de', ['login.microsoftonline.de']),
  instance('login.microsoftonline.us', 'login.microsoftonline.us', ['login.microsoftonline.us', 'login.usgovcloudapi.net']),
  instance('login-us.microsoftonline.com', 'login-us.microsoftonline.com', ['login-us.microsoftonline.com']),
];

/** `loginOrigin`: where the sandbox answers for the sign-in host. */
export function knownInstances(loginOrigin: string): readonly Instance[] {
  const { host } = new URL(loginOrigin);
  return PUBLISHED.some(({ aliases }) => aliases.includes(host)) ? PUBLISHED : [instance(host, host, [host])];
}

function instance(network: string, cache: string, aliases: readonly string[]): Instance {
  return { preferred_network: network, preferred_cache: cache, aliases };
}
