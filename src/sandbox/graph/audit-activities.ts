/**
 * Which writes the directory audit log names, and how. The names are those of the audit activity list and of logs people
 * published (rules.json, G-AUDIT-LIST); the one about secrets ends in a space. Writes without a known name are not logged.
 */
import type { DirectoryAudit } from '../model';
import type { GraphRuleId } from './rules';

export interface Activity {
  readonly name: string;
  readonly category: 'ApplicationManagement' | 'UserManagement' | 'GroupManagement' | 'RoleManagement' | 'Policy';
  readonly operationType: DirectoryAudit['operationType'];
  readonly target: 'Application' | 'ServicePrincipal' | 'User' | 'Group' | 'Role' | 'Policy';
}

const SECRETS = 'Update application – Certificates and secrets management ';

function app(name: string, operationType: Activity['operationType'], target: Activity['target'] = 'Application'): Activity {
  return { name, category: 'ApplicationManagement', operationType, target };
}

export const CONSENT: Activity = app('Consent to application', 'Assign', 'ServicePrincipal');
export const ADD_PRINCIPAL: Activity = app('Add service principal', 'Add', 'ServicePrincipal');
export const ADD_ROLE: Activity = app('Add app role assignment to service principal', 'Assign', 'ServicePrincipal');
export const ADD_GRANT: Activity = app('Add delegated permission grant', 'Assign', 'ServicePrincipal');

export const ACTIVITIES: Partial<Readonly<Record<GraphRuleId, Activity>>> = {
  'G-APP-POST': app('Add application', 'Add'),
  'G-APP-UPSERT-MADE': app('Add application', 'Add'),
  'G-APP-UPSERT-PRESENT': app('Update application', 'Update'),
  'G-APP-PATCH': app('Update application', 'Update'),
  'G-APP-PATCH-KEYS': app(SECRETS, 'Update'),
  'G-APP-ADD-KEY': app(SECRETS, 'Update'),
  'G-APP-REMOVE-KEY': app(SECRETS, 'Update'),
  'G-APP-ADD-PASSWORD': app(SECRETS, 'Update'),
  'G-APP-REMOVE-PASSWORD': app(SECRETS, 'Update'),
  'G-APP-DELETE': app('Delete application', 'Delete'),
  'G-SP-POST': ADD_PRINCIPAL,
  'G-SP-PATCH': app('Update service principal', 'Update', 'ServicePrincipal'),
  'G-SP-DELETE': app('Remove service principal', 'Delete', 'ServicePrincipal'),
  'G-SP-ADD-PASSWORD': app('Add service principal credentials', 'Update', 'ServicePrincipal'),
  'G-SP-ADD-KEY': app('Add service principal credentials', 'Update', 'ServicePrincipal'),
  'G-ARA-POST': ADD_ROLE,
  'G-ARA-DELETE': app('Remove app role assignment from service principal', 'Delete', 'ServicePrincipal'),
  'G-GRANT-POST': ADD_GRANT,
  'G-GRANT-DELETE': app('Remove delegated permission grant', 'Delete', 'ServicePrincipal'),
  'G-USER-POST': { name: 'Add user', category: 'UserManagement', operationType: 'Add', target: 'User' },
  'G-USER-PATCH': { name: 'Update user', category: 'UserManagement', operationType: 'Update', target: 'User' },
  'G-USER-DELETE': { name: 'Delete user', category: 'UserManagement', operationType: 'Delete', target: 'User' },
  'G-GROUP-POST': { name: 'Add group', category: 'GroupManagement', operationType: 'Add', target: 'Group' },
  'G-GROUP-PATCH': { name: 'Update group', category: 'GroupManagement', operationType: 'Update', target: 'Group' },
  'G-GROUP-DELETE': { name: 'Delete group', category: 'GroupManagement', operationType: 'Delete', target: 'Group' },
  'G-GROUP-ADD': { name: 'Add member to group', category: 'GroupManagement', operationType: 'Assign', target: 'Group' },
  'G-GROUP-REMOVE': { name: 'Remove member from group', category: 'GroupManagement', operationType: 'Delete', target: 'Group' },
  'G-DIRROLE-ADD': { name: 'Add member to role', category: 'RoleManagement', operationType: 'Assign', target: 'Role' },
  'G-DIRROLE-REMOVE': { name: 'Remove member from role', category: 'RoleManagement', operationType: 'Delete', target: 'Role' },
  'G-ROLE-POST': { name: 'Add member to role', category: 'RoleManagement', operationType: 'Assign', target: 'Role' },
  'G-ROLE-DELETE': { name: 'Remove member from role', category: 'RoleManagement', operationType: 'Delete', target: 'Role' },
};
