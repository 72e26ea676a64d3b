/**
 * Which declared app may read what in the customer's directory, by declaration alone. Principals and app role assignments
 * are one thing, delegated grants another: an app with Application.Read.All reads the former only. When no app declares
 * any of these, the directory is not asked at all. Pure. Microsoft Graph v1.0 "List appRoleAssignments", "List
 * oauth2PermissionGrants", and their permission tables.
 */
import { GRAPH_APP_ID, type PartnerApp } from '../apps/apps';

/** By name and by id: the id of an app role of Microsoft Graph never changes, and it is looked for on Graph alone. */
const DIRECTORY_READ = ['Directory.Read.All', '7ab1d382-f21e-4acd-a863-ba3e13f7da61', 'Directory.ReadWrite.All', '19dbc75e-c2e2-444c-a770-ec69d8559fc7'];
const READS_PRINCIPALS: ReadonlySet<string> = new Set([...DIRECTORY_READ, 'Application.Read.All', '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30', 'Application.ReadWrite.All', '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9']);
const READS_DELEGATED_GRANTS: ReadonlySet<string> = new Set([...DIRECTORY_READ, 'DelegatedPermissionGrant.ReadWrite.All', '8e8e4742-1d95-4f68-9d56-6ee75648c72a']);

/** What to add so that everything can be proven: the least that reads principals, assignments and delegated grants. */
export const READ_PERMISSION_TO_ADD = 'Directory.Read.All';

export interface DirectoryReading {
  /** The app whose token reads. */
  readonly appKey: string;
  readonly readsDelegatedGrants: boolean;
}

/** Who may read, those who read most first, then by round; empty when none may read service principals. */
export function planDirectoryReading(apps: readonly PartnerApp[]): readonly DirectoryReading[] {
  const readers = apps.filter((app) => holds(app, READS_PRINCIPALS)).map((app) => ({ appKey: app.key, readsDelegatedGrants: holds(app, READS_DELEGATED_GRANTS) }));
  return [...readers.filter((reader) => reader.readsDelegatedGrants), ...readers.filter((reader) => !reader.readsDelegatedGrants)];
}

/** Whether an app token with these roles reads service principals and their assignments. */
export function mayRead(roles: readonly string[]): boolean {
  return roles.some((role) => READS_PRINCIPALS.has(role));
}

function holds(app: PartnerApp, permissions: ReadonlySet<string>): boolean {
  return app.requiredPermissions.some(({ resourceAppId, type, name, id }) => resourceAppId === GRAPH_APP_ID && type === 'application' && (permissions.has(name ?? '') || permissions.has(id ?? '')));
}
