/**
 * Issues a one-time code for the customer's backup portal, as the operator of the credential. The code works once, for
 * 60 seconds at most, and belongs into the operator's browser, which posts it to `deliverTo` (security decision 10). n8n
 * stores what a node outputs, so by default the code is no output: it goes into the answer to the operator's own call.
 */
import { asOnboardingError, buildDeliveryPage, buildUndeliveredPage, type OnboardingError } from '../../../../core/index';
import type { Caller, InstalledOperation, ItemParameters, ItemWorkplace } from '../../../host/operation';
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
        { name: "By the Operator's Browser", value: 'browser', description: 'Answers the authenticated webhook call, or the last page of the form, that this run goes on from with a page that opens the portal, or says why not. n8n stores no code.' },
        { name: 'As Output', value: 'output', description: 'Outputs the code, which n8n then stores with the execution. It is worth nothing after 60 seconds or its first use.' },
      ],
    },
  ],
  execute: async (parameters, work) => {
    const caller = parameters.text('handOver') === 'output' ? undefined : work.requireCaller();
    try {
      const { code, accountName, ...issued } = await issue(parameters, work);
      if (caller === undefined) return { ...issued, code: code.reveal() };
      await caller.answer(buildDeliveryPage({ deliverTo: issued.deliverTo, code, accountName, sandboxed: true }));
      return issued;
    } catch (reason) {
      throw await toldOf(reason, caller);
    }
  },
};

/** Otherwise the operator's browser would wait for nothing. */
async function toldOf(reason: unknown, caller: Caller | undefined): Promise<OnboardingError> {
  const refused = asOnboardingError(reason);
  await caller?.answer(buildUndeliveredPage(refused));
  return refused;
}

async function issue(parameters: ItemParameters, { onboarding, signal }: ItemWorkplace) {
  const accountId = parameters.requiredText('account');
  const accessLevel = parameters.text('accessLevel') === 'restricted' ? 'restricted' : undefined;
  const { deliverTo, code, expiresAt, jti } = await onboarding.impersonate({ accountId, reason: parameters.requiredText('reason'), accessLevel, signal });
  return { deliverTo, expiresAt, jti, code, accountName: (await onboarding.showAccount(accountId)).name };
}
