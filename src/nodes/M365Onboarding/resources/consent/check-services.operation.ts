/** Looks whether each backup service works in the tenant. One that is not ready is an answer, with whose move it is. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const checkServices: InstalledOperation = {
  kind: 'effect',
  resource: 'consent',
  option: { name: 'Check Services', value: 'checkServices', action: 'Check backup services', description: 'Check by grants, licences and one reading each whether what the apps back up works in the tenant; says whose move it is where not' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding, signal }) => onboarding.checkServices(parameters.requiredText('account'), signal),
};
