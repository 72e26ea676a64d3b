/**
 * How Microsoft Graph builds the ids of grants and role assignments: GUIDs in .NET byte order, base64url, no
 * padding. Source: recomputed from four recorded ids (see docs/sandbox.md).
 */
import { createHash } from 'node:crypto';

/** `consentType` AllPrincipals when `principalId` is absent. */
export function permissionGrantId(clientId: string, resourceId: string, principalId?: string): string {
  const parts = [clientId, resourceId, ...(principalId === undefined ? [] : [principalId])];
  return Buffer.concat(parts.map(guidBytes)).toString('base64url');
}

/** Tenant-wide assignments end in `-1`; what narrower scopes end in is not known, so the scope is hashed in. */
export function roleAssignmentId(roleDefinitionId: string, principalId: string, directoryScopeId: string): string {
  const base = Buffer.concat([guidBytes(roleDefinitionId), guidBytes(principalId)]).toString('base64url');
  return directoryScopeId === '/' ? `${base}-1` : `${base}-${createHash('sha256').update(directoryScopeId).digest('hex').slice(0, 8)}`;
}

/** The principal in the first 16 bytes, then 16 bytes of which only their stability is known. */
export function appRoleAssignmentId(principalId: string, resourceId: string, appRoleId: string): string {
  const rest = createHash('sha256').update(`${resourceId}/${appRoleId}`).digest().subarray(0, 16);
  return Buffer.concat([guidBytes(principalId), rest]).toString('base64url');
}

/** The 16 bytes of a GUID with its first three groups little-endian. */
export function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
