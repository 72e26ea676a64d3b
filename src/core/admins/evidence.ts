/**
 * Asks the directory who holds given roles, in few round trips: the role lists side by side, then everybody's details
 * and the groups' members in one batch (unresolved principals beside it), then what that revealed. It judges nothing.
 * Any refused or cut read raises; a part of the answer is never passed on as the whole.
 * Sources: Microsoft Graph v1.0 "List unifiedRoleAssignments", "Combine multiple HTTP requests using JSON batching".
 */
import type { GraphScope, Ports } from '../ports';
import type { DirectoryObjectAnswer } from './graph-answers';
import { readHoldings, type RoleHolding } from './holdings';
import type { EligibilityReading } from './model';
import { type DirectoryPrincipal, groupOf, kindOf, membersPath, otherOf, personOf, personPath, readMembers, readPerson, resolveObjects } from './people';

export interface RoleHolderEvidence {
  readonly holdings: readonly RoleHolding[];
  /** Every holder, and every member of a group that holds a role, by id. */
  readonly principals: ReadonlyMap<string, DirectoryPrincipal>;
  readonly eligibility: EligibilityReading;
}

/**
 * Everybody who holds one of the roles, with what is needed to judge them: two round trips, three when principals had
 * to be looked up. Least permissions RoleManagement.Read.Directory, User.Read.All, GroupMember.Read.All.
 * Raises `ADMINS_UNREADABLE`, `GRAPH_REFUSED`, `GRAPH_UNAVAILABLE`, `GRAPH_THROTTLED`, `GRAPH_ANSWER_INVALID`,
 * `INPUT_INVALID`, and what the transport raises.
 */
export async function readRoleHolders(ports: Pick<Ports, 'graph'>, scope: GraphScope, roleTemplateIds: readonly string[]): Promise<RoleHolderEvidence> {
  const { holdings, shown, eligibility } = await readHoldings(ports, scope, roleTemplateIds);
  const ids = [...new Set(holdings.map((holding) => holding.principalId))];
  const known = ids.flatMap((id) => shown.get(id) ?? []).filter((object) => kindOf(object) !== 'unknown');
  const unresolved = ids.filter((id) => !known.some((object) => object.id === id));
  const principals = new Map<string, DirectoryPrincipal>();
  const [unfinished, resolved] = await Promise.all([addDetails(ports, scope, known, principals), resolveObjects(ports, scope, unresolved)]);
  for (const id of unresolved) if (!resolved.some((object) => object.id === id)) addMissing(principals, id);
  const late = await addDetails(ports, scope, [...unfinished, ...resolved], principals);
  await addDetails(ports, scope, late, principals);
  return { holdings, principals, eligibility };
}

/** One batch for all: users' details, groups' members. Returns members that were not shown well enough to be judged. */
async function addDetails(
  ports: Pick<Ports, 'graph'>,
  scope: GraphScope,
  objects: readonly DirectoryObjectAnswer[],
  principals: Map<string, DirectoryPrincipal>,
): Promise<DirectoryObjectAnswer[]> {
  const fresh = [...new Map(objects.map((object) => [object.id, object])).values()].filter((object) => !principals.has(object.id));
  const users = fresh.filter((object) => kindOf(object) === 'user');
  const groups = fresh.filter((object) => kindOf(object) === 'group');
  for (const object of fresh) if (!users.includes(object) && !groups.includes(object)) principals.set(object.id, otherOf(object));
  if (users.length + groups.length === 0) return [];
  const answers = await ports.graph.batch(scope, [...users.map(({ id }) => personPath(id)), ...groups.map(({ id }) => membersPath(id))]);
  for (const [index, user] of users.entries()) principals.set(user.id, named(readPerson(answers[index], scope, user.id), user));
  const allMembers: DirectoryObjectAnswer[] = [];
  for (const [index, group] of groups.entries()) {
    const members = await readMembers(ports, scope, group.id, answers[users.length + index]);
    principals.set(group.id, groupOf(group, members));
    allMembers.push(...(members ?? []));
  }
  return addMembers(allMembers, principals);
}

function addMembers(members: readonly DirectoryObjectAnswer[], principals: Map<string, DirectoryPrincipal>): DirectoryObjectAnswer[] {
  const isUnfinished = (member: DirectoryObjectAnswer) => kindOf(member) === 'user' && (member.accountEnabled === undefined || member.userPrincipalName === undefined);
  for (const member of members) {
    if (principals.has(member.id) || isUnfinished(member)) continue;
    principals.set(member.id, kindOf(member) === 'user' ? personOf(member) : otherOf(member));
  }
  return members.filter((member) => isUnfinished(member) && !principals.has(member.id));
}

/** Whoever vanished between two reads is still called by the name the first one gave. */
function named(principal: DirectoryPrincipal, seen: DirectoryObjectAnswer): DirectoryPrincipal {
  return principal.kind === 'deleted' ? { ...principal, upn: seen.userPrincipalName ?? null, displayName: seen.displayName ?? null } : principal;
}

function addMissing(principals: Map<string, DirectoryPrincipal>, objectId: string): void {
  principals.set(objectId, { kind: 'deleted', objectId, upn: null, displayName: null });
}
