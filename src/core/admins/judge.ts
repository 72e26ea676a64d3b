/**
 * Decides who is an admin candidate and who is not, because. Pure. It promises that everybody the evidence names comes
 * out on one of the two lists, once, with every route listed; only active, tenant-wide roles of enabled member accounts
 * count, whatever the query that gathered the evidence was supposed to filter.
 * Source: Microsoft Learn "Overview of role-based access control in Microsoft Entra ID" (scope of an assignment).
 */
import type { RoleHolderEvidence } from './evidence';
import type { RoleHolding } from './holdings';
import type { AdminDiscovery, AdminExclusions, AdminRoute, ExcludedCandidate, Exclusion, ExclusionCode, RankPreferences } from './model';
import type { DirectoryGroup, DirectoryPerson, DirectoryPrincipal, OtherPrincipal } from './people';
import { rankAdmins, type RankedPerson, usableRoutes } from './ranking';
import { type AdminPolicy, meetsPolicy, roleName } from './roles';

/** `eligibleMembers` by group; absent where nobody asked. */
type HolderEvidence = Pick<RoleHolderEvidence, 'holdings' | 'principals'> & Partial<Pick<RoleHolderEvidence, 'eligibleMembers'>>;
type Individual = DirectoryPerson | OtherPrincipal;

/** What an installation looks for. */
export interface AdminWishes {
  readonly policy: AdminPolicy;
  readonly ranking: RankPreferences;
  readonly exclude: AdminExclusions;
  readonly now: number;
}

/** Candidates ranked, everybody else with reasons. Nobody at all is a normal result. */
export function judgeAdmins(evidence: RoleHolderEvidence, { policy, ranking, exclude, now }: AdminWishes): AdminDiscovery {
  const usable: RankedPerson[] = [];
  const excluded: ExcludedCandidate[] = [];
  for (const [objectId, routes] of routesByHolder(evidence, policy)) {
    const principal = requireIndividual(evidence.principals.get(objectId), objectId);
    const excludedBecause = exclusionsOf(principal, routes, { policy, exclude });
    if (principal.kind === 'user' && excludedBecause.length === 0) usable.push({ person: principal, routes, lastSignInAt: evidence.lastSignInAt.get(objectId) ?? null });
    else excluded.push({ objectId, upn: principal.upn, displayName: principal.displayName, rank: null, reasons: [], routes, excludedBecause });
  }
  excluded.sort((left, right) => (left.objectId < right.objectId ? -1 : 1));
  const { eligibility, groupEligibility, signIns } = evidence;
  // What could not be read says nothing about anybody.
  const criteria = signIns === 'listed' ? ranking.order : ranking.order.filter((criterion) => criterion !== 'recent_sign_in');
  return { candidates: rankAdmins(usable, { order: criteria }, now), excluded, eligibility, groupEligibility, signIns };
}

/** Every route by which one person reaches a role of the policy. */
export function routesOf(objectId: string, evidence: HolderEvidence, policy: AdminPolicy): AdminRoute[] {
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

function routesByHolder(evidence: HolderEvidence, policy: AdminPolicy): Map<string, AdminRoute[]> {
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
    if (principal?.kind === 'group') {
      for (const memberId of principal.memberIds) add(memberId, routeOf(holding, principal));
      for (const memberId of evidence.eligibleMembers?.get(principal.objectId) ?? []) add(memberId, { ...routeOf(holding, principal), state: 'eligible' });
    } else add(holding.principalId, routeOf(holding));
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

function exclusionsOf(principal: Individual, routes: readonly AdminRoute[], { policy, exclude }: Pick<AdminWishes, 'policy' | 'exclude'>): Exclusion[] {
  if (principal.kind !== 'user') return [exclusion(principal.kind, policy)];
  const codes: ExclusionCode[] = [];
  if (!principal.accountEnabled) codes.push('disabled');
  if (principal.userType === 'guest') codes.push('guest');
  if (exclude.synced && principal.synced) codes.push('synced_account');
  if (exclude.breakGlass.some((pattern) => isNamedLike(principal.upn, pattern))) codes.push('break_glass');
  // A mailbox nobody could see is none that a portal can count on.
  if (exclude.withoutMailbox && principal.hasMailbox !== true) codes.push('no_mailbox');
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
  synced_account: 'The account is managed in an on-premises directory, and this installation wants a cloud account. Choose one, or change the setting.',
  break_glass: 'The account is kept for emergencies, by its name. Choose a named person, or change the pattern.',
  no_mailbox: 'The account has no mailbox that the directory shows, and the portal needs one. License it, or choose somebody else.',
};

/** Does the name before the `@` match, with `*` for anything? Pure; letters count alike in either case. */
export function isNamedLike(upn: string, pattern: string): boolean {
  const name = upn.toLowerCase().split('@')[0] ?? '';
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

function exclusion(code: ExclusionCode, policy: AdminPolicy): Exclusion {
  const names = policy.roleTemplateIds.map(roleName).join(policy.mode === 'allOf' ? ' and ' : ' or ');
  return { code, message: code === 'policy_not_met' ? `The roles held do not meet the policy: ${names} is needed.` : EXCLUSION_MESSAGES[code] };
}

function requireIndividual(principal: DirectoryPrincipal | undefined, objectId: string): Individual {
  // A group inside a group that holds a role: role-assignable groups cannot be nested, so its members were not read.
  if (principal === undefined || principal.kind === 'group') return { kind: 'unreadable', objectId, upn: null, displayName: principal?.displayName ?? null };
  return principal;
}
