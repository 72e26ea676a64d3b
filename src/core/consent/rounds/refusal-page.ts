/**
 * The page of somebody who was turned away: what happened, whose move it is, one public word for programs and a support code
 * for the telephone. Fixed texts; whoever holds nothing of ours (a forged address, another browser) reads one and the same.
 */
import type { ErrorCode, PublicCode } from '../../errors';
import { html, type PageOptions } from '../../internal/html';

type Text = readonly [title: string, text: (partner: string) => string];

const BY_PUBLIC_CODE: Readonly<Record<PublicCode, Text>> = {
  invalid: ['This page cannot be opened', () => 'The address is incomplete, was used already, or belongs to another browser. Open the newest invitation you received and finish in one browser.'],
  expired: ['This is over', (partner) => `Its time has passed. Open the newest invitation you received, or ask ${partner} for a new one.`],
  wrong_account: ['That was another organisation\'s account', (partner) => `Nothing was approved for your organisation. Sign in again with a Global Administrator of the organisation that ${partner} named in the invitation. If Microsoft keeps choosing the other account, use a private window.`],
  declined: ['Nothing was approved', () => 'Either Cancel was pressed, or the signed-in account may not approve these apps. A Global Administrator can open the same invitation again at any time.'],
  not_allowed: ['This cannot be finished here', (partner) => `Ask ${partner}; the support code tells them why.`],
  try_later: ['Please try again in a few minutes', () => 'Microsoft or our service did not answer in time. Nothing is lost: open the invitation again.'],
  failed: ['That did not work', (partner) => `It is not your mistake. Ask ${partner}; the support code tells them why.`],
};

const TOO_LATE: Text = ['That took too long', () => 'More than an hour passed at Microsoft. Open the invitation again: what you approved before counts.'];
const USED: Text = ['This address was used already', () => 'It works once; the Back button or a reload leads to it again. Open the invitation again to see where you stand.'];

const BY_CODE: Partial<Readonly<Record<ErrorCode, Text>>> = {
  CONSENT_INVITATION_EXPIRED: ['This invitation has expired', (partner) => `Ask ${partner} for a new one. What was approved before still counts.`],
  CONSENT_INVITATION_REVOKED: ['This invitation was withdrawn', (partner) => `${partner} has withdrawn it, and nothing can be approved with it any more. If you expected to go on, ask ${partner}.`],
  CONSENT_INVITATION_REPLACED: ['There is a newer invitation', (partner) => `${partner} has replaced this one by a newer one, and only the newest works. Look for it where you found this one, or ask ${partner} to send it again.`],
  CONSENT_STATE_EXPIRED: TOO_LATE,
  SSO_STATE_EXPIRED: TOO_LATE,
  SSO_CONFIRMATION_EXPIRED: ['That took too long', () => 'The confirmation has to follow the sign-in within half an hour. Open the invitation again: only the sign-in is asked, nothing has to be approved again.'],
  CONSENT_STATE_REPLAYED: USED,
  SSO_STATE_REPLAYED: USED,
  CONSENT_ADMIN_APPROVAL_NEEDED: ['Another administrator has to approve', () => 'The account you used may not approve these apps, or your organisation\'s rules want somebody else to. It takes a Global Administrator or a Privileged Role Administrator with an active role. Pass the invitation on to one of them, or sign in again with such an account.'],
  CONSENT_PARTNER_ADMIN: ['That was a partner\'s account', () => 'The account you used manages your organisation from outside. It takes a Global Administrator who belongs to your own organisation.'],
  CONSENT_TENANT_REFUSED: ['That was not your organisation\'s account', (partner) => `The account you used belongs to ${partner} itself, or is a personal Microsoft account; Microsoft applies an approval to the organisation an account belongs to. Nothing was approved for yours. Sign in with a Global Administrator of your own organisation, in a private window if Microsoft keeps choosing the other account.`],
  CONSENT_SETTLING: ['Microsoft is not ready yet', () => 'In your tenant an earlier version of this app is still being set up or removed. Wait 15 minutes and open the same invitation again. Please do not delete the enterprise application meanwhile: that starts the wait anew.'],
  CONSENT_SERVICE_MISSING: ['Your tenant lacks a service', (partner) => `The app asks for permissions on a Microsoft 365 service that your tenant does not have, for instance because there is no licence for it. License or enable the service and open the invitation again. If you do not use it, tell ${partner}: they can leave it out.`],
  CONSENT_APP_MISCONFIGURED: ['This is for your partner to mend', (partner) => `You did nothing wrong: the app is not set up as it has to be. Tell ${partner} the support code. Afterwards the same invitation works again.`],
  CONSENT_BLOCKED_BY_POLICY: ['A rule of your organisation stopped this', () => 'Microsoft did not let the account through: its device, network or sign-in does not meet your organisation\'s rules. Try again from a device and network that do, or ask whoever manages these rules.'],
  SSO_SIGN_IN_DECLINED: ['The sign-in was not finished', () => 'What you approved counts. Only the sign-in is missing that shows it was your organisation: open the invitation again.'],
  SSO_NOT_AN_ADMIN: ['This account may not speak for your organisation', () => 'It takes an active Global Administrator or Privileged Role Administrator of the whole tenant. If you are only eligible for the role, activate it first; then sign in again.'],
  SSO_GUEST_REFUSED: ['You are a guest there', () => 'The account you used is a guest in this organisation. It takes an administrator who belongs to it.'],
};

