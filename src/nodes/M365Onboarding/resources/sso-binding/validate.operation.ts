/** Reads the bound admin and the consent again. Still validating is an answer: come back at `nextCheckAt`. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';
import { shownBinding } from './shown-binding';

export const validateBinding: InstalledOperation = {
  kind: 'effect',
  resource: 'ssoBinding',
  option: { name: 'Validate', value: 'validate', action: 'Validate binding', description: 'Read the bound admin and the consent again. Come back at nextCheckAt while the state is validating.' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding, signal }) => {
    const { binding, nextCheckAt } = await onboarding.verifyBinding(parameters.requiredText('account'), signal);
    return { ...shownBinding(binding), nextCheckAt };
  },
};
