/** The binding as it is remembered. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';
import { shownBinding } from './shown-binding';

export const getBinding: InstalledOperation = {
  kind: 'read',
  resource: 'ssoBinding',
  option: { name: 'Get', value: 'get', action: 'Get binding', description: 'Get who is bound to the account' },
  fields: [ACCOUNT],
  execute: async (parameters, { onboarding }) => shownBinding(await onboarding.showBinding(parameters.requiredText('account'))),
};
