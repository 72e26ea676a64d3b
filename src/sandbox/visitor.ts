/**
 * A person with a browser, without the browser: fetches pages, keeps cookies, follows redirects, fills in and submits
 * the forms that are really there. Cookies obey Secure, SameSite and the `__Host-` prefix, because the flows under test
 * depend on them (RFC 6265bis section 5). Loopback only, a masquerading sandbox's proxy included.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { serviceOfHost } from './cloud-hosts';
import { openTunnel } from './tunnel';

export interface VisitedPage {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  readonly headers: IncomingHttpHeaders;
  readonly forms: readonly PageForm[];
  /** Seconds of a meta refresh, undefined without one. */
  readonly refreshSeconds: number | undefined;
  /** Text of the element with this `data-testid`, undefined when there is none. */
  text(testId: string): string | undefined;
}

export interface PageForm {
  readonly method: 'GET' | 'POST';
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly buttons: readonly { readonly testId: string; readonly name: string; readonly value: string }[];
}

export interface Visitor {
  open(url: string): Promise<VisitedPage>;
  /** Submit the form that holds the button with this test id, with these fields filled in. */
  submit(page: VisitedPage, testId: string, fields?: Readonly<Record<string, string>>): Promise<VisitedPage>;
  /** Follow a meta refresh or load the page again. */
  reload(page: VisitedPage): Promise<VisitedPage>;
  /** Every address visited, in order, redirects included. */
  readonly history: readonly string[];
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly secure: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none';
}

interface Navigation {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly body: string | undefined;
  /** Site of the page that caused the navigation; undefined for an address typed in. */
  readonly initiator: string | undefined;
}

const MAX_REDIRECTS = 20;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export interface VisitorOptions {
  /** PEM of the authority to trust. */
  readonly ca: string;
  /** A masquerading sandbox's proxy (`ready.proxy`): Microsoft's host names are visited through it. */
  readonly proxy?: string | null;
}

export function createVisitor(options: VisitorOptions): Visitor {
  const jar = new Map<string, Cookie>();
  const history: string[] = [];

  async function navigate(first: Navigation): Promise<VisitedPage> {
    let navigation = first;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      history.push(navigation.url.toString());
      const response = await exchange(navigation, cookiesFor(jar, navigation), options);
      for (const line of response.headers['set-cookie'] ?? []) keepCookie(jar, line, navigation.url);
      const { location } = response.headers;
      if (location === undefined || response.status < 300 || response.status >= 400) return buildPage(navigation.url, response);
      const keepsMethod = response.status === 307 || response.status === 308;
      navigation = {
        method: keepsMethod ? navigation.method : 'GET',
        body: keepsMethod ? navigation.body : undefined,
        url: new URL(location, navigation.url),
        initiator: first.initiator,
      };
      await deliverExtra(response.headers['x-sandbox-deliver'], navigation);
    }
    throw new Error(`More than ${MAX_REDIRECTS} redirects from ${first.url.origin}`);
  }

  /** Some answers arrive more than once: reloaded pages, double clicks, a scanner that opens what it finds. */
  async function deliverExtra(how: string | string[] | undefined, navigation: Navigation): Promise<void> {
    if (how !== 'twice' && how !== 'stranger-first') return;
    const response = await exchange(navigation, how === 'twice' ? cookiesFor(jar, navigation) : '', options);
    if (how === 'twice') for (const line of response.headers['set-cookie'] ?? []) keepCookie(jar, line, navigation.url);
  }

  return {
    history,
    open: (url) => navigate({ method: 'GET', url: new URL(url), body: undefined, initiator: undefined }),
    reload: (page) => navigate({ method: 'GET', url: new URL(page.url), body: undefined, initiator: siteOf(new URL(page.url)) }),
    submit: (page, testId, fields = {}) => {
      const form = page.forms.find((candidate) => candidate.buttons.some((button) => button.testId === testId));
      const button = form?.buttons.find((candidate) => candidate.testId === testId);
      if (form === undefined || button === undefined) throw new Error(`No button "${testId}" on ${page.url} (status ${page.status}): ${page.html.slice(0, 400)}`);
      const values = new URLSearchParams({ ...form.fields, ...(button.name === '' ? {} : { [button.name]: button.value }), ...fields });
      const url = new URL(form.action === '' ? page.url : form.action, page.url);
      if (form.method === 'GET') url.search = values.toString();
      return navigate({ method: form.method, url, body: form.method === 'POST' ? values.toString() : undefined, initiator: siteOf(new URL(page.url)) });
    },
  };
}

/** Schemeful site. Loopback names have no public suffix, so the host is the site. */
function siteOf(url: URL): string {
  return `${url.protocol}//${url.hostname}`;
}

