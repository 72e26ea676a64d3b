/**
 * Judges consent evidence, purely: required against granted, per (resource app id, permission id). A permission counts
 * as granted only when the fresh token and the directory agree; what could not be read makes the answer `unknown`,
 * never green, and a surplus is reported but refuses nothing.
 */
import { sameGuid } from '../internal/guid';
import { type PartnerApp, type RequiredPermission, resourceName } from './apps';
import type { AppEvidence, DirectoryGrants, GrantEvidence, ResourceEvidence } from './evidence-model';

export type AppConsentState = 'not_granted' | 'pending' | 'granted' | 'partial' | 'disabled' | 'revoked' | 'unknown';

export interface PermissionFinding {
  readonly resource: string;
  readonly resourceAppId: string;
  readonly type: 'application' | 'delegated';
  readonly name: string;
  /** Null when the tenant's resource does not publish a permission of that name. */
  readonly id: string | null;
  readonly reason: string | null;
  /** False when the tenant's resource publishes nothing that fits, or the tenant has no such resource; null when that was not read. */
  readonly isPublished: boolean | null;
  readonly inToken: boolean | null;
  readonly inDirectory: boolean;
}

export interface AppVerdict {
  readonly key: string;
  readonly appId: string;
  readonly state: AppConsentState;
  /** Object id of the app's service principal in the tenant; null when it has none, or when it was not read. */
  readonly servicePrincipalId: string | null;
  readonly granted: readonly PermissionFinding[];
  readonly missing: readonly PermissionFinding[];
  readonly surplus: readonly PermissionFinding[];
  /** Why the state is `unknown` or `disabled`: our code and Microsoft's. */
  readonly because: { readonly code: string; readonly serviceCode: string | null } | null;
}

export interface ConsentVerdict {
  readonly tenantId: string;
  readonly readAt: number;
  readonly verdict: 'granted' | 'missing' | 'unknown';
  readonly apps: readonly AppVerdict[];
}

export function judgeConsent(apps: readonly PartnerApp[], evidence: GrantEvidence): ConsentVerdict {
  const verdicts = apps.map((app) => judgeApp(app, evidence.apps.find((candidate) => candidate.appKey === app.key), evidence.resources));
  const states = new Set(verdicts.map((verdict) => verdict.state));
  const missing = states.has('not_granted') || states.has('partial') || states.has('disabled');
  const rest = states.has('unknown') ? 'unknown' : 'granted';
  return { tenantId: evidence.tenantId, readAt: evidence.readAt, verdict: missing ? 'missing' : rest, apps: verdicts };
}

type Resources = GrantEvidence['resources'];

function judgeApp(app: PartnerApp, evidence: AppEvidence | undefined, resources: Resources): AppVerdict {
  const base = { key: app.key, appId: app.appId };
  if (evidence === undefined) return { ...base, state: 'unknown', servicePrincipalId: null, granted: [], missing: [], surplus: [], because: { code: 'CONSENT_UNKNOWN', serviceCode: null } };
  const directory = evidence.directory.outcome === 'read' ? evidence.directory : undefined;
  const findings = app.requiredPermissions.map((required) => judgePermission(required, evidence, directory, resources));
  const granted = findings.filter((finding) => finding.inDirectory && finding.inToken !== false);
  const missing = findings.filter((finding) => !granted.includes(finding));
  const surplus = directory === undefined ? [] : findSurplus(app, directory, resources);
  // A resource nobody could read says nothing about what is granted on it; one that is not there (null) does.
  const isWhole = app.requiredPermissions.every((required) => resources.has(required.resourceAppId));
  return { ...base, ...stateOf(evidence, directory, { granted: granted.length, missing: missing.length, isWhole }), servicePrincipalId: directory?.servicePrincipal?.objectId ?? null, granted, missing, surplus };
}

