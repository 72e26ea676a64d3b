/**
 * How the directory's objects are read as people, groups and others. Someone whose account state is not shown is
 * `unreadable`, never assumed to be enabled; someone whose type is not shown but whose sign-in name marks an invited
 * account is a guest.
 * Sources: Microsoft Graph v1.0 "user resource type", "List group members", "directoryObject: getByIds".
 */
import { OnboardingError } from '../errors';
import { isGuid } from '../internal/guid';
import type { GraphQuestion, GraphResponse, GraphScope, Ports } from '../ports';
import { type DirectoryObjectAnswer, directoryObjectSchema, missingAnswer, readBody, readItems, readPage, readWholeList } from './graph-answers';

export interface DirectoryPerson {
  readonly kind: 'user';
  readonly objectId: string;
  readonly upn: string;
  readonly displayName: string;
  readonly accountEnabled: boolean;
  readonly userType: 'member' | 'guest';
  /** Synchronised from an on-premises directory. */
  readonly synced: boolean;
  /** Holds a service plan with a mailbox; null when the plans were not shown. */
  readonly hasMailbox: boolean | null;
  /** Milliseconds since 1970; null when it was not asked for. */
  readonly sessionsValidFromAt: number | null;
}

export interface DirectoryGroup {
  readonly kind: 'group';
  readonly objectId: string;
  readonly displayName: string | null;
  readonly memberIds: readonly string[];
}

/** `deleted`: the directory knows the id no more. `unreadable`: it is there, but not shown well enough to judge. */
export interface OtherPrincipal {
  readonly kind: 'service_principal' | 'deleted' | 'unreadable';
  readonly objectId: string;
  readonly upn: string | null;
  readonly displayName: string | null;
}

export type DirectoryPrincipal = DirectoryPerson | DirectoryGroup | OtherPrincipal;

const PEOPLE = { what: 'the people who hold a role', permission: 'User.Read.All' };
const MEMBERS = { what: 'the members of a group that holds a role', permission: 'GroupMember.Read.All' };

/** All but the names are returned only when asked for. */
const PERSON_FIELDS = 'id,displayName,userPrincipalName,accountEnabled,userType,onPremisesSyncEnabled,assignedPlans';
const MEMBERS_PER_PAGE = 999;
/** Graph takes no more values behind one `in`. */
export const PEOPLE_PER_REQUEST = 15;

/**
 * Service plans that come with a mailbox: Exchange Online plan 1, plan 2, kiosk. EXCHANGE_S_FOUNDATION, which comes with
 * almost every licence, is none of them. Source: Microsoft Entra "Product names and service plan identifiers".
 */
const MAILBOX_PLANS = new Set(['9aaf7827-d63c-4b61-89c3-182f06f82e5c', 'efb87545-963c-4e0d-99df-69c6916d9eb0', '4a82b400-a79f-41a4-b4e2-e94f5787b113']);

/** Least permission User.Read.All. Raises `INPUT_INVALID` when the id is not a GUID: it becomes part of the path. */
export function personPath(objectId: string): string {
  return `/users/${requireGuid(objectId)}?$select=${PERSON_FIELDS},signInSessionsValidFromDateTime`;
}

/** Several people at once, at most {@link PEOPLE_PER_REQUEST}. Least permission and errors as for {@link personPath}. */
export function peoplePath(objectIds: readonly string[]): string {
  return `/users?$filter=${encodeURIComponent(`id in (${objectIds.map((id) => `'${requireGuid(id)}'`).join(',')})`)}&$select=${PERSON_FIELDS}`;
}

/** Least permission GroupMember.Read.All. Raises like {@link personPath}. */
export function membersPath(groupId: string): string {
  return `/groups/${requireGuid(groupId)}/members?$select=${PERSON_FIELDS}&$top=${MEMBERS_PER_PAGE}`;
}

export function requireGuid(id: string): string {
  if (!isGuid(id)) throw new OnboardingError('INPUT_INVALID', 'An object or role template id must be a GUID.');
  return id.toLowerCase();
}

/**
 * A person from an answer to {@link personPath}; 404 reads as deleted. Raises `ADMINS_UNREADABLE`, `GRAPH_REFUSED`,
 * `GRAPH_UNAVAILABLE`, `GRAPH_THROTTLED`, and `GRAPH_ANSWER_INVALID`, also when the answer is about somebody else.
 */
export function readPerson(answer: GraphResponse | undefined, scope: GraphScope, objectId: string): DirectoryPerson | OtherPrincipal {
  if (answer === undefined) throw missingAnswer(PEOPLE);
  if (answer.status === 404) return { kind: 'deleted', objectId, upn: null, displayName: null };
  const person = readBody(answer, directoryObjectSchema, scope, PEOPLE);
  if (person.id !== objectId.toLowerCase()) {
    throw new OnboardingError('GRAPH_ANSWER_INVALID', 'Microsoft Graph answered with another person than the one asked for.', { correlationId: answer.requestId });
  }
  return personOf(person);
}

/**
 * The people in an answer to {@link peoplePath}, by id; whom it does not hold is not there for the directory. Raises like
 * {@link readPerson}.
 */
