/** Takes over an app registration the customer's tenant owns, by its app id: adds a key of ours beside those that are there. */
import type { InstalledOperation } from '../../../host/operation';
import { MAKE_FIELDS, readMakeInput } from './fields';

export const adoptCustomerApp: InstalledOperation = {
  kind: 'effect',
  resource: 'customerApp',
  option: { name: 'Adopt', value: 'adopt', action: 'Adopt customer app', description: "Use an app registration the customer's tenant owns already, with a key of ours beside its own" },
  fields: [...MAKE_FIELDS, { displayName: 'Application (Client) ID', name: 'applicationId', type: 'string', required: true, default: '', placeholder: 'e.g. 11111111-2222-3333-4444-555555555555', description: 'Of an app registration for that one tenant; a name proves nothing' }],
  execute: async (parameters, work) => work.customerApps.adopt({ ...(await readMakeInput(parameters, work)), appId: parameters.requiredText('applicationId') }),
};
