/** What registering and adopting have in common: which app of which account, and what it may do. */
import type { INodeProperties } from 'n8n-workflow';
import { OnboardingError, parsePermissions, type WantedPermission } from '../../../../core/index';
import type { ItemParameters, ItemWorkplace } from '../../../host/operation';
import { ACCOUNT } from '../locators';

export const APP_KEY: INodeProperties = { displayName: 'Key', name: 'customerAppKey', type: 'string', required: true, default: '', placeholder: 'e.g. backup', description: "Your name for it among the account's apps: lower-case letters, digits and hyphens" };

const NOTICE = "Choose the Microsoft Entra ID credential in which the customer's admin has just signed in. It needs User.Read, Application.ReadWrite.All and AppRoleAssignment.ReadWrite.All, for delegated permissions DelegatedPermissionGrant.ReadWrite.All as well. When only the proof is left, it can be taken away again.";

export const MAKE_FIELDS: readonly INodeProperties[] = [
  { displayName: NOTICE, name: 'adminNotice', type: 'notice', default: '' },
  ACCOUNT,
  APP_KEY,
  {
    displayName: 'Permissions',
    name: 'permissionsFrom',
    type: 'options',
    default: 'app',
    description: 'What the app may do in the tenant',
    options: [
      { name: 'As an App of the Credential', value: 'app', description: 'The required permissions of one of your own apps' },
      { name: 'As Before', value: 'before', description: 'Goes on with an app that was begun' },
      { name: 'From a List', value: 'list', description: 'Written out here' },
    ],
  },
  { displayName: 'App Key', name: 'permissionsApp', type: 'string', default: '', placeholder: 'e.g. backup', displayOptions: { show: { permissionsFrom: ['app'] } }, description: 'Which of the apps in the credential, by its key' },
  {
    displayName: 'Permission List',
    name: 'permissionsList',
    type: 'json',
    default: '[{ "resource": "graph", "type": "application", "name": "User.Read.All", "reason": "Finds the people to back up" }]',
    displayOptions: { show: { permissionsFrom: ['list'] } },
    description: 'In the form of requiredPermissions in the credential',
  },
];

/** The part of the input that both share. Raises `INPUT_INVALID`, `APP_UNKNOWN`, `CONFIG_INVALID`. */
export async function readMakeInput(parameters: ItemParameters, { operatorId, signal, apps, adminToken }: ItemWorkplace) {
  return {
    accountId: parameters.requiredText('account'),
    key: parameters.requiredText('customerAppKey'),
    permissions: readPermissions(parameters, apps),
    adminToken: await adminToken(),
    operatorId,
    signal,
  };
}

function readPermissions(parameters: ItemParameters, apps: ItemWorkplace['apps']): readonly WantedPermission[] | undefined {
  const from = parameters.text('permissionsFrom');
  if (from === 'before') return undefined;
  if (from === 'list') return parsePermissions(parseJson(parameters.requiredJson('permissionsList'))).map(wanted);
  const key = parameters.requiredText('permissionsApp');
  const app = apps.find((candidate) => candidate.key === key);
  if (app === undefined) throw new OnboardingError('APP_UNKNOWN', `No app is declared with the key "${key.slice(0, 32)}".`);
  return app.requiredPermissions.map(wanted);
}

function wanted({ resourceAppId, type, name, id }: WantedPermission): WantedPermission {
  return { resourceAppId, type, name, id };
}

function parseJson(value: unknown): unknown {
  const parsed = typeof value === 'string' ? tryParse(value) : value;
  if (parsed !== undefined) return parsed;
  throw new OnboardingError('INPUT_INVALID', 'The permission list is not JSON.', { details: { parameter: 'permissionsList' } });
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
