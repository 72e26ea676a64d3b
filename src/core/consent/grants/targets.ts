/**
 * What a revocation takes away: one permission, everything of an app, or an app's service principal too. Reads what is there
 * and names it by what the tenant's resources offer. Only the organisation's grants are meant; what people granted for
 * themselves is counted and left. Least permissions: Application.Read.All, Directory.Read.All.
 */
import type { DirectoryAsk } from '../../directory-ask';
import { OnboardingError } from '../../errors';
import { sameGuid } from '../../internal/guid';
import { type PartnerApp, resourceName } from '../apps/apps';
import type { RevocationTarget } from './change-records';
import { findPrincipal, listAssignments, listGrants } from './present';
import { findOffered, type ResolvedResource } from './resolve';

/** One permission by name or id; the rest only where a name means several. */
export interface PermissionChoice {
  readonly name: string;
  readonly resourceAppId?: string | undefined;
  readonly type?: 'application' | 'delegated' | undefined;
}

export interface FoundTargets {
  readonly targets: readonly RevocationTarget[];
  /** Grants that people made for themselves. */
  readonly ownConsents: number;
}

const NOTHING: FoundTargets = { targets: [], ownConsents: 0 };

/** Everything granted to the app, named. */
export async function findTargets(ask: DirectoryAsk, app: PartnerApp, { principal }: { readonly principal: boolean }): Promise<FoundTargets> {
  const what = 'Reading what is granted';
  const servicePrincipalId = await findPrincipal(ask, app.appId, what);
  if (servicePrincipalId === undefined) return NOTHING;
  const assignments = await listAssignments(ask, servicePrincipalId, what);
  const grants = await listGrants(ask, servicePrincipalId, what);
  const offered = new Map<string, ResolvedResource | undefined>();
  for (const { resourceId } of [...assignments, ...grants]) if (!offered.has(resourceId)) offered.set(resourceId, await findOffered(ask, resourceId));
  const on = (resourceId: string) => {
    const resourceAppId = offered.get(resourceId)?.resourceAppId ?? resourceId;
    return { appKey: app.key, servicePrincipalId, resourceId, resourceAppId, resource: resourceName(resourceAppId) };
  };
  const roles = assignments.map(({ id, resourceId, appRoleId }): RevocationTarget => {
    const role = offered.get(resourceId)?.roles.find((one) => sameGuid(one.id, appRoleId));
    return { ...on(resourceId), kind: 'application', objectId: id, id: appRoleId.toLowerCase(), name: role?.name ?? appRoleId };
  });
  const scopes = grants.filter(({ isForAll }) => isForAll).flatMap(({ id, resourceId, scopes: names }) =>
    names.map((name): RevocationTarget => ({ ...on(resourceId), kind: 'delegated', objectId: id, id: offered.get(resourceId)?.scopes.find((one) => one.name === name)?.id ?? name, name })),
  );
  const itself: RevocationTarget = { appKey: app.key, kind: 'service_principal', objectId: servicePrincipalId, servicePrincipalId, resourceId: '', resourceAppId: '', resource: '', id: app.appId, name: app.displayName };
  return { targets: [...scopes, ...roles, ...(principal ? [itself] : [])], ownConsents: grants.filter(({ isForAll }) => !isForAll).length };
}

/**
 * The one that is meant. Pure. Raises `CONSENT_PERMISSION_UNKNOWN` when nothing of that name is granted, and when the name
 * stands for several.
 */
export function chooseTarget(targets: readonly RevocationTarget[], choice: PermissionChoice): readonly RevocationTarget[] {
  const found = targets.filter(
    (target) =>
      target.kind !== 'service_principal' &&
      (target.name === choice.name || target.id === choice.name.toLowerCase()) &&
      (choice.type === undefined || target.kind === choice.type) &&
      (choice.resourceAppId === undefined || sameGuid(target.resourceAppId, choice.resourceAppId)),
  );
  if (found.length === 1) return found;
  const details = { permission: choice.name, granted: targets.flatMap(({ kind, name, resource }) => (kind === 'service_principal' ? [] : [`${name} (${kind}) on ${resource}`])) };
  if (found.length === 0) throw new OnboardingError('CONSENT_PERMISSION_UNKNOWN', `Nothing named "${choice.name.slice(0, 100)}" is granted to the app.`, { details });
  throw new OnboardingError('CONSENT_PERMISSION_UNKNOWN', `"${choice.name.slice(0, 100)}" stands for ${found.length} grants; name the kind and the resource, too.`, { details });
}

/**
 * The order to act in. Pure. An app that acts with its own rights takes those back last, and its service principal after
 * everything else.
 */
export function orderTargets(targets: readonly RevocationTarget[], actingAppKey: string | undefined, rights: readonly string[]): readonly RevocationTarget[] {
  const weight = (target: RevocationTarget) => {
    if (target.appKey !== actingAppKey) return target.kind === 'service_principal' ? 1 : 0;
    if (target.kind === 'service_principal') return 4;
    return target.kind === 'application' && rights.includes(target.name) ? 3 : 2;
  };
  return targets.toSorted((left, right) => weight(left) - weight(right));
}
