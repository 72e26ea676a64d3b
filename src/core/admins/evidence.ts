/**
 * Asks the directory who holds given roles, in few requests whatever the number of people: the role lists in one batch;
 * everybody's details, the groups' members and what licences allow to know in a second; then what that revealed. It judges
 * nothing. Any refused or cut read raises; a part of the answer is never passed on as the whole.
 * Sources: Microsoft Graph v1.0 "List unifiedRoleAssignments", "Combine multiple HTTP requests using JSON batching".
 */
import type { GraphQuestion, GraphResponse, GraphScope, Ports } from '../ports';
import type { DirectoryObjectAnswer } from './graph-answers';
import { readHoldings, type RoleHolding } from './holdings';
import type { EligibilityReading, OptionalReading } from './model';
import { eligibleMembersPath, readEligibleMembers, readSignIns, signInsPath } from './optional-reads';
import { type DirectoryPrincipal, groupOf, kindOf, membersPath, objectsQuestion, otherOf, PEOPLE_PER_REQUEST, peoplePath, personOf, readMembers, readObjects, readPeople } from './people';

export interface RoleHolderEvidence {
  readonly holdings: readonly RoleHolding[];
  /** Every holder, and every member or eligible member of a group that holds a role, by id. */
  readonly principals: ReadonlyMap<string, DirectoryPrincipal>;
  readonly eligibility: EligibilityReading;
  /** By group: who may activate a membership. */
  readonly eligibleMembers: ReadonlyMap<string, readonly string[]>;
  readonly groupEligibility: OptionalReading;
  readonly lastSignInAt: ReadonlyMap<string, number>;
  readonly signIns: OptionalReading;
}

type GraphPort = Pick<Ports, 'graph'>;

/** What one batch after the other finds out. */
interface Found {
  readonly principals: Map<string, DirectoryPrincipal>;
  readonly eligibleMembers: Map<string, readonly string[]>;
  readonly lastSignInAt: Map<string, number>;
  readonly signInsAskedOf: Set<string>;
  /** How each of the optional reads ended. */
  readonly memberReadings: OptionalReading[];
  readonly signInReadings: OptionalReading[];
}

/**
 * Everybody who holds one of the roles, with what is needed to judge them: two requests for up to about 250 people, one more
 * for whom these revealed only by id, and another only for members of a group that itself was not shown. Least permissions RoleManagement.Read.Directory,
 * User.Read.All, GroupMember.Read.All; Directory.Read.All to tell deleted principals from unreadable ones.
 * Raises `ADMINS_UNREADABLE`, `GRAPH_REFUSED`, `GRAPH_UNAVAILABLE`, `GRAPH_THROTTLED`, `GRAPH_ANSWER_INVALID`,
 * `INPUT_INVALID`, and what the transport raises.
 */
export async function readRoleHolders(ports: GraphPort, scope: GraphScope, input: { readonly roleTemplateIds: readonly string[]; readonly withSignIns: boolean }): Promise<RoleHolderEvidence> {
  const { holdings, shown, eligibility } = await readHoldings(ports, scope, input.roleTemplateIds);
  const ids = [...new Set(holdings.map((holding) => holding.principalId))];
  const known = ids.flatMap((id) => shown.get(id) ?? []).filter((object) => kindOf(object) !== 'unknown');
  const unresolved = ids.filter((id) => !known.some((object) => object.id === id));
  const found: Found = { principals: new Map(), eligibleMembers: new Map(), lastSignInAt: new Map(), signInsAskedOf: new Set(), memberReadings: [], signInReadings: [] };
  const details = (objects: readonly DirectoryObjectAnswer[], hidden: readonly string[] = []) => addDetails(ports, scope, { objects, hidden, withSignIns: input.withSignIns }, found);
  await details(await details(await details(known, unresolved)));
  return {
    holdings,
    principals: found.principals,
    eligibility,
    eligibleMembers: found.eligibleMembers,
    groupEligibility: summary(found.memberReadings),
    lastSignInAt: found.lastSignInAt,
    signIns: summary(found.signInReadings),
  };
}

interface DetailsAsked {
  readonly objects: readonly DirectoryObjectAnswer[];
  /** Of these nothing but the id is known. */
  readonly hidden: readonly string[];
  readonly withSignIns: boolean;
}

/** One batch for all. Returns whom it revealed and did not show well enough to be judged. */
async function addDetails(ports: GraphPort, scope: GraphScope, { objects, hidden, withSignIns }: DetailsAsked, found: Found): Promise<DirectoryObjectAnswer[]> {
  const fresh = [...new Map(objects.map((object) => [object.id, object])).values()].filter((object) => !found.principals.has(object.id));
  const users = fresh.filter((object) => kindOf(object) === 'user');
  const groups = fresh.filter((object) => kindOf(object) === 'group');
  for (const object of fresh) if (!users.includes(object) && !groups.includes(object)) found.principals.set(object.id, otherOf(object));
  const asked = new Questions();
  for (const chunk of chunksOf(users.map(({ id }) => id))) {
    const path = peoplePath(chunk);
    asked.add(path, async (answer) => addPeople(await readPeople(ports, scope, path, answer), users, chunk, found));
  }
  if (withSignIns) askSignIns(ports, scope, asked, users.map(({ id }) => id), found);
  const revealed: DirectoryObjectAnswer[] = [];
  for (const group of groups) askGroup(ports, scope, asked, { group, revealed }, found);
  // Last, so that its word on somebody counts more than a group's list of members.
  if (hidden.length > 0) asked.add(objectsQuestion(hidden), async (answer) => void revealed.push(...addHidden(readObjects(answer, scope, hidden), hidden, found)));
  await asked.send(ports, scope);
  return revealed.filter((object) => !found.principals.has(object.id));
}