function stateOf(evidence: AppEvidence, directory: DirectoryGrants | undefined, found: { readonly granted: number; readonly missing: number; readonly isWhole: boolean }): Pick<AppVerdict, 'state' | 'because'> {
  const refused = [...evidence.tokens.values()].filter((token) => token.outcome !== 'roles');
  const because = (outcome: string) => {
    const found = refused.find((token) => token.outcome === outcome);
    return found === undefined ? null : { code: found.code, serviceCode: found.serviceCode ?? null };
  };
  if (directory?.servicePrincipal?.accountEnabled === false || because('disabled') !== null) return { state: 'disabled', because: because('disabled') };
  if (because('absent') !== null) return { state: 'not_granted', because: because('absent') };
  if (directory === undefined) {
    const unread = evidence.directory;
    return { state: 'unknown', because: unread.outcome === 'unknown' ? { code: unread.code, serviceCode: unread.serviceCode ?? null } : null };
  }
  if (because('unknown') !== null) return { state: 'unknown', because: because('unknown') };
  if (!found.isWhole) return { state: 'unknown', because: { code: 'CONSENT_UNKNOWN', serviceCode: null } };
  if (found.missing === 0) return { state: 'granted', because: null };
  return { state: found.granted === 0 ? 'not_granted' : 'partial', because: because('resource_missing') };
}

function judgePermission(required: RequiredPermission, evidence: AppEvidence, directory: DirectoryGrants | undefined, resources: Resources): PermissionFinding {
  const found = resources.get(required.resourceAppId);
  const resource = found ?? undefined;
  const published = resource === undefined ? undefined : resolvePermission(required, resource);
  const finding = {
    resource: resourceName(required.resourceAppId),
    resourceAppId: required.resourceAppId,
    type: required.type,
    name: published?.name ?? required.name ?? required.id ?? '',
    id: published?.id ?? required.id ?? null,
    reason: required.reason,
    isPublished: found === undefined ? null : published !== undefined,
  };
  if (resource === undefined || published === undefined) return { ...finding, inToken: null, inDirectory: false };
  if (required.type === 'delegated') {
    const inDirectory = directory?.scopes.some((row) => sameGuid(row.resourceObjectId, resource.objectId) && row.scope === published.name) === true;
    return { ...finding, inToken: null, inDirectory };
  }
  const token = evidence.tokens.get(required.resourceAppId);
  const inDirectory = directory?.appRoles.some((row) => sameGuid(row.resourceObjectId, resource.objectId) && sameGuid(row.roleId, published.id)) === true;
  return { ...finding, inToken: token?.outcome === 'roles' && token.roles.includes(published.name), inDirectory };
}

function resolvePermission(required: RequiredPermission, resource: ResourceEvidence) {
  const published = required.type === 'application' ? resource.roles : resource.scopes;
  // Declared by name and by id, both must fit: a GUID of another permission is a mistake, not a second chance.
  return published.find((candidate) => (required.id === undefined || sameGuid(candidate.id, required.id)) && (required.name === undefined || candidate.name === required.name));
}

function findSurplus(app: PartnerApp, directory: DirectoryGrants, resources: Resources): PermissionFinding[] {
  const surplus: PermissionFinding[] = [];
  for (const [resourceAppId, resource] of resources) {
    if (resource === null) continue;
    const required = app.requiredPermissions.filter((permission) => permission.resourceAppId === resourceAppId);
    const wanted = (type: 'application' | 'delegated', id: string) => required.some((permission) => permission.type === type && sameGuid(resolvePermission(permission, resource)?.id ?? '', id));
    const describe = (type: 'application' | 'delegated', id: string, name: string): PermissionFinding => ({ resource: resourceName(resourceAppId), resourceAppId, type, name, id, reason: null, isPublished: true, inToken: null, inDirectory: true });
    for (const row of directory.appRoles) {
      if (sameGuid(row.resourceObjectId, resource.objectId) && !wanted('application', row.roleId)) surplus.push(describe('application', row.roleId, resource.roles.find((role) => sameGuid(role.id, row.roleId))?.name ?? row.roleId));
    }
    for (const row of directory.scopes) {
      const id = resource.scopes.find((scope) => scope.name === row.scope)?.id;
      if (sameGuid(row.resourceObjectId, resource.objectId) && (id === undefined || !wanted('delegated', id))) surplus.push(describe('delegated', id ?? row.scope, row.scope));
    }
  }
  return surplus;
}
