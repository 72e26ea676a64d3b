/** Ends the binding: nobody can be impersonated for the account until somebody is bound again. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const unbindAdmin: InstalledOperation = {
  kind: 'effect',
  resource: 'ssoBinding',
  option: { name: 'Unbind', value: 'unbind', action: 'Unbind admin', description: 'End the binding. Nobody can be impersonated for the account until somebody is bound again.' },
  fields: [
    ACCOUNT,
    { displayName: 'Confirm', name: 'confirmed', type: 'boolean', default: false, description: 'Whether to end the binding when somebody is bound' },
    { displayName: 'Reason', name: 'reason', type: 'string', default: '', placeholder: 'e.g. Grace leaves the company', description: 'Why, for the audit' },
  ],
  execute: async (parameters, { onboarding }) => {
    const result = await onboarding.unbindAdmin({ accountId: parameters.requiredText('account'), confirmed: parameters.flag('confirmed'), reason: parameters.optionalText('reason') });
    return { ...result };
  },
};
