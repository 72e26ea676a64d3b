/**
 * What the sign-in host looks up in the directory. Pages read the present: a browser stays with the replica that
 * took its writes. The token endpoint reads through its own lag (`sts.*`).
 */
import { findRoleName } from '../directory-roles';
import { GRAPH_APP_ID } from '../access-tokens';
import type { Application, ServicePrincipal, Tenant, User, World } from '../model';
import type { Authority, Exchange, Person } from './context';
import { tell } from '../lies/truth';

/** Undefined for a tenant that does not exist; `consumers` is not modelled and comes back as such. */
export function resolveAuthority(world: World, segment: string): Authority | 'consumers' | undefined {
  if (segment === 'common' || segment === 'organizations') return { kind: 'any', segment };
  if (segment === 'consumers') return 'consumers';
  const tenant = findTenant(world, segment);
  if (tenant !== undefined) return { kind: 'tenant', tenant, segment };
  return tell<Authority | undefined>(world, 'L-DISC-TENANT-UNKNOWN', undefined, () => ({ kind: 'any', segment: 'organizations' }));
}

function findTenant(world: World, idOrDomain: string): Tenant | undefined {
  const wanted = idOrDomain.toLowerCase();
  const byId = world.tenants.get(wanted);
  if (byId !== undefined) return byId;
  return world.tenants.findByDomain(wanted);
}

/** Whether the tenant lives in another cloud than the sandbox is. */
export function isElsewhere({ sts, world }: Exchange, tenant: Tenant): boolean {
  const cloud = sts.policies.cloudOf(tenant.tenantId);
  return cloud !== undefined && cloud !== (world.cloud ?? 'global');
}

export function tenantName(world: World, tenant: Tenant): string {
  return tenant.organization.get(tenant.tenantId, world.now())?.displayName ?? tenant.tenantId;
}

export interface RegisteredApp {
  readonly application: Application;
  readonly ownerTenantId: string;
}

/** The registration with this appId, in whichever tenant owns it. */
export function findApp(world: World, appId: string): RegisteredApp | undefined {
  const wanted = appId.toLowerCase();
  for (const tenant of world.tenants.inUse()) {
    const application = tenant.applications.list(world.now()).find((candidate) => candidate.appId === wanted);
    if (application !== undefined) return { application, ownerTenantId: tenant.tenantId };
  }
  return undefined;
}

/** Whether the registration may be used in this tenant at all, consented or not. */
export function isAllowedIn(app: RegisteredApp, tenantId: string): boolean {
  return app.application.signInAudience === 'AzureADMultipleOrgs' || app.ownerTenantId === tenantId;
}

export function findServicePrincipal(tenant: Tenant, appId: string, asOfMs: number): ServicePrincipal | undefined {
  return tenant.servicePrincipals.list(asOfMs).find((candidate) => candidate.appId === appId);
}

/** The account a person types at the sign-in page. Guests sign in with the name they have at home. */
export function findAccount(world: World, upn: string): { readonly person: Person; readonly user: User } | undefined {
  const wanted = upn.trim().toLowerCase();
  const tenant = world.tenants.findByDomain(wanted.slice(wanted.lastIndexOf('@') + 1));
  const user = tenant?.users.list(world.now()).find((candidate) => candidate.home === null && candidate.userPrincipalName.toLowerCase() === wanted);
  return tenant === undefined || user === undefined ? undefined : { person: { tenantId: tenant.tenantId, objectId: user.id }, user };
}

export function findHomeUser(world: World, person: Person): User | undefined {
  return world.tenants.get(person.tenantId)?.users.get(person.objectId, world.now());
}

/** The user object this person has in the tenant: their own, or a guest's. */
export function findUserIn(world: World, tenant: Tenant, person: Person): User | undefined {
  if (tenant.tenantId === person.tenantId) return tenant.users.get(person.objectId, world.now());
  return tenant.users
    .list(world.now())
    .find((candidate) => candidate.home?.tenantId === person.tenantId && candidate.home.objectId === person.objectId);
}

export function isSamePerson(left: Person, right: Person): boolean {
  return left.tenantId === right.tenantId && left.objectId === right.objectId;
}

/** Names of the roles held now, tenant-wide, directly or through a role-assignable group. Eligible roles are not held. */
export function heldRoles(world: World, tenant: Tenant, userId: string): ReadonlySet<string> {
  const now = world.now();
  const groups = tenant.groups.list(now).filter((group) => group.isAssignableToRole === true && group.memberIds.includes(userId));
  const principalIds = new Set([userId, ...groups.map((group) => group.id)]);
  const held = tenant.roleAssignments
    .list(now)
    .filter((row) => row.directoryScopeId === '/' && principalIds.has(row.principalId))
    .map((row) => findRoleName(row.roleDefinitionId) ?? row.roleDefinitionId);
  return new Set(held);
}

export type ConsentRight = 'may-consent' | 'needs-higher-admin' | 'needs-admin';

/** Whether these roles may consent tenant-wide to what the application asks for. */
export function consentRight(application: Application, roles: ReadonlySet<string>): ConsentRight {
  if (roles.has('Global Administrator') || roles.has('Privileged Role Administrator')) return 'may-consent';
  if (!roles.has('Application Administrator') && !roles.has('Cloud Application Administrator')) return 'needs-admin';
  const asksGraphRoles = application.requiredResourceAccess.some(
    (access) => access.resourceAppId === GRAPH_APP_ID && access.resourceAccess.some((entry) => entry.type === 'Role'),
  );
  return asksGraphRoles ? 'needs-higher-admin' : 'may-consent';
}
