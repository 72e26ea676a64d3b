/**
 * The kit as three addresses, for any host that can hand over a request as a value: `enter` takes the code, `confirm` the
 * person's decision, `signOut` ends the session. Codes count only in a POST body, cookies are `__Host-`, HttpOnly and
 * Lax, and nothing is cached. RFC 6265bis (cookies), Fetch Metadata (Sec-Fetch-Site).
 */
import { asOnboardingError, OnboardingError } from '../errors';
import { secret, type Secret } from '../internal/secret';
import { hostCookie, htmlResponse, readForm, readHostCookie, redirectResponse, type WebRequest, type WebResponse } from '../internal/web';
import { CONFIRMATION_LIFETIME_SECONDS, refused } from './confirmation';
import type { PortalKit } from './kit';
import { cancelledPage, confirmationPage, refusalPage, signedOutPage } from './pages';
import type { PortalSession } from './session';

const PENDING_COOKIE = 'impersonation-pending';
const SESSION_COOKIE = 'impersonation';

export interface PortalRouteOptions {
  readonly enter?: string;
  readonly confirm?: string;
  readonly signOut?: string;
  /** Where a started session lands. */
  readonly home?: string;
  /** Receives what was caught, for the portal's own log of errors. */
  readonly report?: (error: OnboardingError) => void;
}

export interface PortalRoutes {
  /** Undefined for a path that is not the kit's. Never rejects: every failure is a page. */
  handle(request: WebRequest): Promise<WebResponse | undefined>;
  /** The session of this browser. Rejects when the state does not answer; treat that as no session. */
  sessionOf(request: WebRequest): Promise<PortalSession | undefined>;
}

/** Default paths: /enter, /confirm, /sign-out, /dashboard. */
export function createPortalRoutes(kit: PortalKit, options: PortalRouteOptions = {}): PortalRoutes {
  const { enter = '/enter', confirm = '/confirm', signOut = '/sign-out', home = '/dashboard' } = options;
  const steps = new Map<string, (request: WebRequest) => Promise<WebResponse>>([
    [enter, (request) => enterPortal(kit, request, confirm)],
    [confirm, (request) => decide(kit, request, home)],
    [signOut, (request) => leave(kit, request)],
  ]);
  return {
    async handle(request) {
      const step = steps.get(request.path);
      if (step === undefined) return undefined;
      if (request.method !== 'POST') return withHeader(showRefusal(wrongInput('method'), 405), 'allow', 'POST');
      return step(request).catch((error: unknown) => {
        options.report?.(asOnboardingError(error));
        return showRefusal(error);
      });
    },
    async sessionOf(request) {
      const key = readHostCookie(request, SESSION_COOKIE);
      return key === undefined ? undefined : kit.findSession(secret(key));
    },
  };
}

async function enterPortal(kit: PortalKit, request: WebRequest, confirmPath: string): Promise<WebResponse> {
  // An address is logged along its whole way: a code that travelled there is not honoured.
  if (request.query.size > 0) throw wrongInput('query');
  const [code, second] = readForm(request).getAll('code');
  if (code === undefined || code === '' || second !== undefined) throw wrongInput('code');
  const pending = await kit.receiveCode(secret(code));
  const cookie = hostCookie(PENDING_COOKIE, pending.id.reveal(), { sameSite: 'Lax', maxAgeSeconds: CONFIRMATION_LIFETIME_SECONDS });
  return htmlResponse(200, confirmationPage(kit.partnerName, pending, confirmPath), { cookies: [cookie] });
}

async function decide(kit: PortalKit, request: WebRequest, home: string): Promise<WebResponse> {
  requireOwnPage(request);
  const id = readHostCookie(request, PENDING_COOKIE);
  const form = readForm(request);
  const csrf = form.get('csrf');
  if (id === undefined || csrf === null) throw refused('incomplete');
  const spent = dropCookie(PENDING_COOKIE);
  if (form.get('decision') !== 'start') {
    await kit.cancel(secret(id), secret(csrf));
    return htmlResponse(200, cancelledPage(), { cookies: [spent] });
  }
  const { key, session } = await kit.confirm(secret(id), secret(csrf));
  return redirectResponse(home, [spent, sessionCookie(key, session)]);
}

async function leave(kit: PortalKit, request: WebRequest): Promise<WebResponse> {
  requireOwnPage(request);
  const key = readHostCookie(request, SESSION_COOKIE);
  if (key !== undefined) await kit.endSession(secret(key));
  return htmlResponse(200, signedOutPage(), { cookies: [dropCookie(SESSION_COOKIE)] });
}

// Our pages send no referrer, so browsers send `Origin: null` even from them; Fetch Metadata still tells.
function requireOwnPage(request: WebRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw refused('site');
}

function sessionCookie(key: Secret, session: PortalSession): string {
  return hostCookie(SESSION_COOKIE, key.reveal(), { sameSite: 'Lax', maxAgeSeconds: Math.floor((session.endsAt - session.startedAt) / 1000) });
}

function dropCookie(name: string): string {
  return hostCookie(name, '', { sameSite: 'Lax', maxAgeSeconds: 0 });
}

function showRefusal(error: unknown, status?: number): WebResponse {
  const refusal = refusalPage(error);
  return htmlResponse(status ?? refusal.status, refusal.page);
}

function withHeader(response: WebResponse, name: string, value: string): WebResponse {
  return { ...response, headers: { ...response.headers, [name]: value } };
}

function wrongInput(field: string): OnboardingError {
  return new OnboardingError('INPUT_INVALID', `The request's ${field} cannot be used.`, { details: { field } });
}
