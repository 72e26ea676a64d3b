/**
 * Pages the customer's admin sees during consent. Fixed texts, everything escaped; nothing Microsoft or a stranger
 * wrote is shown, and a refused visitor learns one public word and a support code.
 */
import { html, type Html, type PageOptions } from '../internal/html';
import { type PartnerApp, resourceName } from './apps';

export interface LandingInput {
  readonly partnerName: string;
  readonly accountName: string;
  readonly expectedTenant: string | null;
  readonly apps: readonly PartnerApp[];
  readonly nextRound: number;
  readonly action: string;
}

export function landingPage(input: LandingInput): PageOptions {
  const apps = input.apps.map((app) => describeApp(app, input.nextRound));
  const tenant = input.expectedTenant === null ? undefined : html`<dt>Microsoft 365 tenant</dt><dd data-testid="expected-tenant">${input.expectedTenant}</dd>`;
  return {
    title: `${input.partnerName}: connect Microsoft 365 backup`,
    body: html`<p class="partner" data-testid="partner">${input.partnerName}</p>
<h1>Set up Microsoft 365 backup for <span data-testid="account">${input.accountName}</span></h1>
<p>Microsoft will ask you to approve ${input.apps.length === 1 ? 'one app' : `${input.apps.length} apps, one after the other`}, and then to sign in once more so that we know the approval came from your organisation.</p>
<dl><dt>Customer</dt><dd>${input.accountName}</dd>${tenant}<dt>You need</dt><dd>a Global Administrator of your tenant</dd></dl>
${apps}
<form method="post" action="${input.action}"><button type="submit" data-testid="continue">Continue to Microsoft</button></form>
<p class="support">Opening this page changes nothing. If you did not expect it, close it and ask ${input.partnerName}.</p>`,
  };
}

function describeApp(app: PartnerApp, nextRound: number): Html {
  const permissions = app.requiredPermissions.map(
    (permission) => html`<li><strong>${permission.name ?? permission.id}</strong> on ${resourceName(permission.resourceAppId)} (${permission.type})<br><span class="why">${permission.reason}</span></li>`,
  );
  const done = app.round < nextRound ? ' (already approved)' : '';
  return html`<h2 data-testid="app">${app.round}. ${app.displayName}${done}</h2>
<details><summary>${app.requiredPermissions.length} permissions and why</summary><ul>${permissions}</ul></details>`;
}

export function verifyingPage(partnerName: string, round: number, rounds: number): PageOptions {
  return {
    title: 'Checking with Microsoft',
    refreshSeconds: 3,
    body: html`<p class="partner">${partnerName}</p><h1 data-testid="verifying">Checking with Microsoft…</h1>
<p>Your approval for app ${round} of ${rounds} was received. Microsoft needs a moment until it shows; this page continues by itself.</p>`,
  };
}

const REFUSALS = {
  invalid: ['This page cannot be opened', 'The address is incomplete, was used already, or belongs to another browser. Open the newest invitation you received and finish in one browser.'],
  expired: ['This invitation is no longer valid', 'It has expired or was replaced by a newer one. Ask your partner for a new invitation.'],
  wrong_account: ['That was another organisation\'s account', 'Open the invitation again and sign in with a Global Administrator of the organisation named there. If you administer several, choose "Use another account".'],
  declined: ['Nothing was approved', 'Either Cancel was pressed, or the signed-in account may not approve these apps. A Global Administrator can open the same invitation again at any time.'],
  not_allowed: ['This is not possible', 'Ask your partner; the support code tells them why.'],
  try_later: ['Please try again in a few minutes', 'Microsoft or our service did not answer in time. Nothing is lost: open the invitation again.'],
  failed: ['That did not work', 'Ask your partner; the support code tells them why.'],
} as const satisfies Record<string, readonly [string, string]>;

/** A refusal a stranger may see. `again` is the landing page when the visitor holds a valid invitation. */
export function refusalPage(partnerName: string, code: keyof typeof REFUSALS, supportCode: string): PageOptions {
  const [title, text] = REFUSALS[code];
  return {
    title,
    tone: 'bad',
    body: html`<p class="partner">${partnerName}</p><h1 data-testid="refusal" data-code="${code}">${title}</h1><p>${text}</p><p class="support">Support code <span data-testid="support-code">${supportCode}</span></p>`,
  };
}
