/**
 * Federated identity credentials of an application: kept and shown, not accepted at the token endpoint. Found by id or
 * by name. Sources: "federatedIdentityCredential resource type", recorded exchanges of 2023.
 */
import { isJsonObject, type JsonObject } from '../jwt';
import type { Application, FederatedCredential } from '../model';
import { latestApplication, storeApplication } from './applications';
import { checkMembers, keyAt, contextUrl, NO_CONTENT, readJson, requireOwn, type Answer, type Call } from './call';
import { findApplication } from './directory';
import { answerList, DEFAULT_PAGE_SIZE } from './listing';
import { badRequest, notFound } from './refusal';
import { readSingle } from './single';

const WRITABLE = ['name', 'issuer', 'subject', 'description', 'audiences'];

export function listFederatedCredentials(call: Call): Answer {
  const application = findApplication(call, keyAt(call, 0));
  requireOwn(call, application.appId);
  return answerList(call, {
    type: 'federatedIdentityCredential',
    resource: 'FederatedIdentityCredential',
    context: collection(application),
    rows: () => (application.federatedCredentials ?? []).map((credential) => ({ ...credential })),
    filterable: { name: ['eq'], issuer: ['eq'], subject: ['eq'] },
    pageSize: DEFAULT_PAGE_SIZE,
    isDirectory: false,
  });
}

export function getFederatedCredential(call: Call): Answer {
  const application = findApplication(call, keyAt(call, 0));
  requireOwn(call, application.appId);
  return readSingle(call, collection(application), 'federatedIdentityCredential', { ...requireCredential(call, application) });
}

export function createFederatedCredential(call: Call): Answer {
  const application = latestApplication(call);
  const body = readJson(call.body);
  checkMembers(body, 'federatedIdentityCredential', WRITABLE, ['id']);
  const { world, caller } = call;
  const { name = '', issuer = '', subject = '', description = null, audiences = [] } = readMembers(body, ['name', 'issuer', 'subject', 'audiences']);
  const created: FederatedCredential = { id: world.newGuid(), name, issuer, subject, description, audiences };
  storeApplication(call, { ...application, federatedCredentials: [...(application.federatedCredentials ?? []), created] });
  return {
    status: 201,
    body: { '@odata.context': contextUrl(call, `${collection(application)}/$entity`), ...created },
    headers: { location: `${world.origins.graph}/v2/${caller.tenant.tenantId}/federatedIdentityCredentials/${created.id}` },
  };
}

export function updateFederatedCredential(call: Call): Answer {
  const application = latestApplication(call);
  const { id } = requireCredential(call, application);
  const body = readJson(call.body);
  checkMembers(body, 'federatedIdentityCredential', WRITABLE.filter((name) => name !== 'name'), ['id', 'name']);
  const changes = readMembers(body, []);
  const federatedCredentials = (application.federatedCredentials ?? []).map((credential) => (credential.id === id ? { ...credential, ...changes } : credential));
  storeApplication(call, { ...application, federatedCredentials });
  return NO_CONTENT;
}

export function deleteFederatedCredential(call: Call): Answer {
  const application = latestApplication(call);
  const { id } = requireCredential(call, application);
  storeApplication(call, { ...application, federatedCredentials: (application.federatedCredentials ?? []).filter((credential) => credential.id !== id) });
  return NO_CONTENT;
}

function collection(application: Application): string {
  return `applications('${application.id}')/federatedIdentityCredentials`;
}

function requireCredential(call: Call, application: Application): FederatedCredential {
  const { value } = keyAt(call, 1);
  const found = (application.federatedCredentials ?? []).find(({ id, name }) => id === value.toLowerCase() || name === value);
  if (found === undefined) throw notFound(value);
  return found;
}

function readMembers(body: JsonObject, required: readonly string[]): Partial<FederatedCredential> {
  const wrong = WRITABLE.find((name) => !isRight(name, body[name], required.includes(name)));
  if (wrong !== undefined) throw badRequest('G-ERR-MEMBER', `Invalid value specified for property '${wrong}' of resource 'FederatedIdentityCredential'.`);
  return Object.fromEntries(WRITABLE.filter((name) => name in body).map((name) => [name, body[name]]));
}

function isRight(name: string, value: unknown, isRequired: boolean): boolean {
  if (value === undefined) return !isRequired;
  if (name === 'audiences') return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string');
  if (isJsonObject(value)) return false;
  return typeof value === 'string' ? value !== '' : name === 'description' && value === null;
}
