/** Grants what is missing, by somebody who may do it in the customer's tenant; what was made is proven by Verify, as any consent. */
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';
import { readRoute, ROUTE_FIELDS } from './route';

export const grantConsent: InstalledOperation = {
  kind: 'effect',
  resource: 'consent',
  option: { name: 'Grant', value: 'grant', action: 'Grant consent', description: "Grant what is missing in the account's proven tenant without the admin's browser; then Verify proves it" },
  fields: [
    ACCOUNT,
    ...ROUTE_FIELDS,
    { displayName: 'App Keys', name: 'grantApps', type: 'string', default: '', placeholder: 'e.g. backup, restore', description: 'Only these apps of the credential, by their keys. Empty: all of them.' },
    { displayName: 'Dry Run', name: 'dryRun', type: 'boolean', default: false, description: 'Whether to say what would be granted and change nothing' },
  ],
  execute: async (parameters, work) => {
    const keys = parameters.text('grantApps').split(',').map((key) => key.trim()).filter((key) => key !== '');
    return work.onboarding.grantConsent({ accountId: parameters.requiredText('account'), route: await readRoute(parameters, work), appKeys: keys.length === 0 ? undefined : keys, dryRun: parameters.flag('dryRun'), signal: work.signal });
  },
};
