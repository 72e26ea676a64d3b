/**
 * Tenants by the thousand: a seed says how many, their names follow from their numbers, and each one's directory follows
 * from its name. Number 42 has the key `customer-00042` whatever the count is.
 */
import { INITIAL_DOMAIN_SUFFIXES } from './clouds';
import type { Tenant } from './model';
import type { GeneratedTenantsSeed, LicenceName, PersonSeed, TenantSeed } from './seed-format';
import type { TenantSource } from './tenant-directory';

export const MAX_GENERATED_TENANTS = 100_000;
export const MAX_GENERATED_PEOPLE = 999;
export const GENERATED_ADMIN_ALIAS = 'admin';

const DEFAULT_PREFIX = 'customer';
const DEFAULT_PEOPLE = 5;
const DEFAULT_LICENCES: readonly LicenceName[] = ['EXCHANGE_S_ENTERPRISE', 'SHAREPOINTENTERPRISE', 'TEAMS1', 'AAD_PREMIUM'];
const DIGITS = 5;

export interface GeneratedNames {
  readonly key: string;
  readonly domain: string;
  /** First label of the initial domain. */
  readonly prefix: string;
  readonly name: string;
}

/** `number` counts from 1. */
export function generatedNames(spec: GeneratedTenantsSeed, number: number): GeneratedNames {
  const prefix = spec.prefix ?? DEFAULT_PREFIX;
  const digits = String(number).padStart(DIGITS, '0');
  const name = `${prefix.slice(0, 1).toUpperCase()}${prefix.slice(1)} ${digits}`;
  return { key: `${prefix}-${digits}`, domain: `${prefix}-${digits}.example`, prefix: `${prefix.replaceAll('-', '')}${digits}`, name };
}

/** The number of the tenant with this key, own domain or initial domain. */
export function generatedNumber(spec: GeneratedTenantsSeed, name: string): number | undefined {
  const suffix = INITIAL_DOMAIN_SUFFIXES.find((candidate) => name.endsWith(candidate)) ?? '';
  const number = Number(/(\d+)(?:\.example)?$/.exec(name.slice(0, name.length - suffix.length))?.[1]);
  if (!Number.isInteger(number) || number < 1 || number > spec.count) return undefined;
  const { key, domain, prefix } = generatedNames(spec, number);
  return [key, domain, `${prefix}${suffix}`].includes(name) && (suffix !== '' || name !== prefix) ? number : undefined;
}

/** What the tenant would say of itself in a seed file. */
export function generatedTenantSeed(spec: GeneratedTenantsSeed, number: number, password: string): TenantSeed {
  const names = generatedNames(spec, number);
  const people = Array.from({ length: spec.people ?? DEFAULT_PEOPLE }, (_, index) => generatedPerson(names, index + 1, password));
  return { ...names, country: 'PT', licences: spec.licences ?? DEFAULT_LICENCES, people };
}

function generatedPerson(tenant: GeneratedNames, number: number, password: string): PersonSeed {
  if (number === 1) return { alias: GENERATED_ADMIN_ALIAS, name: `Administrator of ${tenant.name}`, roles: ['Global Administrator'], password };
  const roles = number === 2 ? { roles: ['Exchange Administrator'] } : {};
  return { alias: `person-${number}`, name: `Person ${number} of ${tenant.name}`, ...roles, password };
}

export interface GeneratedParts {
  readonly spec: GeneratedTenantsSeed;
  readonly idOfKey: (key: string) => string;
  readonly build: (number: number) => Tenant;
}

export function generatedSource({ spec, idOfKey, build }: GeneratedParts): TenantSource {
  const numberById = new Map<string, number>();
  for (let number = 1; number <= spec.count; number += 1) numberById.set(idOfKey(generatedNames(spec, number).key), number);
  return {
    size: spec.count,
    ids: () => numberById.keys(),
    has: (tenantId) => numberById.has(tenantId),
    idOfDomain: (name) => {
      const number = name.includes('.') ? generatedNumber(spec, name) : undefined;
      return number === undefined ? undefined : idOfKey(generatedNames(spec, number).key);
    },
    make: (tenantId) => {
      const number = numberById.get(tenantId);
      if (number === undefined) throw new Error(`No generated tenant has the id ${tenantId}.`);
      return build(number);
    },
  };
}
