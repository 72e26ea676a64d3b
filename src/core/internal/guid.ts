/** GUIDs as Entra ID writes them: lower case, compared without regard to case. */

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isGuid(value: string): boolean {
  return GUID.test(value);
}

export function sameGuid(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
