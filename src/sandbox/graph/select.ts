/**
 * `$select` and the names a type has. A name the metadata does not know is refused on closed types; on open types
 * (directory objects) the service's behaviour differs from path to path and nobody recorded it: not modelled.
 * A name the metadata knows but the sandbox has no value for is not modelled either.
 * Source: Microsoft Graph v1.0 metadata, commit f54f11b6, distilled to csdl-names.json.
 */
import { rule } from './rules';
import names from './csdl-names.json';
import { GraphRefusal, NotModelled } from './refusal';

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

/** The selected members in the row's own order; `undefined` selects the type's default set. */
export function project(row: Wire, select: readonly string[] | undefined, type: TypeName, defaults?: readonly string[]): Wire {
  if (select === undefined) return defaults === undefined ? row : pick(row, defaults);
  for (const name of select) requireSelectable(name, row, type);
  return pick(row, select);
}

function requireSelectable(name: string, row: Wire, type: TypeName): void {
  if (Object.hasOwn(row, name)) return;
  const { open, properties, navigation } = namesOf(type);
  if (open || properties.includes(name) || navigation.includes(name)) throw new NotModelled(`$select=${name} on ${type}`);
  throw new GraphRefusal(
    rule('G-ERR-SELECT'),
    400,
    'BadRequest',
    `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${type}'.`,
  );
}

function pick(row: Wire, wanted: readonly string[]): Wire {
  const chosen = new Set(wanted);
  return Object.fromEntries(Object.entries(row).filter(([name]) => name.startsWith('@') || chosen.has(name)));
}
