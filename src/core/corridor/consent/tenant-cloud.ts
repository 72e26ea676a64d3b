/**
 * A tenant of another cloud can never consent here: apps and tokens do not cross from one cloud to another. The public
 * discovery document tells it before any link is sent. A hint is enough to refuse; nothing is granted on its word.
 * Microsoft Learn "National clouds".
 */
import { hasCode, OnboardingError } from '../../errors';
import { CLOUD_IDENTITIES } from '../../internal/clouds';
import type { OnboardingContext } from '../context';

/** Raises `TENANT_WRONG_CLOUD`, and what `findCloud` raises. A tenant nobody knows passes: that is said by whoever looks it up. */
export async function requireOwnCloud({ ports, settings }: OnboardingContext, tenant: string, signal?: AbortSignal): Promise<void> {
  const found = await ports.tenants.findCloud?.(tenant, signal);
  const own = settings.cloud ?? 'global';
  if (found === undefined || found.cloud === own) return;
  const where = found.cloud === 'other' ? `a sovereign cloud (${found.loginHost})` : `${CLOUD_IDENTITIES[found.cloud].name} (${found.loginHost})`;
  throw new OnboardingError('TENANT_WRONG_CLOUD', `The tenant "${tenant}" is in ${where}, and this installation works in ${CLOUD_IDENTITIES[own].name}: the partner needs an app registration there.`, {
    details: { tenant, cloud: found.cloud, ownCloud: own, loginHost: found.loginHost },
  });
}

/** The same for a tenant that is only noted for now: what cannot be looked up at this moment is looked up again before a link is sent. */
export async function refuseKnownOtherCloud(context: OnboardingContext, tenant: string | undefined): Promise<void> {
  if (tenant === undefined) return;
  await requireOwnCloud(context, tenant).catch((error: unknown) => {
    if (hasCode(error, 'TENANT_WRONG_CLOUD')) throw error;
  });
}
