/** Where the onboarding of an account stands; does nothing. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const getOnboardingStatus: InstalledOperation = {
  kind: 'read',
  resource: 'onboarding',
  option: { name: 'Get Status', value: 'getStatus', action: 'Get onboarding status', description: 'Get where the onboarding stands and what it waits for; changes nothing' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding }) => onboarding.status(parameters.requiredText('account')),
};
