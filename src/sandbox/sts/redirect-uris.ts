/**
 * Redirect URIs are compared as exact strings; only the port of http://localhost is not.
 * Source: "Redirect URI (reply URL) restrictions and limitations", section on localhost exceptions.
 */

export function isRegistered(registered: readonly string[], given: string): boolean {
  return registered.some((candidate) => candidate === given || isSameLocalhost(candidate, given));
}

function isSameLocalhost(registered: string, given: string): boolean {
  const withoutPort = (uri: string) => /^http:\/\/localhost(?::\d+)?(?<rest>[/?].*)?$/.exec(uri)?.groups;
  const left = withoutPort(registered);
  const right = withoutPort(given);
  return left !== undefined && right !== undefined && (left.rest ?? '') === (right.rest ?? '');
}
