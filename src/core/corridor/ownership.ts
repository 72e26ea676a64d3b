/**
 * Ownership evidence: right after the last round the same browser signs in at the proven tenant; the directory confirms
 * the person's role; the person confirms the account's and the partner's names on our page. Only then does the tenant
 * belong to the account. The level an operator may impersonate with is offered on the same page.
 */
import * as z from 'zod/v4';
import { setAccessLevelByAdmin, type AccessLevel } from '../accounts/access-level';
import { type CustomerAccount, requireAccount } from '../accounts/account';
import { readJourney, updateJourney } from '../accounts/journey';
import { OWNERSHIP_POLICY } from '../admins/roles';
import { requireApp } from '../consent/apps/apps';
import { requireInvitationByHash } from '../consent/rounds/invitation';
import { requireBrowser } from '../consent/rounds/rounds';
import { isOnboardingError, OnboardingError } from '../errors';
import { sha256Base64Url, toBase64Url } from '../internal/encoding';
import { publicUrl } from '../internal/public-url';
import { supportCodeOf } from '../internal/support-code';
import type { RecordKind } from '../records';
import { claimRecord, dropRecordsWhere, findRecord, type StillMine } from '../records';
import type { CallbackParameters, PendingOwnership, ResponseMode, SignedIn, StandingEvidence } from '../sso/model';
import { confirmOwnership, findPendingOwnership, judgeOwnershipStanding, openOwnership } from '../sso/ownership';
import { finishSignIn, startSignIn } from '../sso/sign-in';
import { readStanding } from './admins';
import { withSupportCode } from './consent/refusals';
import type { OnboardingContext } from './context';
import { requireNotRemoved } from './end-access';
import { isMicrosoftsMove } from './microsofts-move';

const SIGN_IN_TTL_SECONDS = 3600;
const SIGNED_IN_MS = 30 * 60_000;

const signedInSchema: z.ZodType<SignedIn> = z.object({
  outcome: z.literal('signed_in'),
  identity: z.object({ tenantId: z.string(), objectId: z.string(), name: z.string().nullable(), preferredUsername: z.string().nullable(), authenticatedAt: z.number() }),
  accountId: z.string(),
  purpose: z.literal('ownership'),
  appKey: z.string(),
  browserHash: z.string(),
  signedInAt: z.number(),
});

/** A proven sign-in whose role the directory has not confirmed yet: the waiting page comes back to it. */
const signedInKind: RecordKind<SignedIn> = { kind: 'sso/signed-in', schemaVersion: 1, schema: signedInSchema, authenticated: true };

/** Longer than a confirmation can be repeated. */
const ANNOUNCED_MS = 86_400_000;
const announcedKind: RecordKind<{ at: number }> = { kind: 'sso/ownership-announced', schemaVersion: 1, schema: z.object({ at: z.number() }) };

/** Start the sign-in in this browser. The secret goes into its sign-in cookie. */
export async function startOwnershipSignIn(context: OnboardingContext, input: { readonly accountId: string; readonly tenantId: string }): Promise<{ readonly location: string; readonly browserSecret: string }> {
  const { ports, settings } = context;
  const app = requireApp(settings.apps, settings.apps[0]?.key ?? '');
  const browserSecret = toBase64Url(ports.random.bytes(32));
  const started = await startSignIn(ports, {
    accountId: input.accountId,
    purpose: 'ownership',
    tenantId: input.tenantId,
    appId: app.appId,
    appKey: app.key,
    authorityHost: settings.endpoints.authorityHost,
    redirectUri: publicUrl(settings.publicBaseUrl, '/sign-in/callback'),
    responseMode: settings.signInResponseMode,
    browserHash: sha256Base64Url(browserSecret),
    ttlSeconds: SIGN_IN_TTL_SECONDS,
  });
  return { location: started.authorizationUrl, browserSecret };
}

/** The answer of the sign-in. Raises the `SSO_…` code of the refusal, `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`, `AUDIT_UNAVAILABLE` when it cannot be noted. */
export async function finishOwnershipSignIn(
  context: OnboardingContext,
  input: { readonly params: CallbackParameters; readonly browserSecret: string | undefined; readonly arrivedBy: ResponseMode; readonly signal?: AbortSignal },
): Promise<void> {
  const answer = await finishSignIn(context.ports, input);
  if (answer.outcome === 'refused') throw answer.accountId === undefined ? answer.error : await refuseOwner(context, { accountId: answer.accountId, browserSecret: input.browserSecret ?? '' }, answer.error);
  await requireAccount(context.ports, answer.accountId);
  await claimRecord(context.ports, signedInKind, answer.browserHash, answer, context.ports.clock.now() + SIGNED_IN_MS);
}

