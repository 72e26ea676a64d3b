/**
 * The rules of a rotation. Pure: what may be done now, what a round of proof means, when the old key may go, and what will
 * happen when. Replicas of the token endpoint learn of a key at different times, so one accepted token is no proof: rounds
 * over several tenants are, one after the other and apart in time. Reference "AADSTS700027"; nothing promises a time.
 */
import type { RotationSettings } from '../lifecycle';
import type { CertificateRotation, RotationProof } from './rotation-model';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Attempts that come too early can be remembered by the token endpoint. */
export const FIRST_PROOF_MS = 15_000;
const LONGEST_PAUSE_MS = 2 * MINUTE_MS;
const BLOCKED_PAUSE_MS = HOUR_MS;
/** Whoever asks for a longer pause is mistaken, and would hold the rotation up unseen. */
const LONGEST_ASKED_MS = HOUR_MS;
const UNDER_WAY_MS = 2 * MINUTE_MS;

export type RotationStep = 'issue' | 'register' | 'prove' | 'activate' | 'release' | 'retire' | 'roll_back' | 'wait' | 'none';

/** What can be done with a rotation at `now`. */
export function nextRotationStep(rotation: CertificateRotation, settings: RotationSettings, now: number): RotationStep {
  const { state, nextStepAt, proof } = rotation;
  switch (state) {
    case 'issuing':
      return 'issue';
    case 'registering':
      return 'register';
    case 'proving':
      if (proof.goodRounds >= settings.proofs) return 'activate';
      return now < nextStepAt ? 'wait' : 'prove';
    case 'overlap':
      if (now < nextStepAt) return 'wait';
      return proof.goodRounds < settings.proofs ? 'prove' : 'release';
    case 'retiring':
      return 'retire';
    case 'rolling_back':
      return now < nextStepAt ? 'wait' : 'roll_back';
    default:
      return 'none';
  }
}

