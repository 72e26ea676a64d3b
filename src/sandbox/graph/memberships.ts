/**
 * What an object belongs to: groups, through groups, and directory roles; and the actions that answer with ids alone.
 * Sources: "List memberOf", "List transitiveMemberOf", "getMemberGroups", "checkMemberGroups" reference pages, recorded
 * exchanges of 2022 (a group in a group in a group, and back).
 */
import type { Group } from '../model';
import { contextUrl, keyAt, readJson, type Answer, type Call } from './call';
import { requireObjectId } from './directory';
import { viewObject } from './directory-objects';
import { heldRoleIds } from './directory-role-ids';
import { isGuid } from './ids';
import { answerObjects } from './object-lists';
import type { Cast } from './object-rows';
import { badRequest, notFound } from './refusal';
import { findUser } from './users';

const MAX_GROUPS = 20;

export const listMemberOf = (call: Call): Answer => answerMemberOf(call, false);
export const listTransitiveMemberOf = (call: Call): Answer => answerMemberOf(call, true);
export const listMemberOfGroups = (call: Call): Answer => answerMemberOf(call, false, 'group');
export const listTransitiveMemberOfGroups = (call: Call): Answer => answerMemberOf(call, true, 'group');
export const listMemberOfRoles = (call: Call): Answer => answerMemberOf(call, false, 'directoryRole');
export const listTransitiveMemberOfRoles = (call: Call): Answer => answerMemberOf(call, true, 'directoryRole');

export function getMemberGroups(call: Call): Answer {
  const { securityEnabledOnly } = readJson(call.body);
  if (typeof securityEnabledOnly !== 'boolean') throw badRequest('G-ERR-MEMBER', "Invalid value specified for property 'securityEnabledOnly'.");
  const asOfMs = call.world.asOf('graph.list');
  const groups = containingGroups(call, subjectId(call), asOfMs, true);
  return answerIds(call, groups.filter((group) => group.securityEnabled || !securityEnabledOnly).map(({ id }) => id));
}

export function checkMemberGroups(call: Call): Answer {
  const { groupIds } = readJson(call.body);
  if (!Array.isArray(groupIds) || groupIds.length > MAX_GROUPS || !groupIds.every((id): id is string => typeof id === 'string' && isGuid(id))) {
    throw badRequest('G-OBJ-IDS', "Invalid value specified for property 'groupIds'.");
  }
  const inside = new Set(containingGroups(call, subjectId(call), call.world.asOf('graph.list'), true).map(({ id }) => id));
  return answerIds(call, groupIds.filter((id) => inside.has(id.toLowerCase())));
}

/** Everything in a group, members of member groups included, each once. */
export function containedIds(call: Call, group: Group, asOfMs: number): readonly string[] {
  const found = new Set<string>();
  const waiting = [...group.memberIds];
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    if (found.has(id)) continue;
    found.add(id);
    waiting.push(...(call.caller.tenant.groups.get(id, asOfMs)?.memberIds ?? []));
  }
  return [...found];
}

function answerMemberOf(call: Call, isTransitive: boolean, cast?: Cast): Answer {
  const id = subjectId(call);
  const { tenant } = call.caller;
  return answerObjects(
    call,
    (asOfMs) => {
      const groups = containingGroups(call, id, asOfMs, isTransitive).map((group) => group.id);
      return [...groups, ...heldRoleIds(tenant, isTransitive ? [id, ...groups] : [id], asOfMs)];
    },
    cast,
  );
}

/** The object the path names: a person by id or name, anything else by id. It must be there. */
function subjectId(call: Call): string {
  const key = keyAt(call, 0);
  const asOfMs = call.world.asOf('graph.get');
  const id = call.path.toLowerCase().startsWith('/users') && key.kind === 'id' ? findUser(call, key.value)?.id : requireObjectId(key);
  if (id === undefined || viewObject(call, id, asOfMs) === undefined) throw notFound(key.value);
  return id;
}

function containingGroups(call: Call, id: string, asOfMs: number, isTransitive: boolean): readonly Group[] {
  const every = call.caller.tenant.groups.list(asOfMs);
  const found = new Map<string, Group>();
  const waiting = [id];
  for (let inner = waiting.shift(); inner !== undefined; inner = waiting.shift()) {
    for (const group of every) {
      if (!group.memberIds.includes(inner) || found.has(group.id)) continue;
      found.set(group.id, group);
      if (isTransitive) waiting.push(group.id);
    }
  }
  return [...found.values()];
}

function answerIds(call: Call, ids: readonly string[]): Answer {
  return {
    status: 200,
    body: { '@odata.context': contextUrl(call, 'Collection(Edm.String)'), value: ids },
    headers: { location: call.world.origins.graph },
  };
}
