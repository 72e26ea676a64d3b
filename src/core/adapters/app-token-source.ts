/**
 * What every source of app tokens promises, whoever sends its requests: one request for many equal callers; a token of one
 * tenant, app, resource or credential never serves another; nothing is asked while the service still wants us to wait; the
 * former key helps out where a new one is not known yet. Refuses authorities that are not a concrete tenant. Microsoft
 * identity platform "OAuth 2.0 client credentials flow".
 */
import { isOnboardingError, OnboardingError } from '../errors';
import type { Cloud } from '../internal/clouds';
import { isGuid } from '../internal/guid';
import { parseTenantName } from '../internal/tenant-name';
import type { AppCredential, AppCredentialSource, AppToken, AppTokenRequest, Clock, TokenSource } from '../ports';
import { appTokenCacheKey, createAppTokenCache } from './app-token-cache';
import { createKeyFallback, credentialId, type KeyFallback, type KeyPlace } from './key-fallback';
import { createServicePauses, pauseKey, type ServicePauses } from './service-pauses';
import { createFlights } from './single-flight';

export interface AppTokenSourceOptions {
  /** Origin of the sign-in service, with port when it has one; no trailing slash. */
  readonly authorityHost: string;
  readonly cloud: Cloud;
  readonly apps: readonly { readonly key: string; readonly appId: string }[];
  readonly credentials: AppCredentialSource;
  readonly clock: Pick<Clock, 'now'>;
  /** Shared with whoever else asks the token endpoint for these apps; its own when absent. */
  readonly pauses?: ServicePauses | undefined;
  /** Shared likewise. */
  readonly keyFallback?: KeyFallback | undefined;
  /** Default 5000, about 10 MB. */
  readonly maxCachedTokens?: number;
}

export interface TokenTarget extends KeyPlace {
  readonly resource: string;
  /** Origin and tenant, without a version. */
  readonly authority: string;
}

export interface TokenAttempt {
  readonly target: TokenTarget;
  readonly credential: AppCredential;
  /** On a new connection. */
  readonly fresh: boolean;
  readonly signal: AbortSignal;
}

/** Sends one request and reads its answer; raises the STS family. Keeps, repeats and shares nothing. */
export type TokenSender = (attempt: TokenAttempt) => Promise<AppToken>;

/** Raises `CONFIG_INVALID` for an app id that is not a GUID; `acquire` raises `APP_UNKNOWN`, `TENANT_INVALID`, `INPUT_INVALID` and what `credentials` and `send` raise. */
export function createAppTokenSource(options: AppTokenSourceOptions, send: TokenSender): TokenSource {
  const appIds = readApps(options.apps);
  const cache = createAppTokenCache(options.clock, options.maxCachedTokens);
  const flights = createFlights<AppToken>();
  const pauses = options.pauses ?? createServicePauses(options.clock);
  const keyFallback = options.keyFallback ?? createKeyFallback(options.clock);
  const { cloud, authorityHost } = options;
  const cacheKey = ({ tenantId, clientId, resource }: TokenTarget, signer: AppCredential) =>
    appTokenCacheKey({ cloud, authorityHost, tenantId, clientId, resource, credentialId: credentialId(signer) });

  async function request(attempt: TokenAttempt): Promise<AppToken> {
    const requestedAt = options.clock.now();
    const appToken = await politely(pauses, attempt.target, () => send(attempt));
    cache.keep(cacheKey(attempt.target, attempt.credential), appToken, requestedAt);
    return appToken;
  }

  return {
    async acquire(asked) {
      const target = readTarget(asked, appIds, authorityHost);
      const signers = keyFallback.order(target, await options.credentials.resolve(asked.appKey));
      const [first, second] = signers;
      const key = cacheKey(target, first);
      const fresh = asked.fresh === true;
      const cached = fresh ? undefined : cache.find(key);
      if (cached !== undefined) return cached;
      // Whoever has no former key to fall back on must not get a token by one.
      const flight = `${fresh} ${key} ${second === undefined ? 'alone' : credentialId(second)}`;
      return flights(flight, asked.signal, (signal) => keyFallback.ask(target, signers, options.credentials, (credential) => request({ target, credential, fresh, signal })));
    },
  };
}

/** Nothing is asked while the endpoint's last answer to this app in this tenant still asks to wait. */
async function politely<T>(pauses: ServicePauses, { tenantId, clientId }: TokenTarget, ask: () => Promise<T>): Promise<T> {
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

function readApps(apps: AppTokenSourceOptions['apps']): ReadonlyMap<string, string> {
  for (const { key, appId } of apps) {
    if (!isGuid(appId)) throw new OnboardingError('CONFIG_INVALID', `The app "${key}" has an appId that is not a GUID.`, { details: { field: 'appId', app: key } });
  }
  return new Map(apps.map(({ key, appId }) => [key, appId]));
}

function readTarget(request: AppTokenRequest, appIds: ReadonlyMap<string, string>, authorityHost: string): TokenTarget {
  const { appKey, resource } = request;
  const clientId = appIds.get(appKey);
  if (clientId === undefined) throw new OnboardingError('APP_UNKNOWN', 'No app with this key is declared.', { details: { app: appKey } });
  const tenant = parseTenantName(request.tenantId);
  if (tenant?.kind !== 'id') throw new OnboardingError('TENANT_INVALID', 'App tokens are asked for by tenant id only.');
  // A blank would smuggle a second scope into the request.
  if (!/^[^\s\p{Cc}]+$/u.test(resource) || resource.endsWith('/.default')) {
    throw new OnboardingError('INPUT_INVALID', 'The resource is not an identifier without "/.default".', { details: { parameter: 'resource' } });
  }
  return { appKey, clientId, tenantId: tenant.value, resource, authority: `${authorityHost}/${tenant.value}` };
}
