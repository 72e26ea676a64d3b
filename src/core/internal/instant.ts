/** Instants as Microsoft writes them in errors: with or without a zone, which is then UTC, or as an HTTP date. Pure. */

/** The instant as ISO 8601 in UTC; undefined for anything else. */
export function instantOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const bare = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,7})?)Z?$/.exec(value);
  const ms = Date.parse(bare === null ? value : `${bare[1]}T${bare[2]}Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
