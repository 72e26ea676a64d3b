/**
 * The addresses strangers' browsers and the portal's back end may call, as one function from request to response. A
 * refusal becomes a page with a public word and a support code; what really happened goes to the log under that code.
 * `/invite/{ticket}` (or `/invite?ticket=`), `/consent/callback`, `/consent/next`, `/sign-in/callback`, `/sign-in/confirm`,
 * `/.well-known/jwks.json`, `/impersonation/redeem`, `/healthz`.
 */
import type { AccessLevel } from '../accounts/access-level';
import { goOnPage, landingPage, reloadSeconds, verifyingPage } from '../consent/rounds/pages';
import { PAGE_PATIENCE_MS } from '../consent/rounds/progress';
import { refusalPage } from '../consent/rounds/refusal-page';
import { asOnboardingError, OnboardingError } from '../errors';
import type { PageOptions } from '../internal/html';
import { basePathOf, invitationPath, pagePathOf } from '../internal/public-url';
import { hostCookie, htmlResponse, jsonResponse, readCallbackParameters, readForm, readHostCookie, redirectResponse, sandboxResponse, type WebRequest, type WebResponse } from '../internal/web';
import { answerKeySet, answerRedemption, type RedemptionSettings } from '../impersonation/endpoints';
import { ensureSigningKey } from '../impersonation/signing-keys';
import type { RedeemedCode } from '../impersonation/redeem';
import { checkingRolePage, confirmPage, donePage } from '../sso/pages';
import { beginRounds, continueRounds, finishRound, readLanding, type RoundOutcome } from './consent/rounds';
import type { OnboardingContext } from './context';
import { stillAllows } from './impersonate';
import type { DomainEvent } from '../ports';
import { type BrowserSecrets, confirmOwner, finishOwnershipSignIn, readConfirmation, startOwnershipSignIn } from './ownership';
import { answerRefusal, reportRefusal } from './consent/refused-visits';
import { classifyOutcome, type WebOutcome } from './web-outcomes';

const CONSENT_COOKIE = 'm365-consent';
const SIGN_IN_COOKIE = 'm365-sign-in';
const COOKIE_SECONDS = 7200;

type Handler = (context: OnboardingContext, request: WebRequest, options: RouteOptions) => Promise<WebResponse>;

export interface RouteOptions {
  /** Absent when no backup portal is configured: redemption then answers 404. */
  readonly redemption?: RedemptionSettings | undefined;
  /** True while the operators should look at their alarms. `/healthz` says so in one word and keeps to itself what it is. */
  readonly needsAttention?: (() => Promise<boolean>) | undefined;
}

/** What a host asks for one request. */
export interface HandleOptions {
  /** True where the origin serves other things too (n8n's editor): every page is then sandboxed. */
  readonly sharesOrigin?: boolean | undefined;
  /** Told what the request changed, before the response is returned. Never told of a forged, repeated or expired one. */
  readonly onOutcome?: ((outcome: WebOutcome) => void) | undefined;
}

const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  '/consent/callback': { GET: consentCallback, POST: consentCallback },
  '/consent/next': { GET: consentNext },
  '/sign-in/callback': { GET: signInCallback, POST: signInCallback },
  '/sign-in/confirm': { GET: showConfirmation, POST: confirm },
  '/.well-known/jwks.json': { GET: keySet },
  '/healthz': { GET: health },
};

/** Never raises. */
export async function handleWebRequest(installed: OnboardingContext, options: RouteOptions & HandleOptions, received: WebRequest): Promise<WebResponse> {
  const { publicBaseUrl } = installed.settings;
  const context = options.onOutcome === undefined ? installed : observed(installed, options.onOutcome);
  const request = { ...received, path: pagePathOf(publicBaseUrl, received.path) };
  const response = await answerPage(context, options, request);
  return options.sharesOrigin === true ? sandboxResponse(response) : response;
}

/** The same context, whose events of this one request are also told to its host. */
function observed(context: OnboardingContext, onOutcome: (outcome: WebOutcome) => void): OnboardingContext {
  const emit = (event: DomainEvent) => {
    context.ports.events.emit(event);
    const outcome = classifyOutcome(event, context.settings.apps.length);
    if (outcome !== undefined) onOutcome(outcome);
  };
  return { ...context, ports: { ...context.ports, events: { emit } } };
}

async function answerPage(context: OnboardingContext, options: RouteOptions, request: WebRequest): Promise<WebResponse> {
  const { partnerName } = context.settings;
  try {
    if (request.path === '/impersonation/redeem' && options.redemption !== undefined) {
      const settings = { ...options.redemption, stillAllowed: (about: RedeemedCode) => stillAllows(context, about) };
      return await answerRedemption(context.ports, settings, request, (error) => void reportRefusal(context, request, asOnboardingError(error)));
    }
    const invitation = invitationTicket(request);
    const methods = invitation === undefined ? ROUTES[request.path] : { GET: landing(invitation), POST: begin(invitation) };
    const handler = methods?.[request.method === 'HEAD' ? 'GET' : request.method];
    if (handler !== undefined) return await handler(context, request, options);
    return htmlResponse(methods === undefined ? 404 : 405, refusalPage({ partnerName, code: undefined, publicCode: 'invalid', supportCode: '-' }));
  } catch (error) {
    return answerRefusal(context, request, error, readHostCookie(request, CONSENT_COOKIE));
  }
}

function landing(ticket: string): Handler {
  return async (context) => {
    const view = await readLanding(context, ticket);
    const { partnerName } = context.settings;
    return htmlResponse(200, landingPage({ ...view, partnerName, action: pageAddress(context, invitationPath(context.settings.publicBaseUrl, ticket)) }), { formTargets: formTargets(context) });
  };
}

