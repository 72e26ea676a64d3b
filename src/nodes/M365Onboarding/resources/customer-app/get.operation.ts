/** One customer-owned app, as it is recorded here. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';
import { APP_KEY } from './fields';

export const getCustomerApp: InstalledOperation = {
  kind: 'read',
  resource: 'customerApp',
  option: { name: 'Get', value: 'get', action: 'Get customer app', description: 'Get one customer-owned app and how far it has come' },
  fields: [ACCOUNT, APP_KEY],
  execute: async (parameters, { customerApps, operatorId }) => customerApps.show(parameters.requiredText('account'), parameters.requiredText('customerAppKey'), operatorId),
};
