/**
 * The ask as it is declared, held against what is granted: what is there already, what an admin would be asked for, what
 * was granted and is asked for no longer. Pure; where the grants come from (the record of the last proof, or a read of
 * the directory) is the caller's business, and what could not be read is `unknown`, neither granted nor new.
 */
import { sameGuid } from '../../internal/guid';
import type { PartnerApp } from './apps';
import type { AppConsentState, AppVerdict, PermissionFinding } from '../evidence/verdict';
import type { ProvenPermission } from '../evidence/proof-records';
import { resourceName } from './resources';
import type { BackupService, RequiredPermission } from './templates';

/** What is granted to one app; an app that is missing in a list of these holds nothing. */
export interface GrantsOfApp {
  readonly appId: string;
  readonly granted: readonly ProvenPermission[];
}

export interface AppDifference {
  readonly key: string;
  readonly appId: string;
  readonly round: number;
  /** Asked for and granted. */
  readonly granted: readonly RequiredPermission[];
  /** Asked for and not granted: what an admin would be asked for anew. */
  readonly added: readonly RequiredPermission[];
  /** Granted and asked for no longer. */
  readonly surplus: readonly ProvenPermission[];
}

/**
 * Per declared app, in the order of the rounds. An app is recognised by its app id, a permission by resource, type and
 * whatever the declaration names it by; apps nobody declares any longer are left out.
 */
export function differenceOf(declared: readonly PartnerApp[], granted: readonly GrantsOfApp[]): readonly AppDifference[] {
  return declared.map(({ key, appId, round, requiredPermissions }) => {
    const held = granted.filter((app) => sameGuid(app.appId, appId)).flatMap((app) => app.granted);
    const isHeld = (required: RequiredPermission) => held.some((permission) => fits(required, permission));
    return {
      key,
      appId,
      round,
      granted: requiredPermissions.filter(isHeld),
      added: requiredPermissions.filter((required) => !isHeld(required)),
      surplus: held.filter((permission) => !requiredPermissions.some((required) => fits(required, permission))),
    };
  });
}

/** Declared by name and by id, both must fit. */
function fits(required: RequiredPermission, permission: ProvenPermission): boolean {
  if (!sameGuid(required.resourceAppId, permission.resourceAppId) || required.type !== permission.type) return false;
  const isSameId = required.id === undefined || (permission.id === null ? required.name !== undefined : sameGuid(required.id, permission.id));
  return (required.name === undefined || required.name === permission.name) && isSameId;
}

/** `unpublished`: nobody can grant it, because the tenant's resource offers no such permission or the tenant has no such resource. */
export type AskStatus = 'granted' | 'new' | 'unknown' | 'unpublished';

export interface PlannedPermission {
  readonly resource: string;
  readonly resourceAppId: string;
  readonly type: 'application' | 'delegated';
  readonly name: string;
  /** Null while no tenant was asked for it, unless it is declared by id. */
  readonly id: string | null;
  readonly reason: string;
  readonly status: AskStatus;
  /** Of what is `new`: it was proven before and is gone. */
  readonly wasGranted: boolean;
}

/** One round of consent: the whole ask of its app. */
export interface PlannedRound {
  readonly round: number;
  readonly key: string;
  readonly appId: string;
  readonly displayName: string;
  readonly services: readonly BackupService[];
  /** Of the app in the tenant, as `consent status` says it; null while no tenant was asked. */
  readonly state: AppConsentState | null;
  readonly permissions: readonly PlannedPermission[];
  /** Granted, and asked for no longer; null when that could not be read. */
  readonly surplus: readonly ProvenPermission[] | null;
}

/** The round of an app against the verdict of a read; without one nothing is granted yet. */
export function planRound(app: PartnerApp, verdict: AppVerdict | undefined): PlannedRound {
  const { round, key, appId, displayName, services, requiredPermissions } = app;
  const permissions = requiredPermissions.map((required) => (verdict === undefined ? planned(required, undefined, 'new') : planAgainst(required, verdict)));
  return { round, key, appId, displayName, services, state: verdict?.state ?? null, permissions, surplus: verdict === undefined ? [] : surplusOf(verdict) };
}

/** The same when nothing could be read. */
export function planUnreadRound(app: PartnerApp): PlannedRound {
  const { permissions, ...round } = planRound(app, undefined);
  return { ...round, state: 'unknown', permissions: permissions.map((permission) => ({ ...permission, status: 'unknown' })), surplus: null };
}

function planAgainst(required: RequiredPermission, verdict: AppVerdict): PlannedPermission {
  const find = (findings: readonly PermissionFinding[]) => findings.find((finding) => isOf(required, finding));
  const granted = find(verdict.granted);
  if (granted !== undefined) return planned(required, granted, 'granted');
  const missing = find(verdict.missing);
  const finding = missing ?? find(verdict.unproven);
  // A disabled app gets no token, which says nothing about its grants.
  if (verdict.state === 'disabled' && finding?.inDirectory === true) return planned(required, finding, 'granted');
  if (finding?.isPublished === false) return planned(required, finding, 'unpublished');
  return { ...planned(required, finding, missing === undefined ? 'unknown' : 'new'), wasGranted: find(verdict.removed) !== undefined };
}

function surplusOf(verdict: AppVerdict): readonly ProvenPermission[] | null {
  // Without the directory's lists there is no telling, and an empty list would be an answer.
  const isUnread = verdict.state === 'unknown' || verdict.evidence === 'token_roles' || (verdict.state === 'disabled' && verdict.servicePrincipalId === null);
  return isUnread ? null : verdict.surplus.map(({ resourceAppId, type, id, name }) => ({ resourceAppId, type, id, name }));
}

function isOf(required: RequiredPermission, finding: PermissionFinding): boolean {
  if (required.resourceAppId !== finding.resourceAppId || required.type !== finding.type) return false;
  // Where nothing fits the finding carries what was declared.
  return required.name === undefined ? required.id !== undefined && finding.id !== null && sameGuid(required.id, finding.id) : required.name === finding.name;
}

function planned({ resourceAppId, type, name, id, reason }: RequiredPermission, finding: PermissionFinding | undefined, status: AskStatus): PlannedPermission {
  return { resource: resourceName(resourceAppId), resourceAppId, type, name: finding?.name ?? name ?? id ?? '', id: finding?.id ?? id ?? null, reason, status, wasGranted: false };
}
