/**
 * App registrations and their credentials. Sources: "application resource type" and its method pages, recorded
 * exchanges of 2022-2024.
 */
import { isJsonObject, type JsonObject } from '../jwt';
import type { Application, RequiredResourceAccess, SignInAudience } from '../model';
import { requireAllowedKey } from './app-management';
import { viewApplication } from './app-views';
import { checkMembers, contextUrl, firstOwners, keyAt, locationOf, NO_CONTENT, readJson, requireOwn, type Answer, type Call } from './call';
import { findApplication } from './directory';
import { discard } from './discard';
import { sevenDigits, wholeSeconds } from './instants';
import { replaceKeyCredentials, type KeyContext } from './key-credentials';
import { answerList, DEFAULT_PAGE_SIZE, type Listing } from './listing';
import { badRequest, GraphRefusal, missingMessage, NotModelled, notFound } from './refusal';
import { rule } from './rules';
import { variantsOf } from './variants';
import { readWritten, writableNames } from './written';
import { readSingle } from './single';
import { tellApplication, tellReplaced } from '../lies/graph';
import { isLying, tell } from '../lies/truth';

const READ_ONLY = ['id', 'appId', 'createdDateTime', 'deletedDateTime', 'publisherDomain'];
const WRITABLE = [...writableNames('application'), 'displayName', 'keyCredentials', 'requiredResourceAccess', 'passwordCredentials'];

export function listApplications(call: Call): Answer {
  return answerList(call, applicationListing(call));
}

export function getApplication(call: Call): Answer {
  const application = findApplication(call, keyAt(call, 0));
  requireOwn(call, application.appId);
  const withKeys = call.query.select?.includes('keyCredentials') === true;
  const view = tellApplication(call.world, viewApplication(application, { publisherDomain: publisherDomain(call), withKeys }), application.keyCredentials, withKeys);
  return { ...readSingle(call, 'applications', 'application', view), ...(withKeys ? { ruleId: 'G-APP-GET-KEYS' } : {}) };
}

export function createApplication(call: Call): Answer {
  return create(call, {});
}

function create(call: Call, alternate: Pick<Application, 'uniqueName'>): Answer {
  if (call.access === 'own') throw new NotModelled('creating applications under Application.ReadWrite.OwnedBy');
  const body = readJson(call.body);
  checkMembers(body, 'application', [...WRITABLE, 'signInAudience'], READ_ONLY);
  const { world, caller } = call;
  const signInAudience = body.signInAudience === undefined ? variantsOf(world).defaultSignInAudience : readAudience(body.signInAudience);
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
    ownerIds: firstOwners(call),
    ...alternate,
  };
  const application = { ...blank, ...readChanges(body, blank, call) };
  caller.tenant.applications.put(application.id, application, world.now());
  const view = viewApplication(application, { publisherDomain: publisherDomain(call), withKeys: false });
  return {
    status: 201,
    // Only this answer shows seven fractional digits (recorded); later reads show none.
    body: { '@odata.context': contextUrl(call, 'applications/$entity'), ...view, createdDateTime: tell(world, 'L-CREATED-DIGITS', sevenDigits(world.now()), () => wholeSeconds(world.now())) },
    headers: { location: locationOf(call, application.id, 'Application') },
  };
}

/** By its unique name it is made when there is none and the caller wants that; judged by the newest version, as every write. */
export function updateApplication(call: Call): Answer {
  const key = keyAt(call, 0);
  if (key.kind === 'alternate' && key.property === 'uniqueName') return upsertApplication(call, key.value);
  return update(call);
}

function upsertApplication(call: Call, uniqueName: string): Answer {
  const present = call.caller.tenant.applications.list(call.world.now()).find((row) => row.uniqueName === uniqueName);
  if (present !== undefined) return { ...update(call, present), ruleId: 'G-APP-UPSERT-PRESENT' };
  if (!call.mayCreate) throw new GraphRefusal(rule('G-APP-UPSERT-ABSENT'), 404, 'Request_ResourceNotFound', missingMessage(uniqueName));
  return { ...create(call, { uniqueName }), ruleId: 'G-APP-UPSERT-MADE' };
}

function update(call: Call, application = latestApplication(call)): Answer {
  requireOwn(call, application.appId);
  const body = readJson(call.body);
  checkMembers(body, 'application', [...WRITABLE, 'signInAudience'], READ_ONLY);
  if (body.signInAudience !== undefined && body.signInAudience !== application.signInAudience) throw new NotModelled('changing signInAudience');
  storeApplication(call, { ...application, ...readChanges(body, application, call) });
  return { ...NO_CONTENT, ...('keyCredentials' in body ? { ruleId: 'G-APP-PATCH-KEYS' } : {}) };
}

export function deleteApplication(call: Call): Answer {
  discard(call, { kind: 'application', row: latestApplication(call) });
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
        .map((application) => tellApplication(call.world, viewApplication(application, { publisherDomain: domain, withKeys: false }), application.keyCredentials, false)),
    filterable: { appId: ['eq', 'in'], id: ['eq', 'in'], displayName: ['eq', 'ne', 'in', 'startswith', 'endswith'], identifierUris: ['any'] },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: true,
  };
}

function readChanges(body: JsonObject, application: Application, call: Call): Partial<Application> {
  if (Array.isArray(body.passwordCredentials) && body.passwordCredentials.length > 0) {
    throw badRequest('G-APP-PASSWORDS', 'New password credentials must be generated with service actions.');
  }
  if ('passwordCredentials' in body) throw new NotModelled('clearing passwordCredentials by PATCH');
  const view = viewApplication(application, { publisherDomain: '', withKeys: false });
  // What sign-in depends on has a place of its own in the row.
  const { redirectUris, ...otherWeb } = isJsonObject(body.web) ? body.web : {};
  const written = readWritten('application', { ...body, ...('web' in body && isJsonObject(body.web) ? { web: otherWeb } : {}) }, view);
  return {
    written: { ...application.written, ...written },
    ...(typeof body.displayName === 'string' ? { displayName: body.displayName } : {}),
    ...('keyCredentials' in body ? { keyCredentials: tellReplaced(call.world, application.keyCredentials, replaceKeyCredentials(application.keyCredentials, body.keyCredentials, keyContext(call))) } : {}),
    ...('requiredResourceAccess' in body ? { requiredResourceAccess: readRequiredAccess(body.requiredResourceAccess) } : {}),
    ...(redirectUris === undefined ? {} : { redirectUris: readRedirectUris(redirectUris) }),
  };
}

function readAudience(value: unknown): SignInAudience {
  const known = (['AzureADMyOrg', 'AzureADMultipleOrgs', 'AzureADandPersonalMicrosoftAccount'] as const).find((audience) => audience === value);
  if (known === undefined) throw new NotModelled(`signInAudience ${String(value)}`);
  return known;
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

function readRedirectUris(uris: unknown): string[] {
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
  return { nowMs: call.world.now(), newGuid: () => call.world.newGuid(), requireAllowed: (credential) => requireAllowedKey(call, credential), mayOutlive: isLying(call.world, 'L-KEY-DATES'), mayChange: isLying(call.world, 'L-KEY-CHANGED') };
}

function publisherDomain(call: Call): string {
  const [organization] = call.caller.tenant.organization.list(call.world.now());
  return organization?.verifiedDomains.find(({ isInitial }) => isInitial)?.name ?? organization?.verifiedDomains[0]?.name ?? '';
}
