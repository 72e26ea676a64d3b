/**
 * The directory the sandbox serves: plain rows in the shapes Microsoft Graph documents, plus the few facts
 * the sign-in pages and the token endpoint need (passwords, secrets). Rows are replaced, never mutated.
 * Source of the shapes: Microsoft Graph v1.0 metadata and the recorded exchanges under test/conformance.
 */
import type { CloudName } from './cloud-hosts';
import type { SigningKeys } from './signing-keys';
import type { VersionedTable } from './versioned-table';
import type { KeyCredential, PasswordCredential, Written, Application, AppRole, PermissionScope } from './model-apps';

export type { KeyCredential, PasswordCredential, Written, FederatedCredential, RequiredResourceAccess, SignInAudience, Application, AppRole, PermissionScope } from './model-apps';

export interface ServicePrincipal {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly accountEnabled: boolean;
  readonly appOwnerOrganizationId: string;
  readonly servicePrincipalType: 'Application';
  readonly appRoleAssignmentRequired: boolean;
  readonly disabledByMicrosoftStatus: string | null;
  readonly appRoles: readonly AppRole[];
  readonly oauth2PermissionScopes: readonly PermissionScope[];
  readonly createdDateTime: string;
  /** Its own credentials, besides the app registration's. */
  readonly keyCredentials?: readonly KeyCredential[];
  readonly passwordCredentials?: readonly PasswordCredential[];
  readonly ownerIds?: readonly string[];
  readonly written?: Written;
}

/** An app role granted to `principalId` (a service principal, a person or a group) on `resourceId` (a service principal). */
export interface AppRoleAssignment {
  readonly id: string;
  readonly appRoleId: string;
  readonly principalId: string;
  readonly principalType: 'ServicePrincipal' | 'User' | 'Group';
  readonly principalDisplayName: string;
  readonly resourceId: string;
  readonly resourceDisplayName: string;
  readonly createdDateTime: string;
}

/** Delegated permissions granted to a client for all principals or one. */
export interface OAuth2PermissionGrant {
  readonly id: string;
  readonly clientId: string;
  readonly consentType: 'AllPrincipals' | 'Principal';
  readonly principalId: string | null;
  readonly resourceId: string;
  readonly scope: string;
}

export interface User {
  readonly id: string;
  readonly displayName: string;
  readonly userPrincipalName: string;
  readonly mail: string | null;
  readonly accountEnabled: boolean;
  readonly userType: 'Member' | 'Guest';
  readonly onPremisesSyncEnabled: true | null;
  readonly createdDateTime: string;
  readonly signInSessionsValidFromDateTime: string;
  readonly assignedPlans: readonly {
    readonly assignedDateTime: string;
    readonly capabilityStatus: string;
    readonly service: string;
    readonly servicePlanId: string;
  }[];
  /** Of somebody with a licence for one; absent: there. */
  readonly mailbox?: 'pending' | 'refused';
  readonly drive?: 'never-made' | 'locked';
  /** Absent: never signed in. */
  readonly lastSignInDateTime?: string;
  /** Sign-in page only, never served by Graph. Guests sign in with the password of their home account. */
  readonly password: string;
  /** For guests: the tenant and object id of the same human at home. */
  readonly home: { readonly tenantId: string; readonly objectId: string } | null;
  readonly written?: Written;
}

export interface Group {
  readonly id: string;
  readonly displayName: string;
  readonly isAssignableToRole: boolean | null;
  readonly securityEnabled: boolean;
  readonly memberIds: readonly string[];
  readonly ownerIds?: readonly string[];
  /** Absent: no team. */
  readonly team?: 'there' | 'pending';
  /** Who may activate a membership: privileged identity management for groups. */
  readonly eligibleMemberIds?: readonly string[];
  /** Absent: the tenant's own creation. */
  readonly createdDateTime?: string;
  readonly written?: Written;
}

/** A part of the tenant that roles can be limited to. */
export interface AdministrativeUnit {
  readonly id: string;
  readonly displayName: string;
  readonly memberIds: readonly string[];
}

/** A directory object in the recycle bin, restorable for thirty days. */
export type DeletedItem = { readonly id: string; readonly deletedDateTime: string } & (
  | { readonly kind: 'application'; readonly row: Application }
  | { readonly kind: 'servicePrincipal'; readonly row: ServicePrincipal }
  | { readonly kind: 'group'; readonly row: Group }
  | { readonly kind: 'user'; readonly row: User }
);

/** One entry of the directory audit log, as it is served. */
export interface DirectoryAudit {
  readonly id: string;
  readonly category: string;
  readonly correlationId: string;
  readonly result: 'success';
  readonly resultReason: string;
  readonly activityDisplayName: string;
  readonly activityDateTime: string;
  readonly loggedByService: 'Core Directory';
  readonly operationType: 'Add' | 'Update' | 'Delete' | 'Assign';
  readonly initiatedBy: {
    readonly app: { readonly appId: string | null; readonly displayName: string; readonly servicePrincipalId: string; readonly servicePrincipalName: null } | null;
    readonly user: { readonly id: string; readonly displayName: string | null; readonly userPrincipalName: string; readonly ipAddress: string | null } | null;
  };
  readonly targetResources: readonly {
    readonly id: string;
    readonly displayName: string | null;
    readonly type: string;
    readonly userPrincipalName: string | null;
    readonly groupType: string | null;
    readonly modifiedProperties: readonly { readonly displayName: string; readonly oldValue: string | null; readonly newValue: string | null }[];
  }[];
  readonly additionalDetails: readonly { readonly key: string; readonly value: string }[];
}

