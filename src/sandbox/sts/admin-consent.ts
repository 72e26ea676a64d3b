/**
 * The two admin consent endpoints. v1 always means everything in the registration; v2 needs a scope that
 * says so.
 * Sources: "Admin consent on the Microsoft identity platform", "OAuth 2.0 client credentials flow".
 */
import { notModelled, type SandboxResponse } from '../http';
import { isMixedScope } from './consent-scope';
import type { AdminConsentRequest, Exchange, LoginHandler } from './context';
import { openPageRequest } from './page-request';
import { errorPage } from './pages';
import { refuse } from './refusals';
import { findSession, openInteraction, openSession, withSessionCookie } from './sessions';
import { proceed } from './sign-in';

export const adminConsentV1: LoginHandler = (exchange, { tenant = '' }) => open(exchange, tenant, 'v1');

export const adminConsentV2: LoginHandler = (exchange, { tenant = '' }) => open(exchange, tenant, 'v2');

function open(exchange: Exchange, segment: string, version: 'v1' | 'v2'): SandboxResponse {
  const { query } = exchange.request;
  if (version === 'v2' && segment === 'common') return notModelled('the v2 admin consent endpoint at /common');
  const opened = openPageRequest(exchange, segment, version === 'v1');
  if ('status' in opened) return opened;
  const scope = version === 'v2' ? (query.get('scope') ?? '').trim() : null;
  if (scope === '') return errorPage(exchange, refuse.missingParameter('scope', 'CONSENT-SCOPE-MISSING'));
  if (scope !== null && isMixedScope(scope)) return errorPage(exchange, refuse.severalScopes('CONSENT-SCOPE-MIXED'));
  const request: AdminConsentRequest = { flow: 'adminconsent', version, redirectUri: opened.redirectUri, state: query.get('state'), scope };
  const session = findSession(exchange) ?? openSession(exchange.sts);
  const interaction = openInteraction(exchange.sts, session, { ...opened, request });
  return withSessionCookie(proceed(exchange, interaction, session), session);
}
