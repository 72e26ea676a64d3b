/** The sum of a sweep, account by account. Pure. Lists are cut at a hundred: counts say the rest, and memory stays as it is. */
import * as z from 'zod/v4';
import type { AccountVerdict, SweepCounts } from './model';

export const MAX_NAMED = 100;

const count = z.number().int().nonnegative();

export const tallySchema = z.object({
  accounts: count,
  ok: count,
  attention: count,
  waiting: count,
  failed: count,
  unavailable: count,
  regressed: z.array(z.object({ accountId: z.string(), codes: z.array(z.string()) })),
  failures: z.array(z.object({ accountId: z.string(), code: z.string() })),
});

export type Tally = z.infer<typeof tallySchema>;

export function emptyTally(): Tally {
  return { accounts: 0, ok: 0, attention: 0, waiting: 0, failed: 0, unavailable: 0, regressed: [], failures: [] };
}

export function addVerdict(tally: Tally, accountId: string, verdict: AccountVerdict): Tally {
  const counted = { ...tally, accounts: tally.accounts + 1, [verdict.kind]: tally[verdict.kind] + 1 };
  if (verdict.kind === 'attention') return { ...counted, regressed: named(tally.regressed, { accountId, codes: [...verdict.codes] }) };
  if (verdict.kind !== 'failed') return counted;
  const unavailable = tally.unavailable + (verdict.unavailable ? 1 : 0);
  return { ...counted, unavailable, failures: named(tally.failures, { accountId, code: verdict.code }) };
}

export function countsOf({ accounts, ok, attention, waiting, failed, unavailable }: Tally): SweepCounts {
  return { accounts, ok, attention, waiting, failed, unavailable };
}

function named<T>(list: T[], one: T): T[] {
  return list.length < MAX_NAMED ? [...list, one] : list;
}
