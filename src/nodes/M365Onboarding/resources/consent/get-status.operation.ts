/** What is granted now, per app and permission, by a read that changes nothing and counts for nothing. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const getConsentStatus: InstalledOperation = {
  kind: 'read',
  resource: 'consent',
  option: { name: 'Get Status', value: 'getStatus', action: 'Get consent status', description: 'Get what is granted and what is missing, per app; changes nothing' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding, signal }) => onboarding.consentStatus(parameters.requiredText('account'), signal),
};
