/**
 * The SignInClient port: redeems an authorization code and checks an ID token's signature. OpenID Connect Core 3.1.3,
 * Microsoft identity platform "authorization code flow". The code goes out as a plain form over our own https client and
 * not through MSAL: MSAL adds `offline_access` to every redemption, which would fetch a refresh token of a customer's
 * Global Administrator; without a scope the answer covers what the admin saw when signing in, and nothing else is kept.
 */
import * as z from 'zod/v4';
import { hasCode, OnboardingError } from '../errors';
import { leftHalfSha256 } from '../internal/encoding';
import { secret, type Secret } from '../internal/secret';
import { parseTenantName } from '../internal/tenant-name';
import type { AppCredential, AppCredentialSource, CodeRedemption, JwtService, RedeemedCode, SignInClient } from '../ports';
import { buildClientAuthentication, type AssertionPorts } from './app-sign-in';
import type { HttpsResponse } from './https-exchange';
import { createKeyFallback, type KeyFallback, type KeyPlace } from './key-fallback';
import { loadJose } from './jose';
import { parseJson } from '../internal/json';
import type { MetadataPorts } from './openid-metadata';
import { createSigningKeyCache } from './signing-key-cache';
import { createServicePauses, pauseKey, type ServicePauses } from './service-pauses';
import { readStsFailure, readStsRefusal } from './sts-refusal';

export interface SignInClientOptions extends MetadataPorts, AssertionPorts {
  readonly apps: readonly { readonly key: string; readonly appId: string }[];
  readonly credentials: AppCredentialSource;
  readonly jwt: Pick<JwtService, 'sign' | 'verify'>;
  /** Shared with the token source; its own when absent. */
  readonly pauses?: ServicePauses | undefined;
  /** Shared likewise. */
  readonly keyFallback?: KeyFallback | undefined;
}

type Context = SignInClientOptions & { readonly pauses: ServicePauses };

/**
 * `redeemCode` raises `SSO_CODE_REFUSED` (with Microsoft's code), `APP_UNKNOWN`, `TENANT_INVALID`, what the credential
 * source raises, `STS_CREDENTIAL_REFUSED`, `STS_APP_NOT_IN_TENANT`, `STS_APP_DISABLED`, `STS_THROTTLED`,
 * `STS_UNAVAILABLE`, `TLS_UNTRUSTED`. `verifySignature` raises `SSO_ID_TOKEN_INVALID` (`details.check` says which check),
 * `TENANT_INVALID`, `STS_UNAVAILABLE`, `STS_THROTTLED`, `TLS_UNTRUSTED`. Keys of other issuers, such as the consumer
 * tenant's, are returned with their `keyIssuer`: refusing them is the sign-in room's rule.
 */
export function createSignInClient(options: SignInClientOptions): SignInClient {
  const keyCache = createSigningKeyCache(options);
  const appIds = new Map(options.apps.map(({ key, appId }) => [key, appId]));
  const keyFallback = options.keyFallback ?? createKeyFallback(options.clock);
  const context: Context = { ...options, pauses: options.pauses ?? createServicePauses(options.clock) };

  return {
    async redeemCode(request) {
      const place = readPlace(request, appIds);
      const signers = keyFallback.order(place, await options.credentials.resolve(request.appKey));
      // An unknown key is refused before the code is looked at (RFC 6749 section 4.1.3), so it is still good for the second.
      return keyFallback.ask(place, signers, options.credentials, (credential) => redeemWith(context, request, place, credential));
    },

    async verifySignature(idToken, tenantId, signal) {
      const keys = await keyCache.find(requireTenantId(tenantId), await keyIdOf(idToken), signal);
      try {
        const { claims, header } = await options.jwt.verify(idToken.reveal(), keys, { algorithms: ['RS256'] });
        const keyIssuer = keys.find((key) => key['kid'] === header['kid'])?.['issuer'];
        return { claims, keyIssuer: typeof keyIssuer === 'string' ? keyIssuer : undefined };
      } catch (error) {
        throw hasCode(error, 'JWT_INVALID') ? new OnboardingError('SSO_ID_TOKEN_INVALID', 'The ID token\'s signature could not be confirmed.', { details: error.details }) : error;
      }
    },
  };
}

