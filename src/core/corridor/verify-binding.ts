/** One read that validates the SSO binding: the person's standing and the consent, judged together. */
import { readJourney } from '../accounts/journey';
import { provesAll } from '../consent/evidence/proof-records';
import { isOnboardingError, OnboardingError } from '../errors';
import { findBinding, proposeSuccessor } from '../sso/binding';
import type { AppliedValidation, ConsentVerdict, SsoBinding } from '../sso/model';
import { applyValidation } from '../sso/validation';
import { findSuccessor, READER_ABSENT, readBoundStanding, requireOwnedTenant } from './admins';
import type { OnboardingContext } from './context';
import { findProof, readConsent } from './consent/look-at-consent';

/** Consent proven this recently is not read again. */
const CONSENT_FRESH_MS = 10 * 60_000;

/** The binding as it is remembered. Raises `ACCOUNT_NOT_FOUND`, `SSO_OWNERSHIP_UNPROVEN`, `SSO_BINDING_NOT_FOUND`. */
export async function requireBinding(context: OnboardingContext, accountId: string): Promise<SsoBinding> {
  await requireOwnedTenant(context, accountId);
  const binding = await findBinding(context.ports, accountId);
  if (binding === undefined) throw new OnboardingError('SSO_BINDING_NOT_FOUND', 'No SSO binding is configured for this account.', { details: { accountId } });
  return binding;
}

/** Read and judge now. Raises like {@link requireBinding} and what the transports raise. */
export async function verifyBinding(context: OnboardingContext, accountId: string, signal?: AbortSignal): Promise<AppliedValidation> {
  const binding = await requireBinding(context, accountId);
  const standing = await readBoundStanding(context, binding.tenantId, binding.userObjectId, signal);
  // A reader that has no place in the tenant any more is an answer about the consent.
  const consentVerdict = standing.reasons.includes(READER_ABSENT) ? 'missing' : await consentNow(context, accountId, binding.tenantId, signal);
  const applied = await applyValidation(context.ports, { accountId, standing, consentVerdict });
  return consentVerdict === 'granted' ? withSuccessor(context, applied, signal) : applied;
}

/**
 * Of a stale binding: who could follow, found afresh. Not finding out keeps nothing from saying that the binding is stale, so a
 * refused or failed discovery proposes nobody; the next look tries again.
 */
async function withSuccessor(context: OnboardingContext, applied: AppliedValidation, signal?: AbortSignal): Promise<AppliedValidation> {
  const { accountId, state, userObjectId } = applied.binding;
  if (state !== 'stale') return applied;
  try {
    const candidate = await findSuccessor(context, applied.binding.tenantId, userObjectId, signal);
    const proposed = candidate === undefined ? null : { objectId: candidate.objectId, upn: candidate.upn, displayName: candidate.displayName, reasons: candidate.reasons, proposedAt: context.ports.clock.now() };
    return { ...applied, binding: (await proposeSuccessor(context.ports, accountId, proposed)) ?? applied.binding };
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return applied;
  }
}

async function consentNow(context: OnboardingContext, accountId: string, tenantId: string, signal?: AbortSignal): Promise<ConsentVerdict> {
  const journey = await readJourney(context.ports, accountId);
  const ageMs = context.ports.clock.now() - (journey.consentEvidenceAt ?? Number.NEGATIVE_INFINITY);
  // Evidence from the future is of a clock that was set back, and could stay fresh for ever.
  const isFresh = ageMs >= 0 && ageMs < CONSENT_FRESH_MS;
  const proof = isFresh ? await findProof(context, journey) : undefined;
  // The declaration may have grown since: what was never proven is looked for.
  if (proof !== undefined && provesAll(proof, context.settings.apps)) return 'granted';
  return (await readConsent(context, tenantId, signal)).verdict;
}
