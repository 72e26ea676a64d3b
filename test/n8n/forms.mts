/** An operator's browser on n8n's forms: signed in to n8n, it opens a form, fills it in and follows its pages. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface FormPage {
  readonly url: string;
  readonly html: string;
  /** The page's own name of each field, by its label. */
  readonly fields: ReadonlyMap<string, string>;
  /** What the drop-downs of the page offer. */
  readonly options: readonly string[];
  /** n8n's proof, for pages that cannot send cookies, of who is signed in. */
  readonly authToken: string | undefined;
}

const NEXT_PAGE_LIMIT_MS = 150_000;
const MAX_REDIRECTS = 8;

/** `cookie`: of the person's session in n8n. */
export function openFormBrowser(origin: string, cookie: string) {
  const jar = new Map(cookie.split('; ').map((pair) => splitOnce(pair, '=')));

  async function send(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string> | undefined), cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), 'browser-id': 'one-browser' };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(60_000) });
    for (const given of answer.headers.getSetCookie()) jar.set(...splitOnce(given.split(';')[0] ?? '', '='));
    return answer;
  }

  /** Follows redirects, and answers n8n's own question whether its form may know who is signed in. */
  async function open(url: string): Promise<FormPage> {
    let at = url;
    for (let turn = 0; turn < MAX_REDIRECTS; turn += 1) {
      const answer = await send(at);
      const location = answer.headers.get('location');
      if (location === null) return readPage(at, await answer.text());
      at = new URL(location, at).href;
      if (new URL(at).pathname === '/oauth/consent') at = await agree();
    }
    throw new Error(`${url} goes round in circles, last to ${at}.`);
  }

  async function agree(): Promise<string> {
    const details = (await (await send(`${origin}/rest/consent/details`)).json()) as { data: { redirectUrl?: string } };
    if (details.data.redirectUrl !== undefined) return details.data.redirectUrl;
    const answer = await send(`${origin}/rest/consent/approve`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ approved: true }) });
    return ((await answer.json()) as { data: { redirectUrl: string } }).data.redirectUrl;
  }

  /** `values`: by label; what is not named stays empty. Gives the page that follows. */
  async function submit(page: FormPage, values: Readonly<Record<string, string>>): Promise<FormPage> {
    const text = await submitLast(page, values);
    const { formWaitingUrl } = (text.startsWith('{') ? JSON.parse(text) : {}) as { formWaitingUrl?: string };
    return nextPage(formWaitingUrl ?? page.url);
  }

  /** The last page: what the workflow answers to it, which the page shows in its place. */
  async function submitLast(page: FormPage, values: Readonly<Record<string, string>>): Promise<string> {
    const body = new FormData();
    for (const [label, name] of page.fields) body.append(name, values[label] ?? '');
    const answer = await post(page, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${page.url}: ${answer.status} ${text.slice(0, 500)}`);
    return text;
  }

  const post = async (page: FormPage, body?: FormData) => send(page.url, { method: 'POST', ...(body === undefined ? {} : { body }), headers: page.authToken === undefined ? {} : { 'x-auth-token': page.authToken } });

  /** As the page itself asks n8n: until the workflow has come to a page. */
  async function nextPage(url: string): Promise<FormPage> {
    const status = new URL(url);
    status.pathname += '/n8n-execution-status';
    let seen = '';
    for (const deadline = Date.now() + NEXT_PAGE_LIMIT_MS; Date.now() < deadline; await sleep(250)) {
      seen = (await (await send(status.href)).text()).trim();
      if (seen === 'form-waiting') return open(url);
      if (['canceled', 'crashed', 'error', 'success', 'null'].includes(seen)) break;
    }
    throw new Error(`No page follows; the execution is "${seen}".`);
  }

  return {
    open,
    submit,
    submitLast,
    /** What the last page of a form does by itself: lets the workflow end. */
    finish: async (page: FormPage) => (await post(page)).status,
  };
}

function readPage(url: string, html: string): FormPage {
  const labels = [...html.matchAll(/<label[^>]*for='([^']+)'[^>]*>([^<]*)/g)].map(([, name, label]) => [plain(label), name ?? ''] as const);
  return {
    url,
    html,
    fields: new Map(labels),
    options: [...html.matchAll(/<option value='([^']+)'/g)].map(([, option]) => plain(option)),
    authToken: /const authToken = '([^']+)'/.exec(html)?.[1],
  };
}

function plain(text = ''): string {
  return text
    .trim()
    .replaceAll(/&#x([0-9A-F]+);/gi, (_whole, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
