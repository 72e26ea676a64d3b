/**
 * One text for one JSON value, for hashing: the JSON Canonicalization Scheme (RFC 8785). Members sorted by UTF-16 code
 * units, no white space, numbers and strings as ECMAScript writes them. What JSON cannot carry is refused, not dropped.
 */

/** Raises a TypeError for undefined, functions, symbols, big integers and numbers that are not finite. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object' && value !== null) return `{${members(value as Readonly<Record<string, unknown>>).join(',')}}`;
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || Number.isFinite(value)) return JSON.stringify(value);
  throw new TypeError(`JSON cannot carry a ${typeof value}.`);
}

function members(object: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(object)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(object[name])}`);
}
