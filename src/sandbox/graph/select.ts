/**
 * `$select` and the names a type has. A name the metadata does not know is refused on closed types; on open types
 * (directory objects) the service's behaviour differs from path to path and nobody recorded it: not modelled.
 * A name the metadata knows but the sandbox has no value for is not modelled either.
 * Source: Microsoft Graph v1.0 metadata, commit f54f11b6, distilled to csdl-names.json, and the two names that are
 * on the wire without being in it (servicePrincipal.createdDateTime, unifiedRoleAssignment.resourceScope). A person's
 * To Do lists are spelled with an escape there: searches for unfinished work would take Graph's name for a mark.
 */
import { rule } from './rules';
import names from './csdl-names.json';
import type { World } from '../model';
import { GraphRefusal, NotModelled } from './refusal';
import { variantsOf } from './variants';

export type TypeName = Exclude<keyof typeof names, '$roots'>;
export type Wire = Readonly<Record<string, unknown>>;

interface TypeNames {
  readonly open: boolean;
  readonly properties: readonly string[];
  readonly navigation: readonly string[];
  readonly actions: readonly string[];
}

export function namesOf(type: TypeName | '$roots'): TypeNames {
  return names[type];
}

/** Is this a segment the service knows after an object of the type (property, relation, action)? */
export function knowsSegment(type: TypeName | '$roots', segment: string): boolean {
  const { properties, navigation, actions } = namesOf(type);
  const wanted = segment.toLowerCase();
  return wanted.startsWith('$') || [...properties, ...navigation, ...actions].some((name) => name.toLowerCase() === wanted);
}

/** Refuses names the type does not have, also when there is no row to show it on. */
export function checkSelect(select: readonly string[] | undefined, type: TypeName, world?: World): void {
  const { open, properties, navigation } = namesOf(type);
  const unknown = select?.find((name) => !properties.includes(name) && !navigation.includes(name));
  if (unknown === undefined) return;
  const side = open && world !== undefined ? variantsOf(world).unknownSelect : 'not-modelled';
  if (side === 'ignored') return;
  if (open && side === 'not-modelled') throw new NotModelled(`$select=${unknown} on ${type}`);
  throw new GraphRefusal(
    rule('G-ERR-SELECT'),
    400,
    'BadRequest',
    `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type 'microsoft.graph.${type}'.`,
  );
}

/** The selected members in the row's own order; `undefined` selects the type's default set. */
export function project(row: Wire, select: readonly string[] | undefined, type: TypeName, defaults?: readonly string[], world?: World): Wire {
  if (select === undefined) return defaults === undefined ? row : pick(row, defaults);
  checkSelect(select, type, world);
  const { properties, navigation } = namesOf(type);
  const valueless = select.find((name) => !Object.hasOwn(row, name) && (properties.includes(name) || navigation.includes(name)));
  if (valueless !== undefined) throw new NotModelled(`$select=${valueless} on ${type}`);
  return pick(row, select);
}

/** The row as a cast or a typed collection shows it: without its type. */
export function withoutType(row: Wire): Wire {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== '@odata.type'));
}

function pick(row: Wire, wanted: readonly string[]): Wire {
  const chosen = new Set(wanted);
  return Object.fromEntries(Object.entries(row).filter(([name]) => name.startsWith('@') || chosen.has(name)));
}
