/**
 * The invitation as an e-mail, for whoever sends it: subject, plain text and HTML that say the same. Pure, in English. The
 * names in it are somebody's input: nothing of them can become markup, a second header line, or another address.
 */
import { html } from '../../internal/html';
import type { PartnerApp } from '../apps/apps';

export interface InvitationMailInput {
  readonly partnerName: string;
  readonly accountName: string;
  /** As the operator expects it; null when any tenant may answer. */
  readonly expectedTenant: string | null;
  /** The landing page: a secret of whoever receives the mail. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** What this visit asks for. */
  readonly apps: readonly Pick<PartnerApp, 'displayName'>[];
  /** An account that was consented before, and is asked for what is new. */
  readonly isAgain: boolean;
}

export interface InvitationMail {
  /** One line, at most 200 characters. */
  readonly subject: string;
  readonly text: string;
  /** A whole document without a script, a picture or anything fetched from elsewhere. */
  readonly html: string;
}

const MAX_SUBJECT_LENGTH = 200;

/** Pure; the same input gives the same mail. */
export function buildInvitationMail(input: InvitationMailInput): InvitationMail {
  const partner = oneLine(input.partnerName);
  const account = oneLine(input.accountName);
  const said = sentencesOf({ ...input, partnerName: partner, accountName: account, expectedTenant: input.expectedTenant === null ? null : oneLine(input.expectedTenant) });
  const subject = `${partner}: please approve ${input.isAgain ? 'again ' : ''}the Microsoft 365 backup of ${account}`.slice(0, MAX_SUBJECT_LENGTH);
  const apps = input.apps.map((app) => oneLine(app.displayName));
  const text = [...said.before, ...(apps.length === 0 ? [] : [apps.map((app) => `  * ${app}`).join('\n')]), input.url, ...said.after, partner].join('\n\n');
  const list = apps.length === 0 ? undefined : html`<ul>${apps.map((app) => html`<li>${app}</li>`)}</ul>`;
  const body = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${subject}</title></head><body>
${said.before.map((sentence) => html`<p>${sentence}</p>`)}
${list}
<p><a href="${input.url}">Open the invitation</a></p>
<p>If that cannot be clicked, copy this address into a browser:<br>${input.url}</p>
${said.after.map((sentence) => html`<p>${sentence}</p>`)}
<p>${partner}</p>
</body></html>`;
  return { subject, text, html: body.text };
}

function sentencesOf({ partnerName, accountName, expectedTenant, expiresAt, apps, isAgain }: InvitationMailInput): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const tenant = expectedTenant === null ? '' : ` (tenant ${expectedTenant})`;
  const count = apps.length === 1 ? 'this app' : `these ${apps.length} apps, one after the other`;
  const what = apps.length === 0 ? 'Everything is approved; only a sign-in is missing that shows it was your organisation.' : `Microsoft will ask you to approve ${count}:`;
  return {
    before: [
      'Hello,',
      isAgain
        ? `${partnerName} needs the approval of your organisation again for the Microsoft 365 backup of ${accountName}${tenant}: something is new in it, or is missing in your tenant.`
        : `${partnerName} is setting up the Microsoft 365 backup of ${accountName}${tenant} and needs the approval of your organisation.`,
      'It takes a Global Administrator or a Privileged Role Administrator of your Microsoft 365 tenant, with the role active. If that is not you, please pass this mail on to one of them, and to nobody else.',
      what,
    ],
    after: [
      'The first page lists every permission and why it is needed. Opening it approves nothing, and the address can be opened as often as you like: it is not used up. You sign in on Microsoft\'s own pages only; we never ask for a password.',
      `The address works until ${readableInstant(expiresAt)}. A newer invitation replaces it.`,
      `If you did not expect this, do not open it and ask ${partnerName} on a way you know.`,
    ],
  };
}

function readableInstant(at: number): string {
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at)} (UTC)`;
}

/** Line ends and other control characters would start a header, or hide what follows. */
function oneLine(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll(/ {2,}/g, ' ').trim();
}
