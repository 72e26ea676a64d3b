/**
 * What the audit says of customer apps: one intent and one outcome per registration and per removal, whatever number of calls
 * it took, and a note for each admin whose access token was used. The ids are made of the record's, so that a repeated call
 * repeats its entry.
 */
import type { CustomerApp } from '../../customer-apps/model';
import type { AuditEvent, JsonObject, Ports } from '../../ports';

type AuditPorts = Pick<Ports, 'audit' | 'clock'>;

/** Raises `AUDIT_UNAVAILABLE`: nothing is made without the intent on record. */
export async function openAudit({ audit }: AuditPorts, app: CustomerApp, operatorId: string, adminObjectId: string | undefined): Promise<void> {
  const names = app.permissions.map(({ resourceAppId, type, name, id }) => `${resourceAppId} ${type} ${name ?? id ?? ''}`);
  await audit.append({ ...eventOf(app, operatorId), id: `${registrationOf(app)}:intent`, phase: 'intent', details: { ...detailsOf(app), adminObjectId: adminObjectId ?? null, uniqueName: app.uniqueName, permissions: names } });
}

export async function completeAudit({ audit }: AuditPorts, app: CustomerApp, operatorId: string): Promise<void> {
  await audit.append({ ...eventOf(app, operatorId), id: `${registrationOf(app)}:outcome`, phase: 'outcome', intentId: `${registrationOf(app)}:intent`, outcome: 'done', details: { ...detailsOf(app), servicePrincipalId: app.servicePrincipalId, certificateId: app.certificateId } });
}

export async function noteAdmin({ audit }: AuditPorts, app: CustomerApp, operatorId: string, adminObjectId: string): Promise<void> {
  await audit.append({ ...eventOf(app, operatorId), action: 'customer_app.admin_token_used', id: `customer_app.admin_token_used:${app.id}:${adminObjectId}`, phase: 'note', details: { ...detailsOf(app), adminObjectId } });
}

export async function noteRefusal({ audit, clock }: AuditPorts, app: CustomerApp, operatorId: string, code: string): Promise<void> {
  await audit.append({ ...eventOf(app, operatorId), action: 'customer_app.refused', id: `customer_app.refused:${app.id}:${code}:${clock.now()}`, phase: 'note', outcome: 'refused', reason: code });
}

export async function openRemovalAudit({ audit }: AuditPorts, app: CustomerApp, operatorId: string, adminObjectId: string | undefined): Promise<void> {
  const purge = app.removal?.purge === true;
  await audit.append({ ...eventOf(app, operatorId), action: 'customer_app.removed', id: `${removalOf(app)}:intent`, phase: 'intent', details: { ...detailsOf(app), purge, adminObjectId: adminObjectId ?? null } });
}

/** Also ends a registration that never came to its end. */
export async function completeRemovalAudit(ports: AuditPorts, app: CustomerApp, operatorId: string, evidence: JsonObject): Promise<void> {
  const { audit } = ports;
  await audit.append({ ...eventOf(app, operatorId), action: 'customer_app.removed', id: `${removalOf(app)}:outcome`, phase: 'outcome', intentId: `${removalOf(app)}:intent`, outcome: 'done', details: { ...detailsOf(app), ...evidence } });
  if (app.provenAt !== null) return;
  await audit.append({ ...eventOf(app, operatorId), id: `${registrationOf(app)}:outcome`, phase: 'outcome', intentId: `${registrationOf(app)}:intent`, outcome: 'failed', reason: 'removed' });
}

function registrationOf({ id }: CustomerApp): string {
  return `customer_app.registered:${id}`;
}

function removalOf({ id }: CustomerApp): string {
  return `customer_app.removed:${id}`;
}

function eventOf({ accountId, tenantId, key, origin }: CustomerApp, operatorId: string): Pick<AuditEvent, 'action' | 'actor' | 'subject' | 'accountId' | 'tenantId'> {
  return { action: origin === 'adopted' ? 'customer_app.adopted' : 'customer_app.registered', actor: operatorId, subject: key, accountId, tenantId };
}

function detailsOf({ origin, appId, objectId }: CustomerApp): JsonObject {
  return { origin, appId, objectId };
}
