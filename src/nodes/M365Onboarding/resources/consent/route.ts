/** Who changes grants in the customer's tenant: its admin, who has signed in with n8n's own credential, or an app of the partner's. */
import type { INodeProperties } from 'n8n-workflow';
import type { GrantRoute } from '../../../../core/index';
import type { ItemParameters, ItemWorkplace } from '../../../host/operation';

const NOTICE = "Choose the Microsoft Entra ID credential in which the customer's admin has just signed in. It needs User.Read, Application.ReadWrite.All, AppRoleAssignment.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All.";

export const ROUTE_FIELDS: readonly INodeProperties[] = [
  {
    displayName: 'Act As',
    name: 'grantRoute',
    type: 'options',
    default: 'admin',
    description: "Who changes the grants in the customer's tenant",
    options: [
      { name: 'An App of the Credential', value: 'app', description: 'One that holds the rights in that tenant already' },
      { name: "The Customer's Admin", value: 'admin', description: 'With the sign-in of the Microsoft Entra ID credential' },
    ],
  },
  { displayName: NOTICE, name: 'grantAdminNotice', type: 'notice', default: '', displayOptions: { show: { grantRoute: ['admin'] } } },
  { displayName: 'Acting App Key', name: 'grantWithApp', type: 'string', default: '', placeholder: 'e.g. consent', displayOptions: { show: { grantRoute: ['app'] } }, description: 'Which of the apps in the credential acts, by its key' },
];

/** Undefined when the node has no credential of an admin. Raises `INPUT_INVALID`, `CUSTOMER_APP_TOKEN_MISSING`. */
export async function readRoute(parameters: ItemParameters, { adminToken }: Pick<ItemWorkplace, 'adminToken'>): Promise<GrantRoute | undefined> {
  if (parameters.text('grantRoute') === 'app') return { kind: 'app', appKey: parameters.requiredText('grantWithApp') };
  const held = await adminToken();
  return held === undefined ? undefined : { kind: 'admin', adminToken: held };
}
