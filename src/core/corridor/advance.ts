/**
 * `advance` does everything that can be done without a person and then says what it waits for. Each step reads the
 * durable state, has at most one effect, and writes; a process that is killed anywhere is continued by the next call.
 */
import { settleLevelAudit } from '../accounts/access-level';
import { requireAccount } from '../accounts/account';
import { type Journey, type JourneyState, readJourney, updateJourney } from '../accounts/journey';
import { settleGrantChanges } from '../consent/grants/change-records';
import { findCurrentInvitation } from '../consent/rounds/invitation';
import { describeShortfall } from '../consent/evidence/reasons';
import { sameGuid } from '../internal/guid';
import { findBinding, finishBinding, wasUnbound } from '../sso/binding';
import { explainBinding } from '../sso/reasons';
import type { AppliedValidation, SsoBinding } from '../sso/model';
import { findOwnership } from '../sso/ownership';
import { bindFirstAdmin } from './admins';
import { proveBehindBrowser } from './consent/claims';
import { describePending } from './consent/waiting';
import type { JourneyReport, OnboardingContext, WaitingFor } from './context';
import { findProof, isOutdated, lookAtConsent } from './consent/look-at-consent';
import { tellRegress } from './regress';
import { verifyBinding } from './verify-binding';
import { verifyDueRead } from './consent/verify-consent';

/** A routine look at a finished account. */
const RECHECK_MS = 3_600_000;
/** After a look that could say nothing. */
const REPEAT_UNKNOWN_MS = 60_000;

const JUST_PROVEN_MS = 60_000;

type Step = (context: OnboardingContext, journey: Journey, signal?: AbortSignal) => Promise<Journey>;

