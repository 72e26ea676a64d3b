/**
 * Reads a seed file: checks every field, says where a mistake is (`tenants[1].people[0].roles[0]`), and lays the
 * file over the built-in seed. Unknown fields are mistakes too: a misspelt one would otherwise be silence.
 */
import { CLOUD_NAMES } from './cloud-hosts';
import { DIRECTORY_ROLE_NAMES } from './directory-roles';
import { problemWithVariants } from './graph/variants';
import { isJsonObject, type JsonObject } from './jwt';
import { isResourceKey, resourceByKey } from './resources';
import { DEFAULT_SEED } from './seed-default';
import { readCertificate } from './seed-apps';
import { DECLINE_VARIANTS, DRIVE_STATES, LICENCE_PLAN_IDS, MAILBOX_STATES, TEAM_STATES, type AppPermissionSeed, type ProvocationSeed, type Seed, type SeedFile } from './seed-format';
import { generatedNumber, MAX_GENERATED_PEOPLE, MAX_GENERATED_TENANTS } from './seed-generated';
import { provokedAt } from './sts/provocations';
import { problemWithStsVariants } from './sts/variants';
import { REPLICATION_SCOPES } from './world';

/** A seed file that cannot be used; the message names the field. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
}

type Check = (value: unknown, at: string) => void;

/** Raises SeedError. The result is the same value, known to be a seed file. */
export function checkSeedFile(value: unknown): SeedFile {
  checkFile(value, '');
  assertSeedFile(value);
  return value;
}

/** The whole seed: the file's tenants and apps replace built-in ones with the same key and join the others. Raises SeedError. */
export function resolveSeed(file: SeedFile = {}): Seed {
  const base: Seed = file.extends === 'nothing' ? { ...DEFAULT_SEED, tenants: [], apps: [], redirectUris: [] } : DEFAULT_SEED;
  const seed: Seed = {
    seed: file.seed ?? base.seed,
    homeTenant: file.homeTenant ?? base.homeTenant,
    cloud: file.cloud ?? base.cloud,
    tenants: mergeByKey(base.tenants, file.tenants ?? []),
    generatedTenants: file.generatedTenants,
    apps: mergeByKey(base.apps, file.apps ?? []),
    redirectUris: [...base.redirectUris, ...(file.redirectUris ?? [])],
    replicationLagMs: { ...base.replicationLagMs, ...file.replicationLagMs },
    declineVariant: file.declineVariant ?? base.declineVariant,
    variants: file.variants ?? base.variants,
    provoke: file.provoke ?? base.provoke,
  };
  checkReferences(seed);
  return seed;
}

function mergeByKey<Item extends { readonly key: string }>(base: readonly Item[], given: readonly Item[]): Item[] {
  const keys = new Set(given.map((item) => item.key));
  return [...base.filter((item) => !keys.has(item.key)), ...given];
}

function checkReferences(seed: Seed): void {
  if (!seed.tenants.some((tenant) => tenant.key === seed.homeTenant)) fail('homeTenant', `names no tenant: "${seed.homeTenant}"`);
  requireUnique(seed.tenants.map((tenant) => tenant.key), 'tenants', 'key');
  requireUnique(seed.tenants.map((tenant) => tenant.domain.toLowerCase()), 'tenants', 'domain');
  checkGenerated(seed);
  requireUnique(seed.apps.map((app) => app.key), 'apps', 'key');
  for (const app of seed.apps) for (const permission of app.permissions) checkPermission(app.key, permission);
  for (const [index, wanted] of (seed.provoke ?? []).entries()) checkProvocation(seed, wanted, `provoke[${index}]`);
  for (const tenant of seed.tenants) {
    const aliases = new Set(tenant.people.map((person) => person.alias));
    requireUnique(tenant.people.map((person) => person.alias), `tenant ${tenant.key}`, 'alias');
    for (const group of tenant.groups ?? []) {
      const stranger = [...group.members, ...(group.eligibleMembers ?? [])].find((alias) => !aliases.has(alias));
      if (stranger !== undefined) fail(`tenant ${tenant.key}, group "${group.name}"`, `has a member nobody is: "${stranger}"`);
    }
    for (const person of tenant.people) checkHome(seed, tenant.key, person);
  }
}

