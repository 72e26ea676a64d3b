/** The customer accounts the operator may see, one item each. */
import type { InstalledOperation } from '../../../host/operation';
import { page, PAGING } from '../paging';

export const getManyAccounts: InstalledOperation = {
  kind: 'read',
  resource: 'customerAccount',
  option: { name: 'Get Many', value: 'getMany', action: 'Get many customer accounts', description: 'List the customer accounts the operator may see' },
  fields: PAGING,
  execute: async (parameters, { onboarding }) => page(parameters, await onboarding.listAccounts()),
};
