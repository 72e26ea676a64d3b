/** One customer account: what is expected, what is proven, how far the onboarding is. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const getAccount: InstalledOperation = {
  kind: 'read',
  resource: 'customerAccount',
  option: { name: 'Get', value: 'get', action: 'Get customer account', description: 'Get one customer account' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding }) => onboarding.showAccount(parameters.requiredText('account')),
};