/** Raises `ACCOUNT_NOT_FOUND`, `SSO_OWNERSHIP_UNPROVEN` never (it is a reason), and what the transports raise. */
export async function advanceJourney(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<JourneyReport> {
  await requireAccount(context.ports, accountId);
  await settleLevelAudit(context.ports, accountId);
  await settleGrantChanges(context.ports, accountId);
  let journey = await readJourney(context.ports, accountId);
  // A state is worked on once per call: replicas that disagree must not send it round in circles.
  for (const seen = new Set<JourneyState>(); !seen.has(journey.state); ) {
    seen.add(journey.state);
    const { state } = journey;
    journey = await STEPS[state](context, journey, signal);
    // About the person everything is said, that the time is over among it; where the consent is in doubt, a look at it says more.
    if (state === 'sso_validating' && journey.state === 'attention' && journey.consentEvidenceAt !== null) break;
  }
  return reportJourney(context, journey);
}

export async function reportStatus(context: OnboardingContext, accountId: string): Promise<JourneyReport> {
  await requireAccount(context.ports, accountId);
  return reportJourney(context, await readJourney(context.ports, accountId));
}

const STEPS: Readonly<Record<JourneyState, Step>> = {
  new: async (context, journey) => ((await findCurrentInvitation(context.ports, journey.accountId)) === undefined ? journey : move(context, journey, { state: 'consent_pending', epoch: Math.max(journey.epoch, 1) })),
  consent_pending: proveBehindBrowser,
  consent_verifying: async (context, journey, signal) => (await verifyDueRead(context, journey.accountId, signal)).journey,
  consented: async (context, journey) => ((await isOwned(context, journey)) ? move(context, journey, { state: 'admin_needed', reasons: [] }) : journey),
  admin_needed: findAdmin,
  sso_validating: verifyBound,
  active: recheck,
  attention: recheck,
  offboarded: async (_context, journey) => journey,
};

async function isOwned(context: OnboardingContext, journey: Journey): Promise<boolean> {
  const ownership = await findOwnership(context.ports, journey.accountId);
  return ownership !== undefined && journey.provenTenantId !== null && sameGuid(ownership.tenantId, journey.provenTenantId);
}

async function findAdmin(context: OnboardingContext, journey: Journey, signal?: AbortSignal): Promise<Journey> {
  const bound = await findBinding(context.ports, journey.accountId);
  if (bound !== undefined && journey.provenTenantId !== null && sameGuid(bound.tenantId, journey.provenTenantId)) return move(context, journey, { state: 'sso_validating', nextCheckAt: null });
  // Whoever unbound by hand does not want the same admin back by the next run.
  if (context.settings.adminChoice === 'manual' || (await wasUnbound(context.ports, journey.accountId))) return journey;
  const binding = await bindFirstAdmin(context, journey.accountId, signal);
  // Binding moved the journey on; without a candidate a person must change something first.
  if (binding !== undefined) return readJourney(context.ports, journey.accountId);
  return move(context, journey, { reasons: [{ code: 'ADMINS_NONE', message: 'Nobody in the tenant holds the required roles in a usable way; list the admins to see why.' }] });
}

async function verifyBound(context: OnboardingContext, journey: Journey, signal?: AbortSignal): Promise<Journey> {
  if (isEarly(context, journey)) return journey;
  const applied = (await findJustProven(context, journey)) ?? (await verifyBinding(context, journey.accountId, signal));
  return move(context, journey, afterValidation(context, applied));
}

/** A binding proven a moment ago by a process that did not live to say so in the journey: asking again would only repeat it. */
async function findJustProven(context: OnboardingContext, journey: Journey): Promise<AppliedValidation | undefined> {
  const now = context.ports.clock.now();
  const isRecent = (binding: SsoBinding | undefined) => binding?.state === 'active' && now - (binding.validatedAt ?? 0) < JUST_PROVEN_MS;
  if (journey.consentEvidenceAt === null || !isRecent(await findBinding(context.ports, journey.accountId))) return undefined;
  // Writes the audit entry the binding may still owe.
  await finishBinding(context.ports, journey.accountId);
  const binding = await findBinding(context.ports, journey.accountId);
  return binding === undefined || !isRecent(binding) ? undefined : { binding, nextCheckAt: now };
}

function afterValidation(context: OnboardingContext, applied: AppliedValidation): Partial<Journey> {
  const { binding } = applied;
  const reasons = explainBinding(binding).map((message) => ({ code: 'SSO_BINDING_STALE', message }));
  if (binding.state === 'active') return { state: 'active', reasons: [], nextCheckAt: context.ports.clock.now() + RECHECK_MS };
  if (binding.state === 'stale') return { state: 'attention', reasons, nextCheckAt: context.ports.clock.now() + RECHECK_MS, ...(binding.reasons.includes('consent_missing') ? { consentEvidenceAt: null } : {}) };
  return { nextCheckAt: applied.nextCheckAt, reasons };
}

async function recheck(context: OnboardingContext, journey: Journey, signal?: AbortSignal): Promise<Journey> {
  if (journey.provenTenantId === null) return journey;
  const binding = await findBinding(context.ports, journey.accountId);
  // A binding that was changed by somebody who then died, or that a check of its own found stale, is looked at now.
  if (journey.state === 'active' && binding?.state === 'active' && isEarly(context, journey)) return journey;
  const { verdict } = await lookAtConsent(context, journey, journey.provenTenantId, signal);
  const nextCheckAt = context.ports.clock.now() + RECHECK_MS;
  // "Unknown" is no evidence of a loss: look again, change nothing, but not for ever.
  if (verdict.verdict === 'unknown') return move(context, journey, isOutdated(journey, await findProof(context, journey), verdict.readAt) ? { state: 'attention', reasons: describeShortfall(verdict), nextCheckAt } : { nextCheckAt: context.ports.clock.now() + REPEAT_UNKNOWN_MS });
  if (verdict.verdict === 'missing') return move(context, journey, { state: 'attention', consentEvidenceAt: null, reasons: describeShortfall(verdict), nextCheckAt });
  // One good read does not bring back what was lost: another replica may not have heard of the loss. The whole streak again.
  if (journey.state === 'attention' && (binding === undefined || journey.consentEvidenceAt === null)) return move(context, journey, { state: 'consent_verifying', verifyingSince: null, goodReadsAt: [], reads: 0, nextCheckAt: null });
  if (binding === undefined) return move(context, journey, { state: 'attention', reasons: [{ code: 'SSO_BINDING_NOT_FOUND', message: 'No admin is bound any more.' }], nextCheckAt });
  const evidence = await move(context, journey, { consentEvidenceAt: verdict.readAt });
  if (isOvertaken(journey, evidence)) return evidence;
  const judged = afterValidation(context, await verifyBinding(context, journey.accountId, signal));
  return move(context, evidence, journey.state === 'active' ? { state: 'sso_validating', ...judged } : judged);
}

/** Write a step's result, unless somebody else moved the journey in the meantime: then theirs stands. */
async function move(context: OnboardingContext, seen: Journey, change: Partial<Journey>): Promise<Journey> {
  if (change.state === 'attention' && seen.state !== 'attention') await tellRegress(context, seen, change.reasons ?? []);
  return updateJourney(context.ports, seen.accountId, (current) => {
    return isOvertaken(seen, current) ? current : { ...current, ...change };
  });
}

/** Also by a loss that left the state as it was: what was read before it must not bring back what it took. */
function isOvertaken(seen: Journey, current: Journey): boolean {
  const isLost = seen.consentEvidenceAt !== null && current.consentEvidenceAt === null;
  return isLost || current.state !== seen.state || current.epoch !== seen.epoch || current.since !== seen.since;
}

function isEarly(context: OnboardingContext, journey: Journey): boolean {
  return journey.nextCheckAt !== null && context.ports.clock.now() < journey.nextCheckAt;
}

const WAITS: Readonly<Record<JourneyState, WaitingFor | null>> = {
  new: 'consent',
  consent_pending: 'consent',
  consent_verifying: 'replication',
  consented: 'sign_in',
  admin_needed: 'admin_choice',
  sso_validating: 'replication',
  active: null,
  attention: null,
  offboarded: null,
};

const UNOWNED = { code: 'SSO_OWNERSHIP_UNPROVEN', message: 'No admin of the tenant has yet confirmed that it belongs to this account.' };

async function reportJourney(context: OnboardingContext, journey: Journey): Promise<JourneyReport> {
  if (journey.state === 'consent_pending') return { accountId: journey.accountId, state: journey.state, since: journey.since, ...(await describePending(context, journey)) };
  const reasons = journey.state === 'consented' ? [UNOWNED, ...journey.reasons] : journey.reasons;
  const events = { accountId: journey.accountId, state: journey.state, since: journey.since };
  return { ...events, waitingFor: WAITS[journey.state], nextCheckAt: journey.nextCheckAt, reasons };
}
