/**
 * One due read of an account's consent: ask, judge, extend or break the streak, remember. Reads that come too early are
 * not made: five reads in one second would prove one replica five times.
 */
import { requireAccount } from '../accounts/account';
import { type Journey, readJourney, type Reason, updateJourney } from '../accounts/journey';
import { directoryReader } from '../consent/apps';
import { readGrantEvidence } from '../consent/evidence';
import { type AppVerdict, type ConsentVerdict, judgeConsent, type PermissionFinding } from '../consent/judge';
import { proofOf, saveConsentProof } from '../consent/proof-records';
import { addRead, GOOD_READS_NEEDED, type StreakDecision } from '../consent/streak';
import { OnboardingError } from '../errors';
import type { OnboardingContext } from './context';
import { tellRegress } from './regress';

export interface ConsentReport {
  readonly accountId: string;
  readonly tenantId: string;
  /** `granted` only after the whole streak. */
  readonly verdict: 'granted' | 'pending' | 'missing' | 'unknown';
  readonly apps: readonly AppVerdict[];
  readonly reads: { readonly good: number; readonly needed: number; readonly made: number };
  readonly evidenceAt: number | null;
  readonly nextCheckAt: number | null;
  readonly reasons: readonly Reason[];
}

/** Read and judge once, without touching any record. */
export async function readConsent(context: OnboardingContext, tenantId: string, signal?: AbortSignal): Promise<ConsentVerdict> {
  const { apps, endpoints } = context.settings;
  const evidence = await readGrantEvidence(context.ports, { tenantId, apps, readerKey: directoryReader(apps).key, endpoints, signal });
  return judgeConsent(apps, evidence);
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
  const verdict = await readConsent(context, journey.provenTenantId, signal);
  const decision = addRead({ goodReadsAt: journey.goodReadsAt, reads: journey.reads, verifyingSince: journey.verifyingSince ?? journey.since }, verdict.verdict, verdict.readAt);
  if (decision.outcome === 'proven') await auditGranted(context, journey, verdict);
  const next = applyDecision(journey, decision, verdict);
  if (next.state === 'attention') await tellRegress(context, journey, next.reasons);
  const updated = await updateJourney(ports, accountId, (current) => {
    // Another process made this read at the same moment: one of the two counts.
    if (current.reads !== journey.reads || current.epoch !== journey.epoch || current.state !== 'consent_verifying') return current;
    return applyDecision(current, decision, verdict);
  });
  if (decision.outcome === 'proven' && updated.state === 'consented' && updated.epoch === journey.epoch) await rememberProof(context, updated, verdict);
  return { journey: updated, verdict };
}

function applyDecision(journey: Journey, decision: StreakDecision, verdict: ConsentVerdict): Journey {
  const read = { ...journey, goodReadsAt: [...decision.streak.goodReadsAt], reads: decision.streak.reads, lastReadAt: verdict.readAt };
  if (decision.outcome === 'proven') return { ...read, state: 'consented', consentEvidenceAt: verdict.readAt, nextCheckAt: null, reasons: [] };
  const reasons = describeShortfall(verdict);
  if (decision.outcome === 'deadline_passed' || (verdict.verdict === 'missing' && journey.verifyingSince === null)) return { ...read, state: 'attention', nextCheckAt: null, reasons };
  return { ...read, nextCheckAt: decision.nextReadAt, reasons };
}

/** Without master keys nothing can be remembered that anybody could believe later. */
async function rememberProof({ ports }: OnboardingContext, { accountId, epoch }: Journey, verdict: ConsentVerdict): Promise<void> {
  if (ports.sealer.ready) await saveConsentProof(ports, proofOf(verdict, { accountId, epoch }));
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

/** One sentence per app that is not granted, naming the permissions. */
export function describeShortfall(verdict: ConsentVerdict): Reason[] {
  return verdict.apps
    .filter((app) => app.state !== 'granted')
    .flatMap((app) => {
      if (app.state === 'unknown') return { code: 'CONSENT_UNKNOWN', message: `${app.key}: the directory's answer was incomplete${app.because === null ? '' : ` (${app.because.serviceCode ?? app.because.code})`}.` };
      if (app.state === 'disabled') return { code: 'STS_APP_DISABLED', message: `${app.key}: the app is disabled in the tenant.` };
      const namesOf = (findings: readonly PermissionFinding[]) => findings.map((finding) => `${finding.name} on ${finding.resource}`).join(', ');
      // Waiting or asking again does not help where nobody can grant it.
      const unpublished = app.missing.filter(({ isPublished }) => isPublished === false);
      const ungranted = app.missing.filter(({ isPublished }) => isPublished !== false);
      return [
        ...(ungranted.length === 0 && unpublished.length > 0 ? [] : [{ code: 'CONSENT_MISSING_PERMISSIONS', message: `${app.key}: not granted (yet): ${namesOf(ungranted)}.` }]),
        ...(unpublished.length === 0 ? [] : [{ code: 'CONSENT_PERMISSION_UNPUBLISHED', message: `${app.key}: nobody can grant what the tenant does not offer: ${namesOf(unpublished)}.` }]),
      ];
    });
}

/**
 * `consent verify`: makes the read that is due while the journey verifies, and a plain read of what was proven before.
 * Raises `ACCOUNT_NOT_FOUND` and what the transports raise.
 */
export async function verifyConsent(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<ConsentReport> {
  await requireAccount(context.ports, accountId);
  const journey = await readJourney(context.ports, accountId);
  if (journey.state !== 'consent_verifying') return consentStatus(context, accountId, signal);
  const read = await verifyDueRead(context, accountId, signal);
  return buildConsentReport(accountId, read.journey, read.verdict);
}

/** What is granted now, by a read that changes nothing and counts for nothing. */
export async function consentStatus(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<ConsentReport> {
  await requireAccount(context.ports, accountId);
  const journey = await readJourney(context.ports, accountId);
  if (journey.provenTenantId !== null) return buildConsentReport(accountId, journey, await readConsent(context, journey.provenTenantId, signal));
  const answered = journey.rounds.length;
  const reason = { code: 'CONSENT_NOT_STARTED', message: `Round ${answered + 1} of ${context.settings.apps.length} waits for the customer's admin.` };
  return { ...buildConsentReport(accountId, journey, undefined), reasons: [reason] };
}

/** The form programs read. A `pending` app is one whose grants may still be on their way. */
export function buildConsentReport(accountId: string, journey: Journey, verdict: ConsentVerdict | undefined): ConsentReport {
  const verifying = journey.state === 'consent_verifying' || journey.state === 'consent_pending' || journey.state === 'new';
  const apps = (verdict?.apps ?? []).map((app) => (verifying && (app.state === 'not_granted' || app.state === 'partial') ? Object.assign({}, app, { state: 'pending' as const }) : app));
  const read = verdict?.verdict ?? 'granted';
  // What was never proven, or was lost, is not granted because of one good read.
  const settled = verifying || (read === 'granted' && journey.consentEvidenceAt === null) ? 'pending' : read;
  return {
    accountId,
    tenantId: journey.provenTenantId ?? '',
    verdict: verdict?.verdict === 'unknown' ? 'unknown' : settled,
    apps,
    reads: { good: journey.goodReadsAt.length, needed: GOOD_READS_NEEDED, made: journey.reads },
    evidenceAt: journey.consentEvidenceAt ?? journey.lastReadAt,
    // Of the verification; what `advance` looks at later is another matter.
    nextCheckAt: journey.state === 'consent_verifying' ? journey.nextCheckAt : null,
    reasons: journey.reasons,
  };
}
