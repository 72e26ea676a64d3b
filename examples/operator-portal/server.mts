/**
 * The portal itself: who may ask, and which page answers. Loopback only; anywhere else put TLS and your own sign-in in front. A
 * request under another host name is refused (DNS rebinding), and so is a form that did not come from our own pages.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Installation, isOnboardingError } from 'n8n-nodes-m365-onboarding';
import { edit, register, remove, showCertificate, showDelete, showEdit, showRegister, unregister } from './certificate.mts';
import { type Desk, statusOf, toProblem, type Visit } from './desk.mts';
import { createDrawer } from './drawer.mts';
import { exportPfx, OFFER_SECONDS, sendOnce, sendPublicPart, showExport } from './export.mts';
import { type Problem, showProblem } from './fields.mts';
import { generate, showGenerate } from './generate.mts';
import { html, type PageContent, renderPage, type Viewer } from './html.mts';
import { NOTHING_SUBMITTED, page, readForm, redirect, type Reply, send, type Submitted } from './http.mts';
import { choose, importFile, showImport, UPLOAD_SECONDS } from './import.mts';
import { inspect, showInspect } from './inspect.mts';
import { runCheck, showCheck, showList } from './list.mts';
import { release, rotate, showRotation } from './rotation.mts';
import { createSessions, isFromOurPages, isSameSecret, type Session, type Sessions } from './session.mts';

export interface OperatorPortalOptions {
  readonly installation: Pick<Installation, 'certificates' | 'ports'>;
  readonly partnerName: string;
  /** Whom whoever reads the sign-in link acts as. */
  readonly operator: { readonly id: string; readonly name: string };
  readonly apps: Desk['apps'];
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Of sessions and of what waits to be fetched; the machine's by default. */
  readonly now?: () => number;
  /** One line per request: never a query, a form or a file. */
  readonly log?: (line: string) => void;
}

export interface OperatorPortal {
  readonly url: string;
  /** An address that signs in once, within ten minutes. Show it to the operator and to nobody else. */
  issueSignInLink(): string;
  close(): Promise<void>;
}

type Handler = (visit: Visit) => Reply | Promise<Reply>;

/** Every page and every form; `:id` is a certificate. */
export const ROUTES: readonly (readonly [method: string, path: string, handler: Handler])[] = [
  ['GET', '/', () => redirect('/certificates')],
  ['GET', '/certificates', showList],
  ['GET', '/certificates/new', (visit) => showGenerate(visit)],
  ['POST', '/certificates/new', generate],
  ['GET', '/certificates/import', (visit) => showImport(visit)],
  ['POST', '/certificates/import', importFile],
  ['POST', '/certificates/import/choose', choose],
  ['GET', '/inspect', (visit) => showInspect(visit)],
  ['POST', '/inspect', inspect],
  ['GET', '/check', showCheck],
  ['POST', '/check', runCheck],
  ['POST', '/downloads', sendOnce],
  ['GET', '/certificates/:id', async (visit) => showCertificate(visit)],
  ['GET', '/certificates/:id/public.cer', async (visit) => sendPublicPart(visit, 'cer')],
  ['GET', '/certificates/:id/public.pem', async (visit) => sendPublicPart(visit, 'pem')],
  ['GET', '/certificates/:id/edit', async (visit) => showEdit(visit)],
  ['POST', '/certificates/:id/edit', edit],
  ['GET', '/certificates/:id/delete', async (visit) => showDelete(visit)],
  ['POST', '/certificates/:id/delete', remove],
  ['GET', '/certificates/:id/register', async (visit) => showRegister(visit)],
  ['POST', '/certificates/:id/register', register],
  ['POST', '/certificates/:id/unregister', unregister],
  ['GET', '/certificates/:id/rotation', async (visit) => showRotation(visit)],
  ['POST', '/certificates/:id/rotation', rotate],
  ['POST', '/certificates/:id/signers', release],
  ['GET', '/certificates/:id/export', async (visit) => showExport(visit)],
  ['POST', '/certificates/:id/export', exportPfx],
];

interface Office {
  readonly options: OperatorPortalOptions;
  readonly origin: string;
  readonly sessions: Sessions;
  readonly desk: Desk;
  readonly style: string;
}

