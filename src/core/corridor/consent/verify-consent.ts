/**
 * One due read of an account's consent: ask, judge, extend or break the streak, remember. Reads that come too early are
 * not made: five reads in one second would prove one replica five times.
 */
import { requireAccount } from '../../accounts/account';
import { type Journey, readJourney, type Reason, updateJourney } from '../../accounts/journey';
import { findCurrentInvitation } from '../../consent/rounds/invitation';
import { noteTakenBack, seeGranted } from '../../consent/evidence/judge';
import type { AppVerdict, ConsentVerdict, EvidenceKind } from '../../consent/evidence/verdict';
import type { ConsentProof } from '../../consent/evidence/proof-records';
import { describeNotes, describeShortfall } from '../../consent/evidence/reasons';
import { addRead, GOOD_READS_NEEDED, type StreakDecision } from '../../consent/evidence/streak';
import { OnboardingError } from '../../errors';
import { describePending } from './waiting';
import type { OnboardingContext } from '../context';
import { type ConsentLook, findProof, lookAtConsent, readConsent, rememberProof } from './look-at-consent';
import { tellRegress } from '../regress';

export interface ConsentReport {
  readonly accountId: string;
  readonly tenantId: string;
  /** `granted` only after the whole streak. */
  readonly verdict: 'granted' | 'pending' | 'missing' | 'unknown';
  readonly apps: readonly AppVerdict[];
  readonly reads: { readonly good: number; readonly needed: number; readonly made: number };
  /** What the answer rests on, the weakest of the apps'; null when nothing was read, or not everything could be. */
  readonly evidence: EvidenceKind | null;
  /** When it was read. */
  readonly evidenceAt: number | null;
  /** The last full proof: a fresh app token for every app and resource. Needed at least once a day. */
  readonly tokensAt: number | null;
  readonly nextCheckAt: number | null;
  readonly reasons: readonly Reason[];
  /** Worth knowing, and no hindrance. */
  readonly notes: readonly Reason[];
}

/**
 * Make the read that is due while the journey verifies; `report` carries the verdict when one was made.
 * Raises `CONSENT_NOT_STARTED`.
 */
