/**
 * Pages the customer's admin sees during consent: before leaving for Microsoft, and while Microsoft's answer is being
 * proven. Fixed texts, everything escaped; nothing Microsoft or a stranger wrote is shown.
 */
import { html, type Html, type PageOptions } from '../../internal/html';
import { type PartnerApp, type RequiredPermission, resourceName } from '../apps/apps';

/** One app as the landing page lists it. */
export interface LandingApp {
  readonly app: PartnerApp;
  /** Answered already: nothing of it is asked on this visit. */
  readonly isApproved: boolean;
  /** What is new or missing since the last approval, for an app that was approved before; null for one that never was. */
  readonly added: readonly (RequiredPermission & { readonly wasGranted: boolean })[] | null;
}

export interface LandingInput {
  readonly partnerName: string;
  readonly accountName: string;
  readonly expectedTenant: string | null;
  readonly apps: readonly LandingApp[];
  readonly action: string;
}

export function landingPage(input: LandingInput): PageOptions {
  const { partnerName, accountName, apps } = input;
  const open = apps.filter((one) => !one.isApproved);
  const isAgain = open.length > 0 && open.every((one) => one.added !== null);
  const tenant = input.expectedTenant === null ? undefined : html`<dt>Microsoft 365 tenant</dt><dd data-testid="expected-tenant">${input.expectedTenant}</dd>`;
  return {
    title: `${partnerName}: connect Microsoft 365 backup`,
    body: html`<p class="partner" data-testid="partner">${partnerName}</p>
<h1>${isAgain ? 'Approve what is new or missing in the Microsoft 365 backup of' : 'Set up Microsoft 365 backup for'} <span data-testid="account">${accountName}</span></h1>
<p>${introduce(open.length, isAgain)}</p>
<dl><dt>Customer</dt><dd>${accountName}</dd>${tenant}<dt>You need</dt><dd>a Global Administrator or Privileged Role Administrator of your tenant, with the role active</dd></dl>
${apps.map(describeApp)}
<form method="post" action="${input.action}"><button type="submit" data-testid="continue">Continue to Microsoft</button></form>
<p class="support">Opening this page changes nothing. If you did not expect it, close it and ask ${partnerName}.</p>`,
  };
}

function introduce(open: number, isAgain: boolean): string {
  if (open === 0) return 'Everything is approved. Microsoft will only ask you to sign in once more, so that we know the approval came from your organisation.';
  const what = open === 1 ? 'one app' : `${open} apps, one after the other`;
  const ask = isAgain ? `Microsoft will ask you to approve ${what} again, because something is new in it or missing in your tenant. Here you see only that; Microsoft's page lists everything.` : `Microsoft will ask you to approve ${what}`;
  return isAgain ? ask : `${ask}, and then to sign in once more so that we know the approval came from your organisation.`;
}

function describeApp({ app, isApproved, added }: LandingApp): Html {
  const services = app.services.length === 0 ? undefined : html`<p class="why">For ${app.services.map(serviceName).join(', ')}</p>`;
  const heading = html`<h2 data-testid="app">${app.round}. ${app.displayName}${isApproved ? ' (already approved)' : ''}</h2>${services}`;
  if (isApproved || added === null) return html`${heading}
<details><summary>${countOf(app.requiredPermissions)} and why</summary>${listOf(app.requiredPermissions)}</details>`;
  const [news, lost] = [added.filter((one) => !one.wasGranted), added.filter((one) => one.wasGranted)];
  const told = [...titled('New:', news), ...titled('Approved before, and missing in your tenant now:', lost)];
  return html`${heading}${told.length === 0 ? html`<p data-testid="news">Something that was approved before is missing in your tenant.</p>` : told}
<details><summary>All ${countOf(app.requiredPermissions)} and why</summary>${listOf(app.requiredPermissions)}</details>`;
}

function titled(title: string, permissions: readonly RequiredPermission[]): Html[] {
  return permissions.length === 0 ? [] : [html`<p data-testid="news">${title}</p>${listOf(permissions)}`];
}

function countOf(permissions: readonly RequiredPermission[]): string {
  return permissions.length === 1 ? '1 permission' : `${permissions.length} permissions`;
}

function listOf(permissions: readonly RequiredPermission[]): Html {
  return html`<ul>${permissions.map(
    (permission) => html`<li data-testid="permission"><strong>${permission.name ?? permission.id}</strong> on ${resourceName(permission.resourceAppId)} (${permission.type})<br><span class="why">${permission.reason}</span></li>`,
  )}</ul>`;
}

const SERVICE_NAMES: Readonly<Record<string, string>> = { exchange: 'Exchange', onedrive: 'OneDrive', sharepoint: 'SharePoint', teams: 'Teams', groups: 'Groups', directory: 'the directory' };

function serviceName(service: string): string {
  return SERVICE_NAMES[service.toLowerCase()] ?? service;
}

export interface VerifyingInput {
  readonly partnerName: string;
  readonly round: number;
  readonly rounds: number;
  readonly waitedMs: number;
  /** The page lets the person go; the work goes on without them. */
  readonly isPatient: boolean;
  /** Where to look again. */
  readonly again: string;
}

/** Reloads by itself, less and less often; after its patience is over it says so and stays as it is. */
export function verifyingPage({ partnerName, round, rounds, waitedMs, isPatient, again }: VerifyingInput): PageOptions {
  if (isPatient) return goOnPage(partnerName, again, `Your approval for app ${round} of ${rounds} was received, but Microsoft does not show it yet.`);
  return {
    title: 'Checking with Microsoft',
    refreshSeconds: reloadSeconds(waitedMs),
    body: html`<p class="partner">${partnerName}</p><h1 data-testid="verifying">Checking with Microsoft…</h1>
<p>Your approval for app ${round} of ${rounds} was received. Microsoft needs a moment until it shows; this page continues by itself.</p>`,
  };
}

export function goOnPage(partnerName: string, again: string, what: string): PageOptions {
  return {
    title: 'You can close this page',
    body: html`<p class="partner">${partnerName}</p><h1 data-testid="go-on">We will go on without you</h1>
<p>${what} We keep checking, and you can close this page. For what is left, open the same invitation again later: it leads straight to the next step.</p>
<p><a class="button" href="${again}" data-testid="again">Check now</a></p>`,
  };
}

/** Quick at first, because most grants show within seconds. */
export function reloadSeconds(waitedMs: number): number {
  if (waitedMs < 15_000) return 3;
  return waitedMs < 60_000 ? 5 : 15;
}