/** What the token endpoint said to the new key, for one app in one tenant. */
export interface ProofAnswer {
  readonly tenantId: string;
  readonly appKey: string;
  /** `refused`: the key is not accepted; `not_there`: the app is not in that tenant, which says nothing about the key; `unknown`: no answer. */
  readonly outcome: 'accepted' | 'refused' | 'not_there' | 'unknown';
  readonly code?: string;
  readonly serviceCode?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

export const NO_PROOF: RotationProof = { goodRounds: 0, lastGoodAt: null, rounds: 0, lastProblem: null };

/**
 * The rotation after a round of proof. A refusal begins the count anew; an answer that could not be had neither counts nor
 * resets, since it says nothing about the key. The home tenant has to be among the accepted ones.
 */
export function afterRound(rotation: CertificateRotation, answers: readonly ProofAnswer[], settings: RotationSettings, { now, homeTenantId }: { readonly now: number; readonly homeTenantId: string }): CertificateRotation {
  const rounds = rotation.proof.rounds + 1;
  const isMissing = ({ outcome, tenantId }: ProofAnswer) => outcome === 'not_there' && tenantId === homeTenantId;
  const problem = answers.find(({ outcome }) => outcome === 'refused') ?? answers.find((answer) => answer.outcome === 'unknown' || isMissing(answer));
  if (problem === undefined && answers.length > 0) {
    const proof = { goodRounds: rotation.proof.goodRounds + 1, lastGoodAt: now, rounds, lastProblem: null };
    const isProven = proof.goodRounds >= settings.proofs;
    return { ...rotation, proof, reasons: [], nextStepAt: isProven ? afterProof(rotation, settings, now) : now + settings.proofSpacingSeconds * 1000 };
  }
  const { code = 'STS_UNAVAILABLE', serviceCode = null, tenantId = homeTenantId, appKey = '' } = problem ?? {};
  const isRefused = problem?.outcome === 'refused';
  const proof = { ...rotation.proof, goodRounds: isRefused ? 0 : rotation.proof.goodRounds, rounds, lastProblem: { code, serviceCode, tenantId, appKey, seenAt: now } };
  const pauseMs = Math.max(Math.min(FIRST_PROOF_MS * 2 ** Math.min(rounds, 10), LONGEST_PAUSE_MS), Math.min((problem?.retryAfterSeconds ?? 0) * 1000, LONGEST_ASKED_MS));
  return withDeadline({ ...rotation, proof, nextStepAt: now + pauseMs }, settings, now, isRefused);
}

/** Only a key that is refused is taken back: an endpoint that cannot be reached would not take it back either. */
function withDeadline(rotation: CertificateRotation, settings: RotationSettings, now: number, isRefused: boolean): CertificateRotation {
  if (rotation.state !== 'proving' || !isRefused || now < proofDeadlineAt(rotation, settings)) return rotation;
  const message = `The token endpoint still refuses the new certificate after ${settings.proofDeadlineMinutes} minutes; it is taken back.`;
  return afterUndoing(rotation, { code: 'CERTIFICATE_NOT_ACCEPTED', message }, now);
}

function afterProof(rotation: CertificateRotation, settings: RotationSettings, now: number): number {
  return rotation.state === 'overlap' ? Math.max(now, overlapEndsAt(rotation, settings)) : now;
}

/**
 * A request had to be signed with the old key after all: the proof begins anew, and the overlap with it, also when the old one
 * was about to go and did not yet.
 */
export function afterFallback(rotation: CertificateRotation, settings: RotationSettings, now: number): CertificateRotation {
  const isOldThere = rotation.state === 'overlap' || (rotation.state === 'retiring' && rotation.apps.every(({ removedAt }) => removedAt === null));
  if (!isOldThere) return rotation;
  return { ...rotation, state: 'overlap', lastFallbackAt: now, proof: { ...rotation.proof, goodRounds: 0 }, nextStepAt: now + settings.proofSpacingSeconds * 1000 };
}

/** When both keys have been registered for long enough, counted from the last time the old one was needed. */
export function overlapEndsAt({ activatedAt, lastFallbackAt, startedAt }: CertificateRotation, settings: RotationSettings): number {
  return Math.max(activatedAt ?? startedAt, lastFallbackAt ?? 0) + settings.overlapHours * HOUR_MS;
}

export function proofDeadlineAt({ apps, startedAt }: CertificateRotation, settings: RotationSettings): number {
  const registeredAt = Math.max(startedAt, ...apps.map((app) => app.registeredAt ?? 0));
  return registeredAt + settings.proofDeadlineMinutes * MINUTE_MS;
}

/** What keeps the old key from going, if anything does. */
export function afterRelease(rotation: CertificateRotation, blockers: readonly { readonly code: string; readonly message: string }[], now: number): CertificateRotation {
  if (blockers.length === 0) return { ...rotation, state: 'retiring', reasons: [], nextStepAt: now };
  return { ...rotation, reasons: [...blockers], nextStepAt: now + BLOCKED_PAUSE_MS };
}

/** An operator's word that the rotation is to be undone; not once the old key is on its way out. */
export function canRollBack({ state }: CertificateRotation): boolean {
  return state === 'issuing' || state === 'registering' || state === 'proving' || state === 'overlap';
}

/** The rotation as it is undone. */
export function afterUndoing(rotation: CertificateRotation, reason: { readonly code: string; readonly message: string }, now: number): CertificateRotation {
  return { ...rotation, state: 'rolling_back', reasons: [reason], nextStepAt: now };
}

/** The old certificate ended meanwhile: the new one is the only way on, however long it takes. */
export function afterLosingTheOld(rotation: CertificateRotation, now: number): CertificateRotation {
  const message = 'The old certificate has expired and the new one is still refused. If that lasts, register another one with a different credential of the app.';
  return { ...rotation, state: 'proving', nextStepAt: now + LONGEST_PAUSE_MS, reasons: [{ code: 'CERTIFICATE_EXPIRED', message }] };
}

/** Nobody signs with the new key any more; requests that are under way are let finish before it goes. */
export function afterSwitchingBack(rotation: CertificateRotation, now: number): CertificateRotation {
  return { ...rotation, nextStepAt: now + UNDER_WAY_MS };
}

export interface PlannedStep {
  readonly step: 'issue' | 'register' | 'prove' | 'activate' | 'overlap' | 'retire';
  /** Earliest instant, milliseconds since the Unix epoch. */
  readonly earliestAt: number;
  readonly does: string;
}

/** What a rotation that starts at `now` does when, if nothing goes wrong. Pure; changes nothing. */
export function planRotationSteps(appKeys: readonly string[], settings: RotationSettings, now: number): readonly PlannedStep[] {
  const firstProofAt = now + FIRST_PROOF_MS;
  const activateAt = firstProofAt + (settings.proofs - 1) * settings.proofSpacingSeconds * 1000;
  const retireAt = activateAt + settings.overlapHours * HOUR_MS;
  const apps = appKeys.join(', ');
  return [
    { step: 'issue', earliestAt: now, does: 'Generate a new certificate; its private key stays sealed.' },
    { step: 'register', earliestAt: now, does: `Add its public part beside the old one to: ${apps}. Nothing else is touched.` },
    { step: 'prove', earliestAt: firstProofAt, does: `Ask for fresh tokens with it, in the home tenant and in up to ${settings.sampleTenants} customer tenants, until ${settings.proofs} rounds in a row were accepted; refused for ${settings.proofDeadlineMinutes} minutes, it is taken back.` },
    { step: 'activate', earliestAt: activateAt, does: 'Sign with it from here on; where a server does not know it yet, the old one signs that request.' },
    { step: 'overlap', earliestAt: activateAt, does: `Keep both for at least ${settings.overlapHours} hours, and until everybody who signed with the old one was seen to sign with the new one.` },
    { step: 'retire', earliestAt: retireAt, does: `Remove the old one from: ${apps}.` },
  ];
}