/** The two cookies of one browser: the one that consented, and the one of the sign-in that followed. */
export interface BrowserSecrets {
  readonly consent: string | undefined;
  readonly signIn: string | undefined;
}

export type ConfirmationView =
  /** The directory has not confirmed the role yet. */
  | { readonly kind: 'waiting'; readonly waitedMs: number }
  | { readonly kind: 'confirm'; readonly pending: PendingOwnership; readonly accountName: string };

/**
 * What the confirmation page shows. Asks the directory for the person's role until it answers.
 * Raises `SSO_BROWSER_MISMATCH`, `CONSENT_BROWSER_MISMATCH`, the `CONSENT_INVITATION_…` codes, `SSO_GUEST_REFUSED`,
 * `SSO_NOT_AN_ADMIN`, `SSO_WRONG_TENANT`, `SSO_TENANT_CLAIMED`, `SSO_ACCOUNT_CLAIMED`, `AUDIT_UNAVAILABLE`.
 */
export async function readConfirmation(context: OnboardingContext, browser: BrowserSecrets, signal?: AbortSignal): Promise<ConfirmationView> {
  const signIn = await requireSignedIn(context, browser);
  const account = await requireAccount(context.ports, signIn.accountId);
  const known = await findPendingOwnership(context.ports, { accountId: signIn.accountId, browserSecret: browser.signIn });
  if (known !== undefined) return { kind: 'confirm', pending: known, accountName: account.name };
  const journey = await readJourney(context.ports, signIn.accountId);
  const standing = await readStandingSoon(context, signIn, signal);
  if (standing.outcome === 'unknown') return { kind: 'waiting', waitedMs: context.ports.clock.now() - signIn.signedInAt };
  try {
    const pending = await openOwnership(context.ports, { signIn, standing, provenTenantId: journey.provenTenantId ?? '', homeTenantId: context.settings.homeTenantId });
    return { kind: 'confirm', pending, accountName: account.name };
  } catch (error) {
    throw isOnboardingError(error) ? await refuseOwner(context, { accountId: signIn.accountId, browserSecret: browser.signIn ?? '', objectId: signIn.identity.objectId }, error) : error;
  }
}

/** The grants may not have reached every replica, and Microsoft may be busy: not a yes, and not a no either. */
async function readStandingSoon(context: OnboardingContext, { identity }: SignedIn, signal?: AbortSignal): Promise<StandingEvidence> {
  try {
    return await readStanding(context, { tenantId: identity.tenantId, objectId: identity.objectId, policy: OWNERSHIP_POLICY }, signal);
  } catch (error) {
    if (!isMicrosoftsMove(error)) throw error;
    return { outcome: 'unknown', roles: [], reasons: [error.code] };
  }
}

/**
 * The person's page says one public word; the operator finds in the audit, and in the reasons of a journey that waits for
 * the sign-in, who was turned away and why. Reloading the page adds nothing. Raises `AUDIT_UNAVAILABLE`.
 */
async function refuseOwner(context: OnboardingContext, who: { readonly accountId: string; readonly browserSecret: string; readonly objectId?: string }, refused: OnboardingError): Promise<OnboardingError> {
  const { ports } = context;
  if (refused.retryable) return refused;
  const { code, message, serviceCode = null } = refused;
  const subject = who.objectId === undefined ? {} : { subject: who.objectId };
  const id = `sso.sign_in_refused:${code}:${sha256Base64Url(who.browserSecret)}`;
  const supportCode = supportCodeOf(id);
  await ports.audit.append({ id, action: 'sso.sign_in_refused', phase: 'note', outcome: 'refused', actor: 'customer-browser', ...subject, accountId: who.accountId, reason: code, details: { ...refused.details, serviceCode, supportCode } });
  const reason = { code, message: `${message} Support code ${supportCode}.` };
  await updateJourney(ports, who.accountId, (journey) => (journey.state === 'consented' ? { ...journey, reasons: [reason] } : journey));
  return withSupportCode(refused, supportCode);
}

