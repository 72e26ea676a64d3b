/**
 * `$expand` of one relation of a directory object: at most twenty related objects and no next link, not together with an
 * advanced query, and only for a caller who may read the relation by itself. Source: Microsoft Graph "Customize
 * responses with query parameters".
 */
import { viewAppRoleAssignment, viewPermissionGrant } from './app-views';
import type { Call } from './call';
import { heldRoleIds } from './directory-role-ids';
import { checkObjectSelect, objectRows, selectMembers } from './object-rows';
import { accessOf, type Operation } from './permissions';
import { badRequest, GraphRefusal, insufficientPrivileges, NotModelled } from './refusal';
import { rule } from './rules';
import { namesOf, type TypeName, type Wire } from './select';

const MAX_EXPANDED = 20;
const FORM = /^(\w+)(?:\(\$select=([\w,\s]+)\))?$/;

interface Relation {
  readonly operation: Operation;
  rows(call: Call, id: string, asOfMs: number): readonly Wire[];
}

const RELATIONS: Partial<Readonly<Record<TypeName, Readonly<Record<string, Relation>>>>> = {
  servicePrincipal: {
    appRoleAssignments: {
      operation: 'GET /servicePrincipals/{id}/appRoleAssignments',
      rows: ({ caller }, id, asOfMs) => caller.tenant.appRoleAssignments.list(asOfMs).filter((row) => row.principalId === id).map(viewAppRoleAssignment),
    },
    appRoleAssignedTo: {
      operation: 'GET /servicePrincipals/{id}/appRoleAssignedTo',
      rows: ({ caller }, id, asOfMs) => caller.tenant.appRoleAssignments.list(asOfMs).filter((row) => row.resourceId === id).map(viewAppRoleAssignment),
    },
    oauth2PermissionGrants: {
      operation: 'GET /servicePrincipals/{id}/oauth2PermissionGrants',
      rows: ({ caller }, id, asOfMs) => caller.tenant.oauth2PermissionGrants.list(asOfMs).filter((row) => row.clientId === id).map(viewPermissionGrant),
    },
    owners: {
      operation: 'GET /servicePrincipals/{id}/owners',
      rows: (call, id, asOfMs) => objectRows(call, call.caller.tenant.servicePrincipals.get(id, asOfMs)?.ownerIds ?? [], asOfMs),
    },
  },
  application: {
    owners: {
      operation: 'GET /applications/{id}/owners',
      rows: (call, id, asOfMs) => objectRows(call, call.caller.tenant.applications.get(id, asOfMs)?.ownerIds ?? [], asOfMs),
    },
  },
  group: {
    members: {
      operation: 'GET /groups/{id}/members',
      rows: (call, id, asOfMs) => objectRows(call, call.caller.tenant.groups.get(id, asOfMs)?.memberIds ?? [], asOfMs),
    },
    owners: {
      operation: 'GET /groups/{id}/owners',
      rows: (call, id, asOfMs) => objectRows(call, call.caller.tenant.groups.get(id, asOfMs)?.ownerIds ?? [], asOfMs),
    },
    memberOf: { operation: 'GET /groups/{id}/memberOf', rows: memberOf },
  },
  user: { memberOf: { operation: 'GET /users/{id}/memberOf', rows: memberOf } },
};

export interface Expansion {
  readonly name: string;
  /** The relation's objects for one row. */
  for(id: string, asOfMs: number): readonly Wire[];
}

/** Undefined when nothing is expanded. Refuses what the type does not have; what it has and the sandbox does not is not modelled. */
export function readExpansion(call: Call, type: TypeName): Expansion | undefined {
  const { expand, eventual, count } = call.query;
  if (expand === undefined) return undefined;
  const [, name = '', selected] = FORM.exec(expand) ?? [];
  if (name === '') throw new NotModelled(`$expand=${expand}`);
  const relation = RELATIONS[type]?.[name];
  if (relation === undefined) throw unknownRelation(type, name);
  if (eventual && count) throw badRequest('G-ERR-EXPAND', '$expand is not supported with advanced query capabilities.', 'Request_UnsupportedQuery');
  if (accessOf(call.caller, relation.operation) === 'none') throw insufficientPrivileges();
  const select = selected?.split(',').map((part) => part.trim());
  return { name, for: (id, asOfMs) => relation.rows(call, id, asOfMs).slice(0, MAX_EXPANDED).map((row) => shape(row, select)) };
}

function shape(row: Wire, select: readonly string[] | undefined): Wire {
  if (typeof row['@odata.type'] !== 'string') {
    return select === undefined ? row : Object.fromEntries(Object.entries(row).filter(([name]) => select.includes(name)));
  }
  checkObjectSelect(select);
  return selectMembers(select, row);
}

function memberOf(call: Call, id: string, asOfMs: number): readonly Wire[] {
  const { tenant } = call.caller;
  const groups = tenant.groups.list(asOfMs).filter(({ memberIds }) => memberIds.includes(id));
  return objectRows(call, [...groups.map((group) => group.id), ...heldRoleIds(tenant, [id], asOfMs)], asOfMs);
}

function unknownRelation(type: TypeName, name: string): Error {
  if (namesOf(type).navigation.includes(name)) return new NotModelled(`$expand=${name} on ${type}`);
  const message = `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${type}'.`;
  return new GraphRefusal(rule('G-ERR-SELECT'), 400, 'BadRequest', message);
}
