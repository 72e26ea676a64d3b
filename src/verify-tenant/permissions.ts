/** Application permissions that open the reads of the check, any one of each. Source: Microsoft Graph permissions data. */
export const READS_ORGANIZATION = ['Organization.Read.All', 'Organization.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'] as const;
export const READS_USERS = ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'] as const;
export const READS_APPS = ['Application.Read.All', 'Application.ReadWrite.All', 'Directory.Read.All'] as const;
export const READS_GROUPS = ['Group.Read.All', 'Group.ReadWrite.All', 'GroupMember.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'] as const;
export const READS_GRANTS = ['Directory.Read.All', 'Directory.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All'] as const;
export const READS_ROLES = ['RoleManagement.Read.Directory', 'RoleManagement.Read.All', 'RoleManagement.ReadWrite.Directory', 'Directory.Read.All'] as const;
export const READS_ELIGIBILITIES = ['RoleEligibilitySchedule.Read.Directory', 'RoleEligibilitySchedule.ReadWrite.Directory', 'RoleManagement.Read.Directory', 'RoleManagement.Read.All', 'RoleManagement.ReadWrite.Directory'] as const;
export const WRITES_APPS = ['Application.ReadWrite.All'] as const;

export function holdsAny(roles: ReadonlySet<string>, needs: readonly string[] | undefined): boolean {
  return needs === undefined || needs.some((name) => roles.has(name));
}
