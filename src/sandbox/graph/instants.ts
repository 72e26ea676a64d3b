/**
 * Instants as the service writes them. Reads show whole seconds; some write answers and all app role assignments
 * show seven fractional digits, so comparing the strings of two answers breaks (recorded).
 */

const WHOLE_SECONDS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,7}))?(Z|[+-]\d{2}:\d{2})$/;

export function wholeSeconds(instant: string | number): string {
  // Seeded instants are written this way already, and a directory read shows them by the dozen.
  if (typeof instant === 'string' && WHOLE_SECONDS.test(instant)) return instant;
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

export function sevenDigits(instant: string | number): string {
  return `${new Date(instant).toISOString().slice(0, 23)}0000Z`;
}

/** An instant a client sent, in UTC with its fraction kept to the last digit; undefined when it is not one. */
export function normaliseInstant(text: string): string | undefined {
  const [, seconds, fraction = '', zone] = INSTANT.exec(text) ?? [];
  if (seconds === undefined || zone === undefined) return undefined;
  const at = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(at)) return undefined;
  const digits = fraction.replace(/0+$/, '');
  return `${new Date(at).toISOString().slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z`;
}
