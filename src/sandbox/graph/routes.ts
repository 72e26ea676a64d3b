/**
 * Every modelled operation: its template, the rule it follows, the permission entry that opens it, what it costs
 * (resource units) and its handler. Literal templates stand before those with a key in the same place.
 * Costs: Microsoft Graph "Throttling limits", identity and access; several confirmed by recordings.
 */
import { fitAddress, type Key, type Part } from './address';
import type { GraphRoute } from './route';
import { appRoutes } from './routes-apps';
import { peopleRoutes } from './routes-people';
import { tenantRoutes } from './routes-tenant';

export type { GraphRoute } from './route';

export const routes: readonly GraphRoute[] = [...appRoutes, ...tenantRoutes, ...peopleRoutes];

export interface FoundRoute {
  readonly route: GraphRoute;
  readonly keys: readonly Key[];
}

/** The routes whose template fits, whatever their method. */
export function routesAt(parts: readonly Part[]): readonly FoundRoute[] {
  return routes.flatMap((route) => {
    const keys = fitAddress(route.template, parts);
    return keys === undefined ? [] : [{ route, keys }];
  });
}
