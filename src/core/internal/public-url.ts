/**
 * The public addresses of our pages. The public base may have a path, as under n8n's webhooks; a host behind it may hand
 * requests on with that path or without it (a proxy that cuts it off), so both arrive at the same page. RFC 3986 section 6.
 */

/** Path of the public base without a slash at its end; empty for a bare origin. */
export function basePathOf(publicBaseUrl: string): string {
  return new URL(publicBaseUrl).pathname.replace(/\/+$/, '');
}

/** Absolute address of a page; `path` begins with a slash. */
export function publicUrl(publicBaseUrl: string, path: string): string {
  return new URL(basePathOf(publicBaseUrl) + path, publicBaseUrl).toString();
}

/** The page a request path means, whether or not the base path is still in front of it. */
export function pagePathOf(publicBaseUrl: string, requestPath: string): string {
  const base = basePathOf(publicBaseUrl);
  return base !== '' && requestPath.startsWith(`${base}/`) ? requestPath.slice(base.length) : requestPath;
}

/**
 * Where an invitation is opened. A base with a path is a host that routes exact addresses only, so there the ticket is a
 * parameter; every host answers both forms.
 */
export function invitationPath(publicBaseUrl: string, ticket: string): string {
  return basePathOf(publicBaseUrl) === '' ? `/invite/${ticket}` : `/invite?ticket=${ticket}`;
}
