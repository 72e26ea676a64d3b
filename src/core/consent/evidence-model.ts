/** What an independent read of consent found, before anybody judges it. "Unread" is a finding of its own. */
import type { CloudEndpoints } from '../internal/clouds';
import type { PartnerApp } from './apps';

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
