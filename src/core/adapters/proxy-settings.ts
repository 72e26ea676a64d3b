/**
 * Through which proxy https goes, from the variables everybody knows (`HTTPS_PROXY`, `NO_PROXY`, either case, the lower one
 * first as in curl and Node). Promises that loopback is never sent to a proxy, and refuses what Node would silently
 * pass over: a host that was told to use a proxy must not go around it. Node "Built-in proxy support", Node 22.21 and 24.5 on.
 */
import { OnboardingError } from '../errors';

const LOOPBACK = ['localhost', '.localhost', '127.0.0.1', '::1', '[::1]'];

/**
 * For `createHttpsClient`; undefined when the environment names no proxy. An address without a scheme is an http proxy's.
 * Raises `CONFIG_INVALID` (`details.field`) for what is no http or https proxy, and where Node knows none; the address, which
 * may hold a password, is in no message.
 */
export function readProxySettings(environment: Readonly<Record<string, string | undefined>>, nodeVersion: string = process.versions.node): Readonly<Record<string, string>> | undefined {
  const given = named(environment, 'https_proxy');
  if (given === undefined) return undefined;
  if (!knowsProxies(nodeVersion)) {
    throw new OnboardingError('CONFIG_INVALID', `HTTPS_PROXY is set, and Node ${nodeVersion} would go around it. Use Node 24.5 or later, or 22.21 or later of Node 22; or unset it where no proxy is needed.`, { details: { field: 'HTTPS_PROXY', nodeVersion } });
  }
  const proxy = given.includes('://') ? given : `http://${given}`;
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) {
    throw new OnboardingError('CONFIG_INVALID', 'HTTPS_PROXY is not the address of an http or https proxy.', { details: { field: 'HTTPS_PROXY' } });
  }
  const exceptions = named(environment, 'no_proxy');
  return { HTTPS_PROXY: proxy, NO_PROXY: [...(exceptions === undefined ? [] : [exceptions]), ...LOOPBACK].join(',') };
}

function knowsProxies(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

/** Empty counts as not set, in either case. */
function named(environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return [environment[name], environment[name.toUpperCase()]].map((value) => value?.trim()).find((value) => value !== undefined && value !== '');
}
