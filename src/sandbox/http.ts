/**
 * Requests and answers as plain values, so that every endpoint of the sandbox is a function from one to the
 * other and the socket work stays in one file. Every answer names the rule it follows and how well that rule
 * is known; an answer that cannot name one is `notModelled`.
 */
import type { Broken } from './faults/plan';

/** How well a rule is known: captured from the service, Microsoft's reference, a public report, a client's retry rule, nobody. */
export type Grade = 'recorded' | 'documented' | 'reported' | 'client-rule' | 'assumed';

export interface Rule {
  readonly id: string;
  readonly statement: string;
  readonly grade: Grade;
  /** Where it is known from; absent only for `assumed`. */
  readonly source?: string;
}

export interface SandboxRequest {
  /** Upper case. */
  readonly method: string;
  readonly host: 'login' | 'graph';
  /** Still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; repeated headers joined as node:http does. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The same number for requests that came over one TCP connection. */
  readonly socketId: number;
}

/** What the request log shows about an answer; never sent. */
export interface Trace {
  readonly appId?: string;
  readonly tenantId?: string;
  readonly operation?: string;
  /** Rules the items of a batch were answered by, `G-USER-GET;grade=recorded`. */
  readonly itemRules?: readonly string[];
}

export interface SandboxResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
  readonly trace?: Trace;
  /** What was asked for and is not modelled; the server writes it to the gaps. */
  readonly gap?: string;
  /** The line is bad: how the answer is to be sent. */
  readonly broken?: Broken;
}

export const RULE_HEADER = 'x-sandbox-rule';

/** An answer under a rule. Objects become JSON; strings and buffers go out as they are. */
export function respond(
  rule: Rule,
  status: number,
  body: object | string | Buffer,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): SandboxResponse {
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  return {
    status,
    headers: {
      ...(isText ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      [RULE_HEADER]: `${rule.id};grade=${rule.grade}`,
      ...headers,
    },
    body: isText ? body : JSON.stringify(body),
  };
}

/** The third answer: neither as the service does nor refused as the service refuses. Never mistake it for either. */
export function notModelled(what: string): SandboxResponse {
  return {
    status: 501,
    headers: { 'content-type': 'application/json; charset=utf-8', [RULE_HEADER]: 'NOT-MODELLED;grade=assumed' },
    body: JSON.stringify({ error: { code: 'SandboxNotModelled', message: `The sandbox does not model this: ${what}` } }),
    gap: what,
  };
}

export interface Route<Handler> {
  readonly method: string;
  /** `/{tenant}/oauth2/v2.0/token`: a name in braces takes one segment. */
  readonly pattern: string;
  readonly handler: Handler;
}

export type RouteMatch<Handler> =
  | { readonly kind: 'matched'; readonly handler: Handler; readonly params: Readonly<Record<string, string>>; readonly pattern: string }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[]; readonly pattern: string }
  | { readonly kind: 'unknown' };

/** The first route whose method and pattern fit. Literal segments win by standing earlier in the table. */
export function matchRoute<Handler>(routes: readonly Route<Handler>[], method: string, path: string): RouteMatch<Handler> {
  const allowed = new Set<string>();
  let otherPattern = '';
  for (const route of routes) {
    const params = matchPattern(route.pattern, path);
    if (params === undefined) continue;
    if (route.method === method) return { kind: 'matched', handler: route.handler, params, pattern: route.pattern };
    allowed.add(route.method);
    otherPattern = route.pattern;
  }
  return allowed.size > 0 ? { kind: 'wrong-method', allowed: [...allowed], pattern: otherPattern } : { kind: 'unknown' };
}

function matchPattern(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const segment = given[index] ?? '';
    if (want.startsWith('{')) {
      const value = decodeSegment(segment);
      if (value === undefined || value === '') return undefined;
      params[want.slice(1, -1)] = value;
    } else if (want !== segment) return undefined;
  }
  return params;
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The fields of an `application/x-www-form-urlencoded` body, or undefined for any other content type. */
export function readForm(request: Pick<SandboxRequest, 'headers' | 'body'>): URLSearchParams | undefined {
  const contentType = request.headers['content-type'] ?? '';
  if (!contentType.toLowerCase().startsWith('application/x-www-form-urlencoded')) return undefined;
  return new URLSearchParams(request.body.toString('utf8'));
}
