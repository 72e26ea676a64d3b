/**
 * What a consent request waits for while nobody is in front of it, for `status` and `advance`. Microsoft never tells us of
 * an admin who met its wall, closed the tab, or left a request in the admin consent workflow: after some minutes that
 * silence is named, with both explanations and the way on. Never turned into a decline.
 */
import type { Journey, Reason } from '../../accounts/journey';
import { CLAIM_DEADLINE_MS, type ConsentProgress, nextLookAt, type PendingClaim, UNANSWERED_MS } from '../../consent/rounds/progress';
import { findLiveProgress, findPendingClaim } from './claims';
import type { JourneyReport, OnboardingContext } from '../context';

type Waiting = Pick<JourneyReport, 'waitingFor' | 'nextCheckAt' | 'reasons'>;

/** Of a journey in `consent_pending`; its own reasons come first. Asks nobody. */
export async function describePending(context: OnboardingContext, journey: Journey): Promise<Waiting> {
  const rounds = context.settings.apps.length;
  const pending = await findPendingClaim(context, journey);
  const progress = await findLiveProgress(context, journey);
  const silence = progress === undefined ? undefined : describeSilence(progress, journey, { rounds, now: context.ports.clock.now() });
  const reasons = [...journey.reasons, ...(pending === undefined ? [] : [describeClaim(pending.claim, rounds)]), ...(silence === undefined ? [] : [silence])];
  const nextCheckAt = pending === undefined ? null : nextLookAt(pending.claim);
  return { waitingFor: nextCheckAt === null ? 'consent' : 'replication', nextCheckAt, reasons };
}

/** Expected, claimed and proven tenant in one sentence; then what the last look was answered. */
export function describeClaim(claim: PendingClaim, rounds: number): Reason {
  const { round, appKey, tenantId, expectedTenantId, tried, claimedAt } = claim;
  const wanted = expectedTenantId === null ? 'any customer\'s tenant could answer' : `tenant ${expectedTenantId} was expected`;
  const looked = tried === null ? 'it has not been looked at yet' : `the last look, at ${isoOf(tried.at)}, ended with ${tried.serviceCode ?? tried.code}`;
  const isOver = tried !== null && tried.at - claimedAt >= CLAIM_DEADLINE_MS;
  const next = isOver ? 'Nothing shows after 24 hours, so nothing was granted: the admin opens the invitation again and accepts.' : 'It may take minutes to show; when it stays, nothing was granted.';
  return { code: 'CONSENT_CLAIM_UNPROVEN', message: `Round ${round} of ${rounds} (${appKey}): ${wanted}, the browser came back at ${isoOf(claimedAt)} with tenant ${tenantId}, and no tenant was proven; ${looked}. ${next}` };
}

/** Undefined while somebody may still be reading Microsoft's page, and when the round was answered in whatever way. */
export function describeSilence({ sent }: Pick<ConsentProgress, 'sent'>, journey: Pick<Journey, 'rounds'>, { rounds, now }: { readonly rounds: number; readonly now: number }): Reason | undefined {
  const isOpen = !sent.answered && !journey.rounds.some((round) => round.round === sent.round);
  if (!isOpen || now - sent.sentAt < UNANSWERED_MS) return undefined;
  const minutes = Math.floor((now - sent.sentAt) / 60_000);
  const since = minutes < 120 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`;
  return {
    code: 'CONSENT_UNANSWERED',
    message: `Round ${sent.round} of ${rounds} (${sent.appKey}): somebody was sent to Microsoft ${since} ago (${isoOf(sent.sentAt)}) and has not come back. Either the account may not consent (Microsoft says "Need admin approval" and, where the tenant has an admin consent workflow, keeps a request for its reviewers), or the page was closed before it was answered. Nothing is used up: a Global Administrator opens the same invitation, or a new one.`,
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
