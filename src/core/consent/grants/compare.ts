/**
 * What an app should hold in a tenant against what it holds there, by name. Pure. What is there and not asked for is somebody's
 * surplus: it is neither listed nor touched by a grant.
 */
import { sameGuid } from '../../internal/guid';
import { type PartnerApp, resourceName } from '../apps/apps';
import { missingScopes } from './ensure';
import type { PresentAssignment, PresentGrant } from './present';
import type { ResolvedResource } from './resolve';

/** One permission in this tenant, as people and programs read it. */
export interface NamedGrant {
  readonly resource: string;
  readonly resourceAppId: string;
  readonly type: 'application' | 'delegated';
  readonly id: string;
  readonly name: string;
}

export interface GrantComparison {
  readonly present: readonly NamedGrant[];
  readonly missing: readonly NamedGrant[];
}

export function compareGrants(resources: readonly ResolvedResource[], assignments: readonly PresentAssignment[], grants: readonly PresentGrant[]): GrantComparison {
  const present: NamedGrant[] = [];
  const missing: NamedGrant[] = [];
  for (const resource of resources) {
    const named = (type: NamedGrant['type'], { id, name }: { readonly id: string; readonly name: string }): NamedGrant => ({ resource: resourceName(resource.resourceAppId), resourceAppId: resource.resourceAppId, type, id, name });
    for (const role of resource.roles) {
      const isThere = assignments.some((row) => sameGuid(row.resourceId, resource.objectId) && sameGuid(row.appRoleId, role.id));
      (isThere ? present : missing).push(named('application', role));
    }
    const lacks = missingScopes(grants, resource).missing;
    for (const scope of resource.scopes) (lacks.includes(scope.name) ? missing : present).push(named('delegated', scope));
  }
  return { present, missing };
}

/** As the audit and messages name it. */
export function describeGrant(appKey: string, { name, type, resource }: Pick<NamedGrant, 'name' | 'type' | 'resource'>): string {
  return `${appKey}: ${name} (${type}) on ${resource}`;
}

/** Whether the app's declaration asks for this permission. */
export function isRequired(app: PartnerApp, grant: Pick<NamedGrant, 'resourceAppId' | 'type' | 'id' | 'name'>): boolean {
  return app.requiredPermissions.some((required) => sameGuid(required.resourceAppId, grant.resourceAppId) && required.type === grant.type && (required.id === undefined ? required.name === grant.name : sameGuid(required.id, grant.id)));
}
