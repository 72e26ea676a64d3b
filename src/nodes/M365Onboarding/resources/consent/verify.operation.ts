/** Makes the read that is due. Not proven yet is an answer: `verdict` is then `pending` and `nextCheckAt` says when to come back. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const verifyConsent: InstalledOperation = {
  kind: 'effect',
  resource: 'consent',
  option: { name: 'Verify', value: 'verify', action: 'Verify consent', description: 'Make the read that is due; five independent good reads prove the consent. Come back at nextCheckAt while the verdict is pending.' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding, signal }) => onboarding.verifyConsent(parameters.requiredText('account'), signal),
};
