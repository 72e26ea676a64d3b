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

// Few templates share a length and a first name: looking at all of them for every request would be most of its cost.
const routesByShape: ReadonlyMap<string, readonly GraphRoute[]> = Map.groupBy(routes, ({ template }) => {
  const [first = '', ...others] = template.split('/').slice(1);
  return shapeOf(first, others.length + 1);
});

/** The routes whose template fits, whatever their method. */
export function routesAt(parts: readonly Part[]): readonly FoundRoute[] {
  return (routesByShape.get(shapeOf(parts[0]?.text ?? '', parts.length)) ?? []).flatMap((route) => {
    const keys = fitAddress(route.template, parts);
    return keys === undefined ? [] : [{ route, keys }];
  });
}

function shapeOf(first: string, length: number): string {
  return `${length} ${first.toLowerCase()}`;
}
