/**
 * What privileged identity management shows: active and eligible role instances, of everybody or of the person asking.
 * All of it needs Entra ID P2. Sources: "List roleAssignmentScheduleInstances", "List roleEligibilityScheduleInstances",
 * their get and filterByCurrentUser pages, public threads (rules.json).
 */
import type { RoleAssignment, RoleEligibility } from '../model';
import { contextUrl, keyAt, type Answer, type Call } from './call';
import { roleEligibilityId } from './ids';
import { answerList } from './listing';
import { badRequest, NotModelled, notFound } from './refusal';
import { readExpand, shared, withPrincipal } from './roles';
import type { Wire } from './select';
import { readSingle } from './single';
import { isLying } from '../lies/truth';

const DIRECTORY = 'roleManagement/directory';

type Side = 'Assignment' | 'Eligibility';

export const listRoleEligibilities = (call: Call): Answer => list(call, 'Eligibility');
export const listActiveInstances = (call: Call): Answer => list(call, 'Assignment');
export const getRoleEligibility = (call: Call): Answer => single(call, 'Eligibility');
export const getActiveInstance = (call: Call): Answer => single(call, 'Assignment');
export const listOwnEligibilities = (call: Call): Answer => own(call, 'Eligibility');
export const listOwnActiveInstances = (call: Call): Answer => own(call, 'Assignment');

function list(call: Call, side: Side): Answer {
  requirePremium(call);
  const isExpanded = readExpand(call);
  return answerList(call, {
    ...shared(`unifiedRole${side}ScheduleInstance`, `${DIRECTORY}/role${side}ScheduleInstances`),
    rows: (asOfMs) => rowsOf(call, side, asOfMs).map((row) => withPrincipal(call, row, asOfMs, isExpanded)),
    filterable: { roleDefinitionId: ['eq'], principalId: ['eq'], directoryScopeId: ['eq'], memberType: ['eq'], ...(side === 'Assignment' ? { assignmentType: ['eq'] as const } : {}) },
  });
}

function single(call: Call, side: Side): Answer {
  requirePremium(call);
  const { value } = keyAt(call, 0);
  const row = rowsOf(call, side, call.world.asOf('graph.get')).find(({ id }) => id === value);
  if (row === undefined) throw notFound(value);
  return readSingle(call, `${DIRECTORY}/role${side}ScheduleInstances`, `unifiedRole${side}ScheduleInstance`, row);
}

/** `filterByCurrentUser(on='principal')`: what the person behind the token holds or may activate, directly. */
function own(call: Call, side: Side): Answer {
  const key = keyAt(call, 0);
  if (key.kind !== 'alternate' || key.property !== 'on' || key.value !== 'principal') throw new NotModelled(`filterByCurrentUser(${key.value})`);
  requirePremium(call);
  const type = `unifiedRole${side}ScheduleInstance`;
  const rows = rowsOf(call, side, call.world.asOf('graph.list')).filter(({ principalId }) => principalId === call.caller.objectId);
  return {
    status: 200,
    body: {
      '@odata.context': contextUrl(call, `Collection(${type})`),
      value: rows.map((row) => ({ '@odata.type': `#microsoft.graph.${type}`, ...row })),
    },
  };
}

export function requirePremium(call: Call): void {
  if (call.caller.tenant.licences.has('AAD_PREMIUM_P2') || isLying(call.world, 'L-P2')) return;
  throw badRequest('G-PIM-LICENCE', 'The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.', 'AadPremiumLicenseRequired');
}

function rowsOf(call: Call, side: Side, asOfMs: number): readonly Wire[] {
  const { tenant } = call.caller;
  return side === 'Assignment' ? tenant.roleAssignments.list(asOfMs).map(viewActive) : tenant.roleEligibilities.list(asOfMs).map(viewEligibility);
}

// A role given outside of privileged identity management is permanent: no instants, and one id everywhere.
function viewActive(row: RoleAssignment): Wire {
  return {
    id: row.id,
    principalId: row.principalId,
    roleDefinitionId: row.roleDefinitionId,
    directoryScopeId: row.directoryScopeId,
    appScopeId: null,
    startDateTime: null,
    endDateTime: null,
    assignmentType: 'Assigned',
    memberType: 'Direct',
    roleAssignmentOriginId: row.id,
    roleAssignmentScheduleId: row.id,
  };
}

function viewEligibility(row: RoleEligibility): Wire {
  const id = roleEligibilityId(row.roleDefinitionId, row.principalId);
  return {
    // What narrower scopes end in is not known; the id must only differ from the tenant-wide one.
    id: row.directoryScopeId === '/' ? id : id.replace(/1-e$/, `${row.directoryScopeId.slice(-12)}-e`),
    principalId: row.principalId,
    roleDefinitionId: row.roleDefinitionId,
    directoryScopeId: row.directoryScopeId,
    appScopeId: null,
    startDateTime: row.startDateTime,
    endDateTime: row.endDateTime,
    memberType: row.memberType,
    roleEligibilityScheduleId: row.id,
  };
}
