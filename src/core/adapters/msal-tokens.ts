/**
 * App-only tokens by @azure/msal-node, client credentials grant. Microsoft identity platform "OAuth 2.0 client credentials
 * flow". MSAL shapes the request and reads the answer; time, randomness, keys, sockets and the cache stay ours. Promises
 * one request for many equal callers, and that a token of one tenant, app, resource or credential never serves another.
 * MSAL is loaded with the first request: a host that only reads its own state does not pay for it.
 * Refuses authorities that are not a concrete tenant, and an answer whose token names another tenant.
 */
import type { Configuration, INetworkModule } from '@azure/msal-node';
import { isOnboardingError, OnboardingError } from '../errors';
import type { Cloud } from '../internal/clouds';
import { isGuid } from '../internal/guid';
import { parseTenantName } from '../internal/tenant-name';
import type { AppCredential, AppCredentialSource, AppToken, AppTokenRequest, Clock, JwtService, RandomSource, TokenSource } from '../ports';
import { appTokenCacheKey, createAppTokenCache } from './app-token-cache';
import { readAppToken } from './app-token-answer';
import { signClientAssertion } from './app-sign-in';
import { onFirstUse } from './first-use';
import { isPinned, type HttpsClient, type HttpsResponse } from './https-client';
import { createServicePauses, pauseKey, type ServicePauses } from './service-pauses';
import { createFlights } from './single-flight';
import { readStsFailure, readStsRefusal } from './sts-refusal';

const loadMsal = onFirstUse(() => import('@azure/msal-node'));

export interface MsalTokenSourceOptions {
  /** Origin of the sign-in service, with port when it has one; no trailing slash. */
  readonly authorityHost: string;
  readonly cloud: Cloud;
  readonly apps: readonly { readonly key: string; readonly appId: string }[];
  readonly credentials: AppCredentialSource;
  readonly jwt: Pick<JwtService, 'sign'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<RandomSource, 'uuid'>;
  readonly https: HttpsClient;
  /** Shared with whoever else asks the token endpoint for these apps; its own when absent. */
  readonly pauses?: ServicePauses | undefined;
  /** Default 5000, about 10 MB. */
  readonly maxCachedTokens?: number;
}

/**
 * The TokenSource port. `acquire` raises `APP_UNKNOWN`, `TENANT_INVALID`, `INPUT_INVALID` (resource), what the credential
 * source raises, `TENANT_NOT_FOUND`, `STS_APP_NOT_IN_TENANT`, `STS_APP_DISABLED`, `STS_RESOURCE_MISSING`,
 * `STS_CREDENTIAL_REFUSED`, `STS_REFUSED`, `STS_THROTTLED`, `STS_UNAVAILABLE` (both with `retryAfterSeconds` when the service
 * said, and without asking until then), `TLS_UNTRUSTED`; construction raises
 * `CONFIG_INVALID` for an app id that is not a GUID.
 */
export function createMsalTokenSource(options: MsalTokenSourceOptions): TokenSource {
  const appIds = readApps(options.apps);
  const cache = createAppTokenCache(options.clock, options.maxCachedTokens);
  const flights = createFlights<AppToken>();
  const pauses = options.pauses ?? createServicePauses(options.clock);

  return {
    async acquire(request) {
      const target = readTarget(request, appIds, options.authorityHost);
      const credential = await options.credentials.resolve(request.appKey);
      const key = appTokenCacheKey({ ...target, cloud: options.cloud, authorityHost: options.authorityHost, credentialId: credentialId(credential) });
      const fresh = request.fresh === true;
      const cached = fresh ? undefined : cache.find(key);
      if (cached !== undefined) return cached;
      return flights(`${fresh} ${key}`, request.signal, async (signal) => {
        const requestedAt = options.clock.now();
        const appToken = await politely(pauses, target, () => requestAppToken(options, { target, credential, fresh, signal }));
        cache.keep(key, appToken, requestedAt);
        return appToken;
      });
    },
  };
}

/** Nothing is asked while the endpoint's last answer to this app in this tenant still asks to wait. */
async function politely<T>(pauses: ServicePauses, { tenantId, clientId }: Target, ask: () => Promise<T>): Promise<T> {
  const key = pauseKey(tenantId, clientId);
  const paused = pauses.find(key);
  if (paused !== undefined) throw paused;
  try {
    return await ask();
  } catch (error) {
    if (isOnboardingError(error)) pauses.note(key, error);
    throw error;
  }
}

interface Target {
  readonly clientId: string;
  readonly tenantId: string;
  readonly resource: string;
  readonly authority: string;
}

interface Attempt {
  readonly target: Target;
  readonly credential: AppCredential;
  readonly fresh: boolean;
  readonly signal: AbortSignal;
}

/** What really went over the wire: MSAL folds failures into its own errors and forgets status and headers. */
interface Observation {
  response?: HttpsResponse;
  failure?: unknown;
  /** Secrets that were sent. */
  readonly sent: string[];
}

function readApps(apps: MsalTokenSourceOptions['apps']): ReadonlyMap<string, string> {
  for (const { key, appId } of apps) {
    if (!isGuid(appId)) throw new OnboardingError('CONFIG_INVALID', `The app "${key}" has an appId that is not a GUID.`, { details: { field: 'appId', app: key } });
  }
  return new Map(apps.map(({ key, appId }) => [key, appId]));
}

