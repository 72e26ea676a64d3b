/**
 * Application permissions granted in a tenant, seen from both sides: `appRoleAssignments` of the client and
 * `appRoleAssignedTo` of the resource are the same rows. A POST on either side is accepted and the body decides
 * (reported). Sources: "appRoleAssignment resource type" and its method pages, public threads.
 */
import type { AppRoleAssignment, ServicePrincipal } from '../model';
import { viewAppRoleAssignment } from './app-views';
import { checkMembers, contextUrl, keyAt, NO_CONTENT, readJson, requireOwn, type Answer, type Call } from './call';
import { findServicePrincipal } from './directory';
import { appRoleAssignmentId, isGuid } from './ids';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { badRequest, notFound } from './refusal';
import { variantsOf } from './variants';
import { isLying } from '../lies/truth';

type Side = 'appRoleAssignments' | 'appRoleAssignedTo';

const DEFAULT_ACCESS = '00000000-0000-0000-0000-000000000000';

export const listAppRoleAssignments = (call: Call): Answer => list(call, 'appRoleAssignments');
export const listAppRoleAssignedTo = (call: Call): Answer => list(call, 'appRoleAssignedTo');
export const createAppRoleAssignment = (call: Call): Answer => create(call, 'appRoleAssignments');
export const createAppRoleAssignedTo = (call: Call): Answer => create(call, 'appRoleAssignedTo');
export const deleteAppRoleAssignment = (call: Call): Answer => remove(call, 'appRoleAssignments');
export const deleteAppRoleAssignedTo = (call: Call): Answer => remove(call, 'appRoleAssignedTo');

function list(call: Call, side: Side): Answer {
  const principal = findServicePrincipal(call, keyAt(call, 0));
  const shown = side === 'appRoleAssignedTo' && isLying(call.world, 'L-ASSIGNMENT-SIDE') ? 'appRoleAssignments' : side;
  requireOwn(call, principal.appId);
  return answerList(call, {
    type: 'appRoleAssignment',
    resource: 'AppRoleAssignment',
    context: `servicePrincipals('${principal.id}')/${side}`,
    rows: (asOfMs) =>
      call.caller.tenant.appRoleAssignments.list(asOfMs).filter((row) => isOn(shown, row, principal.id)).map(viewAppRoleAssignment),
    filterable: {},
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: false,
  });
}

function create(call: Call, side: Side): Answer {
  const addressed = findServicePrincipal(call, keyAt(call, 0));
  const body = readJson(call.body);
  checkMembers(body, 'appRoleAssignment', ['principalId', 'resourceId', 'appRoleId']);
  const [principalId, resourceId, appRoleId] = [readId(body.principalId), readId(body.resourceId), readId(body.appRoleId)];
  // Also what a principal that has not replicated yet is answered, for minutes at times.
  if (addressed.id !== principalId && addressed.id !== resourceId) throw notAReference();
  const { world, caller } = call;
  const asOfMs = world.asOf('graph.reference');
  const principal = caller.tenant.servicePrincipals.get(principalId, asOfMs);
  const resource = caller.tenant.servicePrincipals.get(resourceId, asOfMs);
  if (principal === undefined || resource === undefined) throw notAReference();
  if (!isLying(world, 'L-ASSIGNMENT-UNKNOWN')) requireAssignable(resource, appRoleId);
  refuseDuplicate(call, principalId, resourceId, appRoleId);
  const assignment: AppRoleAssignment = {
    id: appRoleAssignmentId(principalId, world.newGuid()),
    appRoleId,
    principalId,
    principalType: 'ServicePrincipal',
    principalDisplayName: principal.displayName,
    resourceId,
    resourceDisplayName: resource.displayName,
    createdDateTime: new Date(world.now()).toISOString(),
  };
  caller.tenant.appRoleAssignments.put(assignment.id, assignment, world.now());
  return {
    status: 201,
    body: { '@odata.context': contextUrl(call, side === 'appRoleAssignments' ? 'appRoleAssignments/$entity' : `servicePrincipals('${addressed.id}')/${side}/$entity`), ...viewAppRoleAssignment(assignment) },
    headers: { location: `${world.origins.graph}/v2/${caller.tenant.tenantId}/appRoleAssignments/${assignment.id}` },
  };
}

function remove(call: Call, side: Side): Answer {
  const principal = findServicePrincipal(call, keyAt(call, 0));
  const { tenant } = call.caller;
  const id = keyAt(call, 1).value;
  const assignment = tenant.appRoleAssignments.get(id, call.world.asOf('graph.get'));
  if (assignment === undefined || !isOn(side, assignment, principal.id)) throw notFound(id);
  if (!tenant.appRoleAssignments.delete(id, call.world.now())) throw notFound(id);
  return NO_CONTENT;
}

function isOn(side: Side, row: AppRoleAssignment, id: string): boolean {
  return side === 'appRoleAssignments' ? row.principalId === id : row.resourceId === id;
}

function requireAssignable(resource: ServicePrincipal, appRoleId: string): void {
  const role = resource.appRoles.find(({ id }) => id === appRoleId);
  const isDefault = appRoleId === DEFAULT_ACCESS && resource.appRoles.length === 0;
  if (isDefault || (role !== undefined && role.isEnabled && role.allowedMemberTypes.includes('Application'))) return;
  throw badRequest('G-ARA-UNKNOWN-ROLE', `Permission being assigned was not found on application '${resource.appId}'.`);
}

function refuseDuplicate(call: Call, principalId: string, resourceId: string, appRoleId: string): void {
  const isTaken = call.caller.tenant.appRoleAssignments
    .list(call.world.now())
    .some((row) => row.principalId === principalId && row.resourceId === resourceId && row.appRoleId === appRoleId);
  if (!isTaken || isLying(call.world, 'L-ASSIGNMENT-DUPLICATE')) return;
  const message =
    variantsOf(call.world).duplicateAssignment === 'entitlement-grant'
      ? 'EntitlementGrant entry already exists.'
      : 'Permission being assigned already exists on the object';
  throw badRequest('G-ARA-DUPLICATE', message);
}

function readId(value: unknown): string {
  if (typeof value === 'string' && isGuid(value)) return value.toLowerCase();
  throw badRequest('G-ERR-MEMBER', "Cannot convert the literal to the expected type 'Edm.Guid'.");
}

function notAReference() {
  return badRequest('G-ARA-REFERENCE', 'Not a valid reference update.');
}