function begin(ticket: string): Handler {
  return async (context) => {
    const { browserSecret, outcome } = await beginRounds(context, ticket);
    return answerRound(context, outcome, [hostCookie(CONSENT_COOKIE, browserSecret, { sameSite: 'Lax', maxAgeSeconds: COOKIE_SECONDS })]);
  };
}

async function consentCallback(context: OnboardingContext, request: WebRequest): Promise<WebResponse> {
  const outcome = await finishRound(context, readCallbackParameters(request), readHostCookie(request, CONSENT_COOKIE));
  // The address bar holds the spent state: the waiting page gets an address of its own.
  return outcome.kind === 'verifying' ? redirectResponse(pageAddress(context, '/consent/next')) : answerRound(context, outcome, []);
}

async function consentNext(context: OnboardingContext, request: WebRequest): Promise<WebResponse> {
  return answerRound(context, await continueRounds(context, readHostCookie(request, CONSENT_COOKIE)), []);
}

async function answerRound(context: OnboardingContext, outcome: RoundOutcome, cookies: readonly string[]): Promise<WebResponse> {
  if (outcome.kind === 'microsoft') return redirectResponse(outcome.location, cookies);
  if (outcome.kind === 'verifying') return htmlResponse(200, verifyingPage({ ...outcome, partnerName: context.settings.partnerName, again: pageAddress(context, '/consent/next') }), { cookies });
  if (outcome.kind === 'done') return closingPage(context, outcome.accountName);
  const { location, browserSecret } = await startOwnershipSignIn(context, outcome);
  // form_post arrives as a cross-site POST, which carries only SameSite=None cookies (security decision 4).
  const sameSite = context.settings.signInResponseMode === 'form_post' ? 'None' : 'Lax';
  return redirectResponse(location, [...cookies, hostCookie(SIGN_IN_COOKIE, browserSecret, { sameSite, maxAgeSeconds: COOKIE_SECONDS })]);
}

async function signInCallback(context: OnboardingContext, request: WebRequest): Promise<WebResponse> {
  const arrivedBy = request.method === 'POST' ? 'form_post' : 'query';
  await finishOwnershipSignIn(context, { params: readCallbackParameters(request), browserSecret: readHostCookie(request, SIGN_IN_COOKIE), arrivedBy });
  return redirectResponse(pageAddress(context, '/sign-in/confirm'));
}

async function showConfirmation(context: OnboardingContext, request: WebRequest): Promise<WebResponse> {
  const view = await readConfirmation(context, readBrowser(request));
  const { partnerName } = context.settings;
  if (view.kind === 'waiting') return htmlResponse(200, waitingForRole(context, view.waitedMs));
  return htmlResponse(200, confirmPage({ partnerName, accountName: view.accountName, pending: view.pending, action: pageAddress(context, '/sign-in/confirm') }), { formTargets: formTargets(context) });
}

function waitingForRole(context: OnboardingContext, waitedMs: number): PageOptions {
  const { partnerName } = context.settings;
  if (waitedMs < PAGE_PATIENCE_MS) return checkingRolePage({ partnerName, refreshSeconds: reloadSeconds(waitedMs) });
  return goOnPage(partnerName, pageAddress(context, '/sign-in/confirm'), 'You are signed in, but Microsoft does not confirm your role yet.');
}

async function confirm(context: OnboardingContext, request: WebRequest): Promise<WebResponse> {
  const form = readForm(request);
  const { account } = await confirmOwner(context, { browser: readBrowser(request), csrf: form.get('csrf') ?? undefined, accessLevel: readLevel(form.get('accessLevel')) });
  return closingPage(context, account.name);
}

function closingPage({ settings: { settingsUrl, partnerName } }: OnboardingContext, accountName: string): WebResponse {
  return settingsUrl === undefined ? htmlResponse(200, donePage(partnerName, accountName)) : redirectResponse(settingsUrl);
}

function readBrowser(request: WebRequest): BrowserSecrets {
  return { consent: readHostCookie(request, CONSENT_COOKIE), signIn: readHostCookie(request, SIGN_IN_COOKIE) };
}

function readLevel(value: string | null): AccessLevel {
  if (value === null || value === 'none') return 'none';
  if (value === 'restricted' || value === 'full') return value;
  throw new OnboardingError('INPUT_INVALID', 'The access level is none, restricted or full.', { details: { field: 'accessLevel' } });
}

/** Still 200 with an alarm: the pages work, and whoever balances the load must not take them away for it. */
async function health(context: OnboardingContext, _request: WebRequest, { needsAttention }: RouteOptions): Promise<WebResponse> {
  try {
    await context.ports.store.get('meta/health');
    const attention = (await needsAttention?.()) === true;
    return jsonResponse(200, { ok: true, ...(attention ? { attention } : {}) });
  } catch {
    return jsonResponse(503, { ok: false });
  }
}

/** The first key is made before anybody can cache a set without it; later ones are published long before they sign. */
async function keySet(context: OnboardingContext): Promise<WebResponse> {
  if (context.settings.portal !== undefined && context.ports.sealer.ready) await ensureSigningKey(context.ports);
  return answerKeySet(context.ports);
}

function pageAddress(context: OnboardingContext, path: string): string {
  return basePathOf(context.settings.publicBaseUrl) + path;
}

/** In the path, or in the query for hosts that route exact addresses only. */
function invitationTicket({ path, query }: WebRequest): string | undefined {
  return path === '/invite' ? (query.get('ticket') ?? '') : /^\/invite\/([^/]+)$/.exec(path)?.[1];
}

function formTargets(context: OnboardingContext): string[] {
  const { endpoints, settingsUrl } = context.settings;
  return [endpoints.authorityHost, ...(settingsUrl === undefined ? [] : [new URL(settingsUrl).origin])];
}
