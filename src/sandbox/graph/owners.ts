/**
 * Owners of applications, service principals and groups. Whoever creates an application with a delegated token
 * becomes its first owner; a security group and a service principal have none (recorded). Sources: "List owners", "Add owner" and
 * "Remove owner" reference pages, recorded exchanges of 2022.
 */
import type { Call, Answer } from './call';
import { keyAt, NO_CONTENT, requireOwn } from './call';
import { latestApplication, storeApplication } from './applications';
import { findApplication, findServicePrincipal, requireObjectId } from './directory';
import { findGroup } from './groups';
import { latestGroup, storeGroup } from './group-writes';
import { answerObjects } from './object-lists';
import { readReference, refuseDoubled } from './references';
import { notFound } from './refusal';
import { latestServicePrincipal, storeServicePrincipal } from './service-principals';

interface Owned {
  readonly ownerIds?: readonly string[];
}

export const listApplicationOwners = (call: Call): Answer => list(call, findApplication(call, keyAt(call, 0)));
export const listServicePrincipalOwners = (call: Call): Answer => list(call, findServicePrincipal(call, keyAt(call, 0)));
export const listGroupOwners = (call: Call): Answer => list(call, findGroup(call));

export const addApplicationOwner = (call: Call): Answer => {
  const application = latestApplication(call);
  return done(storeApplication(call, { ...application, ownerIds: withAdded(call, application) }));
};
export const addServicePrincipalOwner = (call: Call): Answer => {
  const principal = latestServicePrincipal(call);
  return done(storeServicePrincipal(call, { ...principal, ownerIds: withAdded(call, principal) }));
};
export const addGroupOwner = (call: Call): Answer => {
  const group = latestGroup(call);
  return done(storeGroup(call, { ...group, ownerIds: withAdded(call, group) }));
};

export const removeApplicationOwner = (call: Call): Answer => {
  const application = latestApplication(call);
  return done(storeApplication(call, { ...application, ownerIds: withoutRemoved(call, application) }));
};
export const removeServicePrincipalOwner = (call: Call): Answer => {
  const principal = latestServicePrincipal(call);
  return done(storeServicePrincipal(call, { ...principal, ownerIds: withoutRemoved(call, principal) }));
};
export const removeGroupOwner = (call: Call): Answer => {
  const group = latestGroup(call);
  return done(storeGroup(call, { ...group, ownerIds: withoutRemoved(call, group) }));
};

function list(call: Call, owned: Owned & { readonly appId?: string }): Answer {
  if (owned.appId !== undefined) requireOwn(call, owned.appId);
  return answerObjects(call, () => owned.ownerIds ?? []);
}

function withAdded(call: Call, { ownerIds = [] }: Owned): readonly string[] {
  const id = readReference(call);
  refuseDoubled(ownerIds.includes(id), 'owners');
  return [...ownerIds, id];
}

function withoutRemoved(call: Call, { ownerIds = [] }: Owned): readonly string[] {
  const id = requireObjectId(keyAt(call, 1));
  if (!ownerIds.includes(id)) throw notFound(id);
  return ownerIds.filter((owner) => owner !== id);
}

function done(_stored: void): Answer {
  return NO_CONTENT;
}
