/**
 * The customer admin's browser through the rounds: landing page, Microsoft, callback, next round. The callback is a
 * claim; the next round starts only after the token endpoint proved the claimed tenant, and with that tenant as
 * authority. Nothing about the tenant is shown here.
 */
import { requireAccount } from '../accounts/account';
import { type Journey, readJourney, updateJourney } from '../accounts/journey';
import { type PartnerApp, requireApp } from '../consent/apps';
import { readConsentCallback } from '../consent/callback';
import { type Invitation, requireInvitation, requireInvitationByHash } from '../consent/invitation';
import { type BrowserProgress, mintRoundState, recordClaim, redeemRoundState, requireBrowser, startBrowser } from '../consent/rounds';
import { buildConsentUrl } from '../consent/url';
import { hasCode, OnboardingError } from '../errors';
import { sha256Base64Url } from '../internal/encoding';
import { sameGuid } from '../internal/guid';
import { publicUrl } from '../internal/public-url';
import { noteRound, problemOfClaim, problemOfRefusal, refuseRound } from './consent-refusals';
import { expectedTenantId } from './consent-requests';
import type { OnboardingContext } from './context';

/** Where the browser goes next. */
export type RoundOutcome =
  | { readonly kind: 'microsoft'; readonly location: string }
  | { readonly kind: 'verifying'; readonly round: number; readonly rounds: number }
  /** Every round is answered and proven: the sign-in that proves ownership comes next. */
  | { readonly kind: 'sign_in'; readonly accountId: string; readonly tenantId: string };

export interface LandingView {
  readonly accountName: string;
  readonly expectedTenant: string | null;
  readonly nextRound: number;
}

