/**
 * Paths below `/v1.0`, in both key notations: `/users/{id}` and `/users('{id}')`, and the alternate key
 * `/servicePrincipals(appId='{appId}')`. Names are matched without regard to case, as recorded traffic shows
 * (`serviceprincipals`, `oAuth2PermissionGrants`). Source: OData 4.01 URL conventions 4.3.
 */

export type Key =
  | { readonly kind: 'id'; readonly value: string }
  | { readonly kind: 'alternate'; readonly property: string; readonly value: string };

export interface Part {
  readonly text: string;
  /** Present when the part was written in parentheses: it can only be a key. */
  readonly key?: Key;
}

/** Functions and actions of collections: they stand where a key could, and are none. */
export const COLLECTION_OPERATIONS: ReadonlySet<string> = new Set([
  '$count',
  'delta',
  'getbyids',
  'getavailableextensionproperties',
  'getuserownedobjects',
  'validateproperties',
]);

/** Undefined when the path is not valid percent-encoding. */
export function parseAddress(path: string): readonly Part[] | undefined {
  try {
    return path.split('/').filter((segment) => segment !== '').flatMap((segment) => parseSegment(decodeURIComponent(segment)));
  } catch {
    return undefined;
  }
}

const splitTemplates = new Map<string, readonly string[]>();

/** The keys in order when the address fits the template, such as `/groups/{id}/members`. */
export function fitAddress(template: string, parts: readonly Part[]): readonly Key[] | undefined {
  const wanted = segmentsOf(template);
  if (wanted.length !== parts.length) return undefined;
  const keys: Key[] = [];
  for (const [index, part] of parts.entries()) {
    const isKey = wanted[index] === '{id}';
    if (isKey && (part.key !== undefined || canBeKey(part.text))) keys.push(part.key ?? { kind: 'id', value: part.text });
    else if (isKey || part.key !== undefined || wanted[index] !== part.text.toLowerCase()) return undefined;
  }
  return keys;
}

// Every request is held against every template: there are a few dozen, and they never change.
function segmentsOf(template: string): readonly string[] {
  const known = splitTemplates.get(template);
  if (known !== undefined) return known;
  const segments = template.toLowerCase().split('/').slice(1);
  splitTemplates.set(template, segments);
  return segments;
}

function canBeKey(text: string): boolean {
  const word = text.toLowerCase();
  return !word.startsWith('$') && !word.startsWith('microsoft.graph.') && !COLLECTION_OPERATIONS.has(word);
}

function parseSegment(segment: string): Part[] {
  // Reference pages also write the alternate key as a segment of its own: /directoryRoles/roleTemplateId={id}.
  const [, alone, bare] = /^(roleTemplateId)=([0-9a-f-]{36})$/i.exec(segment) ?? [];
  if (alone !== undefined && bare !== undefined) return [{ text: bare, key: { kind: 'alternate', property: alone, value: bare } }];
  const [, name, inner] = /^([A-Za-z][\w.]*)\((.*)\)$/.exec(segment) ?? [];
  if (name === undefined || inner === undefined) return [{ text: segment }];
  const [, property, quoted] = /^(?:([A-Za-z]\w*)=)?'((?:[^']|'')*)'$/.exec(inner) ?? [];
  if (quoted === undefined) return [{ text: segment }];
  const value = quoted.replaceAll("''", "'");
  return [{ text: name }, { text: value, key: property === undefined ? { kind: 'id', value } : { kind: 'alternate', property, value } }];
}
