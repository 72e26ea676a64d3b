/**
 * The customer admin's browser through the rounds: landing page, Microsoft, callback, next round. The callback is a
 * claim; the next round starts only after the token endpoint proved the claimed tenant, and with that tenant as
 * authority. Nothing about the tenant is shown here.
 */
import { requireAccount } from '../../accounts/account';
import { type Journey, readJourney } from '../../accounts/journey';
import { type PartnerApp, requireApp } from '../../consent/apps/apps';
import { readConsentCallback } from '../../consent/rounds/callback';
import { type Invitation, requireInvitation, requireInvitationByHash } from '../../consent/rounds/invitation';
import type { LandingApp } from '../../consent/rounds/pages';
import { PAGE_PATIENCE_MS, noteAnswered, noteSent } from '../../consent/rounds/progress';
import { mintRoundState, recordClaim, redeemRoundState, requireBrowser, startBrowser } from '../../consent/rounds/rounds';
import { buildConsentUrl } from '../../consent/rounds/url';
import { OnboardingError } from '../../errors';
import { sha256Base64Url } from '../../internal/encoding';
import { sameGuid } from '../../internal/guid';
import { publicUrl } from '../../internal/public-url';
import { findOwnership } from '../../sso/ownership';
import { proveClaim } from './claims';
import { noteRound, problemOfClaim, problemOfRefusal, type RedeemedState, refuseRound } from './refusals';
import { expectedTenantId } from './requests';
import type { OnboardingContext } from '../context';

/** Where the browser goes next. */
export type RoundOutcome =
  | { readonly kind: 'microsoft'; readonly location: string }
  /** The answer is not proven yet. `isPatient` once the page should let the person go: the work goes on without them. */
  | { readonly kind: 'verifying'; readonly round: number; readonly rounds: number; readonly waitedMs: number; readonly isPatient: boolean }
  /** Every round is answered and proven: the sign-in that proves ownership comes next. */
  | { readonly kind: 'sign_in'; readonly accountId: string; readonly tenantId: string }
  /** What was new is approved, in a tenant that belongs to the account already: nothing is left to ask. */
  | { readonly kind: 'done'; readonly accountName: string };

export interface LandingView {
  readonly accountName: string;
  readonly expectedTenant: string | null;
  readonly apps: readonly LandingApp[];
}

/** What the landing page shows; spends nothing. Raises the `CONSENT_INVITATION_…` codes. */
export async function readLanding(context: OnboardingContext, ticket: string): Promise<LandingView> {
  const invitation = await requireInvitation(context.ports, ticket);
  const account = await requireAccount(context.ports, invitation.accountId);
  const journey = await readJourney(context.ports, invitation.accountId);
  const apps = context.settings.apps.map((app) => ({ app, isApproved: journey.rounds.some((round) => round.round === app.round), added: addedOf(invitation, app.key) }));
  return { accountName: account.name, expectedTenant: account.expectedTenant, apps };
}

function addedOf({ asks }: Invitation, appKey: string): LandingApp['added'] {
  const asked = asks?.find(({ key }) => key === appKey);
  return asked === undefined ? null : asked.added.map(({ name, id, ...permission }) => ({ ...permission, name, id }));
}

/**
 * The click on the landing page: a cookie secret for this browser and the address of the next open round.
 * Raises the `CONSENT_INVITATION_…` codes, `ACCOUNT_REMOVING`, `TENANT_NOT_FOUND`, `CONSENT_TENANT_REFUSED`, `STS_UNAVAILABLE`.
 */
export async function beginRounds(context: OnboardingContext, ticket: string, signal?: AbortSignal): Promise<{ readonly browserSecret: string; readonly outcome: RoundOutcome }> {
  const invitation = await requireInvitation(context.ports, ticket);
  await requireAccount(context.ports, invitation.accountId);
  const { epoch } = await readJourney(context.ports, invitation.accountId);
  const { browserSecret } = await startBrowser(context.ports, { accountId: invitation.accountId, invitationHash: invitation.hash, epoch });
  const outcome = await nextStep(context, { invitation, invitationHash: invitation.hash, browserHash: sha256Base64Url(browserSecret) }, signal);
  return { browserSecret, outcome };
}

/**
 * Microsoft's redirect. Error first; then the state is redeemed in its browser; then the claimed tenant is compared
 * with the expected one; then it is proven. A refusal burns the round's state, never the invitation.
 * Raises `CONSENT_CALLBACK_MALFORMED`, the `CONSENT_STATE_…` and `CONSENT_INVITATION_…` codes, `CONSENT_BROWSER_MISMATCH`,
 * the code of the refusal (see {@link RoundProblem}), `ACCOUNT_REMOVING`, `AUDIT_UNAVAILABLE`.
 */
export async function finishRound(context: OnboardingContext, params: URLSearchParams, browserSecret: string | undefined, signal?: AbortSignal): Promise<RoundOutcome> {
  const callback = readConsentCallback(params);
  if (callback.kind === 'malformed') throw new OnboardingError('CONSENT_CALLBACK_MALFORMED', `The answer cannot be read: ${callback.problem}.`);
  const state = await redeemRoundState(context.ports, callback.state, browserSecret);
  // An invitation withdrawn while the admin was at Microsoft stops here.
  await requireStanding(context, state.invitationHash);
  if (callback.kind === 'refusal') throw await refuseRound(context, state, problemOfRefusal(context, state, callback));
  const problem = problemOfClaim(context, state, callback.tenantId);
  if (problem !== undefined) throw await refuseRound(context, state, problem);
  await takeClaim(context, state, callback.tenantId);
  return continueRounds(context, browserSecret, signal);
}

