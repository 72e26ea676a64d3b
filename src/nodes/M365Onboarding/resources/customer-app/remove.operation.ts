/** Deletes what was registered in the customer's tenant, or takes our key off what was adopted, with evidence in the output. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';
import { APP_KEY } from './fields';

export const removeCustomerApp: InstalledOperation = {
  kind: 'effect',
  resource: 'customerApp',
  option: { name: 'Remove', value: 'remove', action: 'Remove customer app', description: "Delete the app registration in the customer's tenant, with its admin's sign-in; of an adopted one only our key" },
  fields: [
    ACCOUNT,
    APP_KEY,
    { displayName: 'Key Only', name: 'keyOnly', type: 'boolean', default: false, description: 'Whether only our key is taken off. An adopted app is never deleted.' },
    { displayName: 'Delete for Good', name: 'purge', type: 'boolean', default: false, description: "Whether it is deleted from the tenant's recycle bin as well, where nobody can restore it" },
  ],
  execute: async (parameters, { customerApps, operatorId, signal, adminToken }) => {
    const where = { accountId: parameters.requiredText('account'), key: parameters.requiredText('customerAppKey') };
    const removed = await customerApps.remove({ ...where, keyOnly: parameters.flag('keyOnly'), purge: parameters.flag('purge'), adminToken: await adminToken(), operatorId, signal });
    return { ...removed, deleted: true };
  },
};
