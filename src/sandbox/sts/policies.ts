/**
 * What decides over consent besides roles: who published an app, whether it is considered risky, and what a tenant lets
 * its people consent to by themselves. Declared by the seed, since Graph's side of it is not modelled.
 * Sources: "Configure how users consent to applications", "Configure the admin consent workflow", "Publisher verification".
 */
import type { CloudName } from '../cloud-hosts';
import { seededAppId } from '../seed-apps';
import type { ConsentPolicySeed, PublisherSeed, Seed } from '../seed-format';
import { seededTenantId } from '../seed';

export interface SignInPolicies {
  publisherOf(appId: string): PublisherSeed | undefined;
  isRisky(appId: string): boolean;
  consentIn(tenantId: string): ConsentPolicySeed;
  /** Absent: the sandbox's own. */
  cloudOf(tenantId: string): CloudName | undefined;
}

const OPEN: ConsentPolicySeed = {};

export function noPolicies(): SignInPolicies {
  return { publisherOf: () => undefined, isRisky: () => false, consentIn: () => OPEN, cloudOf: () => undefined };
}

export function seededPolicies(seed: Seed): SignInPolicies {
  const apps = new Map(seed.apps.map((app) => [seededAppId(seed, app.key), app]));
  const tenants = new Map(seed.tenants.map((tenant) => [seededTenantId(seed, tenant.key), tenant]));
  return {
    publisherOf: (appId) => apps.get(appId)?.publisher,
    isRisky: (appId) => apps.get(appId)?.risky === true,
    consentIn: (tenantId) => tenants.get(tenantId)?.consent ?? OPEN,
    cloudOf: (tenantId) => tenants.get(tenantId)?.cloud,
  };
}
