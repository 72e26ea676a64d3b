/**
 * What the scope of an admin consent request means. `/.default` stands for everything in the registration, all
 * resources and both kinds of permission; named scopes stand for delegated permissions only, whatever the
 * registration says.
 * Source: "Admin consent on the Microsoft identity platform".
 */
import { GRAPH_APP_ID } from '../access-tokens';
import { graphResource } from '../clouds';
import { notModelled, type SandboxResponse } from '../http';
import type { Tenant } from '../model';
import { findAudience, resourceOfDefaultScope } from './audiences';
import { OIDC_SCOPES, type AdminConsentRequest, type Exchange, type Interaction } from './context';
import { delegatedPermissions, staticPermissions, type PermissionRow } from './grants';
import { errorPage } from './pages';
import { refuse } from './refusals';

export interface RequestedPermissions {
  readonly rows: readonly PermissionRow[];
  /** Named scopes: delegated permissions only. */
  readonly isDynamic: boolean;
}

export function isMixedScope(scope: string): boolean {
  const parts = splitScope(scope).filter((part) => !OIDC_SCOPES.has(part));
  return parts.length > 1 && parts.some(isDefault);
}

/** What this request asks an administrator of the tenant for; an answer when the sandbox cannot say. */
export function requestedPermissions(
  exchange: Exchange,
  interaction: Interaction,
  request: AdminConsentRequest,
  tenant: Tenant,
): RequestedPermissions | SandboxResponse {
  const parts = request.scope === null ? ['.default'] : splitScope(request.scope);
  const wanted = parts.find(isDefault);
  if (wanted === undefined) return dynamicPermissions(parts, `${graphResource(exchange.world.cloud)}/`);
  const address = resourceOfDefaultScope(wanted);
  if (address !== undefined && findAudience(exchange.world, tenant, address) === undefined) {
    return errorPage(exchange, refuse.unknownResource(address, tenant.tenantId));
  }
  return { rows: staticPermissions(interaction.application), isDynamic: false };
}

function dynamicPermissions(parts: readonly string[], graphPrefix: string): RequestedPermissions | SandboxResponse {
  // Without a resource in front, Microsoft Graph is meant.
  const names = parts.map((part) => (part.startsWith(graphPrefix) ? part.slice(graphPrefix.length) : part));
  const rows = delegatedPermissions(GRAPH_APP_ID, names);
  return rows === undefined ? notModelled(`admin consent to the scopes "${parts.join(' ')}"`) : { rows, isDynamic: true };
}

function isDefault(part: string): boolean {
  return part === '.default' || part.endsWith('/.default');
}

function splitScope(scope: string): string[] {
  return scope.split(' ').filter((part) => part !== '');
}
