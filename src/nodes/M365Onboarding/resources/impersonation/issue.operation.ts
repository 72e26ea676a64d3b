/**
 * Issues a one-time code for the customer's backup portal, as the operator of the credential. The code works once, for
 * 60 seconds at most, and belongs into the operator's browser, which posts it to `deliverTo` (security decision 10). n8n
 * stores what a node outputs, so by default the code is no output: it goes into the answer to the operator's own call.
 */
import { buildDeliveryPage } from '../../../../core/index';
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
    {
      displayName: 'Hand Over',
      name: 'handOver',
      type: 'options',
      default: 'browser',
      description: 'How the code reaches the portal',
      options: [
        { name: "By the Operator's Browser", value: 'browser', description: 'Answers the authenticated webhook call that started this run with a page that opens the portal. n8n stores no code.' },
        { name: 'As Output', value: 'output', description: 'Outputs the code, which n8n then stores with the execution. It is worth nothing after 60 seconds or its first use.' },
      ],
    },
  ],
  execute: async (parameters, { onboarding, signal, requireCaller }) => {
    const accountId = parameters.requiredText('account');
    const caller = parameters.text('handOver') === 'output' ? undefined : requireCaller();
    const accessLevel = parameters.text('accessLevel') === 'restricted' ? 'restricted' : undefined;
    const { deliverTo, code, expiresAt, jti } = await onboarding.impersonate({ accountId, reason: parameters.requiredText('reason'), accessLevel, signal });
    if (caller === undefined) return { deliverTo, code: code.reveal(), expiresAt, jti };
    const { name } = await onboarding.showAccount(accountId);
    await caller.answer(buildDeliveryPage({ deliverTo, code, accountName: name, sandboxed: true }));
    return { deliverTo, expiresAt, jti };
  },
};
