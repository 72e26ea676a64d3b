/**
 * Rolling the credentials of an application or of a service principal: addKey and removeKey with a proof of possession,
 * addPassword and removePassword. Sources: the reference pages of these actions on both types, recorded exchanges of
 * 2022, refusals of app management policies reported in public threads (rules.json).
 */
import { randomBytes } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../jwt';
import type { KeyCredential, PasswordCredential } from '../model';
import { requirePasswordsAllowed } from './app-management';
import { viewKeyCredential, viewPasswordCredential } from './app-views';
import { keyContext, latestApplication, storeApplication } from './applications';
import { contextUrl, NO_CONTENT, readJson, type Answer, type Call } from './call';
import { normaliseInstant, wholeSeconds } from './instants';
import { checkEntry, createKeyCredential } from './key-credentials';
import { malformedProof, requireProof } from './proof';
import { badRequest, GraphRefusal, NotModelled } from './refusal';
import { rule } from './rules';
import { latestServicePrincipal, storeServicePrincipal } from './service-principals';
import { variantsOf } from './variants';
import { isLying } from '../lies/truth';

const PASSWORD_LIFETIME_MS = 2 * 365 * 24 * 3_600_000;

/** What holds the credentials, and how it is stored with others. */
interface Holder {
  readonly id: string;
  readonly appId: string;
  readonly keyCredentials: readonly KeyCredential[];
  readonly passwordCredentials: readonly PasswordCredential[];
  /** The first characters of a secret are shown on applications only (recorded). */
  readonly showsHints: boolean;
  store(changes: { readonly keyCredentials: readonly KeyCredential[] } | { readonly passwordCredentials: readonly PasswordCredential[] }): void;
}

export const addKey = (call: Call): Answer => addKeyTo(call, applicationOf(call));
export const removeKey = (call: Call): Answer => removeKeyFrom(call, applicationOf(call));
export const addPassword = (call: Call): Answer => addPasswordTo(call, applicationOf(call));
export const removePassword = (call: Call): Answer => removePasswordFrom(call, applicationOf(call));
export const addPrincipalKey = (call: Call): Answer => addKeyTo(call, principalOf(call));
export const removePrincipalKey = (call: Call): Answer => removeKeyFrom(call, principalOf(call));
export const addPrincipalPassword = (call: Call): Answer => addPasswordTo(call, principalOf(call));
export const removePrincipalPassword = (call: Call): Answer => removePasswordFrom(call, principalOf(call));

function applicationOf(call: Call): Holder {
  const application = latestApplication(call);
  return { ...application, showsHints: true, store: (changes) => storeApplication(call, { ...application, ...changes }) };
}

function principalOf(call: Call): Holder {
  const principal = latestServicePrincipal(call);
  const { keyCredentials = [], passwordCredentials = [] } = principal;
  return { ...principal, keyCredentials, passwordCredentials, showsHints: false, store: (changes) => storeServicePrincipal(call, { ...principal, ...changes }) };
}

function addKeyTo(call: Call, holder: Holder): Answer {
  const { body } = readProvenBody(call, holder, ['keyCredential', 'passwordCredential', 'proof']);
  if (body.passwordCredential !== null && body.passwordCredential !== undefined) throw new NotModelled('addKey with a passwordCredential');
  const entry = checkEntry(body.keyCredential);
  const credential = createKeyCredential(variantsOf(call.world).addKeyId === 'kept' ? entry : { ...entry, keyId: null }, keyContext(call));
  if (holder.keyCredentials.some(({ keyId }) => keyId === credential.keyId)) {
    throw badRequest('G-KEY-INVALID', `KeyId '${credential.keyId}' appears more than once.`);
  }
  holder.store({ keyCredentials: [...holder.keyCredentials, credential] });
  return {
    status: 200,
    body: { '@odata.context': contextUrl(call, 'microsoft.graph.keyCredential'), ...viewKeyCredential(credential, false) },
    headers: { location: call.world.origins.graph },
  };
}

function removeKeyFrom(call: Call, holder: Holder): Answer {
  const { body, signerKeyId } = readProvenBody(call, holder, ['keyId', 'proof']);
  const keyId = String(body.keyId).toLowerCase();
  const kept = holder.keyCredentials.filter((credential) => credential.keyId !== keyId);
  if (kept.length === holder.keyCredentials.length) throw missingKey(call, keyId);
  // A client that proves with the key it removes has not shown that it can go on with another.
  if (signerKeyId === keyId) throw malformedProof();
  if (!isLying(call.world, 'L-REMOVE-KEY')) holder.store({ keyCredentials: kept });
  return NO_CONTENT;
}

function missingKey({ world }: Call, keyId: string): GraphRefusal {
  const message = `No key credential found with keyId '${keyId}'.`;
  return variantsOf(world).missingKey === 404 ? new GraphRefusal(rule('G-APP-REMOVE-KEY-MISSING'), 404, 'Request_ResourceNotFound', message) : badRequest('G-APP-REMOVE-KEY-MISSING', message);
}

function addPasswordTo(call: Call, holder: Holder): Answer {
  const body = readJson(call.body);
  checkParameters(body, ['passwordCredential']);
  requirePasswordsAllowed(call);
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
  holder.store({ passwordCredentials: [...holder.passwordCredentials, credential] });
  return {
    status: 200,
    body: { '@odata.context': contextUrl(call, 'microsoft.graph.passwordCredential'), ...viewPasswordCredential(credential, credential.secretText), ...(holder.showsHints ? {} : { hint: null }) },
    headers: { location: call.world.origins.graph },
  };
}

function removePasswordFrom(call: Call, holder: Holder): Answer {
  const body = readJson(call.body);
  checkParameters(body, ['keyId']);
  const keyId = String(body.keyId).toLowerCase();
  const kept = holder.passwordCredentials.filter((credential) => credential.keyId.toLowerCase() !== keyId);
  if (kept.length === holder.passwordCredentials.length) {
    throw badRequest('G-APP-REMOVE-PASSWORD-MISSING', `No password credential found with keyId '${keyId}'.`);
  }
  holder.store({ passwordCredentials: kept });
  return NO_CONTENT;
}

/** The caller must be the app itself and prove that it holds one of the holder's keys. */
function readProvenBody(call: Call, holder: Holder, parameters: readonly string[]) {
  if (call.caller.kind !== 'application' || call.caller.appId !== holder.appId) throw malformedProof();
  const body = readJson(call.body);
  checkParameters(body, parameters);
  const { keyId: signerKeyId } = requireProof(holder, body.proof, call.world);
  return { body, signerKeyId };
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
