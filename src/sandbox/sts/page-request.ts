/**
 * What both interactive endpoints check first, and answer on a page rather than at the redirect URI: the tenant,
 * the client, the redirect URI. Nothing is ever sent to an address that is not registered.
 */
import { notModelled, type SandboxResponse } from '../http';
import type { Application } from '../model';
import type { Authority, Exchange } from './context';
import { findApp, isAllowedIn, isElsewhere, resolveAuthority } from './directory';
import { errorPage } from './pages';
import { isRegistered } from './redirect-uris';
import { refuse, type Refusal } from './refusals';
import { tell } from '../lies/truth';

export interface PageRequest {
  readonly authority: Authority;
  readonly application: Application;
  readonly redirectUri: string;
}

/** `mayOmitRedirect`: the v1 consent endpoint then uses the first registered one. */
export function openPageRequest(exchange: Exchange, segment: string, mayOmitRedirect: boolean): PageRequest | SandboxResponse {
  const { query } = exchange.request;
  const authority = resolveAuthority(exchange.world, segment);
  if (authority === undefined) return errorPage(exchange, refuse.unknownTenant(segment, 'invalid_tenant'));
  if (authority === 'consumers') return notModelled('the /consumers authority');
  if (authority.kind === 'tenant' && isElsewhere(exchange, authority.tenant)) return errorPage(exchange, refuse.otherCloud(90038));
  const application = findApplication(exchange, authority, query.get('client_id') ?? '');
  if ('rule' in application) return errorPage(exchange, application);
  const given = query.get('redirect_uri');
  const chosen = chooseRedirect(application, given, mayOmitRedirect);
  const redirectUri = typeof chosen === 'string' ? chosen : tell<string | Refusal>(exchange.world, 'L-REDIRECT-ANY', chosen, () => given ?? chosen);
  if (typeof redirectUri !== 'string') return errorPage(exchange, redirectUri);
  return { authority, application, redirectUri };
}

function findApplication(exchange: Exchange, authority: Authority, clientId: string): Application | Refusal {
  if (clientId === '') return refuse.missingParameter('client_id', 'PAGE-REQUEST');
  const app = findApp(exchange.world, clientId);
  const place = authority.kind === 'tenant' ? authority.tenant.tenantId : authority.segment;
  if (app === undefined) return refuse.unknownClient(clientId, place, 'PAGE-CLIENT-UNKNOWN');
  if (authority.kind === 'any') {
    return app.application.signInAudience === 'AzureADMultipleOrgs' ? app.application : refuse.singleTenantApp(clientId);
  }
  return isAllowedIn(app, authority.tenant.tenantId) ? app.application : refuse.unknownClient(clientId, place, 'PAGE-CLIENT-UNKNOWN');
}

function chooseRedirect(application: Application, given: string | null, mayOmit: boolean): string | Refusal {
  const [first] = application.redirectUris;
  if (first === undefined) return refuse.noRedirectRegistered();
  if (given === null || given === '') return mayOmit ? first : refuse.noRedirectGiven();
  return isRegistered(application.redirectUris, given) ? given : refuse.redirectMismatch(given, application.appId);
}
