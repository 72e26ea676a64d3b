/**
 * The ready line: everything a script needs to use the sandbox, test credentials included. It is the only place
 * they leave the process.
 */
import type { CloudName } from './cloud-hosts';
import { findRoleName } from './directory-roles';
import type { Tenant, User, World } from './model';
import { seededAppId, type Credentials } from './seed-apps';
import type { AppPermissionSeed, GeneratedTenantsSeed, PersonSeed, Seed, TenantSeed } from './seed-format';
import { GENERATED_ADMIN_ALIAS, generatedNames } from './seed-generated';
import { generatedPassword, seededPersonId, seededTenantId } from './seed';

export interface ReadyApp {
  readonly key: string;
  readonly appId: string;
  readonly objectId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly round: number;
  readonly displayName: string;
  /** As the product's configuration writes them. */
  readonly requiredPermissions: readonly ReadyPermission[];
  readonly services: readonly string[];
}

export interface ReadyPermission {
  readonly resource: string;
  readonly type: 'application' | 'delegated';
  readonly name: string;
  readonly reason: string;
}

export interface ReadyUser {
  readonly upn: string;
  /** What the person types at the sign-in page: a guest's name at home, otherwise the upn. */
  readonly signInName: string;
  readonly password: string;
  readonly objectId: string;
  /** Roles however held; `notes` says how. */
  readonly roles: readonly string[];
  /** `pim-eligible`, `guest`, `disabled`, `via-group`, `unit-scoped`, joined by `|`; empty for none. */
  readonly notes: string;
}

export interface ReadyTenant {
  readonly key: string;
  readonly tenantId: string;
  readonly domain: string;
  readonly displayName: string;
  readonly users: readonly ReadyUser[];
}

export interface Ready {
  readonly ready: true;
  readonly login: string;
  readonly graph: string;
  readonly cloud: CloudName;
  readonly caFile: string;
  /** In masquerade: the address for `HTTPS_PROXY`. */
  readonly proxy: string | null;
  readonly control: string;
  readonly homeTenantId: string;
  readonly apps: readonly ReadyApp[];
  readonly tenants: readonly ReadyTenant[];
  /** The tenants that come by number, in a few words; absent when there are none. */
  readonly generatedTenants?: ReadyGenerated;
}

/** Names end in a number of five digits (`customer-00042`); ids are on the control door's pages. */
export interface ReadyGenerated {
  readonly count: number;
  readonly firstKey: string;
  readonly lastKey: string;
  readonly firstDomain: string;
  /** What the first tenant's Global Administrator types at the sign-in page. */
  readonly firstAdmin: string;
  /** Of everybody in these tenants. */
  readonly password: string;
  /** Where their keys, ids and domains are, a page at a time. */
  readonly list: string;
}

export interface ReadyPlace {
  readonly caFile: string;
  readonly control: string;
  readonly proxy: string | null;
}

export function describeReady(world: World, seed: Seed, credentials: Credentials, place: ReadyPlace): Ready {
  return {
    ready: true,
    login: world.origins.login,
    graph: world.origins.graph,
    cloud: world.cloud ?? 'global',
    caFile: place.caFile,
    proxy: place.proxy,
    control: place.control,
    homeTenantId: world.homeTenantId,
    apps: readyApps(world, seed),
    // Customers first: they are what a reader of this line looks for.
    tenants: seed.tenants.toSorted((left, right) => Number(left.key === seed.homeTenant) - Number(right.key === seed.homeTenant)).map((tenant) => readyTenant(world, seed, tenant)),
    ...(seed.generatedTenants === undefined ? {} : { generatedTenants: readyGenerated(seed.generatedTenants, credentials, place) }),
  };
}

function readyGenerated(spec: GeneratedTenantsSeed, credentials: Credentials, { control }: ReadyPlace): ReadyGenerated {
  const first = generatedNames(spec, 1);
  return {
    count: spec.count,
    firstKey: first.key,
    lastKey: generatedNames(spec, spec.count).key,
    firstDomain: first.domain,
    firstAdmin: `${GENERATED_ADMIN_ALIAS}@${first.domain}`,
    password: generatedPassword(spec, credentials),
    list: `${control}/tenants`,
  };
}

function readyApps(world: World, seed: Seed): ReadyApp[] {
  const registered = world.tenants.get(world.homeTenantId)?.applications.list(world.now()) ?? [];
  return seed.apps.flatMap((declared): ReadyApp[] => {
    const application = registered.find((candidate) => candidate.appId === seededAppId(seed, declared.key));
    const secret = application?.passwordCredentials[0]?.secretText;
    if (application === undefined || secret === undefined) return [];
    const { appId, id: objectId, redirectUris, displayName } = application;
    const requiredPermissions = declared.permissions.map(readyPermission);
    const services = declared.services ?? [];
    return [{ key: declared.key, appId, objectId, clientSecret: secret, redirectUris, round: declared.round, displayName, requiredPermissions, services }];
  });
}

function readyPermission({ resource, type, name, reason }: AppPermissionSeed): ReadyPermission {
  return { resource, type: type === 'Role' ? 'application' : 'delegated', name, reason };
}

function readyTenant(world: World, seed: Seed, declared: TenantSeed): ReadyTenant {
  const tenantId = seededTenantId(seed, declared.key);
  const tenant = world.tenants.get(tenantId);
  const users = declared.people.flatMap((person): ReadyUser[] => {
    const user = tenant?.users.get(seededPersonId(seed, declared.key, person.alias), world.now());
    return tenant === undefined || user === undefined ? [] : [readyUser(world, tenant, declared, person, user)];
  });
  return { key: declared.key, tenantId, domain: declared.domain, displayName: declared.name, users };
}

function readyUser(world: World, tenant: Tenant, declared: TenantSeed, person: PersonSeed, user: User): ReadyUser {
  const home = user.home === null ? undefined : world.tenants.get(user.home.tenantId)?.users.get(user.home.objectId, world.now());
  const groups = (declared.groups ?? []).filter((group) => group.roleAssignable === true && group.members.includes(person.alias));
  const direct = tenant.roleAssignments.list(world.now()).filter((row) => row.principalId === user.id);
  const viaGroup = groups.flatMap((group) => group.roles ?? []);
  const notes = [
    ...((person.eligibleRoles ?? []).length > 0 ? ['pim-eligible'] : []),
    ...(user.userType === 'Guest' ? ['guest'] : []),
    ...(user.accountEnabled ? [] : ['disabled']),
    ...(viaGroup.length > 0 ? ['via-group'] : []),
    ...(direct.some((row) => row.directoryScopeId !== '/') ? ['unit-scoped'] : []),
  ];
  return {
    upn: user.userPrincipalName,
    signInName: home?.userPrincipalName ?? user.userPrincipalName,
    password: home?.password ?? user.password,
    objectId: user.id,
    roles: [...direct.map((row) => findRoleName(row.roleDefinitionId) ?? row.roleDefinitionId), ...viaGroup, ...(person.eligibleRoles ?? [])],
    notes: notes.join('|'),
  };
}