/** What the landing page shows; spends nothing. Raises the `CONSENT_INVITATION_…` codes. */
export async function readLanding(context: OnboardingContext, ticket: string): Promise<LandingView> {
  const invitation = await requireInvitation(context.ports, ticket);
  const account = await requireAccount(context.ports, invitation.accountId);
  const journey = await readJourney(context.ports, invitation.accountId);
  return { accountName: account.name, expectedTenant: account.expectedTenant, nextRound: nextRoundOf(context, journey) ?? context.settings.apps.length + 1 };
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
 * Raises `CONSENT_CALLBACK_MALFORMED`, the `CONSENT_STATE_…` codes, `CONSENT_BROWSER_MISMATCH`, `CONSENT_DECLINED`,
 * `CONSENT_ADMIN_APPROVAL_NEEDED`, `CONSENT_FAILED`, `CONSENT_WRONG_TENANT`, `CONSENT_TENANT_REFUSED`, `ACCOUNT_REMOVING`.
 */
export async function finishRound(context: OnboardingContext, params: URLSearchParams, browserSecret: string | undefined, signal?: AbortSignal): Promise<RoundOutcome> {
  const callback = readConsentCallback(params);
  if (callback.kind === 'malformed') throw new OnboardingError('CONSENT_CALLBACK_MALFORMED', `The answer cannot be read: ${callback.problem}.`);
  const state = await redeemRoundState(context.ports, callback.state, browserSecret);
  // An invitation withdrawn while the admin was at Microsoft stops here.
  await requireStanding(context, state.invitationHash);
  if (callback.kind === 'refusal') throw await refuseRound(context, state, problemOfRefusal(state, callback));
  const problem = problemOfClaim(context, state, callback.tenantId);
  if (problem !== undefined) throw await refuseRound(context, state, problem);
  await recordClaim(context.ports, state.browserHash, { round: state.round, appKey: state.appKey, tenantId: callback.tenantId });
  await noteRound(context, state, 'consent.callback_claimed', { claimedTenantId: callback.tenantId });
  context.ports.events.emit({ type: 'consent.claimed', at: context.ports.clock.now(), accountId: state.accountId, data: { round: state.round, tenantId: callback.tenantId } });
  return continueRounds(context, browserSecret, signal);
}

/** The waiting page's reload: prove the last claim if it can be proven by now, and go on. Raises `CONSENT_BROWSER_MISMATCH`. */
export async function continueRounds(context: OnboardingContext, browserSecret: string | undefined, signal?: AbortSignal): Promise<RoundOutcome> {
  const browser = await requireBrowser(context.ports, browserSecret);
  const invitation = await requireStanding(context, browser.invitationHash);
  if (browser.lastClaim !== null && !(await isProven(context, browser, browser.lastClaim, signal))) {
    return { kind: 'verifying', round: browser.lastClaim.round, rounds: context.settings.apps.length };
  }
  return nextStep(context, { invitation, invitationHash: browser.invitationHash, browserHash: browser.hash }, signal);
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
  if (round === undefined) return { kind: 'sign_in', accountId, tenantId: journey.provenTenantId ?? '' };
  const app = appOfRound(context, round);
  const { state } = await mintRoundState(context.ports, {
    accountId,
    invitationHash: step.invitationHash,
    appKey: app.key,
    round,
    browserHash: step.browserHash,
    expectedTenantId: expected ?? null,
  });
  return { kind: 'microsoft', location: consentAddress(context, app, expected, state) };
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

type Claim = NonNullable<BrowserProgress['lastClaim']>;

/**
 * Ask the token endpoint whether the app of this round exists in the claimed tenant. A fresh token is the proof. Raises
 * `CONSENT_WRONG_TENANT` when another browser's answer for another tenant was proven first.
 */
async function isProven(context: OnboardingContext, browser: BrowserProgress, claim: Claim, signal?: AbortSignal): Promise<boolean> {
  const { ports, settings } = context;
  if (isAnswered(requireEpoch(await readJourney(ports, browser.accountId), browser), claim)) return true;
  try {
    const request = { appKey: claim.appKey, tenantId: claim.tenantId, resource: settings.endpoints.graphResource, fresh: true };
    await ports.tokens.acquire(signal === undefined ? request : { ...request, signal });
  } catch (error) {
    if (hasCode(error, 'STS_APP_NOT_IN_TENANT', 'STS_THROTTLED', 'STS_UNAVAILABLE')) return false;
    throw error;
  }
  // The account may have been removed meanwhile, and another one added under its id, whose requests count from one as well.
  await requireStanding(context, browser.invitationHash);
  return isAnswered(requireEpoch(await recordProvenRound(context, browser, claim), browser), claim);
}

async function recordProvenRound(context: OnboardingContext, browser: BrowserProgress, claim: Claim): Promise<Journey> {
  const now = context.ports.clock.now();
  const last = context.settings.apps.length;
  return updateJourney(context.ports, browser.accountId, (journey) => {
    if (journey.epoch !== browser.epoch || journey.state !== 'consent_pending' || journey.rounds.some((round) => round.round === claim.round)) return journey;
    const rounds = [...journey.rounds, { round: claim.round, appKey: claim.appKey, claimedTenantId: claim.tenantId, callbackAt: now }];
    const proven = { ...journey, rounds, provenTenantId: claim.tenantId, reasons: [] };
    return rounds.length < last ? proven : { ...proven, state: 'consent_verifying', verifyingSince: now, goodReadsAt: [], reads: 0, nextCheckAt: null };
  });
}

function isAnswered(journey: Journey, claim: Claim): boolean {
  const answer = journey.rounds.find((round) => round.round === claim.round);
  if (answer === undefined || sameGuid(answer.claimedTenantId, claim.tenantId)) return answer !== undefined;
  throw new OnboardingError('CONSENT_WRONG_TENANT', 'Another tenant has answered this invitation.', { details: { provenTenantId: answer.claimedTenantId, claimedTenantId: claim.tenantId } });
}

/** The invitation was looked at before the token endpoint was asked; a newer request may have been opened meanwhile. */
function requireEpoch(journey: Journey, browser: BrowserProgress): Journey {
  if (journey.epoch === browser.epoch) return journey;
  throw new OnboardingError('CONSENT_INVITATION_REVOKED', 'This invitation was replaced by a newer one.');
}