function readTarget(request: AppTokenRequest, appIds: ReadonlyMap<string, string>, authorityHost: string): Target {
  const clientId = appIds.get(request.appKey);
  if (clientId === undefined) throw new OnboardingError('APP_UNKNOWN', 'No app with this key is declared.', { details: { app: request.appKey } });
  const tenant = parseTenantName(request.tenantId);
  if (tenant?.kind !== 'id') throw new OnboardingError('TENANT_INVALID', 'App tokens are asked for by tenant id only.');
  // A blank would smuggle a second scope into the request.
  if (!/^[^\s\p{Cc}]+$/u.test(request.resource) || request.resource.endsWith('/.default')) {
    throw new OnboardingError('INPUT_INVALID', 'The resource is not an identifier without "/.default".', { details: { parameter: 'resource' } });
  }
  return { clientId, tenantId: tenant.value, resource: request.resource, authority: `${authorityHost}/${tenant.value}` };
}

function credentialId(credential: AppCredential): string {
  return credential.kind === 'certificate' ? `certificate ${credential.thumbprintSha256.toUpperCase()}` : `secret ${credential.id}`;
}

async function requestAppToken(options: MsalTokenSourceOptions, attempt: Attempt): Promise<AppToken> {
  const { ConfidentialClientApplication } = await loadMsal();
  const observation: Observation = { sent: [] };
  const askedAt = options.clock.now();
  try {
    // A new instance per request, 0.1 ms: a kept one would throttle by its own rules and clock, cache without bound and
    // not by credential, and expire tokens by the wall clock.
    const application = new ConfidentialClientApplication(configure(options, attempt, observation));
    const result = await application.acquireTokenByClientCredential({
      scopes: [`${attempt.target.resource}/.default`],
      skipCache: true,
      correlationId: options.random.uuid(),
      // Keeps MSAL_FORCE_REGION in the environment from choosing another host.
      azureRegion: 'DisableMsalForceRegion',
    });
    return readAppToken(observation.response?.text ?? '', { accessToken: result?.accessToken, tenantId: attempt.target.tenantId, askedAt });
  } catch (error) {
    throw explain(error, observation, options.clock.now());
  }
}

function explain(error: unknown, observation: Observation, now: number): unknown {
  if (observation.failure !== undefined) return readStsFailure(observation.failure);
  if (observation.response !== undefined && observation.response.status !== 200) return readStsRefusal(observation.response, { now, sent: observation.sent });
  if (error instanceof OnboardingError) return error;
  // MSAL's own text stays out: it may quote the answer, and the answer may quote us.
  return new OnboardingError('STS_UNAVAILABLE', 'The token endpoint\'s answer could not be used.', { details: { reason: nameOf(error) } });
}

function nameOf(error: unknown): string {
  const code = (error as { readonly errorCode?: unknown } | undefined)?.errorCode;
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'unreadable';
}

function configure(options: MsalTokenSourceOptions, attempt: Attempt, observation: Observation): Configuration {
  const { authority, clientId } = attempt.target;
  return {
    auth: {
      clientId,
      authority,
      // Named and described here, so that MSAL asks neither Microsoft's instance discovery nor any metadata address.
      knownAuthorities: [new URL(authority).host],
      authorityMetadata: JSON.stringify({
        authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
        token_endpoint: `${authority}/oauth2/v2.0/token`,
        issuer: `${authority}/v2.0`,
        jwks_uri: `${authority}/discovery/v2.0/keys`,
      }),
      ...credentialConfiguration(options, attempt, observation),
    },
    system: { networkClient: observedNetwork(options, attempt, observation), disableInternalRetries: true },
  };
}

function credentialConfiguration(options: MsalTokenSourceOptions, { credential, target }: Attempt, observation: Observation) {
  if (credential.kind === 'secret') {
    observation.sent.push(credential.secret.reveal());
    return { clientSecret: credential.secret.reveal() };
  }
  return {
    clientAssertion: async () => {
      try {
        const assertion = await signClientAssertion(options, { credential, clientId: target.clientId, audience: `${target.authority}/oauth2/v2.0/token` });
        observation.sent.push(assertion);
        return assertion;
      } catch (error) {
        observation.failure = error;
        throw error;
      }
    },
  };
}

function observedNetwork({ https, authorityHost }: MsalTokenSourceOptions, { fresh, signal }: Attempt, observation: Observation): INetworkModule {
  async function send(method: 'GET' | 'POST', url: string, request: { readonly headers?: Record<string, string>; readonly body?: string } = {}) {
    try {
      if (!isPinned(url, authorityHost)) throw new OnboardingError('STS_UNAVAILABLE', 'The sign-in library asked for another origin.');
      const response = await https.send({ ...request, method, url, freshSocket: fresh, repeatable: true, library: libraryOf(request.body), signal });
      observation.response = response;
      if (response.status !== 200) throw new Error('refused');
      return { headers: { ...response.headers }, status: response.status, body: JSON.parse(response.text) as never };
    } catch (error) {
      if (observation.response === undefined) observation.failure = error;
      throw error;
    }
  }
  return {
    sendGetRequestAsync: (url, request) => send('GET', url, request),
    sendPostRequestAsync: (url, request) => send('POST', url, request),
  };
}

/** MSAL names itself in the form it posts; a log of user agents should show it too. */
function libraryOf(form: string | undefined): string {
  const fields = new URLSearchParams(form);
  return `${fields.get('x-client-SKU') ?? 'msal'}/${fields.get('x-client-VER') ?? '0'}`;
}
