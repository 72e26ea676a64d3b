/**
 * What a host is told of accounts that regressed: the consent drifted, or the bound admin is not what it was. Read from the
 * journeys, which the recheck keeps; nothing is asked of the directory.
 */
import type { JsonObject } from '../ports';
import type { JourneyReport } from './context';
import type { OperatorOnboarding } from './operator';

export const ACCOUNT_OCCASION_TYPES = ['account.consent_drift', 'account.binding_stale'] as const;
export type AccountOccasionType = (typeof ACCOUNT_OCCASION_TYPES)[number];

export interface AccountOccasion {
  readonly type: AccountOccasionType;
  /** The account and since when: the same regress is the same occasion, a later one is another. */
  readonly subject: string;
  readonly accountId: string;
  readonly data: JsonObject;
}

/** Pure. One for each kind of reason; none while the account needs no attention. */
export function accountOccasions({ accountId, state, since, reasons }: JourneyReport): readonly AccountOccasion[] {
  if (state !== 'attention') return [];
  const ofBinding = reasons.filter(({ code }) => code.startsWith('SSO_'));
  const ofConsent = reasons.filter(({ code }) => !code.startsWith('SSO_'));
  const occasion = (type: AccountOccasionType, found: JourneyReport['reasons']): AccountOccasion => ({ type, subject: `${accountId}:${since}`, accountId, data: { since: new Date(since).toISOString(), reasons: found.map((reason) => ({ ...reason })) } });
  return [
    ...(ofConsent.length > 0 || reasons.length === 0 ? [occasion('account.consent_drift', ofConsent)] : []),
    ...(ofBinding.length > 0 ? [occasion('account.binding_stale', ofBinding)] : []),
  ];
}

/** Of the accounts this operator may see. Raises what the operator's calls raise; an account that is removed meanwhile is passed over. */
export async function listAccountOccasions(operator: Pick<OperatorOnboarding, 'listAccounts' | 'status'>): Promise<readonly AccountOccasion[]> {
  const occasions: AccountOccasion[] = [];
  for (const { id, state, removingAt } of await operator.listAccounts()) {
    if (state === 'attention' && removingAt === undefined) occasions.push(...accountOccasions(await operator.status(id)));
  }
  return occasions;
}
