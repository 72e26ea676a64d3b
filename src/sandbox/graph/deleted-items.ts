/**
 * The recycle bin: list by type, read, restore, delete for good. An object in it is gone for every other read. After
 * thirty days it is gone here, too. Sources: "List deletedItems", "Get deleted item", "Restore deleted item",
 * "Permanently delete item" reference pages, recorded exchanges of 2022.
 */
import type { DeletedItem } from '../model';
import { viewApplication, viewServicePrincipal } from './app-views';
import { contextUrl, keyAt, NO_CONTENT, refuseCollectionOptions, type Answer, type Call } from './call';
import { requireObjectId } from './directory';
import { defaultMembers, tenantCreatedAt } from './directory-objects';
import { viewGroup, viewUser } from './directory-views';
import { restore } from './discard';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { isOpenFor } from './deleted-item-access';
import { insufficientPrivileges, notFound } from './refusal';
import { withoutType, type Wire } from './select';

const KEPT_MS = 30 * 24 * 3_600_000;
const COLLECTIONS = { application: 'applications', servicePrincipal: 'servicePrincipals', group: 'groups', user: 'users' } as const;

type Kind = DeletedItem['kind'];

export const listDeletedApplications = (call: Call): Answer => list(call, 'application');
export const listDeletedServicePrincipals = (call: Call): Answer => list(call, 'servicePrincipal');
export const listDeletedGroups = (call: Call): Answer => list(call, 'group');
export const listDeletedUsers = (call: Call): Answer => list(call, 'user');

export function getDeletedItem(call: Call): Answer {
  refuseCollectionOptions(call.query);
  const item = requireItem(call, 'read');
  return { status: 200, body: { '@odata.context': contextUrl(call, 'directoryObjects/$entity'), ...defaultMembers(view(call, item)) } };
}

export function restoreDeletedItem(call: Call): Answer {
  const item = requireItem(call, 'write');
  const { deletedDateTime: _, ...restored } = view(call, item);
  restore(call, item);
  return {
    status: 200,
    body: { '@odata.context': contextUrl(call, 'directoryObjects/$entity'), ...defaultMembers({ ...restored, deletedDateTime: null }) },
  };
}

export function purgeDeletedItem(call: Call): Answer {
  const item = requireItem(call, 'write');
  call.caller.tenant.deletedItems.delete(item.id, call.world.now());
  return NO_CONTENT;
}

function list(call: Call, kind: Kind): Answer {
  if (!isOpenFor(call, kind, 'read')) throw insufficientPrivileges();
  return answerList(call, {
    type: kind,
    resource: 'DirectoryObject',
    context: COLLECTIONS[kind],
    rows: (asOfMs) =>
      itemsAt(call, asOfMs)
        .filter((item) => item.kind === kind)
        .map((item) => withoutType(defaultMembers(view(call, item, call.query.select === undefined)))),
    filterable: { id: ['eq', 'in'], displayName: ['eq', 'startswith'], ...(kind === 'servicePrincipal' || kind === 'application' ? { appId: ['eq'] as const } : {}) },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  });
}

function requireItem(call: Call, purpose: 'read' | 'write'): DeletedItem {
  const id = requireObjectId(keyAt(call, 0));
  const item = itemsAt(call, call.world.asOf('graph.get')).find((candidate) => candidate.id === id);
  // Without the permission for any kind an absent item must not be told apart from a closed one.
  if (item === undefined) throw isOpenFor(call, undefined, purpose) ? notFound(id) : insufficientPrivileges();
  if (!isOpenFor(call, item.kind, purpose)) throw insufficientPrivileges();
  return item;
}

function itemsAt(call: Call, asOfMs: number): readonly DeletedItem[] {
  const oldestMs = call.world.now() - KEPT_MS;
  return call.caller.tenant.deletedItems.list(asOfMs).filter(({ deletedDateTime }) => Date.parse(deletedDateTime) > oldestMs);
}

function view(call: Call, item: DeletedItem, withType = true): Wire {
  const shown = { ...viewRow(call, item), deletedDateTime: item.deletedDateTime };
  return withType ? { '@odata.type': `#microsoft.graph.${item.kind}`, ...shown } : shown;
}

function viewRow(call: Call, item: DeletedItem): Wire {
  if (item.kind === 'application') return viewApplication(item.row, { publisherDomain: '', withKeys: false });
  if (item.kind === 'servicePrincipal') return viewServicePrincipal(item.row, undefined);
  return item.kind === 'group' ? viewGroup(item.row, tenantCreatedAt(call)) : viewUser(item.row);
}
