/** Tells the audit and the host that an account regressed, and why. */
import type { Journey, Reason } from '../accounts/journey';
import type { OnboardingContext } from './context';

/** Before the state is written, under an id of this transition: a kill in between repeats it without a second entry. */
export async function tellRegress(context: OnboardingContext, seen: Journey, reasons: readonly Reason[]): Promise<void> {
  const { ports } = context;
  const details = { from: seen.state, reasons: reasons.map((reason) => reason.code) };
  await ports.audit.append({
    id: `accounts.attention:${seen.accountId}:${seen.epoch}:${seen.since}`,
    action: 'accounts.attention',
    phase: 'note',
    actor: 'system',
    accountId: seen.accountId,
    ...(seen.provenTenantId === null ? {} : { tenantId: seen.provenTenantId }),
    details,
  });
  ports.events.emit({ type: 'accounts.attention', at: ports.clock.now(), accountId: seen.accountId, data: details });
}
