/**
 * The pages a person meets. Every control has a `data-testid`, so that a test and a browser robot press the same
 * buttons; everything shown is escaped by the template.
 */
import type { SandboxResponse } from '../http';
import type { RuleId } from '../rules';
import { describe, type Refusal } from './refusals';
import type { Exchange, Interaction } from './context';
import type { PermissionRow } from './grants';
import { html, page, type Html } from './html';

export interface AccountRow {
  readonly upn: string;
  readonly name: string;
  readonly isSignedIn: boolean;
}

const NOTHING = html``;

export function pickerPage(interaction: Interaction, place: string, accounts: readonly AccountRow[]): SandboxResponse {
  const rows = accounts.map(
    (account) => html`<li><button name="login" value="${account.upn}" data-testid="account" data-upn="${account.upn}" data-signed-in="${String(account.isSignedIn)}">
<strong>${account.name}</strong><small>${account.upn}${account.isSignedIn ? ' · signed in' : ''}</small></button></li>
`,
  );
  const body = html`<h1>Pick an account</h1>
<p>to continue to <strong>${interaction.application.displayName}</strong> at ${place}</p>
<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<ul class="accounts" data-testid="accounts">
${rows}<li><button name="other" value="1" data-testid="use-another-account"><strong>Use another account</strong></button></li>
</ul>
</form>`;
  return page({ rule: 'SIGNIN-PICKER', title: 'Pick an account', body });
}

export function usernamePage(exchange: Exchange, interaction: Interaction, failed?: { readonly refusal: Refusal; readonly upn: string }): SandboxResponse {
  const body = html`<h1>Sign in</h1>
${inlineError(exchange, failed?.refusal)}
<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<label>E-mail address<input type="text" name="login" value="${failed?.upn ?? ''}" autocomplete="username" autofocus required data-testid="username"></label>
<div class="actions"><button class="primary" data-testid="submit">Next</button></div>
</form>`;
  return page({ rule: failed?.refusal.rule ?? 'SIGNIN-PICKER', title: 'Sign in', body });
}

export function passwordPage(exchange: Exchange, interaction: Interaction, upn: string, refusal?: Refusal): SandboxResponse {
  const body = html`<p data-testid="identity">${upn}</p>
<h1>Enter password</h1>
${inlineError(exchange, refusal)}
<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<input type="hidden" name="login" value="${upn}">
<label>Password<input type="password" name="passwd" autocomplete="current-password" autofocus required data-testid="password"></label>
<div class="actions"><button class="primary" data-testid="submit">Sign in</button></div>
</form>`;
  return page({ rule: refusal?.rule ?? 'SIGNIN-PASSWORD', title: 'Enter password', body });
}

export interface ConsentPageOptions {
  readonly rule: RuleId;
  readonly account: string;
  readonly tenantName: string;
  readonly permissions: readonly PermissionRow[];
  /** For the whole organisation, as opposed to one person. */
  readonly isForEverybody: boolean;
}

export function consentPage(interaction: Interaction, options: ConsentPageOptions): SandboxResponse {
  const body = html`${signedInAs(interaction, options.account)}
<h1>Permissions requested</h1>
<p>${options.isForEverybody ? html`Review for <strong>${options.tenantName}</strong>` : html`by ${options.account}`}</p>
<p><strong data-testid="app-name">${interaction.application.displayName}</strong> <span class="detail">unverified</span></p>
<p>This app would like to:</p>
${permissionLists(options.permissions)}
${options.isForEverybody ? html`<p>If you accept, the app gets these permissions for everybody in your organisation. Nobody else will be asked.</p>` : NOTHING}
<form method="post" action="${formAction(interaction, 'consent')}">
${contextField(interaction)}
<div class="actions">
<button name="decision" value="cancel" data-testid="cancel">Cancel</button>
<button class="primary" name="decision" value="accept" data-testid="accept">Accept</button>
</div>
</form>`;
  return page({ rule: options.rule, title: 'Permissions requested', body });
}

