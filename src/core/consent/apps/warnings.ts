/**
 * What a partner should know about the permissions it declares before a customer's admin sees them: what Microsoft has
 * ended or is about to end, what amounts to Global Administrator, what consent alone does not switch on. Advice from
 * dated facts, never a refusal: the partner may have its reasons. Pure; the time is passed in.
 */
import type { ErrorCode } from '../../error-catalog';
import type { PartnerApp } from './apps';
import { planDirectoryReading, READ_PERMISSION_TO_ADD } from '../evidence/directory-reading';
import { EXCHANGE_APP_ID, GRAPH_APP_ID, OLD_GRAPH_APP_ID, resourceName, SHAREPOINT_APP_ID } from './resources';
import type { RequiredPermission } from './templates';

export interface PermissionWarning {
  readonly code: Extract<ErrorCode, 'CONSENT_PERMISSION_DATED' | 'CONSENT_PERMISSION_EXCESSIVE' | 'CONSENT_PERMISSION_INCOMPLETE'>;
  /** Null when it is about the apps together. */
  readonly appKey: string | null;
  readonly resource: string | null;
  /** By name, or by id where it was declared so. */
  readonly permission: string | null;
  readonly message: string;
  /** Where it is written. */
  readonly source: string;
  /** The next instant at which something ends or has ended; null where nothing is dated. */
  readonly effectiveAt: number | null;
}

type Finding = Pick<PermissionWarning, 'code' | 'message' | 'source' | 'effectiveAt'>;

interface Rule {
  readonly resourceAppId: string;
  /** By name and by id, since either may be declared; undefined: every permission of the resource. */
  readonly names?: Readonly<Record<string, string>>;
  readonly find: (name: string, now: number) => Finding;
}

const EWS_BLOCKED_AT = Date.UTC(2026, 9, 1);
const EWS_ENDS_AT = Date.UTC(2027, 3, 1);
const EWS_SOURCE = 'Microsoft Exchange team: Exchange Web Services in Exchange Online, retirement dates';

const RULES: readonly Rule[] = [
  { resourceAppId: EXCHANGE_APP_ID, names: { full_access_as_app: 'dc890d15-9560-4a4c-9b7f-a736ec74ec40', 'EWS.AccessAsUser.All': '3b5f3d61-589b-4a3c-a359-5dd4b5ee5bd5' }, find: (_name, now) => webServices(now) },
  {
    resourceAppId: EXCHANGE_APP_ID,
    names: { 'Exchange.ManageAsApp': 'dc50a0fb-09a3-484d-be87-e023b12c6440' },
    find: () => ({
      code: 'CONSENT_PERMISSION_INCOMPLETE',
      message: 'It does nothing by itself: the app\'s service principal also needs a directory role in the customer\'s tenant (Exchange Administrator, or Global Reader for reading), which consent does not give.',
      source: 'Microsoft Learn: App-only authentication for unattended scripts in Exchange Online PowerShell',
      effectiveAt: null,
    }),
  },
  {
    resourceAppId: OLD_GRAPH_APP_ID,
    find: () => ({ code: 'CONSENT_PERMISSION_DATED', message: 'Azure AD Graph is retired; ask for the permission of the same name on Microsoft Graph.', source: 'Microsoft Learn: Migrate from Azure Active Directory Graph to Microsoft Graph', effectiveAt: null }),
  },
  {
    resourceAppId: GRAPH_APP_ID,
    names: { 'Directory.AccessAsUser.All': '0e263e50-5827-48a4-b97c-d940288653c7' },
    find: () => excessive('The app could do in the directory whatever the person who signed in may do; ask for the single permissions it needs.', 'Microsoft Graph permissions reference'),
  },
  {
    resourceAppId: GRAPH_APP_ID,
    names: {
      'AppRoleAssignment.ReadWrite.All': '06b708a9-e830-4db3-a914-8e69da51d44f',
      'RoleManagement.ReadWrite.Directory': '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8',
      'Application.ReadWrite.All': '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9',
    },
    find: (name) => excessive(`It amounts to Global Administrator: ${TAKES_OVER[name] ?? 'with it an app can give itself every right'}. No backup needs it all the time.`, 'Microsoft Graph permissions reference'),
  },
  {
    resourceAppId: GRAPH_APP_ID,
    names: { 'Sites.FullControl.All': 'a82116e5-55eb-4c41-a434-62fe8a61c773' },
    find: () => fullControl(),
  },
  {
    resourceAppId: SHAREPOINT_APP_ID,
    names: { 'Sites.FullControl.All': '678536fe-1083-478a-9c59-b99265e6b0d3' },
    find: () => fullControl(' SharePoint\'s own API takes it only with a certificate: app-only access by client id and secret (Azure ACS) ended in April 2026.'),
  },
];