function cookiesFor(jar: ReadonlyMap<string, Cookie>, navigation: Navigation): string {
  const crossSite = navigation.initiator !== undefined && navigation.initiator !== siteOf(navigation.url);
  return [...jar.values()]
    .filter((cookie) => cookie.host === navigation.url.hostname)
    .filter((cookie) => !cookie.secure || isTrustworthy(navigation.url))
    .filter((cookie) => !crossSite || cookie.sameSite === 'none' || (cookie.sameSite === 'lax' && navigation.method === 'GET'))
    .map((cookie) => `${cookie.name}=${cookie.value}`)
    .join('; ');
}

/** Browsers treat http on loopback as trustworthy for Secure cookies. */
function isTrustworthy(url: URL): boolean {
  return url.protocol === 'https:' || LOOPBACK.has(url.hostname);
}

function keepCookie(jar: Map<string, Cookie>, line: string, url: URL): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const separator = pair.indexOf('=');
  const name = pair.slice(0, separator);
  const flags = new Map(attributes.map((attribute) => attribute.split('=')).map(([key = '', value = '']) => [key.toLowerCase(), value.toLowerCase()]));
  const secure = flags.has('secure');
  const sameSite = flags.get('samesite') === 'none' ? 'none' : flags.get('samesite') === 'strict' ? 'strict' : 'lax';
  if (secure && !isTrustworthy(url)) return;
  if (sameSite === 'none' && !secure) return;
  if (name.startsWith('__Host-') && (!secure || flags.get('path') !== '/' || flags.has('domain'))) return;
  const key = `${url.hostname} ${name}`;
  if (flags.get('max-age') === '0') jar.delete(key);
  else jar.set(key, { name, value: pair.slice(separator + 1), host: url.hostname, secure, sameSite });
}

interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly html: string;
}

async function exchange(navigation: Navigation, cookie: string, { ca, proxy }: VisitorOptions): Promise<Exchanged> {
  const { url, method, body } = navigation;
  const isMasqueraded = typeof proxy === 'string' && url.protocol === 'https:' && serviceOfHost(url.host) !== undefined;
  if (!isMasqueraded && !LOOPBACK.has(url.hostname)) return { status: 200, headers: {}, html: `<p data-testid="left-this-machine">${url.origin}</p>` };
  const headers = {
    'user-agent': 'sandbox-visitor',
    accept: 'text/html',
    ...(cookie === '' ? {} : { cookie }),
    ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(Buffer.byteLength(body)) }),
  };
  const tunnel = isMasqueraded ? await openTunnel(proxy, url.hostname, ca) : undefined;
  return new Promise((resolve, reject) => {
    const through = tunnel === undefined ? {} : { createConnection: () => tunnel };
    const request = url.protocol === 'https:' ? httpsRequest(url, { method, headers, ca, ...through }) : httpRequest(url, { method, headers });
    request.on('error', reject);
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, html: Buffer.concat(parts).toString('utf8') }));
    });
    request.end(body);
  });
}

function buildPage(url: URL, response: Exchanged): VisitedPage {
  const { html, status, headers } = response;
  const refresh = /<meta[^>]+http-equiv="refresh"[^>]+content="(\d+)"/i.exec(html)?.[1];
  return {
    url: url.toString(),
    status,
    html,
    headers,
    forms: readForms(html),
    refreshSeconds: refresh === undefined ? undefined : Number(refresh),
    text: (testId) => {
      const match = new RegExp(`<([a-z0-9]+)[^>]*data-testid="${testId}"[^>]*>([\\s\\S]*?)</\\1>`, 'i').exec(html);
      return match?.[2] === undefined ? undefined : decode(match[2].replaceAll(/<[^>]+>/g, '')).trim();
    },
  };
}

function readForms(html: string): PageForm[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, attributes = '', inside = '']) => ({
    method: (readAttribute(attributes, 'method') ?? 'get').toLowerCase() === 'post' ? 'POST' : 'GET',
    action: readAttribute(attributes, 'action') ?? '',
    fields: readFields(inside),
    buttons: [...inside.matchAll(/<(?:button|input)\b([^>]*)>/gi)]
      .map(([, tag = '']) => tag)
      .filter((tag) => readAttribute(tag, 'data-testid') !== undefined)
      .map((tag) => ({ testId: readAttribute(tag, 'data-testid') ?? '', name: readAttribute(tag, 'name') ?? '', value: readAttribute(tag, 'value') ?? '' })),
  }));
}

function readFields(inside: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, tag = ''] of inside.matchAll(/<input\b([^>]*)>/gi)) {
    const name = readAttribute(tag, 'name');
    const type = readAttribute(tag, 'type') ?? 'text';
    const chosen = (type !== 'radio' && type !== 'checkbox') || /\bchecked\b/.test(tag);
    if (name !== undefined && type !== 'submit' && chosen) fields[name] = readAttribute(tag, 'value') ?? '';
  }
  return fields;
}

function readAttribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`, 'i').exec(tag)?.[1];
  return value === undefined ? undefined : decode(value);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal?: string, hex?: string, entity?: string) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[entity?.toLowerCase() ?? ''] ?? whole;
  });
}
