/** The dry run: what the customer's admin would be asked for and why, against what is granted now, and what comes next. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const planConsent: InstalledOperation = {
  kind: 'read',
  resource: 'consent',
  option: { name: 'Plan', value: 'plan', action: 'Plan consent', description: 'Get what would be asked for, granted and written, and why; changes nothing' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding, signal }) => onboarding.planConsent(parameters.requiredText('account'), signal),
};
