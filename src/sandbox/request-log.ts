/**
 * Who asked for what and which rule answered: the proof that a run really went through real clients, and what it
 * rested on. Holds no secret: no bodies, no credentials, of queries only Graph's own options. A sandbox that is loaded for hours
 * keeps the newest rows and counts the rest.
 */
import { decodeJwt } from './jwt';
import { readForm, RULE_HEADER, type SandboxRequest, type SandboxResponse } from './http';
import { Ring } from './ring';

export interface RequestRow {
  readonly at: string;
  readonly method: string;
  readonly host: 'login' | 'graph';
  readonly path: string;
  /** Client id; null when the request names none. */
  readonly app: string | null;
  readonly tenant: string | null;
  readonly operation: string | null;
  readonly rule: string;
  readonly grade: string;
  /** Of a batch: the rules its items were answered by, `G-USER-GET;grade=recorded`. */
  readonly itemRules: readonly string[];
  readonly status: number;
  readonly userAgent: string | null;
  /** `msal.js.node 7.2.1`, `graph-js/3.0.7 …`: what the client library calls itself. */
  readonly clientSku: string | null;
  /** Equal for requests that shared a socket. */
  readonly socket: number;
}

export interface Gap {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly what: string;
}

const KEPT_ROWS = 50_000;

export class RequestLog {
  readonly #rows = new Ring<RequestRow>(KEPT_ROWS);
  readonly #gaps = new Ring<Gap>(KEPT_ROWS);
  readonly #onGap: (gap: Gap) => void;

  constructor(onGap: (gap: Gap) => void = () => {}) {
    this.#onGap = onGap;
  }

  record(request: SandboxRequest, response: SandboxResponse, nowMs: number): void {
    const at = new Date(nowMs).toISOString();
    const path = loggedPath(request);
    const [rule = '', grade = ''] = String(response.headers[RULE_HEADER] ?? '').split(';grade=');
    const { appId, tenantId } = response.trace ?? {};
    const named = appId !== undefined && tenantId !== undefined ? undefined : bearerClaims(request);
    this.#rows.push({
      at,
      method: request.method,
      host: request.host,
      path,
      app: appId ?? named?.app ?? null,
      tenant: tenantId ?? named?.tenant ?? null,
      operation: response.trace?.operation ?? null,
      rule,
      grade,
      itemRules: response.trace?.itemRules ?? [],
      status: response.status,
      userAgent: request.headers['user-agent'] ?? null,
      clientSku: clientSku(request),
      socket: request.socketId,
    });
    if (response.gap !== undefined) this.#keepGap({ at, method: request.method, path, what: response.gap });
  }

  /** Something was sent to a host the sandbox does not answer for; it went nowhere. */
  recordRefusedHost(method: string, target: string, nowMs: number): void {
    this.#keepGap({ at: new Date(nowMs).toISOString(), method, path: target, what: 'a host the sandbox does not answer for' });
  }

  #keepGap(gap: Gap): void {
    this.#gaps.push(gap);
    this.#onGap(gap);
  }

  rows(): readonly RequestRow[] {
    return this.#rows.list();
  }

  /** How many older rows are not in `rows()` any more. */
  get droppedRows(): number {
    return this.#rows.dropped;
  }

  gaps(): readonly Gap[] {
    return this.#gaps.list();
  }

  clear(): void {
    this.#rows.clear();
    this.#gaps.clear();
  }
}

const GRAPH_OPTIONS: ReadonlySet<string> = new Set(['$filter', '$select', '$expand', '$top', '$count', '$orderby', '$search']);

function loggedPath(request: SandboxRequest): string {
  if (request.host === 'login') return request.path;
  if (request.query.size === 0) return request.path;
  const options = [...request.query].filter(([name]) => GRAPH_OPTIONS.has(name.toLowerCase())).map(([name, value]) => `${name}=${value}`);
  return options.length === 0 ? request.path : `${request.path}?${options.join('&')}`;
}

function clientSku(request: SandboxRequest): string | null {
  if (request.host === 'graph') return request.headers.sdkversion ?? null;
  const from = (name: string) => request.headers[name.toLowerCase()] ?? request.query.get(name) ?? readForm(request)?.get(name);
  const sku = from('x-client-SKU');
  const version = from('x-client-VER');
  return sku === undefined || sku === null ? null : `${sku} ${version ?? ''}`.trimEnd();
}

function bearerClaims(request: SandboxRequest): { app: string | null; tenant: string | null } {
  const bearer = /^bearer (?<jwt>\S+)$/i.exec(request.headers.authorization ?? '')?.groups?.jwt;
  const claims = bearer === undefined ? undefined : decodeJwt(bearer)?.claims;
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return { app: text(claims?.appid), tenant: text(claims?.tid) };
}
