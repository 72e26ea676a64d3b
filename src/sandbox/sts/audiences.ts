/**
 * Scopes name a resource by an address; each resource answers to a few. What a token carries as `aud` is the
 * address it was asked for by.
 */
import { cloudFacts, graphResource } from '../clouds';
import type { ServicePrincipal, Tenant, World } from '../model';
import { resourceByKey } from '../resources';
import { findApp, findServicePrincipal } from './directory';

const DEFAULT_SUFFIX = '/.default';

/** The resource in `<resource>/.default`; undefined for any other form. */
export function resourceOfDefaultScope(scope: string): string | undefined {
  return scope.endsWith(DEFAULT_SUFFIX) && scope.length > DEFAULT_SUFFIX.length ? scope.slice(0, -DEFAULT_SUFFIX.length) : undefined;
}

/** The appId behind a resource's address in this tenant; undefined when nobody answers to it. */
export function resourceAppId(world: World, tenant: Tenant, address: string): string | undefined {
  const addresses = new Map([
    [graphResource(world.cloud), resourceByKey('graph').appId],
    ...cloudFacts(world.cloud).exchangeResources.map((exchange): [string, string] => [exchange, resourceByKey('exchange').appId]),
    [`https://${tenant.sharePointHost}`, resourceByKey('sharepoint').appId],
  ]);
  // An address that itself ends in a slash keeps it in the scope, which then has two before `.default`.
  const bare = address.toLowerCase().replace(/\/$/, '').replace(/^api:\/\//, '');
  return addresses.get(bare) ?? resourceAppIdByGuid(world, tenant, bare);
}

function resourceAppIdByGuid(world: World, tenant: Tenant, appId: string): string | undefined {
  return findServicePrincipal(tenant, appId, world.now())?.appId ?? findApp(world, appId)?.application.appId;
}

/** The resource's service principal as the token service sees it now. */
export function findAudience(world: World, tenant: Tenant, address: string): ServicePrincipal | undefined {
  const appId = resourceAppId(world, tenant, address);
  return appId === undefined ? undefined : findServicePrincipal(tenant, appId, world.asOf('sts.servicePrincipal'));
}
