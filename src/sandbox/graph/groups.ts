/**
 * Groups and their members, direct and through nested groups. Members the caller may not read come back with
 * their type and id only. Sources: "List group members", "List group transitive members", "Get group" reference
 * pages, recorded exchanges of 2022.
 */
import type { Group } from '../model';
import { keyAt, readSingle, type Answer, type Call } from './call';
import { defaultMembers, tenantCreatedAt, viewObject, withholdUnreadable } from './directory-objects';
import { requireObjectId } from './directory';
import { viewGroup } from './directory-views';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { badRequest, NotModelled, notFound } from './refusal';
import { namesOf, project, type TypeName, type Wire } from './select';
import { USER_FILTERS } from './users';

const MEMBER_TYPES: readonly TypeName[] = ['user', 'group', 'servicePrincipal'];

export function listGroups(call: Call): Answer {
  return answerList(call, {
    type: 'group',
    resource: 'Group',
    context: 'groups',
    rows: (asOfMs) => call.caller.tenant.groups.list(asOfMs).map((group) => viewGroup(group, tenantCreatedAt(call))),
    filterable: {
      id: ['eq', 'in'],
      displayName: ['eq', 'ne', 'in', 'startswith'],
      mailNickname: ['eq', 'startswith'],
      isAssignableToRole: ['eq'],
      securityEnabled: ['eq'],
    },
    refusedFilters: ['createdDateTime'],
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  });
}

export function getGroup(call: Call): Answer {
  return readSingle(call, 'groups', 'group', viewGroup(findGroup(call), tenantCreatedAt(call)));
}

export const listMembers = (call: Call): Answer => answerMembers(call, false, false);
export const listTransitiveMembers = (call: Call): Answer => answerMembers(call, true, false);
export const listMemberUsers = (call: Call): Answer => answerMembers(call, false, true);
export const listTransitiveMemberUsers = (call: Call): Answer => answerMembers(call, true, true);

function answerMembers(call: Call, isTransitive: boolean, onlyUsers: boolean): Answer {
  const { query } = call;
  const group = findGroup(call);
  checkMemberSelect(query.select);
  // OData casts are advanced queries; the wording of the refusal is not known.
  if (onlyUsers && !(query.eventual && query.count)) {
    throw badRequest('G-GROUP-CAST-PLAIN', 'The cast needs $count=true and the ConsistencyLevel:eventual header.', 'Request_UnsupportedQuery');
  }
  const rows = (asOfMs: number) =>
    memberIds(call, group, isTransitive, asOfMs)
      .map((id) => viewObject(call, id, asOfMs))
      .filter((object): object is Wire => object !== undefined)
      .filter((object) => !onlyUsers || object['@odata.type'] === '#microsoft.graph.user')
      .map((object) => selectMembers(query.select, withholdUnreadable(call, object)))
      .map(({ '@odata.type': type, ...members }) => (onlyUsers ? members : { '@odata.type': type, ...members }));
  return answerList(call, {
    type: 'user',
    resource: 'DirectoryObject',
    context: onlyUsers ? 'users' : 'directoryObjects',
    rows,
    isShaped: true,
    filterable: onlyUsers ? USER_FILTERS : {},
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  });
}

// Members are of several types: a selected member that a type does not have is missing from its rows.
function selectMembers(select: readonly string[] | undefined, object: Wire): Wire {
  if (select === undefined) return defaultMembers(object);
  const type = String(object['@odata.type']).replace('#microsoft.graph.', '') as TypeName;
  const own = select.filter((name) => name in object || namesOf(type).properties.includes(name));
  return project(object, own, type);
}

function checkMemberSelect(select: readonly string[] | undefined): void {
  const unknown = select?.find((name) => !MEMBER_TYPES.some((type) => namesOf(type).properties.includes(name)));
  if (unknown !== undefined) throw new NotModelled(`$select=${unknown} on group members`);
}

function memberIds(call: Call, group: Group, isTransitive: boolean, asOfMs: number): readonly string[] {
  if (!isTransitive) return group.memberIds;
  const found = new Set<string>();
  const waiting = [...group.memberIds];
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    if (found.has(id)) continue;
    found.add(id);
    waiting.push(...(call.caller.tenant.groups.get(id, asOfMs)?.memberIds ?? []));
  }
  return [...found];
}

function findGroup(call: Call): Group {
  const id = requireObjectId(keyAt(call, 0));
  const group = call.caller.tenant.groups.get(id, call.world.asOf('graph.get'));
  if (group === undefined) throw notFound(id);
  return group;
}
