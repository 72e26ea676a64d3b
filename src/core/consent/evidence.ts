/**
 * Asks whether consent is real: a fresh app token per app and resource, and the grants in the customer's directory.
 * Nothing is judged here, and nothing is read from the app registration (a manifest says what was asked for, not
 * what was granted). What could not be read is recorded as such; `judge.ts` never turns it green.
 * Least Graph permission (application): Directory.Read.All for oauth2PermissionGrants, Application.Read.All for the rest.
 * Sources: Microsoft Graph v1.0 "List appRoleAssignments", "List oauth2PermissionGrants", "List organization".
 */
import type { CloudEndpoints } from '../internal/clouds';
import type { GraphScope, Ports } from '../ports';
import type { PartnerApp } from './apps';
import { readAppGrants, readPrincipals } from './evidence-directory';
import { readTokens } from './evidence-tokens';

export type TokenEvidence =
  | { readonly outcome: 'roles'; readonly roles: readonly string[] }
  | { readonly outcome: 'absent' | 'disabled' | 'resource_missing' | 'unknown'; readonly code: string; readonly serviceCode: string | undefined };

export interface Unread {
  readonly outcome: 'unknown';
  readonly code: string;
  readonly serviceCode: string | undefined;
}

export interface NamedPermission {
  readonly id: string;
  readonly name: string;
}

export interface ResourceEvidence {
  readonly objectId: string;
  readonly roles: readonly NamedPermission[];
  readonly scopes: readonly NamedPermission[];
}

export interface DirectoryGrants {
  readonly outcome: 'read';
  /** Null when the app has no service principal in the tenant. */
  readonly servicePrincipal: { readonly objectId: string; readonly accountEnabled: boolean } | null;
  readonly appRoles: readonly { readonly resourceObjectId: string; readonly roleId: string }[];
  readonly scopes: readonly { readonly resourceObjectId: string; readonly scope: string }[];
}

export interface AppEvidence {
  readonly appKey: string;
  /** By resource app id. */
  readonly tokens: ReadonlyMap<string, TokenEvidence>;
  readonly directory: DirectoryGrants | Unread;
}

export interface GrantEvidence {
  readonly tenantId: string;
  readonly readAt: number;
  /** By resource app id; null when the tenant has no service principal of that resource. */
  readonly resources: ReadonlyMap<string, ResourceEvidence | null>;
  readonly apps: readonly AppEvidence[];
}

export interface EvidenceInput {
  readonly tenantId: string;
  readonly apps: readonly PartnerApp[];
  /** The app whose token reads the directory. */
  readonly readerKey: string;
  readonly endpoints: CloudEndpoints;
  readonly signal?: AbortSignal | undefined;
}

export type EvidencePorts = Pick<Ports, 'tokens' | 'graph' | 'clock'>;

/**
 * One independent read of everything: new tokens, new sockets. Two Graph batches for up to nine apps and resources, and
 * one token per app and resource.
 */
export async function readGrantEvidence(ports: EvidencePorts, input: EvidenceInput): Promise<GrantEvidence> {
  const resourceIds = [...new Set(input.apps.flatMap((app) => app.requiredPermissions.map((permission) => permission.resourceAppId)))];
  const scope: GraphScope = { tenantId: input.tenantId, appKey: input.readerKey, fresh: true, ...(input.signal === undefined ? {} : { signal: input.signal }) };
  const directory = await readPrincipals(ports, scope, input.apps, resourceIds);
  const grants = await readAppGrants(ports, scope, input.apps.map((app) => directory.principals.get(app.appId)));
  const apps = await Promise.all(
    input.apps.map(async (app, index): Promise<AppEvidence> => {
      const tokens = await readTokens(ports, input, app, directory.sharePointHost);
      return { appKey: app.key, tokens, directory: grants[index] ?? { outcome: 'unknown', code: 'GRAPH_ANSWER_INVALID', serviceCode: undefined } };
    }),
  );
  return { tenantId: input.tenantId, readAt: ports.clock.now(), resources: directory.resources, apps };
}
