/**
 * A tiny backup portal that uses nothing but the verifier kit's public entry point. It shows all a real portal has to do:
 * hand over four requests, ask the kit who is there, and show the banner on every page.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createMemoryState,
  createPortalKit,
  createPortalRoutes,
  escapeHtml,
  type PortalHttp,
  type PortalKit,
  type PortalKitOptions,
  type PortalLogEntry,
  type PortalRoutes,
  type PortalSession,
  type WebRequest,
  type WebResponse,
} from 'n8n-nodes-m365-onboarding/portal';

type Own = 'audience' | 'state' | 'http' | 'clock' | 'random' | 'log';

export type ExamplePortalOptions = Omit<PortalKitOptions, Own> &
  Partial<Pick<PortalKitOptions, Own>> & {
    /** 0, the default, takes any free port. */
    readonly port?: number;
  };

export interface ExamplePortal {
  /** Origin of the portal. */
  readonly url: string;
  /** Where an operator's browser posts the one-time code: the partner's `portal.deliverTo`. */
  readonly deliverTo: string;
  /** `aud` of the grants it accepts: the partner's `portal.audience`. */
  readonly audience: string;
  /** What happened, the operator as the doer. */
  readonly log: readonly PortalLogEntry[];
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;

/** Listens on loopback only. Put TLS in front of it anywhere else: its cookies demand a secure origin. */
export async function startExamplePortal(options: ExamplePortalOptions): Promise<ExamplePortal> {
  const log: PortalLogEntry[] = [];
  const clock = options.clock ?? { now: () => Date.now() };
  const audience = options.audience ?? 'backup-portal';
  const kit = createPortalKit({
    clock,
    audience,
    state: createMemoryState(clock),
    http: httpOverFetch,
    random: { bytes: (length) => randomBytes(length), uuid: () => randomUUID() },
    log: async (entry) => {
      log.push(entry);
    },
    ...options,
  });
  const routes = createPortalRoutes(kit);
  const server = createServer((request, response) => {
    void answer(kit, routes, request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The portal did not get a port.');
  const url = `http://localhost:${address.port}`;
  return {
    url,
    audience,
    deliverTo: `${url}/enter`,
    log,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The kit's way out. Node's fetch checks TLS; a redirect could carry the client assertion elsewhere, so none is followed. */
const httpOverFetch: PortalHttp = async ({ url, ...init }) => {
  const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(10_000) });
  return { status: response.status, body: await response.text() };
};

async function answer(kit: PortalKit, routes: PortalRoutes, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const request = await readRequest(incoming);
    send(outgoing, (await routes.handle(request)) ?? (await showPortal(kit, routes, request)));
  } catch {
    send(outgoing, page(500, 'Something went wrong', '<div class="card"><h1>Something went wrong</h1><p>Please try again.</p></div>'));
  }
}

async function showPortal(kit: PortalKit, routes: PortalRoutes, request: WebRequest): Promise<WebResponse> {
  const session = await routes.sessionOf(request);
  if (session === undefined) {
    return page(401, 'Backup portal', '<div class="card"><h1 data-testid="signed-out">Nobody is signed in</h1><p>Open the portal from the partner\'s page.</p></div>');
  }
  if (request.path === '/dashboard') return dashboard(kit, session);
  if (request.path === '/mailboxes') return mailboxes(kit, session);
  return page(404, 'Not found', `${banner(kit, session)}<div class="card"><h1>Not found</h1></div>`);
}

function dashboard(kit: PortalKit, session: PortalSession): WebResponse {
  const tiles = [
    tile('Last backup', '24 of 24', 'mailboxes protected', 'users', true),
    tile('Settings', '3', 'retention policies', 'settings', kit.allows(session, 'settings')),
    tile('Audit', '12', 'events this week', 'audit', kit.allows(session, 'audit')),
    tile('Mailboxes', kit.allows(session, 'data') ? 'Open' : 'Closed', kit.allows(session, 'data') ? '<a href="/mailboxes">Browse and restore</a>' : 'The customer shows no backed-up data', 'data', kit.allows(session, 'data')),
  ];
  return page(200, session.accountName, `${banner(kit, session)}<div class="wide"><h1 data-testid="account">${escapeHtml(session.accountName)}</h1><p>Microsoft 365 backup</p><div class="tiles">${tiles.join('')}</div></div>`);
}

function mailboxes(kit: PortalKit, session: PortalSession): WebResponse {
  if (!kit.allows(session, 'data')) {
    return page(403, 'Closed', `${banner(kit, session)}<div class="card"><h1 data-testid="closed">Closed at this access level</h1><p>The customer's admin decides what may be shown.</p></div>`);
  }
  return page(200, 'Mailboxes', `${banner(kit, session)}<div class="wide"><h1 data-testid="mailboxes">Mailboxes</h1><p>24 mailboxes, last backup today.</p></div>`);
}

function banner(kit: PortalKit, session: PortalSession): string {
  return `<div class="banner"><span data-testid="banner">${escapeHtml(kit.banner(session))}</span><form method="post" action="/sign-out"><button type="submit" data-testid="sign-out">End session</button></form></div>`;
}

function tile(title: string, value: string, note: string, area: string, open: boolean): string {
  return `<section class="tile${open ? '' : ' closed'}" data-testid="area-${area}" data-open="${open}"><h2>${title}</h2><strong>${value}</strong><p>${note}</p></section>`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2330;--quiet:#5c6678;--paper:#fff;--ground:#eef1f6;--line:#d7dde8;--brand:#3b3a97;--warn:#7a3e00;--warn-ground:#ffeccc}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf1;--quiet:#a0a9ba;--paper:#1a1f29;--ground:#11151c;--line:#313a49;--brand:#a3a2ff;--warn:#ffd08a;--warn-ground:#3a2a0d}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.top{background:var(--brand);color:var(--paper);padding:.8rem 1.5rem;font-weight:700;letter-spacing:.01em}
.banner{background:var(--warn-ground);color:var(--warn);padding:.7rem 1.5rem;display:flex;gap:1.5rem;justify-content:space-between;align-items:center;font-weight:600;font-size:.95rem;border-bottom:1px solid var(--line)}
.wide{max-width:62rem;margin:2rem auto;padding:0 1.5rem}.card{max-width:34rem;margin:12vh auto;background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:2rem}
h1{font-size:1.5rem;margin:0}p{margin:.3rem 0;color:var(--quiet)}a{color:var(--brand)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:1rem;margin-top:1.5rem}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:1.25rem}.tile h2{font-size:.95rem;margin:0;color:var(--quiet);font-weight:600}.tile strong{font-size:1.7rem}
.tile.closed{border-style:dashed;background:transparent}
button{font:inherit;white-space:nowrap;font-weight:600;background:transparent;color:inherit;border:1px solid currentColor;border-radius:8px;padding:.35rem .9rem;cursor:pointer}
`;

function page(status: number, title: string, body: string): WebResponse {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      // A real portal uses its own style sheets; inline styles keep this one in a single file.
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><div class="top">Backup portal</div>${body}</body></html>`,
  };
}

async function readRequest(incoming: IncomingMessage): Promise<WebRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new Error('The body is too large.');
    chunks.push(chunk as Buffer);
  }
  const url = new URL(incoming.url ?? '/', 'http://localhost');
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
  return { method: incoming.method ?? 'GET', path: url.pathname, query: url.searchParams, headers, body: Buffer.concat(chunks).toString('utf8') };
}

function send(outgoing: ServerResponse, response: WebResponse): void {
  outgoing.writeHead(response.status, Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]])));
  outgoing.end(response.body);
}
