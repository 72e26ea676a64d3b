/** What a read of consent found, before anybody judges it. "Unread" and "not asked" are findings of their own. */
import type { CloudEndpoints } from '../../internal/clouds';
import type { PartnerApp } from '../apps/apps';

/**
 * `absent`: the app has no place in the tenant, or nobody consented yet; `unassigned`: it has one, and no role on a resource
 * that wants an assignment.
 */
export type TokenEvidence =
  | { readonly outcome: 'roles'; readonly roles: readonly string[] }
  | { readonly outcome: 'absent' | 'disabled' | 'unassigned' | 'resource_missing' | 'unknown'; readonly code: string; readonly serviceCode: string | undefined };

export interface Unread {
  readonly outcome: 'unknown';
  readonly code: string;
  readonly serviceCode: string | undefined;
}

/** No declared app may read it, so nobody asked. */
export interface NotAsked {
  readonly outcome: 'not_asked';
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

export interface AppPrincipal {
  readonly objectId: string;
  readonly accountEnabled: boolean;
  /** Microsoft's word for why it disabled the app; null when it did not. */
  readonly disabledByMicrosoft: string | null;
  /** People and apps without an assignment get no token for it. */
  readonly assignmentRequired: boolean;
}

/** What resources publish, remembered for a while. */
export interface ResourceMemory {
  find(tenantId: string, resourceAppId: string): ResourceEvidence | undefined;
  keep(tenantId: string, resourceAppId: string, resource: ResourceEvidence): void;
}

export interface DirectoryGrants {
  readonly outcome: 'read';
  /** Null when the app has no service principal in the tenant. */
  readonly servicePrincipal: AppPrincipal | null;
  /** When the app's service principal was put into the recycle bin, if one lies there and it could be read. */
  readonly deletedAt?: string | undefined;
  readonly appRoles: readonly { readonly resourceObjectId: string; readonly roleId: string }[];
  /** Null when no declared app may read delegated grants. */
  readonly scopes: readonly { readonly resourceObjectId: string; readonly scope: string }[] | null;
}

export interface AppEvidence {
  readonly appKey: string;
  /** By resource app id; empty in a routine look. */
  readonly tokens: ReadonlyMap<string, TokenEvidence>;
  readonly directory: DirectoryGrants | Unread | NotAsked;
}

export interface GrantEvidence {
  readonly tenantId: string;
  readonly readAt: number;
  /** `full`: a fresh token for each app and resource, and the directory where it may be read; `routine`: the directory alone. */
  readonly depth: 'full' | 'routine';
  /** By resource app id; null when the tenant has no service principal of that resource. */
  readonly resources: ReadonlyMap<string, ResourceEvidence | null>;
  readonly apps: readonly AppEvidence[];
}

export interface EvidenceInput {
  readonly tenantId: string;
  readonly apps: readonly PartnerApp[];
  readonly endpoints: CloudEndpoints;
  /** What resources publish, from earlier reads of this process. */
  readonly memory?: ResourceMemory | undefined;
  readonly signal?: AbortSignal | undefined;
}
