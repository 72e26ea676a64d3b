/**
 * A request as a fault plan sees it, before anything answers it: who asks for what. Claims are read and not verified; a
 * forged token meets its own kind of trouble.
 */
import { readForm, type SandboxRequest } from '../http';
import { decodeJwt, isJsonObject } from '../jwt';
import type { Match, Operation, Per } from './plan';

export interface Asked {
  readonly host: 'login' | 'graph';
  readonly method: string;
  readonly path: string;
  /** Lower case; empty when the request names none. */
  readonly app: string;
  readonly tenant: string;
  /** Names of the members of a JSON body or the fields of a form. */
  readonly members: ReadonlySet<string>;
}

export function readAsked(request: SandboxRequest): Asked {
  const form = readForm(request);
  const seen = { host: request.host, method: request.method, path: request.path, members: membersOf(request, form) };
  if (request.host === 'graph') return { ...seen, ...bearerOf(request) };
  const app = form?.get('client_id') ?? request.query.get('client_id') ?? '';
  return { ...seen, app: app.toLowerCase(), tenant: (request.path.split('/')[1] ?? '').toLowerCase() };
}

function bearerOf(request: SandboxRequest): { readonly app: string; readonly tenant: string } {
  const bearer = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const claims = bearer === undefined ? undefined : decodeJwt(bearer)?.claims;
  const text = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : '');
  return { app: text(claims?.appid), tenant: text(claims?.tid) };
}

function membersOf(request: SandboxRequest, form: URLSearchParams | undefined): ReadonlySet<string> {
  if (form !== undefined) return new Set(form.keys());
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  const body = isJson ? parseObject(request.body) : undefined;
  return new Set(Object.keys(body ?? {}));
}

export function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isMatch(match: Match, asked: Asked): boolean {
  const fits = (wanted: string | undefined, given: string) => wanted === undefined || wanted === '*' || wanted === given;
  return fits(match.host, asked.host) && fits(match.method, asked.method) && fits(match.app, asked.app) && fits(match.tenant, asked.tenant) && isPath(match.path, asked.path);
}

export function isOperation(operation: Operation, asked: Asked): boolean {
  const hasMember = operation.member === undefined || asked.members.has(operation.member);
  return operation.method === asked.method && hasMember && isPath(operation.path, asked.path);
}

/** `*` stands for any run of characters, slashes too. */
export function isPath(pattern: string, path: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const [first = '', ...middle] = parts;
  const last = middle.pop();
  const text = path.toLowerCase();
  if (last === undefined) return text === first;
  let at = first.length;
  if (!text.startsWith(first)) return false;
  for (const part of middle) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Requests with the same key share a counter. */
export function counterKey(per: Per, { host, method, path, app, tenant }: Asked): string {
  const keys: Readonly<Record<Per, readonly string[]>> = { all: [], app: [app], tenant: [tenant], 'app+tenant': [app, tenant], request: [host, method, path, app, tenant] };
  return keys[per].join(' ');
}