/** Where trying again at once can help; elsewhere the text says what comes first. */
const WORTH_REPEATING: ReadonlySet<PublicCode> = new Set(['declined', 'wrong_account', 'try_later']);
const ALSO_WORTH_REPEATING: ReadonlySet<ErrorCode> = new Set(['CONSENT_BLOCKED_BY_POLICY', 'CONSENT_SERVICE_MISSING', 'SSO_CODE_REFUSED', 'SSO_ID_TOKEN_INVALID']);

export interface RefusalInput {
  readonly partnerName: string;
  /** Undefined for a page that does not exist. */
  readonly code: ErrorCode | undefined;
  readonly publicCode: PublicCode;
  readonly supportCode: string;
  /** What is known about Microsoft's own number, for the customer's admin; shown where our own words would say less. */
  readonly adminMessage?: string | undefined;
  /** Where this very browser can go on; absent when it can not. */
  readonly again?: string | undefined;
}

const SAID_BY_MICROSOFTS_NUMBER: ReadonlySet<ErrorCode> = new Set(['CONSENT_FAILED', 'CONSENT_BLOCKED_BY_POLICY', 'SSO_SIGN_IN_DECLINED', 'SSO_CODE_REFUSED']);

export function refusalPage({ partnerName, code, publicCode, supportCode, adminMessage, again }: RefusalInput): PageOptions {
  const [title, text] = (code === undefined ? undefined : BY_CODE[code]) ?? BY_PUBLIC_CODE[publicCode];
  const explanation = code !== undefined && adminMessage !== undefined && SAID_BY_MICROSOFTS_NUMBER.has(code) ? adminMessage : text(partnerName);
  const wayOn = again === undefined ? undefined : html`<p><a class="button" href="${again}" data-testid="again">Try again</a></p>`;
  return {
    title,
    tone: publicCode === 'try_later' ? undefined : 'bad',
    body: html`<p class="partner">${partnerName}</p><h1 data-testid="refusal" data-code="${publicCode}">${title}</h1><p data-testid="explanation">${explanation}</p>${wayOn}
<p class="support">Support code <span data-testid="support-code">${supportCode}</span></p>`,
  };
}

export function isWorthRepeating(code: ErrorCode, publicCode: PublicCode): boolean {
  return WORTH_REPEATING.has(publicCode) || ALSO_WORTH_REPEATING.has(code);
}
