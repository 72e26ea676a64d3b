/**
 * Ends every access an account gives: codes nobody has redeemed, the binding, the level, the invitation, the ownership. Ending
 * goes through whatever else is broken: no step waits for the audit or for another step. What the audit misses is kept in the
 * records that ended, and running this again writes it.
 */
import { lowerAccessLevel, readAccessLevel, settleLevelAudit } from '../accounts/access-level';
import { type CustomerAccount, requireSameAccount } from '../accounts/account';
import { revokeInvitation } from '../consent/rounds/invitation';
import { hasCode } from '../errors';
import { revokeAccountImpersonations } from '../impersonation/revoke';
import { unbindAdmin } from '../sso/binding';
import { releaseOwnership } from '../sso/ownership';
import type { OnboardingContext } from './context';

/** Why, in the audit, when an account is removed. */
const ACCOUNT_REMOVED = 'account_removed';

export interface EndAccessInput {
  readonly accountId: string;
  /** Who ordered it: an operator id, or `system`. */
  readonly actor: string;
}

/**
 * `audited` is false while an entry waits for the audit. Every step is tried; then what the first failing one raised is
 * raised: `STATE_RECORD_TAMPERED`, `MASTER_KEY_MISSING`, `STATE_CONFLICT`, `STATE_UNAVAILABLE`.
 */
export async function endAccess({ ports }: OnboardingContext, { accountId, actor }: EndAccessInput): Promise<{ readonly audited: boolean }> {
  const input = { accountId, actor, reason: ACCOUNT_REMOVED };
  const steps: readonly (() => Promise<boolean>)[] = [
    async () => (await revokeAccountImpersonations(ports, input)).audited,
    async () => (await unbindAdmin(ports, input)).audited,
    async () => audited(lowerToNone(ports, accountId, actor)),
    async () => audited(revokeInvitation(ports, accountId, actor)),
    async () => audited(releaseOwnership(ports, input)),
  ];
  const results: (boolean | { readonly failure: unknown })[] = [];
  for (const step of steps) results.push(await step().catch((failure: unknown) => (hasCode(failure, 'AUDIT_UNAVAILABLE') ? false : { failure })));
  const failed = results.find((result) => typeof result !== 'boolean');
  if (failed !== undefined) throw failed.failure;
  return { audited: !results.includes(false) };
}

/**
 * At the end of a step that gave access: a removal that overtook it was already past the place where it looks for what has
 * now been written. Raises `ACCOUNT_NOT_FOUND` and `ACCOUNT_REMOVING`, with nothing left of that.
 */
export async function requireNotRemoved(context: OnboardingContext, before: CustomerAccount): Promise<void> {
  try {
    await requireSameAccount(context.ports, before);
  } catch (error) {
    if (hasCode(error, 'ACCOUNT_NOT_FOUND', 'ACCOUNT_REMOVING')) await endAccess(context, { accountId: before.id, actor: 'system' });
    throw error;
  }
}

async function lowerToNone(ports: OnboardingContext['ports'], accountId: string, operatorId: string): Promise<void> {
  if ((await readAccessLevel(ports, accountId)) === 'none') return settleLevelAudit(ports, accountId);
  await lowerAccessLevel(ports, { accountId, level: 'none', operatorId });
}

/** For what raises `AUDIT_UNAVAILABLE` after it has gone through. */
async function audited(step: Promise<unknown>): Promise<true> {
  await step;
  return true;
}