function checkGenerated({ generatedTenants: spec, tenants }: Seed): void {
  if (spec === undefined) return;
  const taken = tenants.find(({ key: own, domain: name, prefix }) => [own, name, `${prefix}.onmicrosoft.com`].some((text) => generatedNumber(spec, text.toLowerCase()) !== undefined));
  if (taken !== undefined) fail('generatedTenants', `would make a tenant like "${taken.key}", which is there already`);
}

function checkPermission(appKey: string, { resource: resourceKey, type, name }: AppPermissionSeed): void {
  const { displayName, appRoles, scopes } = resourceByKey(resourceKey);
  const offered: readonly { readonly value: string }[] = type === 'Role' ? appRoles : scopes;
  if (!offered.some((candidate) => candidate.value === name)) fail(`app ${appKey}`, `${displayName} has no ${type} named "${name}"`);
}

function checkProvocation(seed: Seed, { tenant: tenantKey, app: appKey }: ProvocationSeed, at: string): void {
  if (tenantKey !== undefined && !seed.tenants.some((candidate) => candidate.key === tenantKey)) fail(`${at}.tenant`, `names no tenant: "${tenantKey}"`);
  if (appKey !== undefined && !seed.apps.some((candidate) => candidate.key === appKey)) fail(`${at}.app`, `names no app: "${appKey}"`);
}

function checkHome(seed: Seed, tenantKey: string, person: Seed['tenants'][number]['people'][number]): void {
  if (person.guestFrom === undefined) return;
  const [homeKey, alias] = person.guestFrom.split('/');
  const home = seed.tenants.find((tenant) => tenant.key === homeKey)?.people.find((candidate) => candidate.alias === alias);
  if (home === undefined || home.guestFrom !== undefined || homeKey === tenantKey) {
    fail(`tenant ${tenantKey}, ${person.alias}.guestFrom`, `"${person.guestFrom}" must be tenantKey/alias of a member elsewhere`);
  }
}

function requireUnique(values: readonly string[], at: string, what: string): void {
  const seen = new Set<string>();
  const twice = values.find((value) => seen.size === seen.add(value).size);
  if (twice !== undefined) fail(at, `${what} "${twice}" is there twice`);
}

const text: Check = (value, at) => {
  if (typeof value !== 'string' || value === '') fail(at, 'must be a non-empty text');
};

const flag: Check = (value, at) => {
  if (typeof value !== 'boolean') fail(at, 'must be true or false');
};

const round: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) fail(at, 'must be a whole number from 1');
};

const lagMs: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) fail(at, 'must be milliseconds, 0 or more');
};

const redirectUri: Check = (value, at) => {
  if (typeof value !== 'string' || !URL.canParse(value) || value.includes('#')) fail(at, 'must be an absolute URL without a fragment');
};

const instant: Check = (value, at) => {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) fail(at, 'must be an ISO 8601 instant');
};

const certificate: Check = (value, at) => {
  if (typeof value !== 'string' || readCertificate(value) === undefined) fail(at, 'must be a certificate in PEM');
};

const provokable: Check = (value, at) => {
  if (typeof value !== 'number' || provokedAt(value).length === 0) fail(at, 'is not a number that can be provoked this way (docs/sandbox.md)');
};

const key: Check = (value, at) => {
  if (typeof value !== 'string' || !/^[a-z0-9][a-z0-9-]{0,31}$/.test(value)) fail(at, 'must be lower-case letters, digits and dashes');
};

const domain: Check = (value, at) => {
  if (typeof value !== 'string' || !/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i.test(value)) fail(at, 'must be a domain name');
};

const days: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) fail(at, 'must be a whole number of days from 1');
};

const graphVariants: Check = (value, at) => {
  const problem = isJsonObject(value) ? problemWithVariants(value) : 'must be an object';
  if (problem !== undefined) fail(at, problem);
};

const stsVariants: Check = (value, at) => {
  const problem = isJsonObject(value) ? problemWithStsVariants(value) : 'must be an object';
  if (problem !== undefined) fail(at, problem);
};

const roleName = oneOf(DIRECTORY_ROLE_NAMES);

const role: Check = (value, at) => {
  if (typeof value === 'string') roleName(value, at);
  else object({ role: roleName, unit: text }, ['role', 'unit'])(value, at);
};

const resource: Check = (value, at) => {
  if (typeof value !== 'string' || !isResourceKey(value)) fail(at, 'must be graph, exchange or sharepoint');
};

const licence = oneOf(Object.keys(LICENCE_PLAN_IDS));

