/**
 * Activated directory roles. A role has an id of its own in every tenant, different from its template's: a client that
 * asks for `/directoryRoles/{template id}` finds nothing. A role is activated when somebody was given it or by a POST;
 * Global Administrator always is. Source: "directoryRole resource type".
 */
import { createHash } from 'node:crypto';
import type { Tenant } from '../model';
import builtInRoles from './built-in-roles.json';

export const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10';
const names: ReadonlyMap<string, string> = new Map(Object.entries(builtInRoles));

export function roleName(templateId: string): string | undefined {
  return names.get(templateId);
}

/** The id of the activated role, the same at every start. */
export function directoryRoleId(tenant: Pick<Tenant, 'tenantId'>, templateId: string): string {
  const hex = createHash('sha256').update(`${tenant.tenantId}/directoryRole/${templateId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Template ids of the activated roles, as one replica sees them. */
export function activatedTemplates(tenant: Tenant, asOfMs: number): readonly string[] {
  const assigned = tenant.roleAssignments.list(asOfMs).map(({ roleDefinitionId }) => roleDefinitionId);
  const activated = tenant.activatedRoles.list(asOfMs).map(({ roleTemplateId }) => roleTemplateId);
  return [...new Set([GLOBAL_ADMINISTRATOR, ...assigned, ...activated])].filter((id) => names.has(id));
}

export function findActivated(tenant: Tenant, roleId: string, asOfMs: number): string | undefined {
  return activatedTemplates(tenant, asOfMs).find((templateId) => directoryRoleId(tenant, templateId) === roleId);
}

/** Ids of the roles these principals hold in the whole tenant. */
export function heldRoleIds(tenant: Tenant, principalIds: readonly string[], asOfMs: number): readonly string[] {
  const held = tenant.roleAssignments
    .list(asOfMs)
    .filter(({ principalId, directoryScopeId }) => directoryScopeId === '/' && principalIds.includes(principalId))
    .map(({ roleDefinitionId }) => directoryRoleId(tenant, roleDefinitionId));
  return [...new Set(held)];
}

/** Template ids of the roles the person holds now in the whole tenant, directly or through a group that roles can be assigned to. */
export function activeRoleTemplates(tenant: Tenant, personId: string, asOfMs: number): ReadonlySet<string> {
  const groups = tenant.groups.list(asOfMs).filter((group) => group.isAssignableToRole === true && group.memberIds.includes(personId));
  const holders = new Set([personId, ...groups.map(({ id }) => id)]);
  const held = tenant.roleAssignments.list(asOfMs).filter(({ principalId, directoryScopeId }) => directoryScopeId === '/' && holders.has(principalId));
  return new Set(held.map(({ roleDefinitionId }) => roleDefinitionId));
}
