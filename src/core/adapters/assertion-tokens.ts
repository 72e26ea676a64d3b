/**
 * App-only tokens without a sign-in library: one form with a client assertion (PS256, `x5t#S256`) or a secret, over whatever
 * the host sends https with. For hosts that cannot carry @azure/msal-node or Node's network modules; this file and what it
 * imports need neither. What it promises is the frame's, in app-token-source.ts. RFC 7523 section 2.2, RFC 6749 section 4.4,
 * Microsoft identity platform "Application authentication certificate credentials".
 */
import type { AppToken, TokenSource } from '../ports';
import { type AssertionPorts, buildClientAuthentication } from './app-sign-in';
import { readAppToken } from './app-token-answer';
import { type AppTokenSourceOptions, createAppTokenSource, type TokenAttempt } from './app-token-source';
import type { HttpsResponse, HttpsSender } from './https-exchange';
import { readStsFailure, readStsRefusal } from './sts-refusal';

export interface AssertionTokenSourceOptions extends AppTokenSourceOptions, AssertionPorts {
  /** An `HttpsClient`, or `createFetchSender` around the host's own fetch. */
  readonly https: HttpsSender;
}

/**
 * The TokenSource port. `acquire` raises `APP_UNKNOWN`, `TENANT_INVALID`, `INPUT_INVALID` (resource), what the credential
 * source raises, `APP_CREDENTIAL_UNUSABLE`, `TENANT_NOT_FOUND`, `STS_APP_NOT_IN_TENANT`, `STS_APP_DISABLED`,
 * `STS_RESOURCE_MISSING`, `STS_CREDENTIAL_REFUSED`, `STS_REFUSED`, `STS_THROTTLED`, `STS_UNAVAILABLE` (both with
 * `retryAfterSeconds` when the service said, and without asking until then), `TLS_UNTRUSTED`; construction raises
 * `CONFIG_INVALID` for an app id that is not a GUID.
 */
export function createAssertionTokenSource(options: AssertionTokenSourceOptions): TokenSource {
  return createAppTokenSource(options, (attempt) => requestAppToken(options, attempt));
}

async function requestAppToken(options: AssertionTokenSourceOptions, attempt: TokenAttempt): Promise<AppToken> {
  const { clientId, tenantId, resource, authority } = attempt.target;
  const askedAt = options.clock.now();
  const endpoint = `${authority}/oauth2/v2.0/token`;
  const authentication = await buildClientAuthentication(options, { credential: attempt.credential, clientId, audience: endpoint });
  const form = new URLSearchParams({ ...authentication, grant_type: 'client_credentials', scope: `${resource}/.default` });
  const response = await post(options, endpoint, form, attempt);
  if (response.status === 200) return readAppToken(response.text, { tenantId, askedAt });
  const sent = ['client_assertion', 'client_secret'].flatMap((name) => form.get(name) ?? []);
  throw readStsRefusal(response, { now: options.clock.now(), sent });
}

async function post({ https, random }: AssertionTokenSourceOptions, url: string, form: URLSearchParams, { fresh, signal }: TokenAttempt): Promise<HttpsResponse> {
  try {
    const headers = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8', 'client-request-id': random.uuid() };
    return await https.send({ method: 'POST', url, headers, body: form.toString(), freshSocket: fresh, repeatable: true, signal });
  } catch (error) {
    throw readStsFailure(error);
  }
}
