/**
 * Where a journey stands after grants were changed from here: made grants are proven like any consent and never green by
 * themselves; taken ones leave a journey that needs attention, and no access that rested on them. Ending access goes through
 * without the audit; what the audit misses is owed by the records that ended.
 */
import { type Journey, type Reason, readJourney, updateJourney } from '../../accounts/journey';
import { hasCode } from '../../errors';
import { revokeAccountImpersonations } from '../../impersonation/revoke';
import { findBinding } from '../../sso/binding';
import { applyValidation } from '../../sso/validation';
import type { OnboardingContext } from '../context';
import { tellRegress } from '../regress';

/** The whole streak of good reads, from the start. Undefined for an onboarding that is over. */
export async function startProof(context: OnboardingContext, accountId: string, tenantId: string): Promise<Journey> {
  const now = context.ports.clock.now();
  return updateJourney(context.ports, accountId, (journey) => {
    if (journey.state === 'new' || journey.state === 'offboarded') return journey;
    return { ...journey, state: 'consent_verifying', provenTenantId: tenantId, goodReadsAt: [], reads: 0, verifyingSince: now, lastReadAt: null, nextCheckAt: now, reasons: [] };
  });
}

/** What was proven is not so any more. A consent that is being asked for again stays what it is: pending. */
export async function noteLoss(context: OnboardingContext, accountId: string, reasons: readonly Reason[]): Promise<Journey> {
  const { ports } = context;
  const seen = await readJourney(ports, accountId);
  const lost = (journey: Journey): Journey => {
    if (['new', 'consent_pending', 'offboarded'].includes(journey.state)) return journey;
    return { ...journey, state: 'attention', consentEvidenceAt: null, goodReadsAt: [], reads: 0, verifyingSince: null, nextCheckAt: ports.clock.now(), reasons: [...reasons] };
  };
  if (lost(seen) !== seen && seen.state !== 'attention') await unlessAuditDown(tellRegress(context, seen, reasons));
  return updateJourney(ports, accountId, lost);
}

/**
 * Codes nobody has redeemed, and the binding: what is redeemed or asked for from now on finds it stale. `audited` is false while
 * an entry waits for the audit. Raises `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`, `STATE_CONFLICT`, `STATE_UNAVAILABLE`.
 */
export async function endConsentAccess({ ports }: OnboardingContext, accountId: string, actor: string): Promise<{ readonly audited: boolean }> {
  const { audited } = await revokeAccountImpersonations(ports, { accountId, actor, reason: 'consent_revoked' });
  const isBound = ['validating', 'active'].includes((await findBinding(ports, accountId))?.state ?? '');
  const standing = { outcome: 'unknown', roles: [], reasons: [] } as const;
  return { audited: (!isBound || (await unlessAuditDown(applyValidation(ports, { accountId, standing, consentVerdict: 'missing' })))) && audited };
}

async function unlessAuditDown(step: Promise<unknown>): Promise<boolean> {
  try {
    await step;
    return true;
  } catch (error) {
    if (hasCode(error, 'AUDIT_UNAVAILABLE', 'SSO_BINDING_NOT_FOUND')) return hasCode(error, 'SSO_BINDING_NOT_FOUND');
    throw error;
  }
}
