/**
 * How the key credentials of an app registration are reached: one read, one kind of scope, and what a refusal of a change
 * means in words. Microsoft Graph "Get application", "application: addKey", "application: removeKey"; the refusals as
 * reported by those who met them (the pages name none).
 */
import { OnboardingError } from '../../errors';
import { graphErrorCode, graphErrorEvidence } from '../../internal/graph-error';
import type { GraphResponse, JsonObject, Ports } from '../../ports';
import { readApplicationKeys, type ApplicationKeys } from './key-credentials';
import type { KeyWriter } from './key-writer';

export interface KeyAccess {
  readonly homeTenantId: string;
  /** The app whose token is used. */
  readonly appKey: string;
  /** Client id of the app registration that is read or changed. */
  readonly applicationAppId: string;
  readonly signal?: AbortSignal | undefined;
}

/** What rolling keys needs when the service asks for a permission at all; its pages disagree. */
const PERMISSION = 'Application.ReadWrite.OwnedBy';

/**
 * The registration's key credentials, with its own token and socket, so that no sticky replica answers twice. Least
 * permission (application): Application.ReadWrite.OwnedBy. Raises `KEY_CREDENTIAL_REFUSED`, `GRAPH_ANSWER_INVALID` and what
 * the GraphTransport raises.
 */
export async function readKeys(ports: Pick<Ports, 'graph'>, access: KeyAccess): Promise<ApplicationKeys> {
  const path = `/applications(appId='${encodeURIComponent(access.applicationAppId)}')?$select=id,appId,keyCredentials`;
  const answer = await ports.graph.send(scopeOf(access, true), { method: 'GET', path });
  if (answer.status !== 200) throw refusalOf('The app registration cannot be read', answer);
  const keys = readApplicationKeys(answer.body);
  if (keys === undefined || keys.appId.toLowerCase() !== access.applicationAppId.toLowerCase()) {
    throw new OnboardingError('GRAPH_ANSWER_INVALID', 'The app registration does not have the documented form.', { correlationId: answer.requestId });
  }
  return keys;
}

/** The first read that is enough, or the last one; a pause comes before each. Raises like {@link readKeys}. */
export async function readUntil(ports: Pick<Ports, 'graph' | 'clock'>, access: KeyAccess, pausesMs: readonly number[], isEnough: (keys: ApplicationKeys) => boolean, writer?: KeyWriter): Promise<ApplicationKeys> {
  let keys: ApplicationKeys | undefined;
  for (const pauseMs of pausesMs) {
    if (pauseMs > 0) await ports.clock.sleep(pauseMs, access.signal);
    await writer?.keep();
    keys = await readKeys(ports, access);
    if (isEnough(keys)) return keys;
  }
  return keys ?? readKeys(ports, access);
}

export function scopeOf({ homeTenantId, appKey, signal }: KeyAccess, fresh: boolean) {
  return { tenantId: homeTenantId, appKey, fresh, ...(signal === undefined ? {} : { signal }) };
}

/** Microsoft's own code in an answer, when it has the form of one. */
export function serviceCodeOf(answer: Pick<GraphResponse, 'body'>): string | undefined {
  return graphErrorCode(answer.body);
}

/** The refusal as our error. Pure. */
export function refusalOf(message: string, answer: GraphResponse, details: JsonObject = {}): OnboardingError {
  const evidence = graphErrorEvidence(answer);
  const { serviceCode } = evidence;
  const options = { ...evidence, details: { ...evidence.details, ...details } };
  const said = `${message} (${serviceCode ?? `HTTP ${answer.status}`})`;
  if (answer.status === 401 && serviceCode === 'Authentication_MissingOrMalformed') {
    // Microsoft speaks of the access token here and means the proof.
    return new OnboardingError('KEY_CREDENTIAL_PROOF_REFUSED', `${said}: Microsoft did not accept the proof of possession. Either this host's clock is wrong, the certificate that signed is not registered on this very app (or has just been, or has ended), its private key is another one, or the request did not come from the app itself.`, options);
  }
  if (serviceCode?.endsWith('AsPerAppPolicy') === true) {
    return new OnboardingError('KEY_CREDENTIAL_POLICY', `${said}: an app management policy of the home tenant forbids this certificate.`, options);
  }
  if (answer.status === 403) {
    const words = `the app needs ${PERMISSION} in the home tenant, consented, and must be an owner of its own registration`;
    return new OnboardingError('KEY_CREDENTIAL_REFUSED', `${said}: ${words}.`, { ...options, details: { ...options.details, permission: PERMISSION } });
  }
  return new OnboardingError('KEY_CREDENTIAL_REFUSED', `${said}.`, options);
}
