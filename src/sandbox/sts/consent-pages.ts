/** The pages about consent: what an app asks for, the wall for people who may not grant it, and a request sent to an administrator. */
import type { SandboxResponse } from '../http';
import type { RuleId } from '../rules';
import type { Exchange, Interaction } from './context';
import type { PermissionRow } from './grants';
import { html, page, type Html } from './html';
import { contextField, errorDetail, formAction, initials, NOTHING, signedInAs } from './page-parts';

export interface ConsentPageOptions {
  readonly rule: RuleId;
  readonly account: string;
  readonly tenantName: string;
  readonly permissions: readonly PermissionRow[];
  /** For the whole organisation, as opposed to one person. */
  readonly isForEverybody: boolean;
}

export function consentPage(exchange: Exchange, interaction: Interaction, options: ConsentPageOptions): SandboxResponse {
  const { policies } = exchange.sts;
  const whom = options.isForEverybody ? html`everybody at <strong>${options.tenantName}</strong>` : html`<strong>${options.account}</strong>`;
  const body = html`${signedInAs(interaction, options.account)}
<h1>Permissions this app asks for</h1>
${appLine(exchange, interaction)}
<p>on behalf of ${whom}</p>
${policies.isRisky(interaction.application.appId) ? html`<p class="note caution" data-testid="risky">This app is considered risky. Accept only if you know who asked you.</p>` : NOTHING}
${permissionLists(options.permissions)}
${options.isForEverybody ? html`<p class="note">Accepting holds for the whole organisation: nobody else will be asked. You can take it back in the admin centre at any time.</p>` : NOTHING}
<form method="post" action="${formAction(interaction, 'consent')}">
${contextField(interaction)}
<div class="actions">
<button name="decision" value="cancel" data-testid="cancel">Cancel</button>
<button class="primary" name="decision" value="accept" data-testid="accept">Accept</button>
</div>
</form>`;
  return page({ rule: options.rule, title: 'Permissions this app asks for', body });
}

export interface WallReason {
  readonly rule: RuleId;
  readonly code?: number;
  /** The organisation takes requests from this page. */
  readonly mayRequest?: boolean;
}

/** The wall for people who may not consent. It stays here; only its own button leads back to the app. */
export function adminNeededPage(exchange: Exchange, interaction: Interaction, account: string, reason: WallReason): SandboxResponse {
  const detail = reason.code === undefined ? NOTHING : errorDetail(exchange, { code: reason.code, message: 'An administrator has to consent to this app.' });
  const body = html`${signedInAs(interaction, account)}
<h1 data-testid="need-admin-approval">An administrator has to approve this</h1>
${appLine(exchange, interaction)}
<p>The app asks for access that your account may not grant. ${reason.mayRequest === true ? 'Ask for it here, or sign in as an administrator.' : 'Show this page to an administrator of your organisation, or sign in as one.'}</p>
${detail}
${reason.mayRequest === true ? requestForm(interaction) : NOTHING}
<form method="post" action="${formAction(interaction, 'consent')}">
${contextField(interaction)}
<p><button class="text" name="decision" value="switch" data-testid="have-an-admin-account">Sign in with an administrator&#39;s account</button></p>
<p><button class="text" name="decision" value="return" data-testid="return-to-app">Back to the app without granting anything</button></p>
</form>`;
  return page({ rule: reason.rule, title: 'An administrator has to approve this', body });
}

export function requestSentPage(interaction: Interaction, account: string): SandboxResponse {
  const body = html`${signedInAs(interaction, account)}
<h1 data-testid="request-sent">Your request was sent</h1>
<p>An administrator will see that you asked for <strong>${interaction.application.displayName}</strong>. You can use the app once they have accepted it.</p>
<form method="post" action="${formAction(interaction, 'consent')}">
${contextField(interaction)}
<div class="actions"><button class="primary" name="decision" value="return" data-testid="return-to-app">Back to the app</button></div>
</form>`;
  return page({ rule: 'POLICY-REQUESTED', title: 'Your request was sent', body });
}

function requestForm(interaction: Interaction): Html {
  return html`<form method="post" action="${formAction(interaction, 'consent')}">
${contextField(interaction)}
<label for="reason">Why do you need this app?</label>
<input type="text" id="reason" name="reason" maxlength="500" required data-testid="request-reason">
<div class="actions"><button class="primary" name="decision" value="request" data-testid="request-approval">Ask for approval</button></div>
</form>`;
}

function appLine(exchange: Exchange, { application }: Interaction): Html {
  const publisher = exchange.sts.policies.publisherOf(application.appId);
  const state = publisher?.verified === true ? html`<span class="verified" data-testid="publisher" data-verified="true">✓ verified: ${publisher.name}</span>` : html`<span class="unverified" data-testid="publisher" data-verified="false">${publisher === undefined ? '' : `${publisher.name} · `}publisher not verified</span>`;
  return html`<div class="app"><span class="tile" aria-hidden="true">${initials(application.displayName)}</span><div><strong data-testid="app-name">${application.displayName}</strong>${state}</div></div>`;
}

function permissionLists(permissions: readonly PermissionRow[]): Html {
  const names = [...new Set(permissions.map((row) => row.resourceName))];
  const lists = names.map((name) => {
    const ofResource = permissions.filter((row) => row.resourceName === name);
    return html`<h2>${name} <small>${ofResource.length}</small></h2>
<ul class="permissions">
${ofResource.map(permissionItem)}</ul>
`;
  });
  return html`${lists}`;
}

function permissionItem(row: PermissionRow): Html {
  const how = row.type === 'Role' ? 'The app uses it by itself, at any time, also while nobody is signed in.' : 'The app uses it in the name of the person who is signed in.';
  return html`<li data-testid="permission" data-resource="${row.resourceAppId}" data-type="${row.type}" data-value="${row.value}"><details>
<summary><span>${row.label}</span><small>${row.type === 'Role' ? 'application' : 'delegated'}</small></summary>
<p><code>${row.value}</code>. ${how}</p>
</details></li>
`;
}
