/**
 * Turns a seed into directory rows. Everything seeded was written long ago (instant 0), so no replica lags
 * behind it.
 */
import { cloudFacts } from './clouds';
import { requireRoleTemplateId } from './directory-roles';
import { roleAssignmentId } from './graph/ids';
import type { Tenant, User } from './model';
import { resourceByKey, resourceServicePrincipal, type ResourceKey } from './resources';
import { addApp, plainServicePrincipal, remember, SEEDED_AT, SEEDED_DATE_TIME, type Credentials } from './seed-apps';
import {
  LICENCE_PLAN_IDS,
  type GeneratedTenantsSeed,
  type LicenceName,
  type PersonSeed,
  type RoleSeed,
  type Seed,
  type TenantSeed,
} from './seed-format';
import { generatedSource, generatedTenantSeed } from './seed-generated';
import type { TenantSource } from './tenant-directory';
import { createTenant, createWorld, namedGuid, type ControlledWorld, type WorldOptions } from './world';

const APP_POLICY_ID = '00000000-0000-0000-0000-000000000000';
const EVERY_RESOURCE: readonly ResourceKey[] = ['graph', 'exchange', 'sharepoint'];

/** The tenant id a seed gives the tenant with this key. */
export function seededTenantId(seed: Pick<Seed, 'seed' | 'homeTenant'>, key: string): string {
  return namedGuid(seed.seed, key === seed.homeTenant ? 'tenant/home' : `tenant/${key}`);
}

export function seededPersonId(seed: Pick<Seed, 'seed'>, tenantKey: string, alias: string): string {
  return namedGuid(seed.seed, `tenant/${tenantKey}/person/${alias}`);
}

/** A world with the seed's tenants in it. */
export function createSeededWorld(seed: Seed, options: WorldOptions, credentials: Credentials = new Map()): ControlledWorld {
  const world = createWorld(seed.seed, { cloud: seed.cloud, ...options, homeTenantId: seededTenantId(seed, seed.homeTenant) });
  world.setReplicationLagMs({ ...seed.replicationLagMs, ...options.replicationLagMs });
  populateWorld(world, seed, credentials);
  return world;
}

/** Put the seed's tenants into the world, in place of any earlier state of theirs. */
export function populateWorld(world: ControlledWorld, seed: Seed, credentials: Credentials): void {
  for (const tenantSeed of seed.tenants) world.addTenant(buildTenant(seed, tenantSeed, credentials));
  const home = world.tenants.get(world.homeTenantId);
  if (home === undefined) throw new Error(`The seed has no tenant with the key "${seed.homeTenant}".`);
  for (const app of seed.apps) addApp(home, seed, app, credentials);
  world.setTenantSource(sourceOf(seed, credentials));
}

function sourceOf(seed: Seed, credentials: Credentials): TenantSource | undefined {
  const { generatedTenants: spec } = seed;
  if (spec === undefined) return undefined;
  const password = generatedPassword(spec, credentials);
  return generatedSource({
    spec,
    idOfKey: (key) => seededTenantId(seed, key),
    build: (number) => buildTenant(seed, generatedTenantSeed(spec, number, password), credentials),
  });
}

/** Of all people of generated tenants: one each would be a ready line of megabytes. */
export function generatedPassword(spec: GeneratedTenantsSeed, credentials: Credentials): string {
  return spec.password ?? remember(credentials, 'generated');
}

