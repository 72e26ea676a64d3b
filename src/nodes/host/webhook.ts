/**
 * Carries a request that n8n received to the core's pages and their response back. The workflow starts with what the core
 * says the request changed; a forged, repeated or expired one is answered and starts nothing. The origin is n8n's own, so
 * the pages are sandboxed (security decision 21).
 */
import type { IDataObject, IHookFunctions, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { asOnboardingError, type WebOutcome, type WebRequest, type WebResponse } from '../../core/index';
import { type HostInstallation, ONBOARDING_STATE, openHost } from './installation';
import type { StateData } from './settings';

/** What is used of express, by shape: its types are n8n's, not ours. */
interface HttpRequest {
  readonly method: string;
  readonly originalUrl: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The bytes n8n parsed; absent when there were none. */
  readonly rawBody?: Buffer;
}

interface HttpResponse {
  status(code: number): unknown;
  setHeader(name: string, value: string | readonly string[]): unknown;
  end(body: string): unknown;
}

/** No form of ours is larger. */
const MAX_BODY_BYTES = 64 * 1024;

const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'content-security-policy': 'sandbox' };
const TOO_LARGE: WebResponse = { status: 413, headers: PLAIN, body: 'The request is too large.' };
const TRY_LATER: WebResponse = { status: 503, headers: { ...PLAIN, 'retry-after': '60' }, body: 'Please try again in a few minutes.' };

/** Never raises: whoever called is a stranger, and n8n would show them what was raised. */
export async function answerWebhook(host: IWebhookFunctions): Promise<IWebhookResponseData> {
  const outcomes: WebOutcome[] = [];
  send(host.getResponseObject(), await responseTo(host, outcomes));
  return { noWebhookResponse: true, ...(outcomes.length === 0 ? {} : { workflowData: [outcomes.map((outcome) => ({ json: itemOf(outcome) }))] }) };
}

async function responseTo(host: IWebhookFunctions, outcomes: WebOutcome[]): Promise<WebResponse> {
  const request = readRequest(host.getRequestObject(), pathOf(host));
  if (request === undefined) return TOO_LARGE;
  let opened: HostInstallation | undefined;
  try {
    opened = await openHost(host);
    return await opened.installation.onboarding.handle(request, { sharesOrigin: true, onOutcome: (outcome) => void outcomes.push(outcome) });
  } catch (reason) {
    const { code, details } = asOnboardingError(reason);
    host.logger.error('The consent trigger could not answer a page.', { node: host.getNode().name, code, field: details['field'] ?? null });
    return TRY_LATER;
  } finally {
    opened?.release();
  }
}

/** Undefined for a body larger than any of ours. */
function readRequest(received: HttpRequest, path: string): WebRequest | undefined {
  // Not the form n8n made of it: that has lost what came twice.
  const body = received.rawBody ?? Buffer.alloc(0);
  if (body.length > MAX_BODY_BYTES) return undefined;
  const url = new URL(received.originalUrl, 'http://placeholder.invalid');
  const headers = Object.fromEntries(Object.entries(received.headers).map(([name, value]) => [name, typeof value === 'object' ? value.join('; ') : value]));
  return { method: received.method, path: pageBehind(url.pathname, path), query: url.searchParams, headers, body: body.toString('utf8') };
}

/** Whatever a proxy or n8n has put in front, n8n routed the request by the end that begins with our path. */
function pageBehind(pathname: string, path: string): string {
  const start = pathname.lastIndexOf(`/${path}/`);
  return start === -1 ? pathname : pathname.slice(start + path.length + 1);
}

function send(response: HttpResponse, { status, headers, body }: WebResponse): void {
  response.status(status);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

function itemOf({ at, reasons, ...outcome }: WebOutcome): IDataObject {
  return { ...outcome, reasons: reasons.map((reason) => ({ ...reason })), at: new Date(at).toISOString() };
}

function pathOf(host: IWebhookFunctions | IHookFunctions): string {
  const path: unknown = host.getNodeParameter('path');
  return typeof path === 'string' ? path.trim() : '';
}

/**
 * At publication: what is mailed to customers must lead here. Raises n8n's own error for a test URL, a path that is not
 * plain, and a credential whose Public Base URL leads elsewhere.
 */
export async function requireOwnAddress(host: IHookFunctions): Promise<void> {
  const refuse = (message: string, description: string) => new NodeOperationError(host.getNode(), message, { description });
  if (host.getMode() === 'manual') {
    throw refuse('Test URLs cannot be registered in Entra ID', 'The consent pages answer only on the production URL. Publish the workflow, and open the invitation as the customer would.');
  }
  const path = pathOf(host);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(path)) throw refuse('The parameter "Path" is not a plain path', 'Use letters, digits, dashes and underscores only.');
  const own = (host.getNodeWebhookUrl('default') ?? '').replace(/\/consent\/callback$/, '');
  const { publicBaseUrl } = await host.getCredentials<StateData>(ONBOARDING_STATE);
  const configured = typeof publicBaseUrl === 'string' ? publicBaseUrl.trim().replace(/\/+$/, '') : '';
  if (!configured.endsWith(`/${path}`)) {
    // n8n keeps only the message when a publication is refused, so the address to enter must be in it.
    throw refuse(`The Public Base URL in the credential M365 Onboarding State leads elsewhere; it must be ${own}`, 'Invitations and redirects begin with it, so it is the address of this trigger.');
  }
  // Behind a proxy n8n may not know its own public address; whoever set both decides.
  if (configured !== own) host.logger.warn('The consent trigger is reached under another address than n8n believes.', { publicBaseUrl: configured, webhook: own });
}