export async function readPeople(ports: Pick<Ports, 'graph'>, scope: GraphScope, path: string, answer: GraphResponse | undefined): Promise<ReadonlyMap<string, DirectoryPerson | OtherPrincipal>> {
  if (answer === undefined) throw missingAnswer(PEOPLE);
  const items = await readWholeList(ports, scope, answer, path, PEOPLE);
  return new Map(readItems({ items }, directoryObjectSchema, scope, PEOPLE).map((person) => [person.id, personOf(person)]));
}

/** A group's members from a batch answer to {@link membersPath}; undefined when the group is gone. Raises like {@link readPerson}. */
export async function readMembers(
  ports: Pick<Ports, 'graph'>,
  scope: GraphScope,
  groupId: string,
  answer: GraphResponse | undefined,
): Promise<readonly DirectoryObjectAnswer[] | undefined> {
  if (answer === undefined) throw missingAnswer(MEMBERS);
  if (answer.status === 404) return undefined;
  const items = await readWholeList(ports, scope, answer, membersPath(groupId), MEMBERS);
  return readItems({ items }, directoryObjectSchema, scope, MEMBERS);
}

/** Asks what is behind ids that a list did not show. Least permission Directory.Read.All. */
export function objectsQuestion(ids: readonly string[]): Exclude<GraphQuestion, string> {
  return { path: '/directoryObjects/getByIds', body: { ids, types: ['user', 'group', 'servicePrincipal'] } };
}

/**
 * What the directory knows behind these ids, from an answer to {@link objectsQuestion}. Ids it does not know are absent;
 * undefined when the app may not ask. Raises like {@link readPerson}, save for the 403.
 */
export function readObjects(answer: GraphResponse | undefined, scope: GraphScope, ids: readonly string[]): DirectoryObjectAnswer[] | undefined {
  if (answer === undefined) throw missingAnswer(PEOPLE);
  if (answer.status === 403) return undefined;
  const objects = readItems({ items: readPage(answer, scope, PEOPLE).value }, directoryObjectSchema, scope, PEOPLE);
  return objects.filter((object) => ids.includes(object.id));
}

/** {@link readObjects} by a request of its own; none when there is no id. */
export async function resolveObjects(ports: Pick<Ports, 'graph'>, scope: GraphScope, ids: readonly string[]): Promise<DirectoryObjectAnswer[] | undefined> {
  return ids.length === 0 ? [] : readObjects(await ports.graph.send(scope, { method: 'POST', ...objectsQuestion(ids) }), scope, ids);
}

export function kindOf(object: DirectoryObjectAnswer): 'user' | 'group' | 'service_principal' | 'unknown' {
  const type = object['@odata.type']?.replace('#microsoft.graph.', '');
  if (type === 'user' || type === 'group') return type;
  if (type === 'servicePrincipal') return 'service_principal';
  return type === undefined && typeof object.userPrincipalName === 'string' ? 'user' : 'unknown';
}

export function personOf(answer: DirectoryObjectAnswer): DirectoryPerson | OtherPrincipal {
  const { id: objectId, displayName, userPrincipalName: upn, accountEnabled } = answer;
  if (upn === undefined || accountEnabled === undefined) return otherOf(answer);
  return { kind: 'user', objectId, upn, displayName: displayName ?? upn, accountEnabled, userType: userTypeOf(answer), synced: answer.onPremisesSyncEnabled === true, hasMailbox: hasMailbox(answer), sessionsValidFromAt: instantOf(answer.signInSessionsValidFromDateTime) };
}

export function groupOf(group: DirectoryObjectAnswer, members: readonly DirectoryObjectAnswer[] | undefined): DirectoryGroup | OtherPrincipal {
  const displayName = group.displayName ?? null;
  if (members === undefined) return { kind: 'deleted', objectId: group.id, upn: null, displayName };
  return { kind: 'group', objectId: group.id, displayName, memberIds: members.map((member) => member.id) };
}

export function otherOf(object: DirectoryObjectAnswer): OtherPrincipal {
  const kind = kindOf(object) === 'service_principal' ? 'service_principal' : 'unreadable';
  return { kind, objectId: object.id, upn: object.userPrincipalName ?? null, displayName: object.displayName ?? null };
}

function hasMailbox({ assignedPlans }: DirectoryObjectAnswer): boolean | null {
  if (assignedPlans === undefined) return null;
  return assignedPlans.some((plan) => plan.capabilityStatus === 'Enabled' && MAILBOX_PLANS.has(plan.servicePlanId?.toLowerCase() ?? ''));
}

function instantOf(text: string | undefined): number | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : at;
}

function userTypeOf(answer: DirectoryObjectAnswer): 'member' | 'guest' {
  const type = answer.userType?.toLowerCase();
  // A guest whose type was set to "member" still signs in at another tenant; accounts from before the property existed have none.
  const isInvited = (answer.userPrincipalName ?? '').toUpperCase().includes('#EXT#');
  return !isInvited && (type === 'member' || type === undefined) ? 'member' : 'guest';
}
