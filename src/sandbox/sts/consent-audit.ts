/**
 * What the directory audit log says of a consent: who gave it, to which app. The log lags behind (`graph.auditLog`).
 * Source: the audit activity list; lines of published logs (G-AUDIT-LIST in graph/rules.json).
 */
import { CONSENT } from '../graph/audit-activities';
import { writeAudit } from '../graph/audit-log';
import type { Application, Tenant, User, World } from '../model';
import { findServicePrincipal } from './directory';

export function auditConsent(world: World, tenant: Tenant, application: Application, user: User): void {
  const principal = findServicePrincipal(tenant, application.appId, world.now());
  if (principal === undefined) return;
  const { id, userPrincipalName, displayName } = user;
  writeAudit(world, tenant, CONSENT, { kind: 'user', id, userPrincipalName, displayName }, [{ id: principal.id, displayName: principal.displayName }]);
}