function readPlace({ appKey, tenantId }: CodeRedemption, appIds: ReadonlyMap<string, string>): KeyPlace {
  const clientId = appIds.get(appKey);
  if (clientId === undefined) throw new OnboardingError('APP_UNKNOWN', 'No app with this key is declared.', { details: { app: appKey } });
  return { appKey, clientId, tenantId: requireTenantId(tenantId) };
}

async function redeemWith(context: Context, request: CodeRedemption, { clientId, tenantId }: KeyPlace, credential: AppCredential): Promise<RedeemedCode> {
  const { authorityHost, clock, pauses } = context;
  const key = pauseKey(tenantId, clientId);
  const paused = pauses.find(key);
  if (paused !== undefined) throw paused;
  const endpoint = `${authorityHost}/${tenantId}/oauth2/v2.0/token`;
  const form = buildForm(request, await buildClientAuthentication(context, { credential, clientId, audience: endpoint }));
  const response = await post(context, endpoint, form, request.signal);
  if (response.status !== 200) pauses.note(key, refusalOf(response, form, clock.now()));
  return readAnswer(response, form, clock.now());
}

function requireTenantId(tenantId: string): string {
  const tenant = parseTenantName(tenantId);
  if (tenant?.kind === 'id') return tenant.value;
  throw new OnboardingError('TENANT_INVALID', 'Sign-in needs a concrete tenant id.');
}

async function keyIdOf(idToken: Secret): Promise<string | undefined> {
  const { decodeProtectedHeader } = await loadJose();
  try {
    return decodeProtectedHeader(idToken.reveal()).kid;
  } catch {
    throw new OnboardingError('SSO_ID_TOKEN_INVALID', 'The ID token is malformed.', { details: { check: 'form' } });
  }
}

function buildForm(request: CodeRedemption, authentication: Readonly<Record<string, string>>): URLSearchParams {
  return new URLSearchParams({
    ...authentication,
    grant_type: 'authorization_code',
    code: request.code.reveal(),
    code_verifier: request.codeVerifier.reveal(),
    redirect_uri: request.redirectUri,
  });
}

async function post({ https }: SignInClientOptions, url: string, form: URLSearchParams, signal: AbortSignal | undefined): Promise<HttpsResponse> {
  try {
    const headers = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };
    // A code works once, so the request must neither be repeated nor be lost on a socket the server is closing.
    return await https.send({ method: 'POST', url, headers, body: form.toString(), freshSocket: true, repeatable: false, signal });
  } catch (error) {
    throw readStsFailure(error);
  }
}

const answerSchema = z.object({ id_token: z.string().min(1), access_token: z.string().optional().catch(undefined) });

function readAnswer(response: HttpsResponse, form: URLSearchParams, now: number): RedeemedCode {
  if (response.status !== 200) throw refusalOf(response, form, now);
  const answer = answerSchema.safeParse(parseJson(response.text)).data;
  if (answer === undefined) throw new OnboardingError('STS_UNAVAILABLE', 'The answer to the code holds no ID token.');
  const { id_token: idToken, access_token: accessToken } = answer;
  return { idToken: secret(idToken), ...(accessToken === undefined ? {} : { accessTokenHash: leftHalfSha256(accessToken) }) };
}

function refusalOf(response: HttpsResponse, form: URLSearchParams, now: number): OnboardingError {
  const sent = ['code', 'code_verifier', 'client_assertion', 'client_secret'].flatMap((name) => form.get(name) ?? []);
  const refusal = readStsRefusal(response, { now, sent });
  if (refusal.code !== 'STS_REFUSED') return refusal;
  const { serviceCode, correlationId, details } = refusal;
  return new OnboardingError('SSO_CODE_REFUSED', `Microsoft did not accept the sign-in code${serviceCode === undefined ? '' : ` (${serviceCode})`}.`, { serviceCode, correlationId, details });
}