const TAKES_OVER: Readonly<Record<string, string>> = {
  'AppRoleAssignment.ReadWrite.All': 'with it an app can grant itself every application permission',
  'RoleManagement.ReadWrite.Directory': 'with it an app can give anybody, itself included, every directory role',
  'Application.ReadWrite.All': 'with it an app can add a key to any other app and act with that app\'s rights',
};

/** Everything to be said of these apps at this moment, in the order of their permissions. */
export function warningsOf(apps: readonly PartnerApp[], now: number): readonly PermissionWarning[] {
  const found = apps.flatMap((app) => app.requiredPermissions.flatMap((permission) => findingsOf(permission, now).map((finding): PermissionWarning => ({ ...finding, appKey: app.key, resource: resourceName(permission.resourceAppId), permission: permission.name ?? permission.id ?? '' }))));
  return [...found, ...unprovable(apps)];
}

function findingsOf(permission: RequiredPermission, now: number): readonly Finding[] {
  return RULES.filter(({ resourceAppId }) => resourceAppId === permission.resourceAppId).flatMap(({ names, find }) => {
    if (names === undefined) return [find(permission.name ?? '', now)];
    // An id alone is looked at as well, so that writing it does not silence what the name would say.
    const [name] = Object.entries(names).find(([known, id]) => known === permission.name || id === permission.id) ?? [];
    return name === undefined ? [] : [find(name, now)];
  });
}

function webServices(now: number): Finding {
  const common = { code: 'CONSENT_PERMISSION_DATED', source: EWS_SOURCE } as const;
  const instead = 'Use mailbox export and import of Microsoft Graph instead (the template "exchange").';
  if (now >= EWS_ENDS_AT) return { ...common, effectiveAt: EWS_ENDS_AT, message: `Exchange Web Services ended on 2027-04-01: it can be granted and opens nothing. ${instead}` };
  if (now >= EWS_BLOCKED_AT) return { ...common, effectiveAt: EWS_ENDS_AT, message: `Exchange Web Services is blocked since 2026-10-01 unless the customer has set EWSEnabled and allowed the app by its id, and ends on 2027-04-01: it can be granted and still open nothing. ${instead}` };
  return { ...common, effectiveAt: EWS_BLOCKED_AT, message: `Exchange Web Services will be blocked from 2026-10-01 unless the customer sets EWSEnabled and allows the app by its id, and ends on 2027-04-01. ${instead}` };
}

function excessive(message: string, source: string): Finding {
  return { code: 'CONSENT_PERMISSION_EXCESSIVE', message, source, effectiveAt: null };
}

function fullControl(more = ''): Finding {
  return excessive(`It can change the permissions of every site. Sites.Read.All or Sites.ReadWrite.All back up and restore content, and Sites.Selected is granted site by site; full control is needed only to restore who may open what.${more}`, 'Microsoft Learn: Overview of Selected permissions in OneDrive and SharePoint');
}

/** Without a reader the directory cannot confirm a consent, and the admins cannot be found. */
function unprovable(apps: readonly PartnerApp[]): readonly PermissionWarning[] {
  const readers = planDirectoryReading(apps);
  const warning = (message: string): PermissionWarning => ({ code: 'CONSENT_PERMISSION_INCOMPLETE', appKey: null, resource: 'Microsoft Graph', permission: null, message, source: 'Microsoft Graph reference: List oauth2PermissionGrants', effectiveAt: null });
  if (readers.length === 0) return [warning(`No app asks for ${READ_PERMISSION_TO_ADD} on Microsoft Graph (application), so the roles of app tokens are all there is to prove a consent by: delegated permissions and what is granted beyond the ask stay unseen, and no admin can be found.`)];
  const asksDelegated = apps.some((app) => app.requiredPermissions.some(({ type }) => type === 'delegated'));
  if (!asksDelegated || readers.some(({ readsDelegatedGrants }) => readsDelegatedGrants)) return [];
  return [warning(`Delegated permissions are declared, and no app asks for ${READ_PERMISSION_TO_ADD} on Microsoft Graph (application), which reads what is granted of them: such a consent stays unproven.`)];
}