/** What the tenant allows app credentials to be; the row's members are Graph's own. */
export interface AppManagementPolicy {
  readonly id: string;
  readonly isEnabled: boolean;
  /** Longest lifetime of a certificate registered on an app of this tenant, in days; null: unrestricted. */
  readonly maxKeyLifetimeDays: number | null;
  /** New client secrets are refused. */
  readonly forbidsPasswords: boolean;
}

export interface RoleAssignment {
  readonly id: string;
  readonly principalId: string;
  readonly roleDefinitionId: string;
  /** `/` is tenant-wide; `/administrativeUnits/{id}` and `/{objectId}` are narrower. */
  readonly directoryScopeId: string;
}

/** A PIM eligibility: the person may activate the role but does not hold it now. */
export interface RoleEligibility {
  readonly id: string;
  readonly principalId: string;
  readonly roleDefinitionId: string;
  readonly directoryScopeId: string;
  readonly startDateTime: string;
  readonly endDateTime: string | null;
  readonly memberType: 'Direct' | 'Group';
}

export interface Organization {
  readonly id: string;
  readonly displayName: string;
  readonly tenantType: 'AAD';
  readonly countryLetterCode: string;
  readonly verifiedDomains: readonly {
    readonly name: string;
    readonly isInitial: boolean;
    readonly isDefault: boolean;
    readonly type: 'Managed';
    readonly capabilities: string;
  }[];
  readonly createdDateTime: string;
}

export interface SubscribedSku {
  readonly id: string;
  readonly skuId: string;
  readonly skuPartNumber: string;
  readonly capabilityStatus: 'Enabled' | 'Suspended';
  readonly servicePlans: readonly { readonly servicePlanId: string; readonly servicePlanName: string; readonly provisioningStatus: string; readonly appliesTo: string }[];
}

/** One tenant's directory. Every table is versioned so that replicas can lag. */
export interface Tenant {
  readonly tenantId: string;
  /** The tenant's SharePoint host, such as `contoso.sharepoint.com`: part of that resource's audience. */
  readonly sharePointHost: string;
  /** `AAD_PREMIUM_P2` present: PIM reads answer; absent: 400 AadPremiumLicenseRequired. */
  readonly licences: ReadonlySet<string>;
  readonly organization: VersionedTable<Organization>;
  readonly users: VersionedTable<User>;
  readonly groups: VersionedTable<Group>;
  readonly applications: VersionedTable<Application>;
  readonly servicePrincipals: VersionedTable<ServicePrincipal>;
  readonly appRoleAssignments: VersionedTable<AppRoleAssignment>;
  readonly oauth2PermissionGrants: VersionedTable<OAuth2PermissionGrant>;
  readonly roleAssignments: VersionedTable<RoleAssignment>;
  readonly roleEligibilities: VersionedTable<RoleEligibility>;
  readonly subscribedSkus: VersionedTable<SubscribedSku>;
  readonly administrativeUnits: VersionedTable<AdministrativeUnit>;
  /** Built-in roles somebody activated without giving them to anybody, by template id. */
  readonly activatedRoles: VersionedTable<{ readonly roleTemplateId: string }>;
  readonly deletedItems: VersionedTable<DeletedItem>;
  readonly directoryAudits: VersionedTable<DirectoryAudit>;
  /** One row at most; absent: the default of the service, which restricts nothing. */
  readonly appManagementPolicies: VersionedTable<AppManagementPolicy>;
}

/** Kinds of reads that can lag apart from each other (design note: replication is not one number). */
export type ReplicationScope =
  | 'graph.get'
  | 'graph.list'
  /** Whether an object that a write refers to is there; lags like `graph.get` unless it is set. */
  | 'graph.reference'
  /** The directory audit; lags like `graph.list` unless it is set. */
  | 'graph.auditLog'
  | 'sts.servicePrincipal'
  | 'sts.keys'
  | 'sts.roles';

/** By id. A generated tenant comes into being when it is first asked for: going through all of them makes them all. */
export interface Tenants extends ReadonlyMap<string, Tenant> {
  /** By a verified domain, in any case. */
  findByDomain(name: string): Tenant | undefined;
  /** Those that have come into being. There are app registrations, grants and sessions in no others. */
  inUse(): Iterable<Tenant>;
  readonly inUseCount: number;
  /** Those a seed describes one by one. */
  declared(): Iterable<Tenant>;
}

export interface World {
  /** Milliseconds since the epoch on the sandbox's own clock. */
  now(): number;
  readonly homeTenantId: string;
  readonly tenants: Tenants;
  /** The instant up to which a read of this kind sees writes: `now() - lag`. */
  asOf(scope: ReplicationScope): number;
  /** GUIDs from the seeded generator, so that a run can be repeated. */
  newGuid(): string;
  /** Scheme, host and port without a trailing slash, as clients see them (next links, issuers). */
  readonly origins: { readonly login: string; readonly graph: string };
  readonly signingKeys: SigningKeys;
  /** Absent: the global one. */
  readonly cloud?: CloudName | undefined;
}