export async function verifyDueRead(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<{ readonly journey: Journey; readonly verdict: ConsentVerdict | undefined }> {
  const { ports } = context;
  const journey = await readJourney(ports, accountId);
  if (journey.provenTenantId === null || journey.state !== 'consent_verifying') {
    throw new OnboardingError('CONSENT_NOT_STARTED', 'No round of consent is waiting to be verified.', { details: { state: journey.state } });
  }
  if (journey.nextCheckAt !== null && ports.clock.now() < journey.nextCheckAt) return { journey, verdict: undefined };
  const verdict = noteTakenBack(await readConsent(context, journey.provenTenantId, signal, await findProof(context, journey)), journey.seenGranted);
  const decision = addRead({ goodReadsAt: journey.goodReadsAt, reads: journey.reads, verifyingSince: journey.verifyingSince ?? journey.since }, verdict.verdict, verdict.readAt);
  if (decision.outcome === 'proven') await auditGranted(context, journey, verdict);
  const next = applyDecision(journey, decision, verdict);
  if (next.state === 'attention') await tellRegress(context, journey, next.reasons);
  const updated = await updateJourney(ports, accountId, (current) => {
    // Another process made this read at the same moment: one of the two counts.
    if (current.reads !== journey.reads || current.epoch !== journey.epoch || current.state !== 'consent_verifying') return current;
    // Or the proof was begun anew: what was read before that is none of its reads.
    if (current.since !== journey.since || current.verifyingSince !== journey.verifyingSince) return current;
    return applyDecision(current, decision, verdict);
  });
  if (decision.outcome === 'proven' && updated.state === 'consented' && updated.epoch === journey.epoch) await rememberProof(context, updated, verdict);
  return { journey: updated, verdict };
}

function applyDecision(journey: Journey, decision: StreakDecision, verdict: ConsentVerdict): Journey {
  const read = { ...journey, goodReadsAt: [...decision.streak.goodReadsAt], reads: decision.streak.reads, lastReadAt: verdict.readAt, seenGranted: [...seeGranted(verdict, journey.seenGranted)] };
  if (decision.outcome === 'proven') return { ...read, state: 'consented', consentEvidenceAt: verdict.readAt, nextCheckAt: null, reasons: [] };
  const reasons = describeShortfall(verdict);
  // Evidence of before does not outlive a proof that failed: one good look would be enough to go on with it.
  if (decision.outcome === 'deadline_passed' || (verdict.verdict === 'missing' && journey.verifyingSince === null)) return { ...read, state: 'attention', consentEvidenceAt: null, nextCheckAt: null, reasons };
  return { ...read, nextCheckAt: decision.nextReadAt, reasons };
}

async function auditGranted(context: OnboardingContext, journey: Journey, verdict: ConsentVerdict): Promise<void> {
  await context.ports.audit.append({
    // Once per verification: what was lost and proven again is another entry.
    id: `consent.granted:${journey.accountId}:${journey.epoch}:${journey.since}`,
    action: 'consent.granted',
    phase: 'outcome',
    actor: 'system',
    accountId: journey.accountId,
    tenantId: verdict.tenantId,
    outcome: 'done',
    details: { apps: verdict.apps.map((app) => app.key), goodReads: GOOD_READS_NEEDED },
  });
  context.ports.events.emit({ type: 'consent.granted', at: verdict.readAt, accountId: journey.accountId, data: { tenantId: verdict.tenantId } });
}

/**
 * `consent verify`: makes the read that is due while the journey verifies; afterwards the look that is due: routine, or in
 * full when the last full one is old or the directory disagrees. Raises `ACCOUNT_NOT_FOUND` and what the transports raise.
 */
export async function verifyConsent(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<ConsentReport> {
  await requireAccount(context.ports, accountId);
  const journey = await readJourney(context.ports, accountId);
  if (journey.state === 'consent_verifying') {
    const read = await verifyDueRead(context, accountId, signal);
    return buildConsentReport(read.journey, read.verdict && { verdict: read.verdict, depth: 'full' }, await findProof(context, read.journey));
  }
  if (journey.provenTenantId === null) return notStarted(context, journey);
  const look = await lookAtConsent(context, journey, journey.provenTenantId, signal);
  if (journey.state === 'consent_pending') await rememberSeen(context, journey, look.verdict);
  return buildConsentReport(journey, { ...look, verdict: noteTakenBack(look.verdict, journey.seenGranted) }, await findProof(context, journey));
}

/** Between two rounds: what is granted by now, so that a later round that takes it back is noticed. */
async function rememberSeen({ ports }: OnboardingContext, seen: Journey, verdict: ConsentVerdict): Promise<void> {
  await updateJourney(ports, seen.accountId, (current) => {
    const seenGranted = seeGranted(verdict, current.seenGranted);
    const isSame = current.epoch !== seen.epoch || current.state !== seen.state || seenGranted.length === current.seenGranted.length;
    return isSame ? current : { ...current, seenGranted: [...seenGranted] };
  });
}

/** What is granted now, by a full read that changes nothing and counts for nothing. */
export async function consentStatus(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<ConsentReport> {
  await requireAccount(context.ports, accountId);
  const journey = await readJourney(context.ports, accountId);
  if (journey.provenTenantId === null) return notStarted(context, journey);
  const proof = await findProof(context, journey);
  return buildConsentReport(journey, { verdict: await readConsent(context, journey.provenTenantId, signal, proof), depth: 'full' }, proof);
}

/** Nothing to read yet: what it waits for, or what stopped it, in the words of `status`. */
async function notStarted(context: OnboardingContext, journey: Journey): Promise<ConsentReport> {
  const { reasons } = await describePending(context, journey);
  return { ...buildConsentReport(journey, undefined, undefined), reasons: reasons.length > 0 ? reasons : [await describeWait(context, journey)] };
}

async function describeWait({ ports, settings }: OnboardingContext, journey: Journey): Promise<Reason> {
  const invitation = await findCurrentInvitation(ports, journey.accountId);
  const isOpen = invitation?.revokedAt === null && invitation.expiresAt > ports.clock.now();
  const until = isOpen ? `the invitation is open until ${new Date(invitation.expiresAt).toISOString()}` : 'no invitation is open';
  return { code: 'CONSENT_NOT_STARTED', message: `Round ${journey.rounds.length + 1} of ${settings.apps.length} waits for the customer's admin; ${until}.` };
}

/** The form programs read. */
export function buildConsentReport(journey: Journey, look: ConsentLook | undefined, proof: ConsentProof | undefined): ConsentReport {
  const verifying = journey.state === 'consent_verifying' || journey.state === 'consent_pending' || journey.state === 'new';
  const verdict = look?.verdict;
  const apps = (verdict?.apps ?? []).map((app) => (verifying ? awaiting(app) : app));
  const evidence = weakest(apps);
  const isGood = verdict?.verdict === 'granted';
  return {
    accountId: journey.accountId,
    tenantId: journey.provenTenantId ?? '',
    verdict: settle(journey, verdict, verifying),
    apps,
    reads: { good: journey.goodReadsAt.length, needed: GOOD_READS_NEEDED, made: journey.reads },
    evidence,
    evidenceAt: isGood && journey.consentEvidenceAt !== null ? verdict.readAt : (journey.consentEvidenceAt ?? journey.lastReadAt),
    tokensAt: proof?.tokensAt ?? null,
    // Of the verification; what `advance` looks at later is another matter.
    nextCheckAt: journey.state === 'consent_verifying' ? journey.nextCheckAt : null,
    reasons: verdict === undefined || isGood || (verifying && journey.reasons.length > 0) ? journey.reasons : describeShortfall(verdict),
    notes: verdict === undefined ? [] : describeNotes(verdict),
  };
}

function settle({ consentEvidenceAt }: Journey, verdict: ConsentVerdict | undefined, verifying: boolean): ConsentReport['verdict'] {
  const read = verdict?.verdict ?? 'granted';
  if (verdict?.verdict === 'unknown') return 'unknown';
  // What was never proven, or was lost, is not granted because of one good read.
  return verifying || (read === 'granted' && consentEvidenceAt === null) ? 'pending' : read;
}

/** A `pending` app is one whose grants may still be on their way. */
function awaiting(app: AppVerdict): AppVerdict {
  return app.state === 'not_granted' || app.state === 'partial' || app.state === 'revoked' ? { ...app, state: 'pending' } : app;
}

const STRENGTH: readonly EvidenceKind[] = ['token_roles', 'directory_agrees', 'tokens_and_directory'];

function weakest(apps: readonly AppVerdict[]): EvidenceKind | null {
  if (apps.some((app) => app.evidence === null)) return null;
  return STRENGTH.find((kind) => apps.some((app) => app.evidence === kind)) ?? null;
}
