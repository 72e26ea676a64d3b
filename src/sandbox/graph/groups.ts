/**
 * Groups and their members, direct and through nested groups. Members the caller may not read come back with
 * their type and id only. Sources: "List group members", "List group transitive members", "Get group" reference
 * pages, recorded exchanges of 2022.
 */
import type { Group } from '../model';
import { keyAt, type Answer, type Call } from './call';
import { tenantCreatedAt } from './directory-objects';
import { requireObjectId } from './directory';
import { viewGroup } from './directory-views';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { containedIds } from './memberships';
import { answerObjects } from './object-lists';
import type { Cast } from './object-rows';
import { GROUP_FILTERS } from './object-filters';
import { notFound } from './refusal';
import { readSingle } from './single';

export function listGroups(call: Call): Answer {
  return answerList(call, {
    type: 'group',
    resource: 'Group',
    context: 'groups',
    rows: (asOfMs) => call.caller.tenant.groups.list(asOfMs).map((group) => viewGroup(group, tenantCreatedAt(call))),
    filterable: GROUP_FILTERS,
    refusedFilters: ['createdDateTime'],
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  });
}

export function getGroup(call: Call): Answer {
  return readSingle(call, 'groups', 'group', viewGroup(findGroup(call), tenantCreatedAt(call)));
}

export const listMembers = (call: Call): Answer => answerMembers(call, false);
export const listTransitiveMembers = (call: Call): Answer => answerMembers(call, true);
export const listMemberUsers = (call: Call): Answer => answerMembers(call, false, 'user');
export const listTransitiveMemberUsers = (call: Call): Answer => answerMembers(call, true, 'user');
export const listMemberGroups = (call: Call): Answer => answerMembers(call, false, 'group');
export const listTransitiveMemberGroups = (call: Call): Answer => answerMembers(call, true, 'group');

function answerMembers(call: Call, isTransitive: boolean, cast?: Cast): Answer {
  const group = findGroup(call);
  return answerObjects(call, (asOfMs) => (isTransitive ? containedIds(call, group, asOfMs) : group.memberIds), cast);
}

export function findGroup(call: Call): Group {
  const id = requireObjectId(keyAt(call, 0));
  const group = call.caller.tenant.groups.get(id, call.world.asOf('graph.get'));
  if (group === undefined) throw notFound(id);
  return group;
}
