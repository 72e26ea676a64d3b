/** Opening a consent request, which is also how an onboarding starts. The address is for the customer's admin alone. */
import type { INodeProperties } from 'n8n-workflow';
import type { InstalledOperation } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const INVITATION_FIELDS: readonly INodeProperties[] = [
  ACCOUNT,
  { displayName: 'Days Valid', name: 'ttlDays', type: 'number', typeOptions: { minValue: 1, maxValue: 90 }, default: 7, description: 'How long the invitation can be opened' },
  { displayName: 'Expected Tenant', name: 'tenant', type: 'string', default: '', placeholder: 'e.g. contoso.com', description: 'Tenant ID or domain to expect from now on, instead of what the account says. Naming one asks for the consent of every app again.' },
];

export const openInvitation: InstalledOperation['execute'] = async (parameters, { onboarding, signal }) => {
  const accountId = parameters.requiredText('account');
  const { url, round, rounds, expiresAt, mail } = await onboarding.openConsent({ accountId, ttlDays: parameters.optionalNumber('ttlDays'), tenant: parameters.optionalText('tenant'), signal });
  return { accountId, url, round, rounds, expiresAt, mail };
};
