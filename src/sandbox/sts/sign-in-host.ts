/**
 * The sign-in host: one table of routes. Whatever is not in it is not modelled, and says so.
 */
import { matchRoute, notModelled, type Route, type SandboxRequest, type SandboxResponse, type Trace } from '../http';
import { adminConsentV1, adminConsentV2 } from './admin-consent';
import { authorize } from './authorize';
import { openExchange, type Exchange, type LoginHandler, type StsState } from './context';
import { resolveAuthority } from './directory';
import { instanceDiscovery, openidConfiguration, signingKeys } from './discovery';
import { consent, login } from './forms';
import { logout } from './logout';
import { token, tokenWrongMethod } from './token';
import { USERINFO_PATH, userinfo } from './userinfo';

const ROUTES: readonly Route<LoginHandler>[] = [
  { method: 'GET', pattern: '/common/discovery/instance', handler: instanceDiscovery },
  { method: 'GET', pattern: '/{tenant}/v2.0/.well-known/openid-configuration', handler: openidConfiguration },
  { method: 'GET', pattern: '/{tenant}/discovery/v2.0/keys', handler: signingKeys },
  { method: 'GET', pattern: '/{tenant}/oauth2/v2.0/authorize', handler: authorize },
  { method: 'POST', pattern: '/{tenant}/oauth2/v2.0/token', handler: token },
  { method: 'GET', pattern: '/{tenant}/oauth2/v2.0/token', handler: tokenWrongMethod },
  { method: 'GET', pattern: '/{tenant}/oauth2/v2.0/logout', handler: logout },
  { method: 'GET', pattern: USERINFO_PATH, handler: userinfo },
  { method: 'POST', pattern: USERINFO_PATH, handler: userinfo },
  { method: 'GET', pattern: '/{tenant}/adminconsent', handler: adminConsentV1 },
  { method: 'GET', pattern: '/{tenant}/v2.0/adminconsent', handler: adminConsentV2 },
  { method: 'POST', pattern: '/{tenant}/login', handler: login },
  { method: 'POST', pattern: '/{tenant}/consent', handler: consent },
];

export function handleLogin(sts: StsState, request: SandboxRequest): SandboxResponse {
  const match = matchRoute(ROUTES, request.method, request.path);
  if (match.kind !== 'matched') return notModelled(`${request.method} ${request.path} at the sign-in host`);
  const exchange = openExchange(sts, request);
  const response = match.handler(exchange, match.params);
  return {
    ...response,
    headers: { ...standingHeaders(exchange), ...response.headers },
    trace: { ...traceOf(exchange, match.pattern, match.params.tenant), ...response.trace },
  };
}

function standingHeaders(exchange: Exchange): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store, no-cache',
    pragma: 'no-cache',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-ms-request-id': exchange.traceId,
    'client-request-id': exchange.correlationId,
  };
}

function traceOf(exchange: Exchange, pattern: string, segment: string | undefined): Trace {
  const interaction = exchange.sts.interactions.get(exchange.form.get('ctx') ?? '');
  const authority = segment === undefined ? undefined : resolveAuthority(exchange.world, segment);
  const tenantId = typeof authority === 'object' && authority.kind === 'tenant' ? authority.tenant.tenantId : undefined;
  const appId = exchange.request.query.get('client_id') ?? interaction?.application.appId;
  return {
    operation: pattern,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(appId === undefined ? {} : { appId }),
  };
}
