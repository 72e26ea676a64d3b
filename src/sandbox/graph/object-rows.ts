/**
 * Rows of directory objects of several types, as lists and expanded relations show them: each with its type, and empty
 * where the caller may not read it.
 */
import type { Call } from './call';
import { defaultMembers, viewObject, withholdUnreadable } from './directory-objects';
import { NotModelled } from './refusal';
import { namesOf, project, type TypeName, type Wire } from './select';

export type Cast = 'user' | 'group' | 'servicePrincipal' | 'directoryRole';

const TYPES: readonly TypeName[] = ['user', 'group', 'servicePrincipal', 'directoryRole'];

/** The objects with their types, what is not readable withheld. */
export function objectRows(call: Call, ids: readonly string[], asOfMs: number, cast?: Cast): readonly Wire[] {
  return ids
    .map((id) => viewObject(call, id, asOfMs))
    .filter((object): object is Wire => object !== undefined)
    .filter((object) => cast === undefined || object['@odata.type'] === `#microsoft.graph.${cast}`)
    .map((object) => withholdUnreadable(call, object));
}

// Objects are of several types: a selected member that a type does not have is missing from its rows.
export function selectMembers(select: readonly string[] | undefined, object: Wire): Wire {
  if (select === undefined) return defaultMembers(object);
  const type = String(object['@odata.type']).replace('#microsoft.graph.', '') as TypeName;
  const own = select.filter((name) => name in object || namesOf(type).properties.includes(name));
  return project(object, own, type);
}

export function checkObjectSelect(select: readonly string[] | undefined): void {
  const unknown = select?.find((name) => !TYPES.some((type) => namesOf(type).properties.includes(name)));
  if (unknown !== undefined) throw new NotModelled(`$select=${unknown} on directory objects`);
}
