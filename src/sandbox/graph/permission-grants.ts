/**
 * Delegated permissions: one grant per client, resource and principal, its scopes in one string. A second POST is
 * refused and a PATCH replaces the whole string, so a client merges by reading first. Sources:
 * "oAuth2PermissionGrant resource type" and its method pages, recorded exchanges of 2022, public threads.
 */
import type { OAuth2PermissionGrant } from '../model';
import { viewPermissionGrant } from './app-views';
import { checkMembers, contextUrl, keyAt, NO_CONTENT, readJson, type Answer, type Call } from './call';
import { findServicePrincipal } from './directory';
import { isGuid, permissionGrantId } from './ids';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { badRequest, GraphRefusal, missingMessage, notFound } from './refusal';
import { rule } from './rules';
import { findUser } from './users';
import { variantsOf } from './variants';
import { readSingle } from './single';
import { isLying, tell } from '../lies/truth';

export function listPermissionGrants(call: Call): Answer {
  return list(call, 'oauth2PermissionGrants', () => true);
}

export function listGrantsOfServicePrincipal(call: Call): Answer {
  const { id } = findServicePrincipal(call, keyAt(call, 0));
  return list(call, `servicePrincipals('${id}')/oauth2PermissionGrants`, (grant) => grant.clientId === id);
}

export function listGrantsOfUser(call: Call): Answer {
  const key = keyAt(call, 0);
  const user = key.kind === 'id' ? findUser(call, key.value) : undefined;
  if (user === undefined) throw notFound(key.value);
  return list(call, `users('${user.id}')/oauth2PermissionGrants`, (grant) => grant.principalId === user.id);
}

export function getPermissionGrant(call: Call): Answer {
  const { value: id } = keyAt(call, 0);
  const grant = call.caller.tenant.oauth2PermissionGrants.get(id, call.world.asOf('graph.get'));
  if (grant === undefined) throw notFound(id);
  return readSingle(call, 'oauth2PermissionGrants', 'oAuth2PermissionGrant', viewPermissionGrant(grant));
}

export function createPermissionGrant(call: Call): Answer {
  const body = readJson(call.body);
  checkMembers(body, 'oAuth2PermissionGrant', ['clientId', 'consentType', 'principalId', 'resourceId', 'scope'], ['id']);
  const grant = tell(call.world, 'L-GRANT-ID', readGrant(body), (read) => ({ ...read, id: call.world.newGuid() }));
  requireReferences(call, grant);
  const { world, caller } = call;
  if (caller.tenant.oauth2PermissionGrants.get(grant.id, world.now()) !== undefined && !isLying(world, 'L-GRANT-DUPLICATE')) {
    throw new GraphRefusal(rule('G-GRANT-DUPLICATE'), 409, 'Request_MultipleObjectsWithSameKeyValue', 'Permission entry already exists.');
  }
  caller.tenant.oauth2PermissionGrants.put(grant.id, grant, world.now());
  return {
    status: 201,
    body: { '@odata.context': contextUrl(call, 'oauth2PermissionGrants/$entity'), ...viewPermissionGrant(grant) },
    headers: { location: `${world.origins.graph}/v2/${caller.tenant.tenantId}/oauth2PermissionGrants/${grant.id}` },
  };
}

export function updatePermissionGrant(call: Call): Answer {
  const grant = latest(call);
  const body = readJson(call.body);
  checkMembers(body, 'oAuth2PermissionGrant', ['scope'], ['id', 'clientId', 'consentType', 'principalId', 'resourceId']);
  if (typeof body.scope !== 'string') throw invalidValue('scope');
  call.caller.tenant.oauth2PermissionGrants.put(grant.id, { ...grant, scope: tell(call.world, 'L-GRANT-MERGE', body.scope, (scope) => `${grant.scope} ${scope}`) }, call.world.now());
  return NO_CONTENT;
}

export function deletePermissionGrant(call: Call): Answer {
  const { id } = latest(call);
  if (!isLying(call.world, 'L-GRANT-DELETE')) call.caller.tenant.oauth2PermissionGrants.delete(id, call.world.now());
  return NO_CONTENT;
}

function list(call: Call, context: string, belongs: (grant: OAuth2PermissionGrant) => boolean): Answer {
  return answerList(call, {
    type: 'oAuth2PermissionGrant',
    resource: 'OAuth2PermissionGrant',
    context,
    rows: (asOfMs) => call.caller.tenant.oauth2PermissionGrants.list(asOfMs).filter(belongs).map(viewPermissionGrant),
    filterable: { clientId: ['eq'], consentType: ['eq'], principalId: ['eq'], resourceId: ['eq'] },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: false,
  });
}

function readGrant(body: Readonly<Record<string, unknown>>): OAuth2PermissionGrant {
  const { consentType, scope } = body;
  if (typeof scope !== 'string') throw invalidValue('scope');
  if (consentType !== 'AllPrincipals' && consentType !== 'Principal') throw invalidValue('consentType');
  const isForAll = consentType === 'AllPrincipals';
  if (isForAll && body.principalId !== null && body.principalId !== undefined) throw invalidValue('principalId');
  const clientId = readId(body, 'clientId');
  const resourceId = readId(body, 'resourceId');
  const principalId = isForAll ? null : readId(body, 'principalId');
  return { id: permissionGrantId(clientId, resourceId, principalId), clientId, resourceId, principalId, consentType, scope };
}

function readId(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && isGuid(value)) return value.toLowerCase();
  throw invalidValue(name);
}

function requireReferences(call: Call, grant: OAuth2PermissionGrant): void {
  const asOfMs = call.world.asOf('graph.reference');
  const { servicePrincipals, users } = call.caller.tenant;
  const missing = [grant.clientId, grant.resourceId].find((id) => servicePrincipals.get(id, asOfMs) === undefined);
  const absent = missing ?? (grant.principalId !== null && users.get(grant.principalId, asOfMs) === undefined ? grant.principalId : undefined);
  if (absent === undefined) return;
  throw new GraphRefusal(rule('G-GRANT-REFERENCE'), variantsOf(call.world).missingReference, 'Request_ResourceNotFound', missingMessage(absent));
}

function latest(call: Call): OAuth2PermissionGrant {
  const { value: id } = keyAt(call, 0);
  const { oauth2PermissionGrants } = call.caller.tenant;
  const grant = oauth2PermissionGrants.get(id, call.world.now());
  // Not found while the replica that serves the look-up has not seen it, even when the newest version has it.
  if (grant === undefined || oauth2PermissionGrants.get(id, call.world.asOf('graph.get')) === undefined) throw notFound(id);
  return grant;
}

function invalidValue(name: string) {
  return badRequest('G-ERR-MEMBER', `Invalid value specified for property '${name}' of resource 'OAuth2PermissionGrant'.`);
}
