/**
 * Groups as clients make and change them: create, update, delete, members. A security group has the owners it was
 * created with and no others, whoever created it (recorded). Sources: "Create group", "Update group", "Delete group", "Add members" reference pages,
 * recorded exchanges of 2022.
 */
import type { JsonObject } from '../jwt';
import type { Group } from '../model';
import { checkMembers, contextUrl, keyAt, locationOf, NO_CONTENT, readJson, type Answer, type Call } from './call';
import { requireObjectId } from './directory';
import { tenantCreatedAt } from './directory-objects';
import { viewGroup } from './directory-views';
import { discard } from './discard';
import { findGroup } from './groups';
import { wholeSeconds } from './instants';
import { idOfAddress, readReference, refuseDoubled } from './references';
import { badRequest, NotModelled, notFound } from './refusal';
import { readWritten, writableNames } from './written';

const READ_ONLY = ['id', 'createdDateTime', 'deletedDateTime', 'renewedDateTime', 'securityIdentifier', 'proxyAddresses', 'mail'];
const BINDS = ['members@odata.bind', 'owners@odata.bind'] as const;

export function createGroup(call: Call): Answer {
  const body = readJson(call.body);
  checkMembers(body, 'group', [...writableNames('group'), 'displayName', 'securityEnabled', 'isAssignableToRole', ...BINDS], READ_ONLY);
  for (const name of ['displayName', 'mailNickname', 'mailEnabled', 'securityEnabled']) requireMember(body, name);
  if (body.mailEnabled !== false) throw new NotModelled('groups with a mailbox');
  const { world } = call;
  const blank: Group = {
    id: world.newGuid(),
    displayName: readName(body),
    isAssignableToRole: body.isAssignableToRole === true ? true : null,
    securityEnabled: body.securityEnabled === true,
    memberIds: readBound(body, 'members@odata.bind'),
    ownerIds: readBound(body, 'owners@odata.bind'),
    createdDateTime: wholeSeconds(world.now()),
  };
  const group: Group = { ...blank, written: readWritten('group', body, viewGroup(blank, tenantCreatedAt(call))) };
  storeGroup(call, group);
  return {
    status: 201,
    body: { '@odata.context': contextUrl(call, 'groups/$entity'), ...viewGroup(group, tenantCreatedAt(call)) },
    headers: { location: locationOf(call, group.id, 'Group') },
  };
}

export function updateGroup(call: Call): Answer {
  const group = latestGroup(call);
  const body = readJson(call.body);
  // Whether roles can be assigned to a group is decided once, at its creation.
  checkMembers(body, 'group', [...writableNames('group'), 'displayName', 'securityEnabled'], [...READ_ONLY, 'isAssignableToRole']);
  storeGroup(call, {
    ...group,
    ...('displayName' in body ? { displayName: readName(body) } : {}),
    ...('securityEnabled' in body ? { securityEnabled: body.securityEnabled === true } : {}),
    written: { ...group.written, ...readWritten('group', body, viewGroup(group, tenantCreatedAt(call))) },
  });
  return NO_CONTENT;
}

export function deleteGroup(call: Call): Answer {
  discard(call, { kind: 'group', row: latestGroup(call) });
  return NO_CONTENT;
}

export function addGroupMember(call: Call): Answer {
  const group = latestGroup(call);
  const id = readReference(call);
  refuseDoubled(group.memberIds.includes(id), 'members');
  storeGroup(call, { ...group, memberIds: [...group.memberIds, id] });
  return NO_CONTENT;
}

export function removeGroupMember(call: Call): Answer {
  const group = latestGroup(call);
  const id = requireObjectId(keyAt(call, 1));
  if (!group.memberIds.includes(id)) throw notFound(id);
  storeGroup(call, { ...group, memberIds: group.memberIds.filter((member) => member !== id) });
  return NO_CONTENT;
}

// Found in the replica the read is served by, changed on the newest version: a lagging replica never undoes a write.
export function latestGroup(call: Call): Group {
  const { id } = findGroup(call);
  const group = call.caller.tenant.groups.get(id, call.world.now());
  if (group === undefined) throw notFound(id);
  return group;
}

export function storeGroup(call: Call, group: Group): void {
  call.caller.tenant.groups.put(group.id, group, call.world.now());
}

function readName(body: JsonObject): string {
  if (typeof body.displayName === 'string' && body.displayName !== '') return body.displayName;
  throw badRequest('G-ERR-MEMBER', "Invalid value specified for property 'displayName' of resource 'Group'.");
}

function readBound(body: JsonObject, name: (typeof BINDS)[number]): readonly string[] {
  const addresses = body[name];
  if (addresses === undefined) return [];
  if (Array.isArray(addresses)) return addresses.map(idOfAddress);
  throw badRequest('G-ERR-MEMBER', `Invalid value specified for property '${name}' of resource 'Group'.`);
}

function requireMember(body: JsonObject, name: string): void {
  if (body[name] === undefined || body[name] === null) throw badRequest('G-ERR-REQUIRED', `A value is required for property '${name}' of resource 'Group'.`);
}
