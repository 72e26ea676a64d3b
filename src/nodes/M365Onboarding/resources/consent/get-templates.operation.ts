/** Ready-made, least-privilege permissions per backup service: to look at, or to put into the credential's Apps. */
import { BACKUP_SERVICES, listTemplates } from '../../../../core/index';
import type { OfflineOperation } from '../../../host/operation';

const NAMES: Readonly<Record<(typeof BACKUP_SERVICES)[number], string>> = { exchange: 'Exchange', onedrive: 'OneDrive', sharepoint: 'SharePoint', teams: 'Teams', groups: 'Groups', directory: 'Directory' };

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
      options: [{ name: 'All', value: 'all' }, ...BACKUP_SERVICES.map((value) => ({ name: NAMES[value], value }))],
    },
  ],
  execute: async (parameters) => {
    const service = parameters.text('templateService');
    return listTemplates(service === 'all' ? undefined : service);
  },
};
