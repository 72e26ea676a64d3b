/** The directory's own truth, read straight from the sandbox's world: whoever says "granted" is held against it. */
import type { ServicePrincipal, Tenant } from '../../src/sandbox/model';
import { worldTenant } from './directory';
import type { Story } from './story';

/** States in which the product says that the consent stands. */
const GREEN: ReadonlySet<string> = new Set(['consented', 'admin_needed', 'sso_validating', 'active']);

export function isGreen(state: string): boolean {
  return GREEN.has(state);
}

/** What the declared apps lack at this moment, by app and name; empty when everything is granted and every app is usable. */
export function lackingNow(story: Story, domain: string): readonly string[] {
  const tenant = worldTenant(story, domain);
  const principals = tenant.servicePrincipals.list(story.clock.now());
  return story.configuration.apps.flatMap((app) => {
    const own = principals.find(({ appId }) => appId === app.appId);
    if (own?.accountEnabled !== true) return [`${app.key}: ${own === undefined ? 'not there' : 'disabled'}`];
    return app.requiredPermissions.filter((required) => !holds(story, tenant, own, required)).map((required) => `${app.key}: ${required.name ?? required.id}`);
  });
}

type Required = Story['configuration']['apps'][number]['requiredPermissions'][number];

function holds(story: Story, tenant: Tenant, own: ServicePrincipal, required: Required): boolean {
  const now = story.clock.now();
  const resource = tenant.servicePrincipals.list(now).find(({ appId }) => appId === required.resourceAppId);
  if (resource === undefined) return false;
  if (required.type === 'delegated') {
    return tenant.oauth2PermissionGrants.list(now).some((row) => row.clientId === own.id && row.resourceId === resource.id && row.consentType === 'AllPrincipals' && row.scope.split(' ').includes(required.name ?? ''));
  }
  const role = resource.appRoles.find(({ id, value }) => id === required.id || value === required.name);
  return role !== undefined && tenant.appRoleAssignments.list(now).some((row) => row.principalId === own.id && row.resourceId === resource.id && row.appRoleId === role.id);
}
