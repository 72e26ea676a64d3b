/**
 * Asks which principals hold given roles: active assignments (a role activated through Privileged Identity Management
 * is one while it lasts) and eligibilities. A tenant without the licence for eligibilities has none: a fact, not an error.
 * Sources: Microsoft Graph v1.0 "List unifiedRoleAssignments", "List roleEligibilityScheduleInstances".
 */
import type { GraphList, GraphResponse, GraphScope, Ports } from '../ports';
import { type DirectoryObjectAnswer, holdingSchema, type HoldingAnswer, isLicenceAnswer, missingAnswer, optionalReading, readItems, readListAnswer, readWholeList } from './graph-answers';
import type { EligibilityReading } from './model';
import { requireGuid } from './people';

/** A role held by a principal: assigned (or activated), or only eligible. */
export interface RoleHolding {
  readonly roleTemplateId: string;
  readonly principalId: string;
  /** `/` is the whole tenant. */
  readonly scope: string;
  readonly state: 'active' | 'eligible';
}

export interface RoleHoldings {
  readonly holdings: readonly RoleHolding[];
  /** Principals as the lists showed them, by id; absent for deleted and unreadable ones. */
  readonly shown: ReadonlyMap<string, DirectoryObjectAnswer>;
  readonly eligibility: EligibilityReading;
}

const ROLES = { what: 'directory role assignments', permission: 'RoleManagement.Read.Directory' };
const ELIGIBLE = { what: 'eligible role holders', permission: 'RoleEligibilitySchedule.Read.Directory' };

const ASSIGNMENTS = '/roleManagement/directory/roleAssignments';
const ELIGIBILITIES = '/roleManagement/directory/roleEligibilityScheduleInstances';

/**
 * All holdings of the roles, from two lists in one batch. Least permission RoleManagement.Read.Directory.
 * Raises `ADMINS_UNREADABLE`, `GRAPH_REFUSED`, `GRAPH_UNAVAILABLE`, `GRAPH_THROTTLED`, `GRAPH_ANSWER_INVALID`,
 * `INPUT_INVALID`, and what the transport raises.
 */
export async function readHoldings(ports: Pick<Ports, 'graph'>, scope: GraphScope, roleTemplateIds: readonly string[]): Promise<RoleHoldings> {
  const ids = roleTemplateIds.map(requireGuid);
  const paths = [holdersPath(ASSIGNMENTS, isOneOf(ids)), holdersPath(ELIGIBILITIES, ids.map(isRole).join(' or '))] as const;
  const [first, second] = await ports.graph.batch(scope, paths);
  const assigned = await readRoleList(ports, scope, { answer: first, path: paths[0], collection: ASSIGNMENTS, ids });
  const eligible = await readRoleList(ports, scope, { answer: second, path: paths[1], collection: ELIGIBILITIES, ids });
  const active = readItems(assigned, holdingSchema, scope, ROLES);
  const eligibility = judgeEligibility(eligible.stoppedBy, scope);
  const onlyEligible = eligibility === 'listed' ? readItems(eligible, holdingSchema, scope, ELIGIBLE) : [];
  const shown = [...active, ...onlyEligible].flatMap(({ principal }) => principal ?? []);
  return {
    holdings: [...active.map((answer) => holdingOf(answer, 'active')), ...onlyEligible.map((answer) => holdingOf(answer, 'eligible'))],
    shown: new Map(shown.map((principal) => [principal.id, principal])),
    eligibility,
  };
}

/** Path of one principal's own assignments, for a batch. Raises `INPUT_INVALID`. */
export function ownAssignmentsPath(objectId: string): string {
  return `${ASSIGNMENTS}?$filter=${encodeURIComponent(`principalId eq '${requireGuid(objectId)}'`)}`;
}

/** The holdings in a batch answer to {@link ownAssignmentsPath}. Raises like {@link readHoldings}. */
export async function readOwnAssignments(ports: Pick<Ports, 'graph'>, scope: GraphScope, objectId: string, answer: GraphResponse | undefined): Promise<RoleHolding[]> {
  if (answer === undefined) throw missingAnswer(ROLES);
  const items = await readWholeList(ports, scope, answer, ownAssignmentsPath(objectId), ROLES);
  return readItems({ items }, holdingSchema, scope, ROLES).map((holding) => holdingOf(holding, 'active'));
}

function judgeEligibility(stoppedBy: GraphResponse | undefined, scope: GraphScope): EligibilityReading {
  return stoppedBy === undefined ? 'listed' : optionalReading(stoppedBy, scope, ELIGIBLE);
}

function holdingOf(answer: HoldingAnswer, state: RoleHolding['state']): RoleHolding {
  // Without a directory scope the assignment is limited to an app: never the whole tenant.
  return { roleTemplateId: answer.roleDefinitionId, principalId: answer.principalId, scope: answer.directoryScopeId ?? 'app', state };
}

interface RoleListRead {
  readonly answer: GraphResponse | undefined;
  readonly path: string;
  readonly collection: string;
  readonly ids: readonly string[];
}

/** One list for all roles; one per role where the service does not take the combined filter. */
async function readRoleList(ports: Pick<Ports, 'graph'>, scope: GraphScope, { answer, path, collection, ids }: RoleListRead): Promise<GraphList> {
  if (answer === undefined) throw missingAnswer(ROLES);
  const together = await readListAnswer(ports, scope, answer, path, ROLES);
  if (ids.length === 1 || together.stoppedBy?.status !== 400 || isLicenceAnswer(together.stoppedBy)) return together;
  const lists = await Promise.all(ids.map((id) => ports.graph.list(scope, holdersPath(collection, isRole(id)))));
  const stoppedBy = lists.find((list) => list.stoppedBy !== undefined)?.stoppedBy;
  return { items: lists.flatMap((list) => list.items), ...(stoppedBy === undefined ? {} : { stoppedBy }) };
}

function holdersPath(collection: string, filter: string): string {
  return `${collection}?$filter=${encodeURIComponent(filter)}&$expand=principal`;
}

/** `in` is documented for assignments only. */
function isOneOf(ids: readonly string[]): string {
  return ids.length === 1 ? isRole(ids[0] ?? '') : `roleDefinitionId in (${ids.map((id) => `'${id}'`).join(',')})`;
}

function isRole(id: string): string {
  return `roleDefinitionId eq '${id}'`;
}
