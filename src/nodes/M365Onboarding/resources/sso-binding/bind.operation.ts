/** Binds an admin to the account. The person is looked up afresh: who lost the role since the list was shown is refused. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT, ADMIN } from '../locators';
import { shownBinding } from './shown-binding';

export const bindAdmin: InstalledOperation = {
  kind: 'effect',
  resource: 'ssoBinding',
  option: { name: 'Bind', value: 'bind', action: 'Bind admin', description: 'Bind an admin to the account for single sign-on' },
  fields: [ACCOUNT, ADMIN],
  execute: async (parameters, { onboarding, signal }) => shownBinding(await onboarding.bindAdmin({ accountId: parameters.requiredText('account'), admin: parameters.requiredText('admin'), signal })),
};
