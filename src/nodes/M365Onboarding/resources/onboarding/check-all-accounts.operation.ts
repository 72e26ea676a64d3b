/** One sweep over every account the operator may work on: one item with the counts and who needs attention. For a Schedule trigger. */
import type { InstalledOperation } from '../../../host/operation';

export const checkAllAccounts: InstalledOperation = {
  kind: 'effect',
  resource: 'onboarding',
  option: { name: 'Check All Accounts', value: 'checkAllAccounts', action: 'Check all customer accounts', description: 'Advance every customer account once and say who needs attention; for a schedule' },
  fields: [
    { displayName: 'Label', name: 'label', type: 'string', default: '', description: 'Only accounts with this label; empty for all of them' },
    { displayName: 'Resume', name: 'resume', type: 'boolean', default: true, description: 'Whether to go on with the last check when it was interrupted, at most a day later; one that ended starts anew' },
    { displayName: 'Accounts at a Time', name: 'accountsAtATime', type: 'number', typeOptions: { minValue: 1, maxValue: 64 }, default: 8, description: 'How many accounts are looked at at the same time' },
    { displayName: 'Patience (Seconds)', name: 'patienceSeconds', type: 'number', typeOptions: { minValue: 0, maxValue: 86_400 }, default: 1800, description: 'How long to wait, all in all, for tenants that ask to be asked later' },
  ],
  execute: async (parameters, { onboarding, signal }) =>
    onboarding.sweep({
      label: parameters.optionalText('label'),
      resume: parameters.flag('resume'),
      concurrency: parameters.optionalNumber('accountsAtATime'),
      patienceSeconds: parameters.optionalNumber('patienceSeconds'),
      signal,
    }),
};
