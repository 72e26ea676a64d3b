/**
 * The partner's apps as data: which app is consented in which round, and exactly which permissions it needs and why.
 * A permission is identified by (resource app id, permission id): the same GUID means different things on different
 * resources, so names are resolved against the tenant's own resource service principal, never against a table.
 * Source: Microsoft Learn "Scopes and permissions in the Microsoft identity platform".
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../../errors';
import { isGuid } from '../../internal/guid';
import { describeIssue, invalidDeclaration, readDeclaredPermissions } from './declaration';
import { GRAPH_APP_ID } from './resources';
import { BACKUP_SERVICES, type BackupService, type RequiredPermission } from './templates';

export { EXCHANGE_APP_ID, GRAPH_APP_ID, resourceName, SHAREPOINT_APP_ID } from './resources';
export type { RequiredPermission } from './templates';

/** The same permission for those who name it by its id; an app role id of Microsoft Graph never changes. */
const DIRECTORY_READ_ALL = '7ab1d382-f21e-4acd-a863-ba3e13f7da61';

const appSchema = z.object({
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: 'lower-case letters, digits and hyphens, at most 32, not beginning with a hyphen' }),
  appId: z.string().refine(isGuid, { message: 'must be a GUID' }),
  displayName: z.string().min(1).max(120).optional(),
  round: z.number().int().min(1),
  requiredPermissions: z.array(z.unknown()).min(1),
  services: z.array(z.enum(BACKUP_SERVICES, { error: `is one of ${BACKUP_SERVICES.join(', ')}` })).optional(),
});

export interface PartnerApp {
  readonly key: string;
  readonly appId: string;
  readonly displayName: string;
  readonly round: number;
  readonly requiredPermissions: readonly RequiredPermission[];
  /** What it backs up: as declared, or else the services of its templates. */
  readonly services: readonly BackupService[];
}

/** Read the declared apps, in the order of their rounds. Raises `CONFIG_INVALID` naming the field. */
export function parseApps(input: unknown): readonly PartnerApp[] {
  const parsed = z.array(appSchema).min(1).safeParse(input);
  if (!parsed.success) throw describeIssue(parsed.error.issues[0], 'apps');
  const apps = parsed.data.map(({ displayName, ...app }, index): PartnerApp => {
    const declared = readDeclaredPermissions(app.requiredPermissions, `apps.${index}.requiredPermissions`);
    return { ...app, appId: app.appId.toLowerCase(), displayName: displayName ?? app.key, requiredPermissions: declared.permissions, services: [...new Set(app.services ?? declared.services)] };
  });
  requireOneAppEach(apps);
  return apps.toSorted((left, right) => left.round - right.round);
}

function requireOneAppEach(apps: readonly PartnerApp[]): void {
  for (const [index, app] of apps.entries()) {
    const before = apps.slice(0, index);
    if (before.some(({ key }) => key === app.key)) throw invalidDeclaration(`apps.${index}.key`, `"${app.key}" is declared twice`);
    const twin = before.find(({ appId }) => appId === app.appId);
    if (twin !== undefined) throw invalidDeclaration(`apps.${index}.appId`, `${twin.key} is the same app registration; a consent covers all that one asks for, so a second round needs another registration`);
  }
  const rounds = new Set(apps.map(({ round }) => round));
  // One redirect consents one app, so a round is exactly one app.
  if (rounds.size < apps.length || apps.some(({ round }) => round > apps.length)) throw invalidDeclaration('apps', `rounds must be 1 to ${apps.length}, one app each`);
}

/** Required permissions alone, in the form they have in an app's declaration. Raises `CONFIG_INVALID` naming the field. */
export function parsePermissions(input: unknown): readonly RequiredPermission[] {
  if (!Array.isArray(input)) throw invalidDeclaration('permissions', 'must be a list');
  return readDeclaredPermissions(input, 'permissions').permissions;
}

/** Raises `APP_UNKNOWN`. */
export function requireApp(apps: readonly PartnerApp[], key: string): PartnerApp {
  const app = apps.find((candidate) => candidate.key === key);
  if (app === undefined) throw new OnboardingError('APP_UNKNOWN', `No app is declared with the key "${key.slice(0, 32)}".`);
  return app;
}

/**
 * The app whose token reads the directory: the first that asks for a permission that can. Reading grants needs
 * Directory.Read.All (application); see docs/permissions.md.
 */
export function directoryReader(apps: readonly PartnerApp[]): PartnerApp {
  const reads = (app: PartnerApp) => app.requiredPermissions.some((permission) => permission.resourceAppId === GRAPH_APP_ID && permission.type === 'application' && (permission.name === 'Directory.Read.All' || permission.id === DIRECTORY_READ_ALL));
  const app = apps.find(reads) ?? apps[0];
  if (app === undefined) throw invalidDeclaration('apps', 'none declared');
  return app;
}
