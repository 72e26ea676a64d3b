/**
 * Judges one required permission: what the fresh token says, what the directory says, and what neither could say. Names are
 * resolved by the tenant's own resource, never by a table. Pure.
 */
import { sameGuid } from '../../internal/guid';
import { type PartnerApp, type RequiredPermission, resourceName } from '../apps/apps';
import type { AppEvidence, DirectoryGrants, GrantEvidence, NamedPermission, ResourceEvidence } from './evidence-model';

export interface PermissionFinding {
  readonly resource: string;
  readonly resourceAppId: string;
  readonly type: 'application' | 'delegated';
  readonly name: string;
  /** Null when the tenant's resource does not publish a permission of that name, or was not read. */
  readonly id: string | null;
  readonly reason: string | null;
  /** False when the tenant's resource publishes nothing that fits, or the tenant has no such resource; null when that was not read. */
  readonly isPublished: boolean | null;
  /** Null for delegated permissions, which no app token carries, and when no token was read. */
  readonly inToken: boolean | null;
  /** Null when the directory was not read, or may not be. */
  readonly inDirectory: boolean | null;
}

export interface JudgedPermission {
  readonly finding: PermissionFinding;
  /** `unproven`: neither could be said, because what would say it could not be read or may not be. */
  readonly status: 'granted' | 'missing' | 'unproven';
}

type Resources = GrantEvidence['resources'];

export function judgePermission(required: RequiredPermission, evidence: AppEvidence, { resources, depth }: GrantEvidence): JudgedPermission {
  const resource = resources.get(required.resourceAppId);
  const published = resource === undefined || resource === null ? undefined : resolvePermission(required, resource);
  const finding = {
    resource: resourceName(required.resourceAppId),
    resourceAppId: required.resourceAppId,
    type: required.type,
    name: published?.name ?? required.name ?? required.id ?? '',
    id: published?.id ?? required.id ?? null,
    reason: required.reason,
    isPublished: resource === undefined ? null : published !== undefined,
  };
  // A resource that is not there, or publishes no such permission, is granted to nobody.
  if (evidence.directory.outcome === 'read' && resource !== undefined && published === undefined) return { finding: { ...finding, inToken: null, inDirectory: false }, status: 'missing' };
  const inDirectory = isInDirectory(required, evidence, resource ?? undefined, published);
  const inToken = required.type === 'delegated' || depth === 'routine' ? null : isInToken(required, evidence, published);
  return { finding: { ...finding, inToken, inDirectory }, status: statusOf(required, evidence, depth, { inToken, inDirectory }) };
}

function statusOf(required: RequiredPermission, { directory }: AppEvidence, depth: GrantEvidence['depth'], { inToken, inDirectory }: Pick<PermissionFinding, 'inToken' | 'inDirectory'>): JudgedPermission['status'] {
  if (required.type === 'delegated' || depth === 'routine') return inDirectory === null ? 'unproven' : toStatus(inDirectory);
  if (directory.outcome === 'not_asked') return inToken === null ? 'unproven' : toStatus(inToken);
  // A fresh app token without the role settles it, whatever else could not be read: often it is the read permission that is missing.
  if (inToken === false) return 'missing';
  if (inDirectory === null || inToken === null) return 'unproven';
  return toStatus(inToken && inDirectory);
}

function toStatus(isGranted: boolean): 'granted' | 'missing' {
  return isGranted ? 'granted' : 'missing';
}

function isInDirectory({ type }: RequiredPermission, { directory }: AppEvidence, resource: ResourceEvidence | undefined, published: NamedPermission | undefined): boolean | null {
  if (directory.outcome !== 'read' || resource === undefined || published === undefined) return null;
  const isThere = (row: { readonly resourceObjectId: string }) => sameGuid(row.resourceObjectId, resource.objectId);
  if (type === 'application') return directory.appRoles.some((row) => isThere(row) && sameGuid(row.roleId, published.id));
  return directory.scopes === null ? null : directory.scopes.some((row) => isThere(row) && row.scope === published.name);
}

/** By name: a token names its roles. Without the resource, a permission that is declared by id alone has no name here. */
function isInToken({ resourceAppId, name }: RequiredPermission, { tokens }: AppEvidence, published: NamedPermission | undefined): boolean | null {
  const token = tokens.get(resourceAppId);
  const wanted = published?.name ?? name;
  if (token === undefined || wanted === undefined || token.outcome === 'unknown') return null;
  return token.outcome === 'roles' && token.roles.includes(wanted);
}

function resolvePermission(required: RequiredPermission, resource: ResourceEvidence): NamedPermission | undefined {
  const published = required.type === 'application' ? resource.roles : resource.scopes;
  // Declared by name and by id, both must fit: a GUID of another permission is a mistake, not a second chance.
  return published.find((candidate) => (required.id === undefined || sameGuid(candidate.id, required.id)) && (required.name === undefined || candidate.name === required.name));
}

/** What is granted beyond what was asked for: reported, and refused nothing because of it. */
export function findSurplus(app: PartnerApp, directory: DirectoryGrants, resources: Resources): PermissionFinding[] {
  return [...resources].flatMap(([resourceAppId, resource]) => (resource === null ? [] : surplusOn(resource, resourceAppId, app, directory)));
}

function surplusOn(resource: ResourceEvidence, resourceAppId: string, app: PartnerApp, directory: DirectoryGrants): PermissionFinding[] {
  const required = app.requiredPermissions.filter((permission) => permission.resourceAppId === resourceAppId);
  const isWanted = (type: 'application' | 'delegated', id: string) => required.some((permission) => permission.type === type && sameGuid(resolvePermission(permission, resource)?.id ?? '', id));
  const describe = (type: 'application' | 'delegated', id: string, name: string): PermissionFinding => ({ resource: resourceName(resourceAppId), resourceAppId, type, name, id, reason: null, isPublished: true, inToken: null, inDirectory: true });
  const isHere = (row: { readonly resourceObjectId: string }) => sameGuid(row.resourceObjectId, resource.objectId);
  const roles = directory.appRoles.filter((row) => isHere(row) && !isWanted('application', row.roleId));
  const scopes = (directory.scopes ?? []).filter(isHere).map(({ scope }) => ({ scope, id: resource.scopes.find((published) => published.name === scope)?.id }));
  return [
    ...roles.map(({ roleId }) => describe('application', roleId, resource.roles.find((role) => sameGuid(role.id, roleId))?.name ?? roleId)),
    ...scopes.filter(({ id }) => id === undefined || !isWanted('delegated', id)).map(({ scope, id }) => describe('delegated', id ?? scope, scope)),
  ];
}
