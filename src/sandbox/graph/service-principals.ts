/**
 * Service principals: an app's presence in a tenant. Deleting one takes its grants and assignments along, which is
 * how a customer withdraws consent at once. Sources: "servicePrincipal resource type" and its method pages,
 * recorded exchanges of 2022-2024.
 */
import type { ServicePrincipal } from '../model';
import { viewServicePrincipal } from './app-views';
import { checkMembers, contextUrl, keyAt, locationOf, NO_CONTENT, readJson, requireOwn, type Answer, type Call } from './call';
import { findRegistration, findServicePrincipal } from './directory';
import { discard } from './discard';
import { isGuid } from './ids';
import { wholeSeconds } from './instants';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { badRequest, GraphRefusal, notFound } from './refusal';
import { rule } from './rules';
import type { Wire } from './select';
import { readWritten, writableNames } from './written';
import { readSingle } from './single';
import { isLying } from '../lies/truth';

const READ_ONLY = ['id', 'appOwnerOrganizationId', 'createdDateTime', 'deletedDateTime', 'servicePrincipalType', 'appDisplayName'];

export function listServicePrincipals(call: Call): Answer {
  return answerList(call, {
    type: 'servicePrincipal',
    resource: 'ServicePrincipal',
    context: 'servicePrincipals',
    rows: (asOfMs) =>
      call.caller.tenant.servicePrincipals
        .list(asOfMs)
        .filter((principal) => call.access === 'full' || principal.appId === call.caller.appId)
        .map((principal) => view(call, principal)),
    filterable: {
      appId: ['eq', 'in'],
      id: ['eq', 'in'],
      displayName: ['eq', 'ne', 'in', 'startswith', 'endswith'],
      servicePrincipalNames: ['any'],
      accountEnabled: ['eq', 'ne'],
      appOwnerOrganizationId: ['eq'],
      servicePrincipalType: ['eq'],
    },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  });
}

export function getServicePrincipal(call: Call): Answer {
  const principal = findServicePrincipal(call, keyAt(call, 0));
  requireOwn(call, principal.appId);
  const withKeys = call.query.select?.includes('keyCredentials') === true;
  return readSingle(call, 'servicePrincipals', 'servicePrincipal', view(call, principal, withKeys));
}

export function createServicePrincipal(call: Call): Answer {
  const body = readJson(call.body);
  checkMembers(body, 'servicePrincipal', ['appId', 'accountEnabled'], READ_ONLY);
  const appId = typeof body.appId === 'string' ? body.appId.toLowerCase() : '';
  const { world, caller } = call;
  const registration = isGuid(appId) ? findRegistration(world, appId, caller.tenant) : undefined;
  if (registration === undefined) {
    throw badRequest('G-SP-POST-UNKNOWN-APP', `The appId '${appId}' of the service principal does not reference a valid application object.`);
  }
  // Application.ReadWrite.OwnedBy reaches apps of this tenant only.
  if (call.access === 'own' && registration.tenant !== caller.tenant) throw notLocal();
  if (caller.tenant.servicePrincipals.list(world.now()).some((principal) => principal.appId === appId) && !isLying(world, 'L-SP-DUPLICATE')) throw alreadyInUse(appId);
  const principal: ServicePrincipal = {
    id: world.newGuid(),
    appId,
    displayName: registration.application.displayName,
    accountEnabled: body.accountEnabled !== false,
    appOwnerOrganizationId: registration.tenant.tenantId,
    servicePrincipalType: 'Application',
    appRoleAssignmentRequired: false,
    disabledByMicrosoftStatus: null,
    appRoles: [],
    oauth2PermissionScopes: [],
    createdDateTime: wholeSeconds(world.now()),
  };
  caller.tenant.servicePrincipals.put(principal.id, principal, world.now());
  return {
    status: 201,
    body: { '@odata.context': contextUrl(call, 'servicePrincipals/$entity'), ...view(call, principal) },
    headers: { location: locationOf(call, principal.id, 'ServicePrincipal') },
  };
}

export function updateServicePrincipal(call: Call): Answer {
  const principal = latestServicePrincipal(call);
  const body = readJson(call.body);
  const flags = ['accountEnabled', 'appRoleAssignmentRequired'] as const;
  checkMembers(body, 'servicePrincipal', [...flags, ...writableNames('servicePrincipal')], [...READ_ONLY, 'appId']);
  const wrong = flags.find((name) => name in body && typeof body[name] !== 'boolean');
  if (wrong !== undefined) throw badRequest('G-ERR-MEMBER', `Invalid value specified for property '${wrong}' of resource 'ServicePrincipal'.`);
  const changes = Object.fromEntries(flags.filter((name) => name in body).map((name) => [name, body[name]]));
  const written = { ...principal.written, ...readWritten('servicePrincipal', body, view(call, principal)) };
  storeServicePrincipal(call, { ...principal, ...changes, written });
  return NO_CONTENT;
}

export function deleteServicePrincipal(call: Call): Answer {
  discard(call, { kind: 'servicePrincipal', row: latestServicePrincipal(call) });
  return NO_CONTENT;
}

function view(call: Call, principal: ServicePrincipal, withKeys = false): Wire {
  return viewServicePrincipal(principal, findRegistration(call.world, principal.appId, call.caller.tenant)?.application, withKeys);
}

// Found in the replica the read is served by, changed on the newest version: a lagging replica never undoes a write.
export function latestServicePrincipal(call: Call): ServicePrincipal {
  const { id } = findServicePrincipal(call, keyAt(call, 0));
  const principal = call.caller.tenant.servicePrincipals.get(id, call.world.now());
  if (principal === undefined) throw notFound(id);
  requireOwn(call, principal.appId);
  return principal;
}

export function storeServicePrincipal(call: Call, principal: ServicePrincipal): void {
  call.caller.tenant.servicePrincipals.put(principal.id, principal, call.world.now());
}

function notLocal(): GraphRefusal {
  return new GraphRefusal(
    rule('G-SP-POST-NOT-LOCAL'),
    403,
    'Authorization_RequestDenied',
    'When using this permission, the backing application of the service principal being created must in the local tenant',
  );
}

function alreadyInUse(appId: string): GraphRefusal {
  return new GraphRefusal(
    rule('G-SP-POST-DUPLICATE'),
    409,
    'Request_MultipleObjectsWithSameKeyValue',
    `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
  );
}
