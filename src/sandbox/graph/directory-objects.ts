/**
 * Objects of any type by id, and what of them a caller may see. Sources: "directoryObject: getByIds" reference
 * page, recorded exchanges of 2022-2024, "List group members" on limited information for unreadable objects.
 */
import type { Tenant } from '../model';
import { viewServicePrincipal } from './app-views';
import { contextUrl, keyAt, readJson, refuseCollectionOptions, type Answer, type Call } from './call';
import { findRegistration, requireObjectId } from './directory';
import { USER_DEFAULTS, viewGroup, viewUser, withhold } from './directory-views';
import { directoryRoleId, findActivated, roleName } from './directory-role-ids';
import { isGuid } from './ids';
import { accessOf, type Operation } from './permissions';
import { badRequest, notFound } from './refusal';
import { project, type Wire } from './select';
import { tellUser } from '../lies/graph';

const MAX_IDS = 1000;

const READ_OPERATION: ReadonlyMap<unknown, Operation> = new Map([
  ['#microsoft.graph.user', 'GET /users/{id}'],
  ['#microsoft.graph.group', 'GET /groups/{id}'],
  ['#microsoft.graph.servicePrincipal', 'GET /servicePrincipals/{id}'],
  ['#microsoft.graph.directoryRole', 'GET /directoryRoles/{id}'],
]);

export function getByIds(call: Call): Answer {
  const { ids, types } = readJson(call.body);
  if (!Array.isArray(ids) || ids.length > MAX_IDS || !ids.every((id): id is string => typeof id === 'string' && isGuid(id))) {
    throw badRequest('G-OBJ-IDS', "Invalid value specified for property 'ids'.");
  }
  if (types !== undefined && !Array.isArray(types)) throw badRequest('G-OBJ-IDS', "Invalid value specified for property 'types'.");
  const asOfMs = call.world.asOf('graph.list');
  const value = ids
    .map((id) => viewObject(call, id.toLowerCase(), asOfMs))
    .filter((object): object is Wire => object !== undefined)
    .filter((object) => types === undefined || types.some((type) => object['@odata.type'] === `#microsoft.graph.${String(type)}`))
    .map(defaultMembers);
  return {
    status: 200,
    body: { '@odata.context': contextUrl(call, 'directoryObjects'), value },
    headers: { location: call.world.origins.graph },
  };
}

export function getDirectoryObject(call: Call): Answer {
  refuseCollectionOptions(call.query);
  const id = requireObjectId(keyAt(call, 0));
  const object = viewObject(call, id, call.world.asOf('graph.get'));
  if (object === undefined) throw notFound(id);
  return { status: 200, body: { '@odata.context': contextUrl(call, 'directoryObjects/$entity'), ...defaultMembers(object) } };
}

/** The whole object with its type, or undefined when this replica has none with the id. */
export function viewObject(call: Call, id: string, asOfMs: number): Wire | undefined {
  const { tenant } = call.caller;
  const user = tenant.users.get(id, asOfMs);
  if (user !== undefined) return { '@odata.type': '#microsoft.graph.user', ...tellUser(call.world, viewUser(user)) };
  const group = tenant.groups.get(id, asOfMs);
  if (group !== undefined) return { '@odata.type': '#microsoft.graph.group', ...viewGroup(group, tenantCreatedAt(call)) };
  const principal = tenant.servicePrincipals.get(id, asOfMs);
  if (principal === undefined) return viewRole(call, id, asOfMs);
  return {
    '@odata.type': '#microsoft.graph.servicePrincipal',
    ...viewServicePrincipal(principal, findRegistration(call.world, principal.appId, tenant)?.application),
  };
}

function viewRole(call: Call, id: string, asOfMs: number): Wire | undefined {
  const { tenant } = call.caller;
  const templateId = findActivated(tenant, id, asOfMs);
  return templateId === undefined ? undefined : { '@odata.type': '#microsoft.graph.directoryRole', ...viewDirectoryRole(tenant, templateId) };
}

/** An activated role. Its prose is not modelled: the description repeats the name. */
export function viewDirectoryRole(tenant: Tenant, templateId: string): Wire {
  const displayName = roleName(templateId) ?? null;
  return { id: directoryRoleId(tenant, templateId), deletedDateTime: null, description: displayName, displayName, roleTemplateId: templateId };
}

/** What the caller may not read of a member or principal comes back empty, its type and id excepted. */
export function withholdUnreadable(call: Call, object: Wire): Wire {
  const operation = READ_OPERATION.get(object['@odata.type']);
  return operation !== undefined && accessOf(call.caller, operation) === 'full' ? object : withhold(object, ['id']);
}

/** The members a user shows unasked; groups and service principals show all. */
export function defaultMembers(object: Wire): Wire {
  return object['@odata.type'] === '#microsoft.graph.user' ? project(object, undefined, 'user', USER_DEFAULTS) : object;
}

export function tenantCreatedAt(call: Call): string {
  const [organization] = call.caller.tenant.organization.list(call.world.now());
  return organization?.createdDateTime ?? new Date(0).toISOString();
}
