/**
 * Ends an account's SSO binding on an operator's word. The person is free for another account, codes nobody has redeemed are
 * revoked, and the journey waits for a choice again. It goes through whatever the audit does; what the audit misses is owed
 * by the records that ended, and running it again writes it.
 */
import { requireAccount } from '../accounts/account';
import { type Journey, updateJourney } from '../accounts/journey';
import { OnboardingError } from '../errors';
import { revokeAccountImpersonations } from '../impersonation/revoke';
import { findBinding, unbindAdmin } from '../sso/binding';
import { type OnboardingContext, requireOperator } from './context';

export interface UnbindInput {
  readonly accountId: string;
  /** Authenticated by the host. */
  readonly operatorId: string;
  /** Nobody can be impersonated for the account until somebody is bound again. */
  readonly confirmed?: boolean | undefined;
  /** For the audit. */
  readonly reason?: string | undefined;
}

export interface UnboundAdmin {
  readonly accountId: string;
  /** False when nobody was bound. */
  readonly unbound: boolean;
  /** False while an entry waits for the audit. */
  readonly audited: boolean;
}

const BOUND: ReadonlySet<Journey['state']> = new Set(['sso_validating', 'active', 'attention']);

/** Raises `OPERATOR_NOT_ALLOWED`, `ACCOUNT_NOT_FOUND`, `ACCOUNT_REMOVING`, `SSO_UNBINDING_UNCONFIRMED`, `STATE_CONFLICT`, `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`. */
export async function unbindChosenAdmin(context: OnboardingContext, { accountId, operatorId, confirmed, reason }: UnbindInput): Promise<UnboundAdmin> {
  const { ports } = context;
  await requireOperator(context, operatorId, 'onboard', accountId);
  await requireAccount(ports, accountId);
  const bound = await findBinding(ports, accountId);
  if (bound !== undefined && confirmed !== true) throw new OnboardingError('SSO_UNBINDING_UNCONFIRMED', `${bound.displayName} (${bound.upn}) is bound to the account; ending that was not confirmed.`, { details: { accountId, userObjectId: bound.userObjectId } });
  const ended = await unbindAdmin(ports, { accountId, actor: operatorId, ...(reason === undefined ? {} : { reason }) });
  const revoked = await revokeAccountImpersonations(ports, { accountId, actor: operatorId, reason: 'unbound' });
  await updateJourney(ports, accountId, (journey) => (BOUND.has(journey.state) && journey.consentEvidenceAt !== null ? { ...journey, state: 'admin_needed', nextCheckAt: null, reasons: [] } : journey));
  return { accountId, unbound: ended.unbound, audited: ended.audited && revoked.audited };
}