/** The wall for people who may not consent. It stays here; only its own button leads back to the app. */
export function adminNeededPage(exchange: Exchange, interaction: Interaction, account: string, reason: { readonly rule: RuleId; readonly code?: number }): SandboxResponse {
  const detail = reason.code === undefined ? NOTHING : errorDetail(exchange, { code: reason.code, message: 'An administrator has to consent to this app.' });
  const body = html`${signedInAs(interaction, account)}
<h1 data-testid="need-admin-approval">Need admin approval</h1>
<p><strong>${interaction.application.displayName}</strong> needs permission to access resources in your organisation that only an administrator can grant.
Please ask an administrator to grant permission to this app before you can use it.</p>
${detail}
<form method="post" action="${formAction(interaction, 'consent')}">
${contextField(interaction)}
<p><button class="text" name="decision" value="switch" data-testid="have-an-admin-account">Have an admin account? Sign in with that account</button></p>
<p><button class="text" name="decision" value="return" data-testid="return-to-app">Return to the application without granting consent</button></p>
</form>`;
  return page({ rule: reason.rule, title: 'Need admin approval', body });
}

/** A refusal that never leaves this host. With an interaction, another account can still be tried. */
export function errorPage(exchange: Exchange, refusal: Refusal, interaction?: Interaction): SandboxResponse {
  const retry =
    interaction === undefined
      ? NOTHING
      : html`<form method="post" action="${formAction(interaction, 'login')}">
${contextField(interaction)}
<button class="text" name="other" value="1" data-testid="use-another-account">Use another account</button>
</form>`;
  const body = html`<h1>Sign in</h1>
<p>Sorry, but we&#39;re having trouble signing you in.</p>
${errorDetail(exchange, refusal)}
${retry}`;
  return page({ rule: refusal.rule, status: 400, title: 'Sign in to your account', body });
}

/** Posts the members to the redirect URI: by itself where scripts run, by its button where they do not. */
export function formPostPage(ruleId: RuleId, redirectUri: string, members: readonly (readonly [string, string])[]): SandboxResponse {
  const fields = members.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`);
  const body = html`<h1>Working</h1>
<form method="post" action="${redirectUri}" id="callback">
${fields}<p>Signing you in. If nothing happens, continue by hand.</p>
<div class="actions"><button class="primary" data-testid="continue">Continue</button></div>
</form>`;
  return page({ rule: ruleId, title: 'Working', body, script: "document.getElementById('callback').submit();" });
}

function signedInAs(interaction: Interaction, account: string): Html {
  return html`<form method="post" action="${formAction(interaction, 'consent')}">
${contextField(interaction)}
<p><span data-testid="signed-in-as">${account}</span> <button class="text" name="decision" value="switch" data-testid="switch-account">switch</button></p>
</form>`;
}

function permissionLists(permissions: readonly PermissionRow[]): Html {
  const names = [...new Set(permissions.map((row) => row.resourceName))];
  const lists = names.map((name) => {
    const rows = permissions
      .filter((row) => row.resourceName === name)
      .map(
        (row) => html`<li data-testid="permission" data-resource="${row.resourceAppId}" data-type="${row.type}" data-value="${row.value}">${row.label}
<code>${row.value} · ${row.type === 'Role' ? 'application' : 'delegated'}</code></li>
`,
      );
    return html`<h2>${name}</h2>
<ul class="permissions">
${rows}</ul>
`;
  });
  return html`${lists}`;
}

function formAction(interaction: Interaction, action: 'login' | 'consent'): string {
  const { authority } = interaction;
  return `/${authority.kind === 'tenant' ? authority.tenant.tenantId : authority.segment}/${action}`;
}

function contextField(interaction: Interaction): Html {
  return html`<input type="hidden" name="ctx" value="${interaction.id}">`;
}

function inlineError(exchange: Exchange, refusal: Refusal | undefined): Html {
  return refusal === undefined ? NOTHING : errorDetail(exchange, refusal);
}

function errorDetail(exchange: Exchange, refusal: Pick<Refusal, 'code' | 'message'>): Html {
  return html`<p class="error" data-testid="error-message">${refusal.message}</p>
<p class="detail" data-testid="error-code" data-code="AADSTS${refusal.code}">${describe(exchange, refusal)}</p>`;
}
