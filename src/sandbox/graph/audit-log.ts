/**
 * Entries of the directory audit log. They are written with the change they tell of and seen later: the log has a lag of
 * its own (`graph.auditLog`), minutes in the service. No secret and no key ever gets into one. Sources: "directoryAudit
 * resource type", "Directory audits" reference pages.
 */
import type { DirectoryAudit, Tenant, World } from '../model';
import type { Activity } from './audit-activities';
import { sevenDigits } from './instants';

export interface AuditedTarget {
  readonly id: string;
  readonly displayName: string | null;
}

export type Initiator =
  | { readonly kind: 'app'; readonly appId: string; readonly servicePrincipalId: string; readonly displayName: string }
  | { readonly kind: 'user'; readonly id: string; readonly userPrincipalName: string; readonly displayName: string };

export function writeAudit(world: Pick<World, 'now' | 'newGuid'>, tenant: Tenant, activity: Activity, initiator: Initiator, targets: readonly AuditedTarget[]): void {
  const id = `Directory_${world.newGuid()}`;
  const entry: DirectoryAudit = {
    id,
    category: activity.category,
    correlationId: world.newGuid(),
    result: 'success',
    resultReason: '',
    activityDisplayName: activity.name,
    activityDateTime: sevenDigits(world.now()),
    loggedByService: 'Core Directory',
    operationType: activity.operationType,
    initiatedBy: initiatedBy(initiator),
    targetResources: targets.map((target) => ({ ...target, type: activity.target, userPrincipalName: null, groupType: null, modifiedProperties: [] })),
    additionalDetails: [],
  };
  tenant.directoryAudits.put(id, entry, world.now());
}

function initiatedBy(initiator: Initiator): DirectoryAudit['initiatedBy'] {
  if (initiator.kind === 'user') {
    const { id, userPrincipalName, displayName } = initiator;
    return { app: null, user: { id, displayName, userPrincipalName, ipAddress: null } };
  }
  const { appId, servicePrincipalId, displayName } = initiator;
  return { app: { appId, displayName, servicePrincipalId, servicePrincipalName: null }, user: null };
}
