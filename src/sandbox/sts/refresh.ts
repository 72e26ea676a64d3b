/**
 * Refresh tokens: given with `offline_access`, good for ninety days of disuse, and replaced by every use without ending the
 * old one. The new ID token repeats issuer and subject and carries no nonce (OpenID Connect Core 12.2).
 * Sources: "Refresh tokens in the Microsoft identity platform", "OAuth 2.0 authorization code flow".
 */
import { randomBytes } from 'node:crypto';
import type { CheckedCode } from './codes';
import type { AuthorizationCode, Authority, Exchange } from './context';
import { refuse, type Refusal } from './refusals';

const INACTIVE_MS = 90 * 24 * 3_600_000;

export function issueRefreshToken({ sts, world }: Exchange, grant: AuthorizationCode): string {
  const value = `1.${randomBytes(48).toString('base64url')}`;
  sts.refreshTokens.set(value, { grant: { ...grant, nonce: null }, usableUntil: world.now() + INACTIVE_MS });
  return value;
}

export function checkRefreshToken({ form, sts, world }: Exchange, authority: Authority, clientId: string): CheckedCode | Refusal {
  const value = form.get('refresh_token');
  if (value === null || value === '') return refuse.missingParameter('refresh_token', 'TOKEN-PARAMETER');
  const found = sts.refreshTokens.get(value);
  if (found === undefined || found.grant.clientId !== clientId) return refuse.unknownRefreshToken();
  if (world.now() >= found.usableUntil) return refuse.inactiveRefreshToken();
  if (authority.kind === 'tenant' && authority.tenant.tenantId !== found.grant.tenantId) return refuse.unknownRefreshToken();
  const tenant = world.tenants.get(found.grant.tenantId);
  const user = tenant?.users.get(found.grant.userId, world.now());
  if (tenant === undefined || user === undefined) return refuse.unknownRefreshToken();
  return user.accountEnabled ? { grant: found.grant, tenant, user } : refuse.disabledAccount();
}