async function takeClaim(context: OnboardingContext, state: RedeemedState, tenantId: string): Promise<void> {
  const { ports } = context;
  const { accountId, round, appKey, browserHash, expectedTenantId: expected } = state;
  const claim = { round, appKey, tenantId, claimedAt: ports.clock.now() };
  await recordClaim(ports, browserHash, claim);
  await noteAnswered(ports, accountId, state.hash, { ...claim, browserHash, expectedTenantId: expected });
  await noteRound(context, state, 'consent.callback_claimed', { claimedTenantId: tenantId });
  ports.events.emit({ type: 'consent.claimed', at: claim.claimedAt, accountId, data: { round, tenantId } });
}

/** The waiting page's reload: prove the last claim if it can be proven by now, and go on. Raises `CONSENT_BROWSER_MISMATCH`. */
export async function continueRounds(context: OnboardingContext, browserSecret: string | undefined, signal?: AbortSignal): Promise<RoundOutcome> {
  const browser = await requireBrowser(context.ports, browserSecret);
  const invitation = await requireStanding(context, browser.invitationHash);
  const { lastClaim } = browser;
  if (lastClaim !== null && !(await proveClaim(context, { ...browser, browserHash: browser.hash, claim: lastClaim }, signal))) {
    const waitedMs = context.ports.clock.now() - lastClaim.claimedAt;
    return { kind: 'verifying', round: lastClaim.round, rounds: context.settings.apps.length, waitedMs, isPatient: waitedMs >= PAGE_PATIENCE_MS };
  }
  return nextStep(context, { invitation, invitationHash: browser.invitationHash, browserHash: browser.hash }, signal);
}

/** Can this browser go on where it is? Never raises: it is asked while something else has gone wrong. */
export async function canContinue(context: OnboardingContext, browserSecret: string | undefined): Promise<boolean> {
  try {
    await requireStanding(context, (await requireBrowser(context.ports, browserSecret)).invitationHash);
    return true;
  } catch {
    return false;
  }
}

/** The invitation of a browser that is under way, while it and its account stand. */
async function requireStanding(context: OnboardingContext, invitationHash: string): Promise<Invitation> {
  const invitation = await requireInvitationByHash(context.ports, invitationHash);
  await requireAccount(context.ports, invitation.accountId);
  return invitation;
}

interface BrowserStep {
  readonly invitation: Invitation;
  readonly invitationHash: string;
  readonly browserHash: string;
}

async function nextStep(context: OnboardingContext, step: BrowserStep, signal?: AbortSignal): Promise<RoundOutcome> {
  const { accountId } = step.invitation;
  const journey = await readJourney(context.ports, accountId);
  const round = nextRoundOf(context, journey);
  const expected = await expectedTenantId(context, accountId, { signal });
  if (round === undefined) return closingStep(context, step.invitation, journey.provenTenantId ?? '');
  const app = appOfRound(context, round);
  const { state, hash } = await mintRoundState(context.ports, {
    accountId,
    invitationHash: step.invitationHash,
    appKey: app.key,
    round,
    browserHash: step.browserHash,
    expectedTenantId: expected ?? null,
  });
  await noteSent(context.ports, accountId, { epoch: journey.epoch, invitationHash: step.invitationHash }, { round, appKey: app.key, stateHash: hash, sentAt: context.ports.clock.now() });
  return { kind: 'microsoft', location: consentAddress(context, app, expected, state) };
}

/** The sign-in that proves ownership is not asked again of a tenant that is owned, where the invitation only asked for what is new. */
async function closingStep(context: OnboardingContext, { accountId, asks }: Invitation, tenantId: string): Promise<RoundOutcome> {
  const owned = asks === null ? undefined : await findOwnership(context.ports, accountId);
  if (owned === undefined || !sameGuid(owned.tenantId, tenantId)) return { kind: 'sign_in', accountId, tenantId };
  return { kind: 'done', accountName: (await requireAccount(context.ports, accountId)).name };
}

function consentAddress(context: OnboardingContext, app: PartnerApp, tenantId: string | undefined, state: string): string {
  const { endpoints, publicBaseUrl } = context.settings;
  return buildConsentUrl({
    authorityHost: endpoints.authorityHost,
    tenant: tenantId ?? 'organizations',
    appId: app.appId,
    graphResource: endpoints.graphResource,
    redirectUri: publicUrl(publicBaseUrl, '/consent/callback'),
    state,
  });
}

/** The first round this epoch has no proven answer for; undefined when all are answered. */
function nextRoundOf(context: OnboardingContext, journey: Journey): number | undefined {
  return context.settings.apps.find((app) => !journey.rounds.some((round) => round.round === app.round))?.round;
}

function appOfRound(context: OnboardingContext, round: number): PartnerApp {
  return requireApp(context.settings.apps, context.settings.apps.find((app) => app.round === round)?.key ?? '');
}
