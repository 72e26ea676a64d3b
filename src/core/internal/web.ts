/**
 * Requests and responses as plain values, so that any host (node:http, n8n's webhook, a serverless function) can carry
 * our pages, and the headers every page for strangers has.
 */
import { contentSecurityPolicy, type PageOptions, renderPage } from './html';

export interface WebRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decoded body; empty for none. */
  readonly body: string;
}

export interface WebResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

/** Reject bodies above this before reading them. */
export const MAX_BODY_BYTES = 64 * 1024;

const ALWAYS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
} as const;

export function htmlResponse(status: number, page: PageOptions, options: { readonly formTargets?: readonly string[]; readonly cookies?: readonly string[] } = {}): WebResponse {
  return {
    status,
    headers: {
      ...ALWAYS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy(options.formTargets),
      ...cookieHeader(options.cookies),
    },
    body: renderPage(page),
  };
}

/**
 * The same page for an origin that serves other things too, such as n8n's editor: whatever is in it can touch none of
 * them. What a browser needs is left to it and nothing more (seen in Chromium 156): a form that relies on `SameSite=Lax`
 * cookies must stay of this origin, and a waiting page reloads only where scripts may run. No page may have both; scripts
 * stay forbidden by `default-src`.
 */
export function sandboxResponse(response: WebResponse): WebResponse {
  const policy = response.headers['content-security-policy'];
  if (typeof policy !== 'string') return response;
  const needs = response.body.includes('<meta http-equiv="refresh"') ? ' allow-scripts' : response.body.includes('<form ') ? ' allow-forms allow-same-origin' : '';
  return { ...response, headers: { ...response.headers, 'content-security-policy': `${policy}; sandbox${needs}` } };
}

/** 303: whatever the method was, the next request is a GET. */
export function redirectResponse(location: string, cookies: readonly string[] = []): WebResponse {
  return { status: 303, headers: { ...ALWAYS, location, ...cookieHeader(cookies) }, body: '' };
}

export function jsonResponse(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): WebResponse {
  return { status, headers: { ...ALWAYS, 'content-type': 'application/json; charset=utf-8', ...headers }, body: JSON.stringify(value) };
}

function cookieHeader(cookies: readonly string[] | undefined): { 'set-cookie'?: readonly string[] } {
  return cookies === undefined || cookies.length === 0 ? {} : { 'set-cookie': cookies };
}

/** `__Host-` binds the cookie to this very host, over TLS, without a Domain (RFC 6265bis section 4.1.3.2). */
export function hostCookie(name: string, value: string, options: { readonly sameSite: 'Lax' | 'None'; readonly maxAgeSeconds: number }): string {
  return `__Host-${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${options.sameSite}; Max-Age=${options.maxAgeSeconds}`;
}

/** Undefined when absent, or present twice: two cookies of one name mean somebody planted one. */
export function readHostCookie(request: WebRequest, name: string): string | undefined {
  const wanted = `__Host-${name}=`;
  const found = (request.headers['cookie'] ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(wanted));
  return found.length === 1 ? found[0]?.slice(wanted.length) : undefined;
}

export function readForm(request: WebRequest): URLSearchParams {
  const type = request.headers['content-type'] ?? '';
  return type.toLowerCase().startsWith('application/x-www-form-urlencoded') ? new URLSearchParams(request.body) : new URLSearchParams();
}

/** Parameters of a callback: the form when it was posted (`form_post`), the query otherwise. Never both. */
export function readCallbackParameters(request: WebRequest): URLSearchParams {
  return request.method === 'POST' ? readForm(request) : request.query;
}