const person = object(
  { alias: key, name: text, roles: listOf(role), eligibleRoles: listOf(roleName), enabled: flag, synced: flag, cloudOnly: flag, guestFrom: text, lastSignIn: instant, licences: listOf(licence), mailbox: oneOf(MAILBOX_STATES), drive: oneOf(DRIVE_STATES), password: text },
  ['alias', 'name'],
);

const group = object({ name: text, roleAssignable: flag, team: oneOf(TEAM_STATES), members: listOf(key), eligibleMembers: listOf(key), roles: listOf(roleName) }, ['name', 'members']);

const tenant = object(
  {
    key,
    name: text,
    domain,
    prefix: key,
    country: text,
    licences: listOf(licence),
    pendingLicences: listOf(licence),
    mailboxes: oneOf(MAILBOX_STATES),
    resources: listOf(resource),
    people: listOf(person),
    cloud: oneOf(CLOUD_NAMES),
    consent: object({ users: oneOf(['everything', 'verified-publishers', 'nothing']), requests: flag }, []),
    groups: listOf(group),
    servicePrincipals: listOf(object({ name: text, roles: listOf(roleName) }, ['name'])),
    orphanedRoles: listOf(roleName),
    maxKeyLifetimeDays: days,
  },
  ['key', 'name', 'domain', 'prefix', 'country', 'licences', 'people'],
);

const permission = object({ resource, type: oneOf(['Role', 'Scope']), name: text, reason: text }, ['resource', 'type', 'name', 'reason']);

const app = object(
  {
    key,
    name: text,
    round,
    multiTenant: flag,
    permissions: listOf(permission),
    services: listOf(text),
    redirectUris: listOf(redirectUri),
    homeRoles: listOf(text),
    clientSecret: text,
    secrets: listOf(object({ value: text, name: text, from: instant, until: instant }, ['value'])),
    certificates: listOf(object({ pem: certificate, name: text, from: instant, until: instant }, ['pem'])),
    publisher: object({ name: text, verified: flag }, ['name']),
    risky: flag,
  },
  ['key', 'name', 'round', 'permissions'],
);

const checkFile = object(
  {
    extends: oneOf(['default', 'nothing']),
    seed: text,
    homeTenant: key,
    tenants: listOf(tenant),
    generatedTenants: object({ count: upTo(MAX_GENERATED_TENANTS), prefix: key, people: upTo(MAX_GENERATED_PEOPLE), licences: listOf(licence), password: text }, ['count']),
    apps: listOf(app),
    redirectUris: listOf(redirectUri),
    replicationLagMs: object(Object.fromEntries(REPLICATION_SCOPES.map((scope) => [scope, lagMs])), []),
    cloud: oneOf(CLOUD_NAMES),
    declineVariant: oneOf(DECLINE_VARIANTS),
    variants: object({ graph: graphVariants, sts: stsVariants }, []),
    provoke: listOf(object({ code: provokable, tenant: key, app: key, person: text, at: oneOf(['sign-in', 'consent', 'token']), times: round }, ['code'])),
  },
  [],
);

function object(fields: Readonly<Record<string, Check>>, required: readonly string[]): Check {
  return (value, at) => {
    if (!isJsonObject(value)) return fail(at, 'must be an object');
    for (const name of required) if (value[name] === undefined) fail(join(at, name), 'is missing');
    for (const [name, entry] of Object.entries(value)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (check === undefined) fail(join(at, name), `is not a known field (there are ${Object.keys(fields).join(', ')})`);
      else if (entry !== undefined) check(entry, join(at, name));
    }
    return undefined;
  };
}

function listOf(check: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return fail(at, 'must be a list');
    for (const [index, entry] of value.entries()) check(entry, `${at}[${index}]`);
    return undefined;
  };
}

function upTo(most: number): Check {
  return (value, at) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) fail(at, `must be a whole number from 1 to ${most}`);
  };
}

function oneOf(allowed: readonly string[]): Check {
  return (value, at) => {
    if (typeof value !== 'string' || !allowed.includes(value)) fail(at, `must be one of: ${allowed.join(', ')}`);
  };
}

function join(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}

function fail(at: string, problem: string): never {
  throw new SeedError(`Seed ${at === '' ? 'file' : at}: ${problem}.`);
}

// The checks above have looked at every field; the type system cannot see that.
function assertSeedFile(_value: unknown): asserts _value is SeedFile & JsonObject {}
