/** Your apps as their declaration is understood, one item each: templates written out, warnings beside the app they are about. */
import type { InstalledOperation } from '../../../host/operation';

export const getApps: InstalledOperation = {
  kind: 'read',
  resource: 'consent',
  option: { name: 'Get Apps', value: 'getApps', action: 'Get apps of the credential', description: 'Get what your apps ask for and why, as it is understood, with warnings of outdated or excessive permissions' },
  fields: [],
  execute: async (_parameters, { onboarding }) => {
    const { apps, warnings } = onboarding.declaredApps();
    return apps.map((app) => ({ ...app, warnings: warnings.filter(({ appKey }) => appKey === null || appKey === app.key) }));
  },
};