/**
 * The admin's confirmation: claims tenant and account for each other, and sets the level the admin chose. The role is read
 * again: a page may have been open for half an hour, and whoever was dismissed meanwhile gives nothing away any more.
 * Raises `SSO_BROWSER_MISMATCH`, `CONSENT_BROWSER_MISMATCH`, the `CONSENT_INVITATION_…` codes, `SSO_TENANT_CLAIMED`,
 * `SSO_ACCOUNT_CLAIMED`, `SSO_NOT_AN_ADMIN`, `SSO_GUEST_REFUSED`, `SSO_STANDING_UNKNOWN`, `AUDIT_UNAVAILABLE`,
 * `ACCOUNT_NOT_FOUND` and `ACCOUNT_REMOVING` (nothing is left of what was confirmed).
 */
export async function confirmOwner(context: OnboardingContext, input: { readonly browser: BrowserSecrets; readonly csrf: string | undefined; readonly accessLevel: AccessLevel }): Promise<{ readonly account: CustomerAccount; readonly accessLevel: AccessLevel }> {
  const signIn = await requireSignedIn(context, input.browser);
  const account = await requireAccount(context.ports, signIn.accountId);
  await requireStillAdmin(context, signIn, input.browser);
  const evidence = await confirmOwnership(context.ports, { accountId: signIn.accountId, browserSecret: input.browser.signIn, csrf: input.csrf, accessLevel: input.accessLevel });
  await setAccessLevelByAdmin(context.ports, { accountId: signIn.accountId, tenantId: evidence.tenantId, adminObjectId: signIn.identity.objectId, level: input.accessLevel, evidenceId: `${evidence.id}:${signIn.signedInAt}` });
  await requireNotRemoved(context, account);
  // A second press is answered like the first and is no second proof: whoever listens starts something for it.
  if (await claimRecord(context.ports, announcedKind, evidence.id, { at: evidence.confirmedAt }, context.ports.clock.now() + ANNOUNCED_MS)) {
    context.ports.events.emit({ type: 'sso.ownership_proven', at: evidence.confirmedAt, accountId: signIn.accountId, data: { tenantId: evidence.tenantId } });
  }
  return { account, accessLevel: input.accessLevel };
}

/** For the end of an account: whoever has signed in and waits for the page. False when it is not `stillMine`. */
export async function dropSignedIn(context: OnboardingContext, accountId: string, stillMine: StillMine): Promise<boolean> {
  return dropRecordsWhere(context.ports, signedInKind, (signedIn) => signedIn.accountId === accountId, stillMine);
}

async function requireStillAdmin(context: OnboardingContext, { accountId, identity }: SignedIn, browser: BrowserSecrets): Promise<void> {
  const standing = await readStanding(context, { tenantId: identity.tenantId, objectId: identity.objectId, policy: OWNERSHIP_POLICY });
  const verdict = judgeOwnershipStanding(standing, identity.objectId);
  if (verdict.verdict === 'proven') return;
  const refused = new OnboardingError(verdict.code, 'Since the page was opened, the directory no longer confirms the signed-in account as an admin who may speak for the tenant.', { details: { reasons: [...standing.reasons] } });
  throw await refuseOwner(context, { accountId, browserSecret: browser.signIn ?? '', objectId: identity.objectId }, refused);
}

/**
 * The sign-in counts only in the browser that consented, and only while its invitation stands: withdrawing it, or
 * replacing it by one for another tenant, must still stop somebody who has come as far as the last question.
 */
async function requireSignedIn(context: OnboardingContext, browser: BrowserSecrets): Promise<SignedIn> {
  const found = browser.signIn === undefined ? undefined : await findRecord(context.ports, signedInKind, sha256Base64Url(browser.signIn));
  if (found === undefined) throw new OnboardingError('SSO_BROWSER_MISMATCH', 'This browser has no sign-in to confirm.');
  const consenting = await requireBrowser(context.ports, browser.consent);
  if (consenting.accountId !== found.value.accountId) throw new OnboardingError('SSO_BROWSER_MISMATCH', 'This browser has begun another account since the sign-in.');
  await requireInvitationByHash(context.ports, consenting.invitationHash);
  return found.value;
}