function buildTenant(seed: Seed, declared: TenantSeed, credentials: Credentials): Tenant {
  const tenant = createTenant(seededTenantId(seed, declared.key), `${declared.prefix}${cloudFacts(seed.cloud).sharePointSuffix}`, declared.licences);
  const id = (name: string) => namedGuid(seed.seed, `tenant/${declared.key}/${name}`);
  addOrganization(tenant, seed, declared);
  addSubscription(tenant, declared);
  if (declared.maxKeyLifetimeDays !== undefined) {
    const policy = { id: APP_POLICY_ID, isEnabled: true, maxKeyLifetimeDays: declared.maxKeyLifetimeDays, forbidsPasswords: false };
    tenant.appManagementPolicies.put(APP_POLICY_ID, policy, SEEDED_AT);
  }
  for (const key of declared.resources ?? EVERY_RESOURCE) {
    const principal = resourceServicePrincipal(resourceByKey(key), id(`resource/${key}`), SEEDED_DATE_TIME);
    tenant.servicePrincipals.put(principal.id, principal, SEEDED_AT);
  }
  for (const person of declared.people) addPerson(tenant, seed, declared, person, credentials);
  for (const group of declared.groups ?? []) {
    const groupId = id(`group/${group.name}`);
    const memberIds = group.members.map((alias) => seededPersonId(seed, declared.key, alias));
    const isAssignableToRole = group.roleAssignable === true ? true : null;
    const eligibleMemberIds = (group.eligibleMembers ?? []).map((alias) => seededPersonId(seed, declared.key, alias));
    const team = group.team === undefined ? {} : { team: group.team };
    tenant.groups.put(groupId, { id: groupId, displayName: group.name, isAssignableToRole, securityEnabled: group.team === undefined, memberIds, eligibleMemberIds, ...team }, SEEDED_AT);
    assignRoles(tenant, groupId, group.roles ?? [], id);
  }
  if (declared.orphanedRoles !== undefined) assignRoles(tenant, id('orphan'), declared.orphanedRoles, id);
  for (const declaredPrincipal of declared.servicePrincipals ?? []) {
    const principal = plainServicePrincipal(id(`sp/${declaredPrincipal.name}`), id(`sp-app/${declaredPrincipal.name}`), declaredPrincipal.name, tenant.tenantId);
    tenant.servicePrincipals.put(principal.id, principal, SEEDED_AT);
    assignRoles(tenant, principal.id, declaredPrincipal.roles ?? [], id);
  }
  return tenant;
}

function addOrganization(tenant: Tenant, seed: Seed, declared: TenantSeed): void {
  const domain = (name: string, isInitial: boolean) =>
    ({ name, isInitial, isDefault: !isInitial, type: 'Managed', capabilities: 'Email, OfficeCommunicationsOnline' }) as const;
  tenant.organization.put(
    tenant.tenantId,
    {
      id: tenant.tenantId,
      displayName: declared.name,
      tenantType: 'AAD',
      countryLetterCode: declared.country,
      verifiedDomains: [domain(declared.domain, false), domain(initialDomain(seed, declared), true)],
      createdDateTime: SEEDED_DATE_TIME,
    },
    SEEDED_AT,
  );
}

function addSubscription(tenant: Tenant, { licences, pendingLicences = [] }: TenantSeed): void {
  if (licences.length === 0) return;
  const withP2 = licences.includes('AAD_PREMIUM_P2');
  const skuId = withP2 ? '06ebc4ee-1bb5-47dd-8120-11324bc54e06' : '05e9a617-0261-4cee-bb44-138d3ef5d965';
  const id = `${tenant.tenantId}_${skuId}`;
  const servicePlans = licences.map((name) => ({
    servicePlanId: LICENCE_PLAN_IDS[name],
    servicePlanName: name,
    provisioningStatus: pendingLicences.includes(name) ? 'PendingProvisioning' : 'Success',
    appliesTo: 'User',
  }));
  const skuPartNumber = withP2 ? 'SPE_E5' : 'SPE_E3';
  tenant.subscribedSkus.put(id, { id, skuId, skuPartNumber, capabilityStatus: 'Enabled', servicePlans }, SEEDED_AT);
}

function addPerson(tenant: Tenant, seed: Seed, declared: TenantSeed, person: PersonSeed, credentials: Credentials): void {
  const id = (name: string) => namedGuid(seed.seed, `tenant/${declared.key}/${name}`);
  const user = buildUser(seed, declared, person, credentials);
  tenant.users.put(user.id, user, SEEDED_AT);
  assignRoles(tenant, user.id, person.roles ?? [], id);
  for (const role of person.eligibleRoles ?? []) {
    const eligibility = id(`eligibility/${person.alias}/${role}`);
    tenant.roleEligibilities.put(
      eligibility,
      {
        id: eligibility,
        principalId: user.id,
        roleDefinitionId: requireRoleTemplateId(role),
        directoryScopeId: '/',
        startDateTime: SEEDED_DATE_TIME,
        endDateTime: null,
        memberType: 'Direct',
      },
      SEEDED_AT,
    );
  }
}

