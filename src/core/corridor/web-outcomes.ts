/**
 * What a request of a stranger's browser changed, for a host that starts something when it did: one answer per event of
 * the corridor, and none for forged, repeated or expired requests, which emit no event. A tenant in it is named together
 * with how far to believe it: a claim is what the browser said (security decision 5), proven is what a sign-in showed.
 */
import type { Reason } from '../accounts/journey';
import type { DomainEvent } from '../ports';

export type OutcomeKind =
  | 'consent_claimed'
  | 'consent_declined'
  | 'consent_approval_needed'
  | 'consent_wrong_tenant'
  | 'consent_tenant_refused'
  | 'consent_partner_admin'
  | 'consent_settling'
  | 'consent_service_missing'
  | 'consent_app_misconfigured'
  | 'consent_blocked'
  | 'consent_interrupted'
  | 'consent_failed'
  | 'ownership_proven';

export interface WebOutcome {
  readonly accountId: string;
  readonly outcome: OutcomeKind;
  /** The round that was answered; null when the outcome is about all of them. */
  readonly round: number | null;
  readonly rounds: number;
  readonly tenantId: string | null;
  /** How `tenantId` is known; null together with it. */
  readonly tenantIs: 'claimed' | 'proven' | null;
  /** Why it was refused; empty for a claim and for a proof. */
  readonly reasons: readonly Reason[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

const KINDS: Readonly<Record<string, OutcomeKind>> = {
  'consent.claimed': 'consent_claimed',
  'consent.declined': 'consent_declined',
  'consent.approval_needed': 'consent_approval_needed',
  'consent.wrong_tenant': 'consent_wrong_tenant',
  'consent.tenant_refused': 'consent_tenant_refused',
  'consent.partner_admin': 'consent_partner_admin',
  'consent.settling': 'consent_settling',
  'consent.service_missing': 'consent_service_missing',
  'consent.app_misconfigured': 'consent_app_misconfigured',
  'consent.blocked': 'consent_blocked',
  'consent.interrupted': 'consent_interrupted',
  'consent.failed': 'consent_failed',
  'sso.ownership_proven': 'ownership_proven',
};

/** Pure. Undefined for an event that is no answer of a browser. */
export function classifyOutcome(event: DomainEvent, rounds: number): WebOutcome | undefined {
  const outcome = KINDS[event.type];
  if (outcome === undefined || event.accountId === null) return undefined;
  const { round, tenantId, code, message } = event.data;
  const tenant = typeof tenantId === 'string' ? tenantId : null;
  return {
    accountId: event.accountId,
    outcome,
    round: typeof round === 'number' ? round : null,
    rounds,
    tenantId: tenant,
    tenantIs: tenant === null ? null : outcome === 'ownership_proven' ? 'proven' : 'claimed',
    reasons: typeof code === 'string' ? [{ code, message: typeof message === 'string' ? message : '' }] : [],
    at: event.at,
  };
}
