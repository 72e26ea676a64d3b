/**
 * App registrations and their credentials. Sources: "application resource type" and its method pages, recorded
 * exchanges of 2022-2024.
 */
import { isJsonObject, type JsonObject } from '../jwt';
import type { Application, RequiredResourceAccess } from '../model';
import { viewApplication } from './app-views';
import { checkMembers, contextUrl, keyAt, NO_CONTENT, readJson, readSingle, requireOwn, type Answer, type Call } from './call';
import { findApplication } from './directory';
import { sevenDigits, wholeSeconds } from './instants';
import { replaceKeyCredentials, type KeyContext } from './key-credentials';
import { answerList, DEFAULT_PAGE_SIZE, type Listing } from './listing';
import { badRequest, NotModelled, notFound } from './refusal';

const READ_ONLY = ['id', 'appId', 'createdDateTime', 'deletedDateTime', 'publisherDomain'];
const WRITABLE = ['displayName', 'keyCredentials', 'requiredResourceAccess', 'web', 'passwordCredentials'];

export function listApplications(call: Call): Answer {
  return answerList(call, applicationListing(call));
}

export function getApplication(call: Call): Answer {
  const application = findApplication(call, keyAt(call, 0));
  requireOwn(call, application.appId);
  const withKeys = call.query.select?.includes('keyCredentials') === true;
  const view = viewApplication(application, { publisherDomain: publisherDomain(call), withKeys });
  return { ...readSingle(call, 'applications', 'application', view), ...(withKeys ? { ruleId: 'G-APP-GET-KEYS' } : {}) };
}

export function createApplication(call: Call): Answer {
  if (call.access === 'own') throw new NotModelled('creating applications under Application.ReadWrite.OwnedBy');
  const body = readJson(call.body);
  checkMembers(body, 'application', [...WRITABLE, 'signInAudience'], READ_ONLY);
  const { world, caller } = call;
  const { signInAudience } = body;
  if (signInAudience !== 'AzureADMultipleOrgs' && signInAudience !== 'AzureADMyOrg') throw new NotModelled(`signInAudience ${String(signInAudience)}`);
  if (typeof body.displayName !== 'string' || body.displayName === '') {
    throw badRequest('G-ERR-MEMBER', "Invalid value specified for property 'displayName' of resource 'Application'.");
  }
  const blank: Application = {
    id: world.newGuid(),
    appId: world.newGuid(),
    displayName: body.displayName,
    signInAudience,
    redirectUris: [],
    requiredResourceAccess: [],
    keyCredentials: [],
    passwordCredentials: [],
    createdDateTime: wholeSeconds(world.now()),
  };
  const application = { ...blank, ...readChanges(body, blank, keyContext(call)) };
  caller.tenant.applications.put(application.id, application, world.now());
  const view = viewApplication(application, { publisherDomain: publisherDomain(call), withKeys: false });
  return {
    status: 201,
    // Only this answer shows seven fractional digits (recorded); later reads show none.
    body: { '@odata.context': contextUrl(call, 'applications/$entity'), ...view, createdDateTime: sevenDigits(world.now()) },
    headers: {
      location: `${world.origins.graph}/v2/${caller.tenant.tenantId}/directoryObjects/${application.id}/Microsoft.DirectoryServices.Application`,
    },
  };
}

export function updateApplication(call: Call): Answer {
  const application = latestApplication(call);
  const body = readJson(call.body);
  checkMembers(body, 'application', WRITABLE, READ_ONLY);
  storeApplication(call, { ...application, ...readChanges(body, application, keyContext(call)) });
  return { ...NO_CONTENT, ...('keyCredentials' in body ? { ruleId: 'G-APP-PATCH-KEYS' } : {}) };
}

export function deleteApplication(call: Call): Answer {
  const application = latestApplication(call);
  call.caller.tenant.applications.delete(application.id, call.world.now());
  return NO_CONTENT;
}

function applicationListing(call: Call): Listing {
  const domain = publisherDomain(call);
  return {
    type: 'application',
    resource: 'Application',
    context: 'applications',
    rows: (asOfMs) =>
      call.caller.tenant.applications
        .list(asOfMs)
        .filter((application) => call.access === 'full' || application.appId === call.caller.appId)
        .map((application) => viewApplication(application, { publisherDomain: domain, withKeys: false })),
    filterable: { appId: ['eq', 'in'], id: ['eq', 'in'], displayName: ['eq', 'ne', 'in', 'startswith', 'endswith'], identifierUris: ['any'] },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  };
}

function readChanges(body: JsonObject, application: Application, context: KeyContext): Partial<Application> {
  if (Array.isArray(body.passwordCredentials) && body.passwordCredentials.length > 0) {
    throw badRequest('G-APP-PASSWORDS', 'New password credentials must be generated with service actions.');
  }
  if ('passwordCredentials' in body) throw new NotModelled('clearing passwordCredentials by PATCH');
  return {
    ...(typeof body.displayName === 'string' ? { displayName: body.displayName } : {}),
    ...('keyCredentials' in body ? { keyCredentials: replaceKeyCredentials(application.keyCredentials, body.keyCredentials, context) } : {}),
    ...('requiredResourceAccess' in body ? { requiredResourceAccess: readRequiredAccess(body.requiredResourceAccess) } : {}),
    ...('web' in body ? { redirectUris: readRedirectUris(body.web) } : {}),
  };
}

function readRequiredAccess(value: unknown): RequiredResourceAccess[] {
  const invalid = () => badRequest('G-ERR-MEMBER', "Invalid value specified for property 'requiredResourceAccess' of resource 'Application'.");
  if (!Array.isArray(value)) throw invalid();
  return value.map((entry: unknown) => {
    if (!isJsonObject(entry) || typeof entry.resourceAppId !== 'string' || !Array.isArray(entry.resourceAccess)) throw invalid();
    const resourceAccess = entry.resourceAccess.map((access: unknown) => {
      if (!isJsonObject(access) || typeof access.id !== 'string' || (access.type !== 'Role' && access.type !== 'Scope')) throw invalid();
      return { id: access.id, type: access.type } as const;
    });
    return { resourceAppId: entry.resourceAppId, resourceAccess };
  });
}

function readRedirectUris(web: unknown): string[] {
  const members = isJsonObject(web) ? Object.keys(web) : [];
  const uris = isJsonObject(web) ? web.redirectUris : undefined;
  if (members.some((name) => name !== 'redirectUris')) throw new NotModelled('writing application.web beyond redirectUris');
  if (Array.isArray(uris) && uris.every((uri) => typeof uri === 'string')) return uris;
  throw badRequest('G-ERR-MEMBER', "Invalid value specified for property 'web' of resource 'Application'.");
}

// Found in the replica the read is served by, changed on the newest version: a lagging replica never undoes a write.
export function latestApplication(call: Call): Application {
  const { id } = findApplication(call, keyAt(call, 0));
  const application = call.caller.tenant.applications.get(id, call.world.now());
  if (application === undefined) throw notFound(id);
  requireOwn(call, application.appId);
  return application;
}

export function storeApplication(call: Call, application: Application): void {
  call.caller.tenant.applications.put(application.id, application, call.world.now());
}

export function keyContext(call: Call): KeyContext {
  return { nowMs: call.world.now(), newGuid: () => call.world.newGuid() };
}

function publisherDomain(call: Call): string {
  const [organization] = call.caller.tenant.organization.list(call.world.now());
  return organization?.verifiedDomains.find(({ isInitial }) => isInitial)?.name ?? organization?.verifiedDomains[0]?.name ?? '';
}