export async function startOperatorPortal(options: OperatorPortalOptions): Promise<OperatorPortal> {
  const now = options.now ?? (() => Date.now());
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 60_000 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const { installation: { certificates, ports }, operator, apps } = options;
  const desk: Desk = { certificates, ports, operatorId: operator.id, apps, offers: createDrawer(now, OFFER_SECONDS), uploads: createDrawer(now, UPLOAD_SECONDS) };
  const office: Office = { options, origin, sessions: createSessions(now), desk, style: readFileSync(new URL('portal.css', import.meta.url), 'utf8') };
  server.on('request', (request, response) => {
    // Nothing that somebody sends may end the process, not even an answer that cannot be sent.
    serve(office, request, response).catch(() => response.destroy());
  });
  return {
    url: origin,
    issueSignInLink: () => `${origin}/sign-in?code=${office.sessions.issueLink()}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

async function serve(office: Office, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  // What cannot be read as an address is an address that is not here.
  const url = URL.parse(request.url ?? '/', office.origin) ?? new URL('/not-an-address', office.origin);
  // What was not foreseen may hold anything, so nobody gets to read it.
  const reply = await answer(office, request, url, gone.signal).catch(() => stop(office, 500, 'Something happened that was not foreseen.', 'Look at the certificates before you repeat it.'));
  office.options.log?.(`${request.method ?? ''} ${url.pathname} ${reply.status}`);
  if (!response.destroyed) send(response, reply);
}

async function answer(office: Office, request: IncomingMessage, url: URL, signal: AbortSignal): Promise<Reply> {
  const method = request.method ?? '';
  if (request.headers.host !== new URL(office.origin).host) return stop(office, 421, 'This address is not served here.', `Open ${office.origin}.`);
  if (method !== 'GET' && method !== 'POST') return stop(office, 405, 'Only GET and POST are understood.');
  if (url.pathname === '/portal.css') return { status: 200, headers: { 'content-type': 'text/css; charset=utf-8' }, body: office.style };
  if (method === 'POST' && !isFromOurPages(request.headers, office.origin)) return stop(office, 403, 'This form was not sent by a page of the portal.');
  if (url.pathname === '/sign-in') return signIn(office, request, url);
  if (url.pathname === '/signed-out') return page(200, renderPage({ title: 'Signed out', body: html`<h1>You are signed out</h1><p>Press Enter in the terminal for another sign-in link.</p>` }, office.options.partnerName, undefined));
  const session = office.sessions.find(request.headers);
  if (session === undefined) return stop(office, 401, 'You are not signed in.', 'Open the sign-in link that the terminal shows. It works once.');
  const form = method === 'POST' ? await readForm(request) : NOTHING_SUBMITTED;
  if (form === undefined) return stop(office, 413, 'The form cannot be read, or its file is larger than 1 MiB, which no certificate file is.', undefined, session);
  if (method === 'POST' && !isSameSecret(form.text('csrf'), session.csrf)) return stop(office, 403, 'This form belongs to another session.', 'Open the page again and repeat it.', session);
  return dispatch(office, { session, form, url, method, signal });
}

interface Admitted {
  readonly session: Session;
  readonly form: Submitted;
  readonly url: URL;
  readonly method: string;
  readonly signal: AbortSignal;
}

async function dispatch(office: Office, { session, form, url, method, signal }: Admitted): Promise<Reply> {
  const { desk, sessions } = office;
  if (method === 'POST' && url.pathname === '/sign-out') {
    desk.offers.forget(session.id);
    desk.uploads.forget(session.id);
    return redirect('/signed-out', { 'set-cookie': sessions.signOut(session) });
  }
  const found = ROUTES.flatMap(([routeMethod, path, handler]) => {
    const match = routeMethod === method ? new RegExp(`^${path.replace(':id', '([\\w-]{1,64})')}$`).exec(url.pathname) : null;
    return match === null ? [] : [{ handler, id: match[1] ?? '' }];
  })[0];
  if (found === undefined) return stop(office, 404, 'There is no such page.', undefined, session);
  const viewer = viewerOf(office, session);
  const show = (content: PageContent, status = 200) => page(status, renderPage(content, office.options.partnerName, viewer));
  const visit: Visit = { desk, session, viewer, id: found.id, query: url.searchParams, form, signal, show };
  try {
    return await found.handler(visit);
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return stop(office, statusOf(error), toProblem(error), undefined, session);
  }
}

/** GET only asks: whatever opens links by itself would use it up. */
async function signIn(office: Office, request: IncomingMessage, url: URL): Promise<Reply> {
  const { options, sessions } = office;
  if (request.method === 'GET') {
    const body = html`<h1>Sign in</h1><p>You will act as <strong data-testid="operator">${options.operator.name}</strong>.</p>
<form method="post" action="/sign-in"><input type="hidden" name="code" value="${url.searchParams.get('code') ?? ''}"><p class="actions"><button data-testid="sign-in">Sign in</button></p></form>`;
    return page(200, renderPage({ title: 'Sign in', body }, options.partnerName, undefined));
  }
  const form = await readForm(request);
  const signedIn = sessions.signIn(form?.text('code') ?? '');
  if (signedIn === undefined) return stop(office, 401, 'This link was used, or its ten minutes are over.', 'Press Enter in the terminal for another one.');
  return redirect('/certificates', { 'set-cookie': signedIn.cookie });
}

function viewerOf({ options }: Office, { csrf }: Session): Viewer {
  return { csrf, operatorName: options.operator.name };
}

function stop(office: Office, status: number, problem: Problem | string, remedy?: string, session?: Session): Reply {
  const shown = typeof problem === 'string' ? { message: problem, remedy } : problem;
  const body = html`<h1>${status === 404 ? 'Not found' : 'Not possible'}</h1>${showProblem(shown)}${session !== undefined && html`<p><a href="/certificates">Back to the certificates</a></p>`}`;
  return page(status, renderPage({ title: 'Not possible', body }, office.options.partnerName, session === undefined ? undefined : viewerOf(office, session)));
}
