/** Customer-owned apps the operator may see, one item each. */
import type { InstalledOperation } from '../../../host/operation';
import { page, PAGING } from '../paging';

export const getManyCustomerApps: InstalledOperation = {
  kind: 'read',
  resource: 'customerApp',
  option: { name: 'Get Many', value: 'getMany', action: 'Get many customer apps', description: 'List the customer-owned apps' },
  fields: [...PAGING, { displayName: 'Account ID', name: 'accountFilter', type: 'string', default: '', placeholder: 'e.g. contoso', description: 'Only those of this customer account. Empty: of all.' }],
  execute: async (parameters, { customerApps, operatorId }) => page(parameters, await customerApps.list(operatorId, parameters.optionalText('accountFilter'))),
};
