/** Registers an app in the customer's own tenant, with a certificate from here. Each run goes on where the last one stopped. */
import type { InstalledOperation } from '../../../host/operation';
import { MAKE_FIELDS, readMakeInput } from './fields';

export const registerCustomerApp: InstalledOperation = {
  kind: 'effect',
  resource: 'customerApp',
  option: { name: 'Register', value: 'register', action: 'Register customer app', description: "Register a new app in the customer's tenant with its admin's sign-in, or go on with it; active once it signed in by itself" },
  fields: [...MAKE_FIELDS, { displayName: 'Display Name', name: 'displayName', type: 'string', default: '', placeholder: 'e.g. Northwind Backup', description: "Shown in the customer's tenant. Empty: your name and the key." }],
  execute: async (parameters, work) => work.customerApps.register({ ...(await readMakeInput(parameters, work)), displayName: parameters.optionalText('displayName') }),
};
