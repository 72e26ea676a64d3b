/**
 * Rolling an application's own credentials: addKey and removeKey with a proof of possession, addPassword and
 * removePassword. Sources: "application: addKey", "application: removeKey", "application: addPassword" reference
 * pages, recorded addPassword exchanges of 2022.
 */
import { randomBytes } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../jwt';
import type { PasswordCredential } from '../model';
import { viewKeyCredential, viewPasswordCredential } from './app-views';
import { keyContext, latestApplication, storeApplication } from './applications';
import { contextUrl, NO_CONTENT, readJson, type Answer, type Call } from './call';
import { normaliseInstant, wholeSeconds } from './instants';
import { checkEntry, createKeyCredential } from './key-credentials';
import { malformedProof, requireProof } from './proof';
import { badRequest, NotModelled } from './refusal';

const PASSWORD_LIFETIME_MS = 2 * 365 * 24 * 3_600_000;

export function addKey(call: Call): Answer {
  const { application, body } = readProvenBody(call, ['keyCredential', 'passwordCredential', 'proof']);
  if (body.passwordCredential !== null && body.passwordCredential !== undefined) throw new NotModelled('addKey with a passwordCredential');
  const credential = createKeyCredential(checkEntry(body.keyCredential), keyContext(call));
  if (application.keyCredentials.some(({ keyId }) => keyId === credential.keyId)) {
    throw badRequest('G-KEY-INVALID', `KeyId '${credential.keyId}' appears more than once.`);
  }
  storeApplication(call, { ...application, keyCredentials: [...application.keyCredentials, credential] });
  return {
    status: 200,
    body: { '@odata.context': contextUrl(call, 'microsoft.graph.keyCredential'), ...viewKeyCredential(credential, false) },
    headers: { location: call.world.origins.graph },
  };
}

export function removeKey(call: Call): Answer {
  const { application, body, signerKeyId } = readProvenBody(call, ['keyId', 'proof']);
  const keyId = String(body.keyId).toLowerCase();
  const kept = application.keyCredentials.filter((credential) => credential.keyId !== keyId);
  if (kept.length === application.keyCredentials.length) throw badRequest('G-APP-REMOVE-KEY-MISSING', `No key credential found with keyId '${keyId}'.`);
  // A client that proves with the key it removes has not shown that it can go on with another.
  if (signerKeyId === keyId) throw malformedProof();
  storeApplication(call, { ...application, keyCredentials: kept });
  return NO_CONTENT;
}

export function addPassword(call: Call): Answer {
  const application = latestApplication(call);
  const body = readJson(call.body);
  checkParameters(body, ['passwordCredential']);
  const wanted = isJsonObject(body.passwordCredential) ? body.passwordCredential : {};
  const nowMs = call.world.now();
  const startDateTime = instantOr(wanted.startDateTime, nowMs);
  const credential: PasswordCredential = {
    keyId: call.world.newGuid(),
    secretText: `${randomBytes(28).toString('base64url')}~z`,
    displayName: typeof wanted.displayName === 'string' ? wanted.displayName : null,
    startDateTime,
    endDateTime: instantOr(wanted.endDateTime, Date.parse(startDateTime) + PASSWORD_LIFETIME_MS),
  };
  storeApplication(call, { ...application, passwordCredentials: [...application.passwordCredentials, credential] });
  return {
    status: 200,
    body: { '@odata.context': contextUrl(call, 'microsoft.graph.passwordCredential'), ...viewPasswordCredential(credential, credential.secretText) },
    headers: { location: call.world.origins.graph },
  };
}

export function removePassword(call: Call): Answer {
  const application = latestApplication(call);
  const body = readJson(call.body);
  checkParameters(body, ['keyId']);
  const keyId = String(body.keyId).toLowerCase();
  const kept = application.passwordCredentials.filter((credential) => credential.keyId.toLowerCase() !== keyId);
  if (kept.length === application.passwordCredentials.length) {
    throw badRequest('G-APP-REMOVE-PASSWORD-MISSING', `No password credential found with keyId '${keyId}'.`);
  }
  storeApplication(call, { ...application, passwordCredentials: kept });
  return NO_CONTENT;
}

/** The caller must be the application itself and prove that it holds one of its keys. */
function readProvenBody(call: Call, parameters: readonly string[]) {
  const application = latestApplication(call);
  if (call.caller.kind !== 'application' || call.caller.appId !== application.appId) throw malformedProof();
  const body = readJson(call.body);
  checkParameters(body, parameters);
  const { keyId: signerKeyId } = requireProof(application, body.proof, call.world.now());
  return { application, body, signerKeyId };
}

function checkParameters(body: JsonObject, parameters: readonly string[]): void {
  for (const name of Object.keys(body)) {
    if (!parameters.includes(name) && !name.startsWith('@')) {
      throw badRequest('G-ERR-PARAMETER', `The parameter '${name}' in the request payload is not a valid parameter for the operation.`, 'BadRequest');
    }
  }
}

function instantOr(value: unknown, fallbackMs: number): string {
  return (typeof value === 'string' ? normaliseInstant(value) : undefined) ?? wholeSeconds(fallbackMs);
}
