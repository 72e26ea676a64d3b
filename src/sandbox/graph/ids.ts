/**
 * How Microsoft Graph builds the ids of grants and assignments: GUIDs in the .NET byte order (the first three
 * groups little-endian), joined and written as base64url. Four recorded or documented ids are recomputed in
 * test/conformance. Clients must treat the ids as opaque; the sandbox must not make that mistake harder to see.
 */

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isGuid(text: string): boolean {
  return GUID.test(text);
}

/** Id of a delegated grant: client and resource, then the principal when the consent is for one person. */
export function permissionGrantId(clientId: string, resourceId: string, principalId: string | null): string {
  return encode(principalId === null ? [clientId, resourceId] : [clientId, resourceId, principalId]);
}

/** Id of an app role assignment: the principal, then 16 bytes nobody else knows (`newGuid` supplies them). */
export function appRoleAssignmentId(principalId: string, freshGuid: string): string {
  return encode([principalId, freshGuid]);
}

/** Id of an active directory role assignment. The suffix is known for the tenant-wide scope only. */
export function roleAssignmentId(roleDefinitionId: string, principalId: string): string {
  return `${encode([roleDefinitionId, principalId])}-1`;
}

/** Id of an eligibility instance, as the reference page's example has it. */
export function roleEligibilityId(roleDefinitionId: string, principalId: string): string {
  return `${encode([roleDefinitionId, principalId])}-1-e`;
}

/** Id of a role held in one administrative unit: role, unit and person, and a letter nobody explains (one example). */
export function scopedRoleMembershipId(roleId: string, unitId: string, principalId: string): string {
  return `${encode([roleId, unitId, principalId])}U`;
}

function encode(guids: readonly string[]): string {
  return Buffer.concat(guids.map(dotNetBytes)).toString('base64url');
}

const DOT_NET_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

function dotNetBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  return Buffer.from(DOT_NET_ORDER.map((index) => bytes[index] ?? 0));
}

/** `securityIdentifier` of a group: the id as four little-endian numbers (recorded for three groups). */
export function securityIdentifier(objectId: string): string {
  const bytes = dotNetBytes(objectId);
  return ['S-1-12-1', ...[0, 4, 8, 12].map((offset) => bytes.readUInt32LE(offset))].join('-');
}
