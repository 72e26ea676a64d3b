/** Pages of the ownership sign-in: waiting, the one question, done. Names shown are the account's, the partner's and the person's own. */
import { html, type PageOptions } from '../internal/html';
import type { PendingOwnership } from './model';

export interface CheckingRoleInput {
  readonly partnerName: string;
  readonly refreshSeconds: number;
}

export function checkingRolePage({ partnerName, refreshSeconds }: CheckingRoleInput): PageOptions {
  return {
    title: 'Checking with Microsoft',
    refreshSeconds,
    body: html`<p class="partner">${partnerName}</p><h1 data-testid="checking-role">Checking your role…</h1>
<p>You are signed in. Microsoft needs a moment until your approval can be used to confirm your role; this page continues by itself.</p>`,
  };
}

export interface ConfirmPageInput {
  readonly partnerName: string;
  readonly accountName: string;
  readonly pending: PendingOwnership;
  readonly action: string;
}

export function confirmPage(input: ConfirmPageInput): PageOptions {
  const { partnerName, accountName, pending } = input;
  return {
    title: 'Confirm your organisation',
    body: html`<p class="partner">${partnerName}</p>
<h1>Is this your organisation?</h1>
<p>By confirming you say that the Microsoft 365 tenant you administer belongs to the customer <strong data-testid="account">${accountName}</strong> of <strong data-testid="partner">${partnerName}</strong>.</p>
<dl><dt>Signed in as</dt><dd data-testid="admin">${pending.displayName} (${pending.upn})</dd><dt>Tenant</dt><dd data-testid="tenant">${pending.tenantId}</dd></dl>
<form method="post" action="${input.action}"><input type="hidden" name="csrf" value="${pending.csrf}">
<fieldset><legend>May ${partnerName} open your backup portal on your behalf?</legend>
<label><input type="radio" name="accessLevel" value="none" checked data-testid="level-none"> No</label>
<label><input type="radio" name="accessLevel" value="restricted" data-testid="level-restricted"> Yes, but without backed-up data (dashboard, users, settings, audit)</label>
<label><input type="radio" name="accessLevel" value="full" data-testid="level-full"> Yes, with everything I can see</label></fieldset>
<p class="why">Each time is recorded with the person, the reason and the time, and ends after an hour at the latest. You can change this by opening the invitation again.</p>
<button type="submit" data-testid="confirm">Confirm</button></form>`,
  };
}

export function donePage(partnerName: string, accountName: string): PageOptions {
  return {
    title: 'Done',
    tone: 'good',
    body: html`<p class="partner">${partnerName}</p><h1 data-testid="done">Thank you, that was all</h1>
<p>${partnerName} now checks the approvals with Microsoft and sets up the backup of ${accountName}. You can close this page.</p>`,
  };
}
