/** Does everything that needs no person, then says what it waits for. Waiting is an answer; safe to repeat at any time. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const advanceOnboarding: InstalledOperation = {
  kind: 'effect',
  resource: 'onboarding',
  option: { name: 'Advance', value: 'advance', action: 'Advance onboarding', description: 'Do everything that needs no person, then say what it waits for and when to come back' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding, signal }) => onboarding.advance(parameters.requiredText('account'), signal),
};
