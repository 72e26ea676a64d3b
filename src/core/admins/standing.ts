/**
 * What the directory says now about one person: does this object id hold one of these roles, active and tenant-wide, as
 * an enabled member? Asked for ownership evidence, for the SSO binding and again before every impersonation.
 * A refused, cut or malformed answer is `unknown`: it grants nothing and accuses nobody.
 * Sources: Microsoft Graph v1.0 "Get user", "List unifiedRoleAssignments".
 */
import { hasCode } from '../errors';
import type { GraphScope, Ports } from '../ports';
import { graphScopeOf, requirePolicy } from './discovery';
import { ownAssignmentsPath, readHoldings, readOwnAssignments, type RoleHolding } from './holdings';
import { missingRole, routesOf } from './judge';
import type { AdminRoute, AdminStanding, ReadStandingInput, StandingPerson, StandingReason } from './model';
import { type DirectoryPrincipal, groupOf, kindOf, membersPath, personPath, readMembers, readPerson, requireGuid, resolveObjects } from './people';
import { usableRoutes } from './ranking';
import { type AdminPolicy, meetsPolicy } from './roles';

/**
 * One request for somebody who holds a role directly; two round trips more when only a group or an eligibility could
 * explain it. Least permissions as for `discoverAdmins`.
 * Raises `GRAPH_UNAVAILABLE`, `GRAPH_THROTTLED` (try later), `INPUT_INVALID`, and what the transport raises; every other
 * refusal is the outcome `unknown` with reason `unreadable`.
 */
export async function readAdminStanding(ports: Pick<Ports, 'graph'>, input: ReadStandingInput): Promise<AdminStanding> {
  const policy = requirePolicy({ mode: input.mode ?? 'anyOf', roleTemplateIds: input.roleTemplateIds });
  const objectId = requireGuid(input.objectId);
  try {
    return await askStanding(ports, graphScopeOf(input), objectId, policy);
  } catch (error) {
    if (!hasCode(error, 'ADMINS_UNREADABLE', 'GRAPH_REFUSED', 'GRAPH_ANSWER_INVALID')) throw error;
    return {
      outcome: 'unknown',
      roles: [],
      reasons: ['unreadable'],
      ...(error.serviceCode === undefined ? {} : { serviceCode: error.serviceCode }),
      ...(error.correlationId === undefined ? {} : { correlationId: error.correlationId }),
    };
  }
}

/** Pure: the standing of somebody with these routes. */
export function judgeStanding(principal: DirectoryPrincipal, routes: readonly AdminRoute[], policy: AdminPolicy): AdminStanding {
  if (principal.kind === 'deleted') return { outcome: 'does_not', roles: [], reasons: ['not_found'] };
  if (principal.kind !== 'user') return { outcome: 'unknown', roles: [], reasons: ['unreadable'] };
  const { objectId, upn, displayName, accountEnabled, userType, sessionsValidFromAt } = principal;
  const person: StandingPerson = { objectId, upn, displayName, accountEnabled, userType, sessionsValidFromAt };
  const reasons: StandingReason[] = [];
  if (!accountEnabled) reasons.push('disabled');
  if (userType === 'guest') reasons.push('guest');
  const role = missingRole(routes, policy);
  if (role !== undefined) reasons.push(ROLE_REASONS[role]);
  return { outcome: reasons.length === 0 ? 'qualifies' : 'does_not', person, roles: usableRoutes(routes), reasons };
}

const ROLE_REASONS = { policy_not_met: 'role_missing', unit_scoped: 'role_scoped_only', eligible_only: 'role_eligible_only' } as const;

async function askStanding(ports: Pick<Ports, 'graph'>, scope: GraphScope, objectId: string, policy: AdminPolicy): Promise<AdminStanding> {
  const [personAnswer, assignmentsAnswer] = await ports.graph.batch(scope, [personPath(objectId), ownAssignmentsPath(objectId)]);
  const principal = readPerson(personAnswer, scope, objectId);
  if (principal.kind !== 'user') return judgeStanding(principal, [], policy);
  const own = await readOwnAssignments(ports, scope, objectId, assignmentsAnswer);
  const routes = routesOf(objectId, { holdings: own, principals: new Map([[objectId, principal]]) }, policy);
  const settled = meetsPolicy(usableRoutes(routes).map((route) => route.roleTemplateId), policy);
  return judgeStanding(principal, settled ? routes : await askFurther(ports, scope, principal.objectId, own, policy), policy);
}

/** Routes through groups, and eligibilities. */
async function askFurther(ports: Pick<Ports, 'graph'>, scope: GraphScope, objectId: string, own: readonly RoleHolding[], policy: AdminPolicy): Promise<AdminRoute[]> {
  const { holdings, shown } = await readHoldings(ports, scope, policy.roleTemplateIds);
  const hidden = holdings.map((holding) => holding.principalId).filter((id) => id !== objectId && !shown.has(id));
  const objects = [...shown.values(), ...((await resolveObjects(ports, scope, [...new Set(hidden)])) ?? [])];
  const groups = objects.filter((object) => kindOf(object) === 'group');
  const answers = groups.length === 0 ? [] : await ports.graph.batch(scope, groups.map((group) => membersPath(group.id)));
  const principals = new Map<string, DirectoryPrincipal>();
  for (const [index, group] of groups.entries()) principals.set(group.id, groupOf(group, await readMembers(ports, scope, group.id, answers[index])));
  return routesOf(objectId, { holdings: [...own, ...holdings], principals }, policy);
}
