/** Opens a consent request or sends it again; an older invitation of the account stops working. */
import type { InstalledOperation } from '../../../host/operation';
import { INVITATION_FIELDS, openInvitation } from './invitation';

export const openConsent: InstalledOperation = {
  kind: 'effect',
  resource: 'consent',
  option: { name: 'Open', value: 'open', action: 'Open consent request', description: "Make an invitation for the customer's admin; an older one stops working" },
  fields: INVITATION_FIELDS,
  execute: openInvitation,
};
