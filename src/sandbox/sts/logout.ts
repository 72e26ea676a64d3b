/**
 * Logout begun by the app: the browser's session ends, and the browser goes back only to an address that some app has
 * registered. Sources: "OpenID Connect on the Microsoft identity platform" (send a sign-out request), OpenID Connect
 * RP-Initiated Logout 1.0.
 */
import { redirectTo, stateMember } from './callbacks';
import type { Exchange, LoginHandler } from './context';
import { html, page } from './html';
import { isRegistered } from './redirect-uris';
import { findSession } from './sessions';

export const logout: LoginHandler = (exchange) => {
  const session = findSession(exchange);
  if (session !== undefined) exchange.sts.sessions.delete(session.id);
  const { query } = exchange.request;
  const wanted = query.get('post_logout_redirect_uri');
  if (wanted !== null && isKnown(exchange, wanted)) return redirectTo('OIDC-LOGOUT', wanted, stateMember(query.get('state')));
  const body = html`<h1 data-testid="signed-out">You are signed out</h1>
<p>Close this window, or go back to the app.</p>`;
  return page({ rule: 'OIDC-LOGOUT', title: 'You are signed out', body });
};

function isKnown({ world }: Exchange, uri: string): boolean {
  const home = world.tenants.get(world.homeTenantId);
  return (home?.applications.list(world.now()) ?? []).some(({ redirectUris }) => isRegistered(redirectUris, uri));
}
