/** Ready-made, least-privilege permissions per backup service: to look at, or to put into the credential's Apps. */
import { type BackupService, listTemplates } from '../../../../core/index';
import type { OfflineOperation } from '../../../host/operation';

/** In the order of the menu. */
const NAMES: Readonly<Record<BackupService, string>> = { directory: 'Directory', exchange: 'Exchange', groups: 'Groups', onedrive: 'OneDrive', sharepoint: 'SharePoint', teams: 'Teams' };

export const getTemplates: OfflineOperation = {
  kind: 'offline',
  resource: 'consent',
  option: { name: 'Get Templates', value: 'getTemplates', action: 'Get permission templates', description: 'Get the least permissions that a backup of a service needs, for reading alone and for restoring as well' },
  fields: [
    {
      displayName: 'Service',
      name: 'templateService',
      type: 'options',
      default: 'all',
      description: 'Which service the backup covers',
      options: [{ name: 'All', value: 'all' }, ...Object.entries(NAMES).map(([value, name]) => ({ name, value }))],
    },
  ],
  execute: async (parameters) => {
    const service = parameters.text('templateService');
    return listTemplates(service === 'all' ? undefined : service);
  },
};
