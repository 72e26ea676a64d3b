/** The tenant's admins, best candidate first; who cannot be bound follows with the reasons. */
import { OnboardingError } from '../../../../core/index';
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';
import { page, PAGING } from '../paging';

export const getManyAdmins: InstalledOperation = {
  kind: 'read',
  resource: 'admin',
  option: { name: 'Get Many', value: 'getMany', action: 'Get many admins', description: 'List the admins with full rights, recommended first' },
  fields: [
    ACCOUNT,
    { displayName: 'Include Excluded', name: 'includeExcluded', type: 'boolean', default: false, description: 'Whether to list people who cannot be bound too, with the reasons' },
    ...PAGING,
  ],
  execute: async (parameters, { onboarding, signal }) => {
    const { candidates, excluded } = await onboarding.listAdmins(parameters.requiredText('account'), signal);
    // No item would end the workflow without a word, although the excluded say what to do.
    if (candidates.length === 0 && !parameters.flag('includeExcluded')) {
      const details = { excluded: excluded.map(({ objectId, upn, excludedBecause }) => ({ objectId, upn, because: excludedBecause.map(({ code }) => code) })) };
      throw new OnboardingError('ADMINS_NONE', 'Nobody in the tenant holds the required roles in a usable way; switch on Include Excluded to see who nearly does.', { details });
    }
    const bindable = candidates.map((person) => ({ ...person, selectable: true }));
    const others = parameters.flag('includeExcluded') ? excluded.map((person) => ({ ...person, selectable: false })) : [];
    return page<object>(parameters, [...bindable, ...others]);
  },
};
