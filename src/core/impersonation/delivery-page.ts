/**
 * The page that hands an operator's browser to the backup portal: one form that posts the one-time code, by itself or
 * with a button where scripts are off. The code is in no address, so no history, log or referrer keeps it.
 * Modelled on OAuth 2.0 Form Post Response Mode, section 2.
 */
import { createHash } from 'node:crypto';
import { OnboardingError } from '../errors';
import { Html, html } from '../internal/html';
import type { Secret } from '../internal/secret';
import { htmlResponse, type WebResponse } from '../internal/web';
import { isSafeUrl } from './safe-url';

export interface DeliveryPageInput {
  readonly deliverTo: string;
  readonly code: Secret;
  readonly accountName: string;
  /** For pages served from an origin shared with others, such as n8n's: adds the `sandbox` directive. */
  readonly sandboxed?: boolean | undefined;
}

const SUBMIT = 'document.forms[0].submit()';
const SUBMIT_HASH = createHash('sha256').update(SUBMIT).digest('base64');

/** Pure. Raises `IMPERSONATION_PORTAL_UNCONFIGURED` when the portal's address is not an https address. */
export function buildDeliveryPage(input: DeliveryPageInput): WebResponse {
  if (!isSafeUrl(input.deliverTo)) {
    throw new OnboardingError('IMPERSONATION_PORTAL_UNCONFIGURED', 'The portal needs an https address that takes the code.');
  }
  const page = htmlResponse(200, { title: 'Opening the backup portal', body: buildForm(input) }, { formTargets: [new URL(input.deliverTo).origin] });
  const policy = `${String(page.headers['content-security-policy'])}; script-src 'sha256-${SUBMIT_HASH}'`;
  return { ...page, headers: { ...page.headers, 'content-security-policy': input.sandboxed === true ? `${policy}; sandbox allow-forms allow-scripts` : policy } };
}

/**
 * The page for the same browser when no code was issued: what happened, the next step, and the code to look up. For an
 * operator, who may know why; strangers never see it. Pure.
 */
export function buildUndeliveredPage({ code, message, remedy, retryable }: OnboardingError): WebResponse {
  const body = html`<h1>The backup portal stays closed</h1>
<p data-testid="refused">${message}</p>
<p>${remedy}</p>
<p>${code}</p>`;
  const page = htmlResponse(retryable ? 503 : 403, { title: 'The backup portal stays closed', body });
  return { ...page, headers: { ...page.headers, 'content-security-policy': `${String(page.headers['content-security-policy'])}; sandbox` } };
}

function buildForm(input: DeliveryPageInput): Html {
  return html`<h1>Opening the backup portal</h1>
<p>You are about to act for <strong data-testid="account">${input.accountName}</strong>. The portal will ask you to confirm.</p>
<form method="post" action="${input.deliverTo}" data-testid="delivery"><input type="hidden" name="code" value="${input.code.reveal()}"><button type="submit" data-testid="continue">Continue</button></form>
<script>${new Html(SUBMIT)}</script>`;
}