function buildUser(seed: Seed, declared: TenantSeed, person: PersonSeed, credentials: Credentials): User {
  const home = findHome(seed, person);
  const homeAddress = home === undefined ? undefined : address(seed, home.tenant, home.person);
  const ownAddress = address(seed, declared, person);
  const plans = person.licences ?? (home === undefined && person.cloudOnly !== true ? declared.licences : []);
  const mailbox = person.mailbox ?? declared.mailboxes ?? 'there';
  const key = `person/${declared.key}/${person.alias}`;
  return {
    id: seededPersonId(seed, declared.key, person.alias),
    displayName: person.name,
    userPrincipalName: homeAddress === undefined ? ownAddress : `${homeAddress.replace('@', '_')}#EXT#@${initialDomain(seed, declared)}`,
    mail: homeAddress ?? (person.cloudOnly === true ? null : ownAddress),
    accountEnabled: person.enabled ?? true,
    userType: home === undefined ? 'Member' : 'Guest',
    onPremisesSyncEnabled: person.synced === true ? true : null,
    createdDateTime: SEEDED_DATE_TIME,
    signInSessionsValidFromDateTime: SEEDED_DATE_TIME,
    assignedPlans: plans.map((name) => ({
      assignedDateTime: SEEDED_DATE_TIME,
      capabilityStatus: 'Enabled',
      service: SERVICE_OF_PLAN[name],
      servicePlanId: LICENCE_PLAN_IDS[name],
    })),
    ...(mailbox === 'there' ? {} : { mailbox }),
    ...(person.drive === undefined || person.drive === 'there' ? {} : { drive: person.drive }),
    ...(person.lastSignIn === undefined ? {} : { lastSignInDateTime: new Date(person.lastSignIn).toISOString() }),
    password: home === undefined ? (person.password ?? remember(credentials, key)) : '',
    home: home === undefined ? null : { tenantId: seededTenantId(seed, home.tenant.key), objectId: seededPersonId(seed, home.tenant.key, home.person.alias) },
  };
}

const SERVICE_OF_PLAN: Readonly<Record<LicenceName, string>> = {
  AAD_PREMIUM: 'AADPremiumService',
  AAD_PREMIUM_P2: 'AADPremiumService',
  EXCHANGE_S_STANDARD: 'exchange',
  EXCHANGE_S_ENTERPRISE: 'exchange',
  EXCHANGE_S_FOUNDATION: 'exchange',
  SHAREPOINTSTANDARD: 'SharePoint',
  SHAREPOINTENTERPRISE: 'SharePoint',
  SHAREPOINTWAC: 'SharePoint',
  TEAMS1: 'TeamspaceAPI',
};

function findHome(seed: Seed, person: PersonSeed): { tenant: TenantSeed; person: PersonSeed } | undefined {
  if (person.guestFrom === undefined) return undefined;
  const [tenantKey, alias] = person.guestFrom.split('/');
  const tenant = seed.tenants.find((candidate) => candidate.key === tenantKey);
  const home = tenant?.people.find((candidate) => candidate.alias === alias);
  if (tenant === undefined || home === undefined) throw new Error(`"guestFrom": "${person.guestFrom}" names nobody.`);
  return { tenant, person: home };
}

function assignRoles(tenant: Tenant, principalId: string, roles: readonly RoleSeed[], id: (name: string) => string): void {
  for (const declared of roles) {
    const [name, directoryScopeId] =
      typeof declared === 'string' ? [declared, '/'] : [declared.role, `/administrativeUnits/${id(`unit/${declared.unit}`)}`];
    const roleDefinitionId = requireRoleTemplateId(name);
    if (typeof declared !== 'string') addUnit(tenant, id(`unit/${declared.unit}`), declared.unit);
    const tenantWideId = roleAssignmentId(roleDefinitionId, principalId);
    // What narrower scopes end in is not known; it must only differ from the tenant-wide one.
    const assignmentId = directoryScopeId === '/' ? tenantWideId : tenantWideId.replace(/1$/, directoryScopeId.slice(-12));
    tenant.roleAssignments.put(assignmentId, { id: assignmentId, principalId, roleDefinitionId, directoryScopeId }, SEEDED_AT);
  }
}

function addUnit(tenant: Tenant, id: string, displayName: string): void {
  if (tenant.administrativeUnits.get(id, SEEDED_AT) !== undefined) return;
  tenant.administrativeUnits.put(id, { id, displayName, memberIds: [] }, SEEDED_AT);
}

function address(seed: Seed, tenant: TenantSeed, person: PersonSeed): string {
  return `${person.alias}@${person.cloudOnly === true ? initialDomain(seed, tenant) : tenant.domain}`;
}

function initialDomain({ cloud }: Pick<Seed, 'cloud'>, tenant: Pick<TenantSeed, 'prefix'>): string {
  return `${tenant.prefix}${cloudFacts(cloud).initialDomainSuffix}`;
}
