/**
 * Issues a one-time code for the customer's backup portal, as the operator of the credential. The code works once, for
 * 60 seconds at most, and is to be posted to `deliverTo`, never put into an address (security decision 10).
 */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const issueImpersonation: InstalledOperation = {
  kind: 'effect',
  resource: 'impersonation',
  option: { name: 'Issue', value: 'issue', action: 'Issue impersonation code', description: "Issue a one-time code for the customer's backup portal, as the credential's operator" },
  fields: [
    ACCOUNT,
    { displayName: 'Reason', name: 'reason', type: 'string', required: true, default: '', placeholder: 'e.g. Ticket 4711: restore a mailbox', description: 'Why, in your words or as a ticket number; the customer can read it' },
    {
      displayName: 'Access Level',
      name: 'accessLevel',
      type: 'options',
      default: 'allowed',
      description: 'Never more than the customer allows',
      options: [
        { name: 'As the Customer Allows', value: 'allowed' },
        { name: 'Restricted', value: 'restricted' },
      ],
    },
  ],
  execute: async (parameters, { onboarding, signal }) => {
    const accessLevel = parameters.text('accessLevel') === 'restricted' ? 'restricted' : undefined;
    const { deliverTo, code, expiresAt, jti } = await onboarding.impersonate({ accountId: parameters.requiredText('account'), reason: parameters.requiredText('reason'), accessLevel, signal });
    return { deliverTo, code: code.reveal(), expiresAt, jti };
  },
};
