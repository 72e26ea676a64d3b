/** Withdraws the invitation, or takes back what the customer granted, with evidence of what is gone and of what stays valid. */
import type { INodeProperties } from 'n8n-workflow';
import { resourceAppIdOf, type RevocationScope } from '../../../../core/index';
import type { InstalledOperation, ItemParameters } from '../../../host/operation';
import { ACCOUNT } from '../locators';
import { readRoute, ROUTE_FIELDS } from './route';

const OF_GRANTS = ['permission', 'app', 'everything'];
const ofGrants = (field: INodeProperties): INodeProperties => ({ ...field, displayOptions: { show: { ...field.displayOptions?.show, revokeWhat: OF_GRANTS } } });

export const revokeConsent: InstalledOperation = {
  kind: 'effect',
  resource: 'consent',
  option: { name: 'Revoke', value: 'revoke', action: 'Revoke consent', description: 'Withdraw the open invitation, or take grants back with evidence' },
  fields: [
    ACCOUNT,
    {
      displayName: 'Revoke What',
      name: 'revokeWhat',
      type: 'options',
      default: 'invitation',
      options: [
        { name: 'Everything', value: 'everything', description: 'All grants of every app in the credential' },
        { name: 'One App', value: 'app', description: 'All grants of one app' },
        { name: 'One Permission', value: 'permission', description: 'One permission of one app; the others stay' },
        { name: 'The Invitation', value: 'invitation', description: 'The open address no longer works; what is granted stays' },
      ],
    },
    { displayName: 'App Key', name: 'revokeApp', type: 'string', default: '', placeholder: 'e.g. restore', displayOptions: { show: { revokeWhat: ['permission', 'app'] } }, description: 'Which of the apps in the credential, by its key' },
    { displayName: 'Permission', name: 'revokePermission', type: 'string', default: '', placeholder: 'e.g. Mail.ReadWrite', displayOptions: { show: { revokeWhat: ['permission'] } }, description: 'Its name or ID' },
    {
      displayName: 'Permission Type',
      name: 'revokeType',
      type: 'options',
      default: 'any',
      displayOptions: { show: { revokeWhat: ['permission'] } },
      description: 'Which kind, when the name stands for several',
      options: [
        { name: 'Any', value: 'any' },
        { name: 'Application', value: 'application' },
        { name: 'Delegated', value: 'delegated' },
      ],
    },
    { displayName: 'Permission Resource', name: 'revokeResource', type: 'string', default: '', placeholder: 'e.g. graph', displayOptions: { show: { revokeWhat: ['permission'] } }, description: 'Graph, exchange, sharepoint or an app ID, when the name stands for several. Empty: any.' },
    { displayName: 'Delete Service Principals', name: 'revokePrincipals', type: 'boolean', default: false, displayOptions: { show: { revokeWhat: ['app', 'everything'] } }, description: 'Whether the service principals are deleted as well; the customer can restore them for 30 days' },
    ...ROUTE_FIELDS.map(ofGrants),
    ofGrants({ displayName: 'Confirm', name: 'confirmed', type: 'boolean', default: false, description: 'Whether the grants are really taken back' }),
  ],
  execute: async (parameters, work) => {
    const accountId = parameters.requiredText('account');
    if (parameters.text('revokeWhat') === 'invitation') return { accountId, revoked: await work.onboarding.revokeConsentRequest(accountId) };
    return work.onboarding.revokeGrants({ accountId, what: readScope(parameters), confirmed: parameters.flag('confirmed'), route: await readRoute(parameters, work), signal: work.signal });
  },
};

function readScope(parameters: ItemParameters): RevocationScope {
  const what = parameters.text('revokeWhat');
  if (what === 'everything') return { kind: 'everything', deleteServicePrincipals: parameters.flag('revokePrincipals') };
  const appKey = parameters.requiredText('revokeApp');
  if (what === 'app') return { kind: 'app', appKey, deleteServicePrincipal: parameters.flag('revokePrincipals') };
  const type = parameters.text('revokeType');
  const resource = parameters.optionalText('revokeResource');
  return { kind: 'permission', appKey, permission: { name: parameters.requiredText('revokePermission'), ...(type === 'application' || type === 'delegated' ? { type } : {}), ...(resource === undefined ? {} : { resourceAppId: resourceAppIdOf(resource) }) } };
}
