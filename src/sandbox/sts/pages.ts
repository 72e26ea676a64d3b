/**
 * The sign-in pages a person meets. Every control has a `data-testid`, so that a test and a browser robot press the same
 * buttons; everything shown is escaped by the template; nothing needs a script.
 */
import type { SandboxResponse } from '../http';
import type { RuleId } from '../rules';
import type { Exchange, Interaction } from './context';
import { html, page } from './html';
import { contextField, errorDetail, formAction, initials, inlineError, NOTHING } from './page-parts';
import type { Refusal } from './refusals';

export interface AccountRow {
  readonly upn: string;
  readonly name: string;
  readonly isSignedIn: boolean;
}

export function pickerPage(interaction: Interaction, place: string, accounts: readonly AccountRow[]): SandboxResponse {
  const rows = accounts.map(
    (account) => html`<li><button name="login" value="${account.upn}" data-testid="account" data-upn="${account.upn}" data-signed-in="${String(account.isSignedIn)}">
<span class="face" aria-hidden="true">${initials(account.name)}</span><span><strong>${account.name}</strong><small>${account.upn}${account.isSignedIn ? ' · signed in' : ''}</small></span></button></li>
`,
  );
  const body = html`<h1>Choose an account</h1>
<p>for <strong>${interaction.application.displayName}</strong> at ${place}</p>
<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<ul class="accounts" data-testid="accounts">
${rows}<li><button name="other" value="1" data-testid="use-another-account"><span class="face" aria-hidden="true">+</span><strong>Another account</strong></button></li>
</ul>
</form>`;
  return page({ rule: 'SIGNIN-PICKER', title: 'Choose an account', body });
}

export function usernamePage(exchange: Exchange, interaction: Interaction, failed?: { readonly refusal: Refusal; readonly upn: string }): SandboxResponse {
  const body = html`<h1>Sign in</h1>
<p>to go on to <strong>${interaction.application.displayName}</strong></p>
${inlineError(exchange, failed?.refusal)}
<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<label for="login">Work account</label>
<input type="text" id="login" name="login" value="${failed?.upn ?? ''}" autocomplete="username" inputmode="email" spellcheck="false"${described(failed)} autofocus required data-testid="username">
<div class="actions"><button class="primary" data-testid="submit">Next</button></div>
</form>`;
  return page({ rule: failed?.refusal.rule ?? 'SIGNIN-PICKER', title: 'Sign in', body });
}

export function passwordPage(exchange: Exchange, interaction: Interaction, upn: string, refusal?: Refusal): SandboxResponse {
  const body = html`<div class="who"><span data-testid="identity">${upn}</span>
<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<button class="text" name="other" value="1" data-testid="use-another-account">Another account</button>
</form></div>
<h1>Your password</h1>
${inlineError(exchange, refusal)}
<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<input type="hidden" name="login" value="${upn}">
<label for="passwd">Password</label>
<input type="password" id="passwd" name="passwd" autocomplete="current-password"${described(refusal)} autofocus required data-testid="password">
<div class="actions"><button class="primary" data-testid="submit">Sign in</button></div>
</form>`;
  return page({ rule: refusal?.rule ?? 'SIGNIN-PASSWORD', title: 'Your password', body });
}

/** A refusal that never leaves this host. With an interaction, another account can still be tried. */
export function errorPage(exchange: Exchange, refusal: Refusal, interaction?: Interaction): SandboxResponse {
  const retry =
    interaction === undefined
      ? html`<p>Go back to where you came from and start again. Whoever runs the app can use the numbers above.</p>`
      : html`<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<div class="actions"><button name="other" value="1" data-testid="use-another-account">Use another account</button></div>
</form>`;
  const body = html`<h1>The sign-in stops here</h1>
${interaction === undefined ? NOTHING : html`<p><strong>${interaction.application.displayName}</strong> has not been told.</p>`}
${errorDetail(exchange, refusal)}
${retry}`;
  return page({ rule: refusal.rule, status: 400, title: 'The sign-in stops here', body });
}

/** Posts the members to the redirect URI: by itself where scripts run, by its button where they do not. */
export function formPostPage(ruleId: RuleId, redirectUri: string, members: readonly (readonly [string, string])[]): SandboxResponse {
  const fields = members.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`);
  const body = html`<h1>Back to the app</h1>
<form method="post" action="${redirectUri}" id="callback">
${fields}<p>If nothing happens by itself, continue by hand.</p>
<div class="actions"><button class="primary" data-testid="continue">Continue</button></div>
</form>`;
  return page({ rule: ruleId, title: 'Back to the app', body, script: "document.getElementById('callback').submit();" });
}

/** Ties a field to the message about it, for people who hear the page. */
function described(problem: object | undefined) {
  return problem === undefined ? NOTHING : html` aria-invalid="true" aria-describedby="problem"`;
}
