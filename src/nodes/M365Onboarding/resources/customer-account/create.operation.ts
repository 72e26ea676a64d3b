/** Adds a customer account. The expected tenant is an expectation; only the customer's admin makes it a fact. */
import type { InstalledOperation } from '../../../host/operation';

export const createAccount: InstalledOperation = {
  kind: 'effect',
  resource: 'customerAccount',
  option: { name: 'Create', value: 'create', action: 'Create customer account', description: 'Add a customer account' },
  fields: [
    { displayName: 'Account ID', name: 'accountId', type: 'string', required: true, default: '', placeholder: 'e.g. contoso', description: 'Your own ID for the customer: letters, digits, dots, dashes or underscores' },
    { displayName: 'Name', name: 'accountName', type: 'string', required: true, default: '', placeholder: 'e.g. Contoso Ltd', description: "As the customer's admin reads it when asked to confirm" },
    { displayName: 'Expected Tenant', name: 'expectedTenant', type: 'string', default: '', placeholder: 'e.g. contoso.com', description: 'Tenant ID or domain of the customer. Empty: any tenant may answer the invitation.' },
    { displayName: 'Labels', name: 'labels', type: 'string', default: '', placeholder: 'e.g. pilot, germany', description: 'Words to find the account by, separated by commas' },
  ],
  execute: async (parameters, { onboarding }) =>
    onboarding.addAccount({
      id: parameters.requiredText('accountId'),
      name: parameters.requiredText('accountName'),
      expectedTenant: parameters.optionalText('expectedTenant'),
      labels: parameters.text('labels').split(',').map((label) => label.trim()).filter((label) => label !== ''),
    }),
};
