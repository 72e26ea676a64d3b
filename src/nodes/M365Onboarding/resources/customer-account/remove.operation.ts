/** Removes a customer account: its access ends, its records go, the audit stays. What was granted in its tenant stays too. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const removeAccount: InstalledOperation = {
  kind: 'effect',
  resource: 'customerAccount',
  option: { name: 'Remove', value: 'remove', action: 'Remove customer account', description: 'End every access and remove the customer account. What was granted in its tenant stays; the output names it.' },
  fields: [
    ACCOUNT,
    { displayName: 'Confirm', name: 'confirmed', type: 'boolean', default: false, description: 'Whether an account in use is removed too: one that is past its first consent, owns a tenant or has a binding' },
  ],
  execute: async (parameters, { onboarding }) => {
    const removed = await onboarding.removeAccount({ accountId: parameters.requiredText('account'), confirmed: parameters.flag('confirmed') });
    return { ...removed, deleted: true };
  },
};
