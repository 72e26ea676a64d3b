/**
 * The kit's own pages: what is about to start and the question whether it should, and refusals. Fixed texts; account,
 * operator, reason and names are escaped; no script. Level texts say what the customer's data is exposed to.
 */
import { toPublicError, type PublicCode } from '../errors';
import { html, type PageOptions } from '../internal/html';
import type { PendingConfirmation } from './confirmation';

const LEVELS = {
  restricted: 'Restricted: settings, users and audit, no backed-up data',
  full: 'Full: everything, including backed-up data',
} as const;

export function confirmationPage(partnerName: string, pending: PendingConfirmation, action: string): PageOptions {
  const { facts } = pending;
  return {
    title: 'Confirm the impersonation',
    body: html`<p class="partner" data-testid="partner">${partnerName}</p>
<h1>Open the backup portal of <span data-testid="account">${facts.accountName}</span>?</h1>
<p>You will act for this customer. Everything you do is recorded under your own name.</p>
<dl><dt>You are</dt><dd data-testid="operator">${facts.actor.id}</dd>
<dt>Acting as</dt><dd data-testid="admin">${facts.adminName}</dd>
<dt>Access</dt><dd data-testid="level" data-level="${facts.accessLevel}">${LEVELS[facts.accessLevel]}</dd>
<dt>Reason</dt><dd data-testid="reason">${facts.reason}</dd></dl>
<form method="post" action="${action}"><input type="hidden" name="csrf" value="${pending.csrf.reveal()}">
<button type="submit" name="decision" value="start" data-testid="confirm">Start the session</button>
<button type="submit" name="decision" value="cancel" data-testid="cancel">Cancel</button></form>
<p class="support">You did not ask for this? Press Cancel: somebody else may have sent you here.</p>`,
  };
}

const REFUSALS: Readonly<Record<PublicCode, readonly [status: number, title: string, text: string]>> = {
  invalid: [400, 'This cannot be opened', 'The code is unknown or was used already. Start again from the partner\'s portal; if you did not use the code, tell the partner.'],
  expired: [400, 'Too late', 'The code, the confirmation or the session is over. Start again from the partner\'s portal.'],
  wrong_account: [403, 'Wrong account', 'This does not belong to the account that was expected.'],
  declined: [403, 'Cancelled', 'Nothing was started.'],
  not_allowed: [403, 'Not allowed', 'This impersonation is not allowed.'],
  try_later: [503, 'Please try again', 'A service did not answer in time. Start again from the partner\'s portal in a minute.'],
  failed: [500, 'That did not work', 'Start again from the partner\'s portal; tell the partner if it repeats.'],
};

/** Pure: status and page for whatever went wrong; only the public code shows. */
export function refusalPage(error: unknown): { readonly status: number; readonly page: PageOptions } {
  const { code } = toPublicError(error);
  const [status, title, text] = REFUSALS[code];
  return { status, page: { title, tone: 'bad', body: html`<h1 data-testid="refusal" data-code="${code}">${title}</h1><p>${text}</p>` } };
}

export function cancelledPage(): PageOptions {
  return { title: 'Cancelled', body: html`<h1 data-testid="cancelled">Nothing was started</h1><p>The code is spent. You can close this page.</p>` };
}

export function signedOutPage(): PageOptions {
  return { title: 'Session ended', body: html`<h1 data-testid="signed-out">The session has ended</h1><p>A new one needs a new reason, from the partner's portal.</p>` };
}
