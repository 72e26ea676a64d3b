/**
 * How closely to look at a consent. A full read asks for fresh tokens and the directory; a routine look at an account that
 * was proven asks the directory once. A routine look never finds a loss by itself: whenever it disagrees, a full read
 * decides, and one is made at least once a day whatever the directory says (security decision 6).
 */
import type { Journey } from '../../accounts/journey';
import { readGrantEvidence, readRoutineEvidence } from '../../consent/evidence/evidence';
import type { EvidenceInput } from '../../consent/evidence/evidence-model';
import { judgeConsent } from '../../consent/evidence/judge';
import type { ConsentVerdict } from '../../consent/evidence/verdict';
import { type ConsentProof, findConsentProof, noteProofSeen, proofOf, provesAll, saveConsentProof } from '../../consent/evidence/proof-records';
import type { ErrorCode } from '../../error-catalog';
import { sameGuid } from '../../internal/guid';
import type { OnboardingContext } from '../context';

/** A proof is needed at least this often; without one the account is not called active any longer. */
export const EVIDENCE_LASTS_MS = 86_400_000;
/** The full read comes an hour early, so that the hourly look that makes it is in time. */
const FULL_READ_DUE_MS = EVIDENCE_LASTS_MS - 3_600_000;

/** Trouble of the moment: a closer look would meet the same. */
const OF_THE_MOMENT: ReadonlySet<string | undefined> = new Set<ErrorCode>(['GRAPH_UNAVAILABLE', 'GRAPH_THROTTLED', 'STS_UNAVAILABLE', 'STS_THROTTLED']);

/** A verdict, and how it was come by. */
export interface ConsentLook {
  readonly verdict: ConsentVerdict;
  readonly depth: 'full' | 'routine';
}

/**
 * Read and judge once and in full, without touching any record. `proof` tells a loss from what never was.
 * Raises what the transports raise, where it is no answer about the consent.
 */
export async function readConsent(context: OnboardingContext, tenantId: string, signal?: AbortSignal, proof?: ConsentProof): Promise<ConsentVerdict> {
  return judgeConsent(context.settings.apps, await readGrantEvidence(context.ports, inputOf(context, tenantId, signal)), proof);
}

/** What was proven for the journey's tenant; undefined when nothing was, or nothing can be believed without master keys. */
export async function findProof({ ports }: OnboardingContext, { accountId, provenTenantId }: Pick<Journey, 'accountId' | 'provenTenantId'>): Promise<ConsentProof | undefined> {
  const proof = ports.sealer.ready ? await findConsentProof(ports, accountId) : undefined;
  return proof !== undefined && provenTenantId !== null && sameGuid(proof.tenantId, provenTenantId) ? proof : undefined;
}

/** The look that is due at an account whose consent was proven: routine while that is enough, else in full. */
export async function lookAtConsent(context: OnboardingContext, journey: Journey, tenantId: string, signal?: AbortSignal): Promise<ConsentLook> {
  const proof = await findProof(context, journey);
  // What a newer declaration asks for no token was ever seen to carry: the directory alone does not prove it.
  if (proof !== undefined && provesAll(proof, context.settings.apps) && isRoutineEnough(journey, proof, context.ports.clock.now())) {
    const evidence = await readRoutineEvidence(context.ports, inputOf(context, tenantId, signal));
    const verdict = evidence && judgeConsent(context.settings.apps, evidence, proof);
    if (verdict !== undefined && settles(verdict)) return noteLook(context, journey, { verdict, depth: 'routine' }, proof);
  }
  return noteLook(context, journey, { verdict: await readConsent(context, tenantId, signal, proof), depth: 'full' }, proof);
}

/** Whether the last full proof is so old that no routine look can stand for one any longer. */
export function isOutdated(journey: Journey, proof: Pick<ConsentProof, 'tokensAt'> | undefined, now: number): boolean {
  const provenAt = proof === undefined ? journey.consentEvidenceAt : Math.min(proof.tokensAt, journey.consentEvidenceAt ?? 0);
  return now - (provenAt ?? 0) >= EVIDENCE_LASTS_MS;
}

/** What a streak, or the first full read that finds it still there, proved. Without master keys nobody could believe it later. */
export async function rememberProof({ ports }: OnboardingContext, { accountId, epoch }: Pick<Journey, 'accountId' | 'epoch'>, verdict: ConsentVerdict): Promise<void> {
  if (ports.sealer.ready) await saveConsentProof(ports, proofOf(verdict, { accountId, epoch }));
}

function isRoutineEnough(journey: Journey, proof: ConsentProof, now: number): boolean {
  if (journey.consentEvidenceAt === null) return false;
  const ageMs = now - proof.tokensAt;
  // A proof from the future is of a clock that was set back.
  return ageMs >= 0 && ageMs < FULL_READ_DUE_MS;
}

function settles({ verdict, apps }: ConsentVerdict): boolean {
  if (verdict === 'granted') return true;
  return verdict === 'unknown' && apps.every((app) => app.state !== 'unknown' || OF_THE_MOMENT.has(app.because?.code));
}

/** Only what agrees is remembered; what was lost stays in the proof, which is how it is known as lost. */
async function noteLook(context: OnboardingContext, journey: Journey, look: ConsentLook, proof: ConsentProof | undefined): Promise<ConsentLook> {
  const { verdict, depth } = look;
  if (verdict.verdict !== 'granted' || journey.consentEvidenceAt === null) return look;
  if (proof === undefined) await rememberProof(context, journey, verdict);
  else await noteProofSeen(context.ports, journey.accountId, verdict, depth);
  return look;
}

function inputOf({ settings, resources }: OnboardingContext, tenantId: string, signal: AbortSignal | undefined): EvidenceInput {
  return { tenantId, apps: settings.apps, endpoints: settings.endpoints, memory: resources, signal };
}
