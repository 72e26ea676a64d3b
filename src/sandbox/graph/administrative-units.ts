/**
 * Administrative units: parts of the tenant that a role can be limited to. Sources: "administrativeUnit resource type",
 * "List administrativeUnits", "List members", "List scopedRoleMembers" reference pages.
 */
import type { AdministrativeUnit } from '../model';
import { keyAt, type Answer, type Call } from './call';
import { requireObjectId } from './directory';
import { listScopedRoleMembersOf } from './directory-roles';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { answerObjects } from './object-lists';
import { notFound } from './refusal';
import type { Wire } from './select';
import { readSingle } from './single';

const CONTEXT = 'directory/administrativeUnits';

export function listAdministrativeUnits(call: Call): Answer {
  return answerList(call, {
    type: 'administrativeUnit',
    resource: 'AdministrativeUnit',
    context: CONTEXT,
    rows: (asOfMs) => call.caller.tenant.administrativeUnits.list(asOfMs).map(view),
    filterable: { id: ['eq', 'in'], displayName: ['eq', 'startswith'] },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  });
}

export function getAdministrativeUnit(call: Call): Answer {
  return readSingle(call, CONTEXT, 'administrativeUnit', view(requireUnit(call)));
}

export function listUnitMembers(call: Call): Answer {
  const unit = requireUnit(call);
  return answerObjects(call, () => unit.memberIds);
}

export function listUnitScopedRoleMembers(call: Call): Answer {
  return listScopedRoleMembersOf(call, requireUnit(call).id);
}

function requireUnit(call: Call): AdministrativeUnit {
  const id = requireObjectId(keyAt(call, 0));
  const unit = call.caller.tenant.administrativeUnits.get(id, call.world.asOf('graph.get'));
  if (unit === undefined) throw notFound(id);
  return unit;
}

function view(unit: AdministrativeUnit): Wire {
  return {
    id: unit.id,
    deletedDateTime: null,
    displayName: unit.displayName,
    description: null,
    isMemberManagementRestricted: false,
    visibility: null,
  };
}