/** Questions that go out together, each with what is done with its answer, in the order they were asked. */
class Questions {
  readonly #asked: { readonly question: GraphQuestion; readonly read: (answer: GraphResponse | undefined) => Promise<void> }[] = [];

  add(question: GraphQuestion, read: (answer: GraphResponse | undefined) => Promise<void>): void {
    this.#asked.push({ question, read });
  }

  async send(ports: GraphPort, scope: GraphScope): Promise<void> {
    if (this.#asked.length === 0) return;
    const answers = await ports.graph.batch(scope, this.#asked.map(({ question }) => question));
    for (const [index, { read }] of this.#asked.entries()) await read(answers[index]);
  }
}

/** Of these people, and of those an earlier batch showed as members of a group. */
function askSignIns(ports: GraphPort, scope: GraphScope, asked: Questions, ids: readonly string[], found: Found): void {
  const members = [...found.principals.values()].filter(({ kind }) => kind === 'user').map(({ objectId }) => objectId);
  const open = [...new Set([...ids, ...members])].filter((id) => !found.signInsAskedOf.has(id));
  for (const chunk of chunksOf(open)) {
    const path = signInsPath(chunk);
    for (const id of chunk) found.signInsAskedOf.add(id);
    asked.add(path, async (answer) => {
      const { reading, lastSignInAt } = await readSignIns(ports, scope, path, answer);
      found.signInReadings.push(reading);
      for (const [id, at] of lastSignInAt) found.lastSignInAt.set(id, at);
    });
  }
}

function askGroup(ports: GraphPort, scope: GraphScope, asked: Questions, { group, revealed }: { readonly group: DirectoryObjectAnswer; readonly revealed: DirectoryObjectAnswer[] }, found: Found): void {
  asked.add(membersPath(group.id), async (answer) => {
    const members = await readMembers(ports, scope, group.id, answer);
    found.principals.set(group.id, groupOf(group, members));
    revealed.push(...addMembers(members ?? [], found.principals));
  });
  asked.add(eligibleMembersPath(group.id), async (answer) => {
    const { reading, memberIds } = await readEligibleMembers(ports, scope, group.id, answer);
    found.memberReadings.push(reading);
    found.eligibleMembers.set(group.id, memberIds);
    // Only people can activate a membership of a group that holds a role.
    for (const id of memberIds) revealed.push({ ...UNSHOWN, id });
  });
}

const UNSHOWN = { '@odata.type': '#microsoft.graph.user', displayName: undefined, userPrincipalName: undefined, accountEnabled: undefined, userType: undefined, onPremisesSyncEnabled: undefined, signInSessionsValidFromDateTime: undefined, assignedPlans: undefined };

function addPeople(people: ReadonlyMap<string, DirectoryPrincipal>, seen: readonly DirectoryObjectAnswer[], ids: readonly string[], { principals }: Found): void {
  for (const id of ids) {
    const before = seen.find((object) => object.id === id);
    // Whoever vanished between two reads is still called by the name the first one gave.
    principals.set(id, people.get(id) ?? { kind: 'deleted', objectId: id, upn: before?.userPrincipalName ?? null, displayName: before?.displayName ?? null });
  }
}

/** Returns the objects that are there after all; the others are deleted, or unreadable where the app may not ask. */
function addHidden(resolved: readonly DirectoryObjectAnswer[] | undefined, ids: readonly string[], { principals }: Found): readonly DirectoryObjectAnswer[] {
  for (const id of ids) if (resolved?.some((object) => object.id === id) !== true) principals.set(id, { kind: resolved === undefined ? 'unreadable' : 'deleted', objectId: id, upn: null, displayName: null });
  return resolved ?? [];
}

/** Returns the people among the members who were not shown well enough. */
function addMembers(members: readonly DirectoryObjectAnswer[], principals: Map<string, DirectoryPrincipal>): DirectoryObjectAnswer[] {
  const isUnfinished = (member: DirectoryObjectAnswer) => kindOf(member) === 'user' && (member.accountEnabled === undefined || member.userPrincipalName === undefined);
  for (const member of members) {
    if (principals.has(member.id) || isUnfinished(member)) continue;
    principals.set(member.id, kindOf(member) === 'user' ? personOf(member) : otherOf(member));
  }
  return members.filter((member) => isUnfinished(member) && !principals.has(member.id));
}

function chunksOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / PEOPLE_PER_REQUEST) }, (_, index) => ids.slice(index * PEOPLE_PER_REQUEST, (index + 1) * PEOPLE_PER_REQUEST));
}

/** The least that can be said of all of them together. */
function summary(readings: readonly OptionalReading[]): OptionalReading {
  return readings.find((reading) => reading !== 'listed') ?? readings[0] ?? 'not_asked';
}
