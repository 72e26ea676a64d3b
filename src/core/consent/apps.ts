/**
 * The partner's apps as data: which app is consented in which round, and exactly which permissions it needs and why.
 * A permission is identified by (resource app id, permission id): the same GUID means different things on different
 * resources, so names are resolved against the tenant's own resource service principal, never against a table.
 * Source: Microsoft Learn "Scopes and permissions in the Microsoft identity platform".
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { isGuid } from '../internal/guid';

export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
export const EXCHANGE_APP_ID = '00000002-0000-0ff1-ce00-000000000000';
export const SHAREPOINT_APP_ID = '00000003-0000-0ff1-ce00-000000000000';

/** The same permission for those who name it by its id; an app role id of Microsoft Graph never changes. */
const DIRECTORY_READ_ALL = '7ab1d382-f21e-4acd-a863-ba3e13f7da61';

const RESOURCE_NAMES: Readonly<Record<string, string>> = {
  graph: GRAPH_APP_ID,
  'microsoft graph': GRAPH_APP_ID,
  exchange: EXCHANGE_APP_ID,
  'office 365 exchange online': EXCHANGE_APP_ID,
  sharepoint: SHAREPOINT_APP_ID,
  'office 365 sharepoint online': SHAREPOINT_APP_ID,
};

const permissionSchema = z
  .object({
    /** `graph`, `exchange`, `sharepoint`, or the app id of another resource. */
    resource: z.string(),
    type: z.enum(['application', 'delegated']),
    name: z.string().min(1).optional(),
    id: z.string().optional(),
    reason: z.string().min(1),
  })
  .refine((value) => value.name !== undefined || value.id !== undefined, { message: 'give name or id' })
  .refine((value) => value.id === undefined || isGuid(value.id), { message: 'id must be a GUID' });

const appSchema = z.object({
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  appId: z.string().refine(isGuid, { message: 'appId must be a GUID' }),
  displayName: z.string().min(1).max(120).optional(),
  round: z.number().int().min(1),
  requiredPermissions: z.array(permissionSchema).min(1),
  services: z.array(z.string()).default([]),
});

export interface RequiredPermission {
  readonly resourceAppId: string;
  readonly type: 'application' | 'delegated';
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly reason: string;
}

export interface PartnerApp {
  readonly key: string;
  readonly appId: string;
  readonly displayName: string;
  readonly round: number;
  readonly requiredPermissions: readonly RequiredPermission[];
  readonly services: readonly string[];
}

/** Read the declared apps, in the order of their rounds. Raises `CONFIG_INVALID` naming the field. */
export function parseApps(input: unknown): readonly PartnerApp[] {
  const parsed = z.array(appSchema).min(1).safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalidApps(`apps${issue === undefined ? '' : `.${issue.path.join('.')}: ${issue.message}`}`);
  }
  const apps = parsed.data.map((app) => ({ ...app, appId: app.appId.toLowerCase(), displayName: app.displayName ?? app.key, requiredPermissions: app.requiredPermissions.map(toRequired) }));
  const ordered = apps.toSorted((left, right) => left.round - right.round);
  for (const [index, app] of ordered.entries()) {
    // One redirect consents one app, so a round is exactly one app.
    if (app.round !== index + 1) throw invalidApps(`apps: rounds must be 1 to ${ordered.length}, one app each`);
    if (ordered.some((other) => other !== app && (other.key === app.key || other.appId === app.appId))) throw invalidApps(`apps: ${app.key} is declared twice`);
  }
  return ordered;
}

/** Required permissions alone, in the form they have in an app's declaration. Raises `CONFIG_INVALID` naming the field. */
export function parsePermissions(input: unknown): readonly RequiredPermission[] {
  const parsed = z.array(permissionSchema).safeParse(input);
  if (parsed.success) return parsed.data.map(toRequired);
  const issue = parsed.error.issues[0];
  throw new OnboardingError('CONFIG_INVALID', `permissions${issue === undefined ? '' : `.${issue.path.join('.')}: ${issue.message}`}`, { details: { field: 'permissions' } });
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
  if (app === undefined) throw invalidApps('apps: none declared');
  return app;
}

export function resourceName(resourceAppId: string): string {
  if (resourceAppId === GRAPH_APP_ID) return 'Microsoft Graph';
  if (resourceAppId === EXCHANGE_APP_ID) return 'Exchange Online';
  return resourceAppId === SHAREPOINT_APP_ID ? 'SharePoint Online' : resourceAppId;
}

function toRequired(input: z.infer<typeof permissionSchema>): RequiredPermission {
  const resourceAppId = RESOURCE_NAMES[input.resource.toLowerCase()] ?? input.resource.toLowerCase();
  if (!isGuid(resourceAppId)) throw invalidApps(`apps: resource "${input.resource.slice(0, 64)}" is neither a known name nor an app id`);
  return { resourceAppId, type: input.type, name: input.name, id: input.id?.toLowerCase(), reason: input.reason };
}

function invalidApps(message: string): OnboardingError {
  return new OnboardingError('CONFIG_INVALID', message, { details: { field: 'apps' } });
}
