/**
 * A browser as the operator's portal meets one: it keeps the cookie, fills in the forms that are really on the page, uploads and
 * downloads, and says where a form comes from as a browser does under `no-referrer`.
 */
import { request } from 'node:http';

export interface Seen {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** Empty for a download. */
  readonly html: string;
  readonly bytes: Uint8Array;
  /** Text of the element with this `data-testid`. */
  text(testId: string): string | undefined;
}

type Value = string | { readonly fileName: string; readonly bytes: Uint8Array };
export type Values = Readonly<Record<string, Value>>;

export interface Browser {
  open(path: string): Promise<Seen>;
  /** Submits the form with this button, filled in. Throws for a field that it does not have. */
  submit(page: Seen, testId: string, values?: Values): Promise<Seen>;
  /** The form as it would be sent, for those who send it otherwise. */
  read(page: Seen, testId: string): { readonly path: string; readonly fields: Readonly<Record<string, string>> };
  readonly cookie: () => string;
  readonly setCookies: readonly string[];
  /** Every page, its address aside. */
  readonly pages: readonly Seen[];
  /** Method and path of every request. */
  readonly requests: readonly string[];
}

export function createBrowser(origin: string): Browser {
  const jar = new Map<string, string>();
  const setCookies: string[] = [];
  const pages: Seen[] = [];
  const requests: string[] = [];

  async function visit(path: string, body?: URLSearchParams | FormData): Promise<Seen> {
    const method = body === undefined ? 'GET' : 'POST';
    requests.push(`${method} ${path.split('?')[0] ?? ''}`);
    const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), ...(body === undefined ? {} : { origin: 'null', 'sec-fetch-site': 'same-origin' }) };
    const response = await fetch(`${origin}${path}`, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });
    for (const line of response.headers.getSetCookie()) {
      setCookies.push(line);
      const [name = '', value = ''] = line.split(';')[0]?.split('=') ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    const location = response.headers.get('location');
    if (location !== null) return visit(location);
    const seen = see(path, response, bytes);
    pages.push(seen);
    return seen;
  }

  return {
    open: async (path) => visit(path),
    submit: async (page, testId, values = {}) => {
      const { path, fields, names, isUpload } = readForm(page, testId);
      const unknown = Object.keys(values).filter((name) => !names.has(name));
      if (unknown.length > 0) throw new Error(`The form of "${testId}" has no ${unknown.join(', ')}.`);
      return visit(path, isUpload ? toUpload({ ...fields, ...values }) : new URLSearchParams({ ...fields, ...(values as Record<string, string>) }));
    },
    read: readForm,
    cookie: () => [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
    setCookies,
    pages,
    requests,
  };
}

function see(url: string, { status, headers }: Response, bytes: Uint8Array): Seen {
  const html = headers.get('content-type')?.startsWith('text/html') === true ? Buffer.from(bytes).toString('utf8') : '';
  const text = (testId: string) => {
    const match = new RegExp(`<([a-z0-9]+)[^>]*data-testid="${testId}"[^>]*>([\\s\\S]*?)</\\1>`).exec(html)?.[2];
    return match === undefined ? undefined : unescape(match.replaceAll(/<[^>]+>/g, '')).trim();
  };
  return { url, status, headers, html, bytes, text };
}

function readForm({ html, url }: Seen, testId: string) {
  const found = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].find(([, , inside]) => inside?.includes(`data-testid="${testId}"`) === true);
  if (found === undefined) throw new Error(`There is no button "${testId}" on ${url}.`);
  const [, attributes = '', inside = ''] = found;
  const tags = [...inside.matchAll(/<input\b([^>]*)>|<(select|textarea)\b([^>]*)>\n?([\s\S]*?)<\/\2>/g)];
  const named = tags.map(([, input, kind = 'input', other = '', content = '']) => ({ kind, tag: input ?? other, content, name: attributeOf(input ?? other, 'name') ?? '' }));
  const fields = named.flatMap(({ kind, tag, content, name }) => {
    const type = attributeOf(tag, 'type') ?? 'text';
    if (type === 'file' || ((type === 'checkbox' || type === 'radio') && !/\bchecked\b/.test(tag))) return [];
    const chosen = /<option value="([^"]*)" selected>/.exec(content) ?? /<option value="([^"]*)"/.exec(content);
    return [[name, unescape(kind === 'select' ? (chosen?.[1] ?? '') : kind === 'textarea' ? content : (attributeOf(tag, 'value') ?? ''))] as const];
  });
  return {
    path: attributeOf(attributes, 'action') ?? url,
    isUpload: attributes.includes('multipart/form-data'),
    names: new Set(named.map(({ name }) => name)),
    fields: Object.fromEntries(fields),
  };
}

function attributeOf(tag: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1];
}

function toUpload(values: Values): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') form.set(name, value);
    else form.set(name, new Blob([new Uint8Array(value.bytes)]), value.fileName);
  }
  return form;
}

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

function unescape(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
}

/** A request with any headers, the Host among them, which no browser lets a page choose. */
export async function sendRaw(origin: string, path: string, { method = 'GET', headers, body = '' }: { readonly method?: string; readonly headers: Readonly<Record<string, string>>; readonly body?: string }): Promise<{ readonly status: number; readonly html: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers: { ...headers, ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, html: Buffer.concat(parts).toString('utf8') }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The status of an address exactly as it is written, which may be none. */
export async function sendPath(origin: string, path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const sent = request({ hostname, port, path, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end();
  });
}
