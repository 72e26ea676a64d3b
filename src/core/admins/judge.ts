/**
 * Decides who is an admin candidate and who is not, because. Pure. It promises that everybody the evidence names comes
 * out on one of the two lists, once, with every route listed; only active, tenant-wide roles of enabled member accounts
 * count, whatever the query that gathered the evidence was supposed to filter.
 * Source: Microsoft Learn "Overview of role-based access control in Microsoft Entra ID" (scope of an assignment).
 */
import type { RoleHolderEvidence } from './evidence';
import type { RoleHolding } from './holdings';
import type { AdminDiscovery, AdminRoute, ExcludedCandidate, Exclusion, ExclusionCode, RankPreferences } from './model';
import type { DirectoryGroup, DirectoryPerson, DirectoryPrincipal, OtherPrincipal } from './people';
import { rankAdmins, type RankedPerson, usableRoutes } from './ranking';
import { type AdminPolicy, meetsPolicy, roleName } from './roles';

type Individual = DirectoryPerson | OtherPrincipal;

/** Candidates ranked, everybody else with reasons. Nobody at all is a normal result. */
export function judgeAdmins(evidence: RoleHolderEvidence, policy: AdminPolicy, ranking?: RankPreferences): AdminDiscovery {
  const usable: RankedPerson[] = [];
  const excluded: ExcludedCandidate[] = [];
  for (const [objectId, routes] of routesByHolder(evidence, policy)) {
    const principal = requireIndividual(evidence.principals.get(objectId), objectId);
    const excludedBecause = exclusionsOf(principal, routes, policy);
    if (principal.kind === 'user' && excludedBecause.length === 0) usable.push({ person: principal, routes });
    else excluded.push({ objectId, upn: principal.upn, displayName: principal.displayName, rank: null, reasons: [], routes, excludedBecause });
  }
  excluded.sort((left, right) => (left.objectId < right.objectId ? -1 : 1));
  return { candidates: rankAdmins(usable, ranking), excluded, eligibility: evidence.eligibility };
}

/** Every route by which one person reaches a role of the policy. */
export function routesOf(objectId: string, evidence: Pick<RoleHolderEvidence, 'holdings' | 'principals'>, policy: AdminPolicy): AdminRoute[] {
  return routesByHolder(evidence, policy).get(objectId) ?? [];
}

/** Why the routes do not meet the policy; undefined when they do. */
export function missingRole(routes: readonly AdminRoute[], policy: AdminPolicy): 'unit_scoped' | 'eligible_only' | 'policy_not_met' | undefined {
  const usable = usableRoutes(routes);
  if (meetsPolicy(usable.map((route) => route.roleTemplateId), policy)) return undefined;
  if (usable.length > 0 || routes.length === 0) return 'policy_not_met';
  // Activating an eligible tenant-wide role would do; a scoped one never does.
  return routes.some((route) => route.state === 'eligible' && route.scope === '/') ? 'eligible_only' : 'unit_scoped';
}

function routesByHolder(evidence: Pick<RoleHolderEvidence, 'holdings' | 'principals'>, policy: AdminPolicy): Map<string, AdminRoute[]> {
  const wanted = new Set(policy.roleTemplateIds.map((id) => id.toLowerCase()));
  const routes = new Map<string, Map<string, AdminRoute>>();
  const add = (objectId: string, route: AdminRoute) => {
    const own = routes.get(objectId) ?? new Map<string, AdminRoute>();
    // The same holding can be listed twice, for example by overlapping pages.
    routes.set(objectId, own.set(JSON.stringify(route), route));
  };
  for (const holding of evidence.holdings) {
    if (!wanted.has(holding.roleTemplateId)) continue;
    const principal = evidence.principals.get(holding.principalId);
    if (principal?.kind === 'group') for (const memberId of principal.memberIds) add(memberId, routeOf(holding, principal));
    else add(holding.principalId, routeOf(holding));
  }
  return new Map([...routes].map(([objectId, own]) => [objectId, [...own.values()]]));
}

function routeOf(holding: RoleHolding, group?: DirectoryGroup): AdminRoute {
  return {
    roleTemplateId: holding.roleTemplateId,
    role: roleName(holding.roleTemplateId),
    via: group === undefined ? 'direct' : 'group',
    groupId: group?.objectId ?? null,
    groupName: group?.displayName ?? null,
    state: holding.state,
    scope: holding.scope,
  };
}

function exclusionsOf(principal: Individual, routes: readonly AdminRoute[], policy: AdminPolicy): Exclusion[] {
  if (principal.kind !== 'user') return [exclusion(principal.kind, policy)];
  const codes: ExclusionCode[] = [];
  if (!principal.accountEnabled) codes.push('disabled');
  if (principal.userType === 'guest') codes.push('guest');
  const role = missingRole(routes, policy);
  return [...codes, ...(role === undefined ? [] : [role])].map((code) => exclusion(code, policy));
}

const EXCLUSION_MESSAGES: Readonly<Record<Exclude<ExclusionCode, 'policy_not_met'>, string>> = {
  disabled: 'The account is disabled. Enable it, or choose somebody else.',
  guest: 'The account is a guest in this tenant. Use a member account.',
  unit_scoped: 'The role is limited to an administrative unit, an object or an app. Assign it for the whole directory.',
  service_principal: 'The role is held by an application, not by a person.',
  deleted: 'The directory no longer shows this object. It was deleted, or it has not replicated yet.',
  eligible_only: 'The role is only eligible. It has to be activated in Privileged Identity Management first.',
  unreadable: 'The directory does not show enough about this object to tell whether it can be used.',
};

function exclusion(code: ExclusionCode, policy: AdminPolicy): Exclusion {
  const names = policy.roleTemplateIds.map(roleName).join(policy.mode === 'allOf' ? ' and ' : ' or ');
  return { code, message: code === 'policy_not_met' ? `The roles held do not meet the policy: ${names} is needed.` : EXCLUSION_MESSAGES[code] };
}

function requireIndividual(principal: DirectoryPrincipal | undefined, objectId: string): Individual {
  // A group inside a group that holds a role: role-assignable groups cannot be nested, so its members were not read.
  if (principal === undefined || principal.kind === 'group') return { kind: 'unreadable', objectId, upn: null, displayName: principal?.displayName ?? null };
  return principal;
}
