/**
 * From a browser's claim to a proven round: the token endpoint is asked whether the app of the round exists in the claimed
 * tenant, and a fresh token is the proof. The browser's waiting page asks, and so does `advance` when the browser is gone.
 * Whatever Microsoft answers instead of a token proves nothing and burns nothing; it is written down for the operator.
 */
import { requireAccount } from '../../accounts/account';
import { type Journey, readJourney, updateJourney } from '../../accounts/journey';
import { isNewestInvitation, requireInvitationByHash } from '../../consent/rounds/invitation';
import { type ClaimName, type ConsentProgress, findProgress, isSameClaim, nextLookAt, noteUnproven, type PendingClaim } from '../../consent/rounds/progress';
import type { BrowserProgress } from '../../consent/rounds/rounds';
import { hasCode, OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import { wrongTenant } from './refusals';
import type { OnboardingContext } from '../context';
import { isMicrosoftsMove } from '../microsofts-move';

export interface ClaimUnderWay {
  readonly accountId: string;
  readonly invitationHash: string;
  readonly epoch: number;
  readonly browserHash: string;
  readonly claim: Pick<NonNullable<BrowserProgress['lastClaim']>, 'round' | 'appKey' | 'tenantId'>;
}

/**
 * True when the round is proven for the claimed tenant, now or before. Raises `CONSENT_WRONG_TENANT` when another tenant's
 * answer was proven first, `CONSENT_INVITATION_REVOKED` and `CONSENT_INVITATION_REPLACED` when the request was ended
 * meanwhile, `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`.
 */
export async function proveClaim(context: OnboardingContext, underWay: ClaimUnderWay, signal?: AbortSignal): Promise<boolean> {
  const { ports } = context;
  if (isAnswered(requireEpoch(await readJourney(ports, underWay.accountId), underWay), underWay.claim)) return true;
  if (!(await isInTenant(context, underWay, signal))) return false;
  // The account may have been removed meanwhile, and another one added under its id, whose requests count from one as well.
  await requireOpen(context, underWay);
  return isAnswered(requireEpoch(await recordProvenRound(context, underWay), underWay), underWay.claim);
}

/** What `advance` does for an answer whose browser is gone. Never raises what concerns that browser alone. */
export async function proveBehindBrowser(context: OnboardingContext, journey: Journey, signal?: AbortSignal): Promise<Journey> {
  const pending = await findPendingClaim(context, journey);
  if (pending === undefined) return journey;
  const dueAt = nextLookAt(pending.claim);
  if (dueAt === null || context.ports.clock.now() < dueAt) return journey;
  const { accountId } = journey;
  try {
    await proveClaim(context, { accountId, invitationHash: pending.invitationHash, epoch: pending.epoch, browserHash: pending.claim.browserHash, claim: pending.claim }, signal);
  } catch (error) {
    if (!hasCode(error, 'CONSENT_WRONG_TENANT', 'CONSENT_INVITATION_REVOKED', 'CONSENT_INVITATION_REPLACED')) throw error;
  }
  return readJourney(context.ports, accountId);
}

/** The claim that still waits for its proof, as long as its request stands and its round is open. */
export async function findPendingClaim(context: OnboardingContext, journey: Journey): Promise<(ConsentProgress & { readonly claim: PendingClaim }) | undefined> {
  const progress = await findLiveProgress(context, journey);
  const claim = progress?.claim ?? null;
  const isOpen = claim !== null && !journey.rounds.some((round) => round.round === claim.round);
  return progress !== undefined && isOpen ? { ...progress, claim } : undefined;
}

/** Undefined unless it is about the request that is open now. */
export async function findLiveProgress(context: OnboardingContext, journey: Journey): Promise<ConsentProgress | undefined> {
  if (journey.state !== 'consent_pending') return undefined;
  const progress = await findProgress(context.ports, journey.accountId);
  const isLive = progress?.epoch === journey.epoch && (await isNewestInvitation(context.ports, journey.accountId, progress.invitationHash));
  return isLive ? progress : undefined;
}

async function isInTenant(context: OnboardingContext, underWay: ClaimUnderWay, signal?: AbortSignal): Promise<boolean> {
  const { ports, settings } = context;
  const { accountId, browserHash, claim } = underWay;
  const name: ClaimName = { round: claim.round, tenantId: claim.tenantId, browserHash };
  const pending = (await findProgress(ports, accountId))?.claim ?? null;
  const notBefore = pending !== null && isSameClaim(pending, name) ? (pending.tried?.notBefore ?? 0) : 0;
  // A page that reloads every few seconds must not ask earlier than Microsoft allowed.
  if (ports.clock.now() < notBefore) return false;
  try {
    const request = { appKey: claim.appKey, tenantId: claim.tenantId, resource: settings.endpoints.graphResource, fresh: true };
    await ports.tokens.acquire(signal === undefined ? request : { ...request, signal });
    return true;
  } catch (error) {
    if (!isMicrosoftsMove(error)) throw error;
    const at = ports.clock.now();
    await noteUnproven(ports, accountId, name, { at, code: error.code, serviceCode: error.serviceCode ?? null, notBefore: at + (error.retryAfterSeconds ?? 0) * 1000 });
    return false;
  }
}

/** Whoever answered in time has answered, also when the invitation's days end while Microsoft replicates. */
async function requireOpen(context: OnboardingContext, { accountId, invitationHash }: ClaimUnderWay): Promise<void> {
  if (!(await isNewestInvitation(context.ports, accountId, invitationHash))) await requireInvitationByHash(context.ports, invitationHash);
  await requireAccount(context.ports, accountId);
}

async function recordProvenRound(context: OnboardingContext, { accountId, epoch, claim }: ClaimUnderWay): Promise<Journey> {
  const now = context.ports.clock.now();
  const last = context.settings.apps.length;
  return updateJourney(context.ports, accountId, (journey) => {
    if (journey.epoch !== epoch || journey.state !== 'consent_pending' || journey.rounds.some((round) => round.round === claim.round)) return journey;
    const rounds = [...journey.rounds, { round: claim.round, appKey: claim.appKey, claimedTenantId: claim.tenantId, callbackAt: now }];
    const proven = { ...journey, rounds, provenTenantId: claim.tenantId, reasons: [] };
    return rounds.length < last ? proven : { ...proven, state: 'consent_verifying', verifyingSince: now, goodReadsAt: [], reads: 0, nextCheckAt: null };
  });
}

function isAnswered(journey: Journey, claim: ClaimUnderWay['claim']): boolean {
  const answer = journey.rounds.find((round) => round.round === claim.round);
  if (answer === undefined || sameGuid(answer.claimedTenantId, claim.tenantId)) return answer !== undefined;
  throw wrongTenant({ expected: null, claimed: claim.tenantId, proven: answer.claimedTenantId });
}

/** The invitation was looked at before the token endpoint was asked; a newer request may have been opened meanwhile. */
function requireEpoch(journey: Journey, { accountId, epoch, invitationHash }: ClaimUnderWay): Journey {
  if (journey.epoch === epoch) return journey;
  throw new OnboardingError('CONSENT_INVITATION_REPLACED', 'This invitation was replaced by a newer one.', { details: { accountId, about: invitationHash } });
}
