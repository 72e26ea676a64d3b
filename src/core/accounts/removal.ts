/**
 * The first and the last write of a removal. The mark comes first: from then on every other operation refuses the account.
 * It holds what a later call needs to go on (who ordered it, under which name the audit knows it, which tenant was
 * proven), so it is also what keeps an audit entry that could not be written yet. The account's own record goes last.
 */
import type { Clock, RandomSource } from '../ports';
import { changeRecord, findRecord, type RecordPorts, retireRecord } from '../records';
import { accountKind, accountNotFound, type CustomerAccount, findAccount, type Removal } from './account';

export interface MarkedAccount {
  readonly accountId: string;
  readonly removal: Removal;
}

/** The account whether or not it is being removed. Raises `ACCOUNT_NOT_FOUND`. */
export async function requireStoredAccount(ports: RecordPorts, accountId: string): Promise<CustomerAccount> {
  const account = await findAccount(ports, accountId);
  if (account === undefined) throw accountNotFound(accountId);
  return account;
}

/**
 * Mark the account, unless a removal has begun already: then that one is gone on with.
 * Raises `ACCOUNT_NOT_FOUND` when it has ended meanwhile, `STATE_CONFLICT`.
 */
export async function markRemoval(
  ports: RecordPorts & { readonly clock: Clock; readonly random: RandomSource },
  account: CustomerAccount,
  by: { readonly operatorId: string; readonly tenantId: string | null },
): Promise<MarkedAccount> {
  const removal: Removal = { id: ports.random.uuid(), startedAt: ports.clock.now(), startedBy: by.operatorId, tenantId: by.tenantId };
  const marked = await changeRecord(ports, accountKind, account.id, (current) => {
    // What was confirmed is the removal of that account, and of no later one under the same id.
    if (current.createdAt !== account.createdAt) throw accountNotFound(account.id);
    return current.removal === null ? { ...current, removal } : current;
  });
  const begun = marked?.removal ?? undefined;
  if (begun === undefined) throw accountNotFound(account.id);
  return { accountId: account.id, removal: begun };
}

/** Is this very removal still under way? False when it has ended, also when the id was given to a new account since. */
export async function isUnderWay(ports: RecordPorts, { accountId, removal }: MarkedAccount): Promise<boolean> {
  return (await findRecord(ports, accountKind, accountId))?.value.removal?.id === removal.id;
}

/** The last write. True for the one call that made it. */
export async function dropAccount(ports: RecordPorts, { accountId, removal }: MarkedAccount): Promise<boolean> {
  const read = await findRecord(ports, accountKind, accountId);
  return read?.value.removal?.id === removal.id && retireRecord(ports, accountKind, accountId, read);
}
