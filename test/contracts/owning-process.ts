/** What two processes may want of one tenant at the same moment: that it belongs to an account of theirs, that their admin is bound. */
import { createSystemClock } from '../../src/core/adapters/system-clock';
import type { IdentifiedStore } from '../../src/core/adapters/memory-store';
import { isOnboardingError } from '../../src/core/errors';
import { createSealer, parseKeyRing } from '../../src/core/sealing';
import { bindAdmin, isBoundTo } from '../../src/core/sso/binding';
import { bindInput, outageAudit, own, type TestPorts } from '../core/sso/support';
import { seededRandom } from '../support/core-ports';

/** Every process has the same master keys and its own randomness. */
function portsOn(store: IdentifiedStore, seed: string): TestPorts {
  const random = seededRandom(seed);
  const ring = parseKeyRing(`k1:${Buffer.alloc(32, 7).toString('base64')}`);
  const sealer = createSealer({ ring, storeId: store.storeId, randomBytes: (length) => random.bytes(length) });
  return { clock: createSystemClock(), random, store, sealer, audit: outageAudit() } as unknown as TestPorts;
}

/** The person a process stands for. */
export function personOf(pid: number): string {
  return `eeeeeeee-0000-4000-8000-${String(pid).padStart(12, '0')}`;
}

/** An account of this process's own claims the tenant; 1 when it has it. Refusals are 0, anything else is a failure. */
export async function ownAs(store: IdentifiedStore, pid: number, tenantId: string): Promise<number> {
  try {
    await own(portsOn(store, `${pid}:${tenantId}`), { accountId: `account-of-${pid}-${tenantId.slice(-4)}`, tenantId });
    return 1;
  } catch (error) {
    if (isOnboardingError(error) && error.code === 'SSO_TENANT_CLAIMED') return 0;
    throw error;
  }
}

/** The account becomes somebody's, before the race for its binding. */
export async function ownFor(store: IdentifiedStore, accountId: string, tenantId: string): Promise<void> {
  await own(portsOn(store, accountId), { accountId, tenantId });
}

/** Binds this process's person and says who it is. Having been overtaken is an answer. */
export async function bindAs(store: IdentifiedStore, pid: number, { accountId, tenantId }: { readonly accountId: string; readonly tenantId: string }): Promise<number> {
  await bindAdmin(portsOn(store, `${pid}:${accountId}`), bindInput(personOf(pid), { accountId, tenantId })).catch((error: unknown) => {
    if (!isOnboardingError(error) || error.code !== 'STATE_CONFLICT') throw error;
  });
  return pid;
}

export async function boundOf(store: IdentifiedStore, pids: readonly number[], { accountId, tenantId }: { readonly accountId: string; readonly tenantId: string }): Promise<readonly number[]> {
  const ports = portsOn(store, 'looking');
  const bound = await Promise.all(pids.map(async (pid) => ((await isBoundTo(ports, { accountId, tenantId, objectId: personOf(pid) })) ? [pid] : [])));
  return bound.flat();
}
