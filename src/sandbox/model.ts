/**
 * The directory the sandbox serves: plain rows in the shapes Microsoft Graph documents, plus the few facts
 * the sign-in pages and the token endpoint need (passwords, secrets). Rows are replaced, never mutated.
 * Source of the shapes: Microsoft Graph v1.0 metadata and the recorded exchanges under test/conformance.
 */
import type { SigningKeys } from './signing-keys';
import type { VersionedTable } from './versioned-table';

export interface KeyCredential {
  readonly keyId: string;
  /** Standard base64 of the DER certificate. Served only by a single-object GET with `$select=keyCredentials`. */
  readonly key: string;
  readonly customKeyIdentifier: string;
  readonly displayName: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string;
  readonly type: 'AsymmetricX509Cert';
  readonly usage: 'Verify';
}

export interface PasswordCredential {
  readonly keyId: string;
  readonly secretText: string;
  readonly displayName: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string;
}

export interface RequiredResourceAccess {
  readonly resourceAppId: string;
  readonly resourceAccess: readonly { readonly id: string; readonly type: 'Role' | 'Scope' }[];
}

/** An app registration. It lives in one tenant, the partner's home tenant. */
export interface Application {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly signInAudience: 'AzureADMultipleOrgs' | 'AzureADMyOrg';
  readonly redirectUris: readonly string[];
  readonly requiredResourceAccess: readonly RequiredResourceAccess[];
  readonly keyCredentials: readonly KeyCredential[];
  readonly passwordCredentials: readonly PasswordCredential[];
  readonly createdDateTime: string;
}

export interface AppRole {
  readonly id: string;
  readonly value: string;
  readonly displayName: string;
  readonly isEnabled: boolean;
  readonly allowedMemberTypes: readonly string[];
}

export interface PermissionScope {
  readonly id: string;
  readonly value: string;
  readonly adminConsentDisplayName: string;
  readonly isEnabled: boolean;
  readonly type: 'User' | 'Admin';
}

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
}

/** An application permission granted to `principalId` (a service principal) on `resourceId` (another one). */
export interface AppRoleAssignment {
  readonly id: string;
  readonly appRoleId: string;
  readonly principalId: string;
  readonly principalType: 'ServicePrincipal';
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
  /** Sign-in page only, never served by Graph. Guests sign in with the password of their home account. */
  readonly password: string;
  /** For guests: the tenant and object id of the same human at home. */
  readonly home: { readonly tenantId: string; readonly objectId: string } | null;
}

export interface Group {
  readonly id: string;
  readonly displayName: string;
  readonly isAssignableToRole: boolean | null;
  readonly securityEnabled: boolean;
  readonly memberIds: readonly string[];
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
}

/** Kinds of reads that can lag apart from each other (design note: replication is not one number). */
export type ReplicationScope =
  | 'graph.get'
  | 'graph.list'
  | 'sts.servicePrincipal'
  | 'sts.keys'
  | 'sts.roles';

export interface World {
  /** Milliseconds since the epoch on the sandbox's own clock. */
  now(): number;
  readonly homeTenantId: string;
  readonly tenants: ReadonlyMap<string, Tenant>;
  /** The instant up to which a read of this kind sees writes: `now() - lag`. */
  asOf(scope: ReplicationScope): number;
  /** GUIDs from the seeded generator, so that a run can be repeated. */
  newGuid(): string;
  /** Scheme, host and port without a trailing slash, as clients see them (next links, issuers). */
  readonly origins: { readonly login: string; readonly graph: string };
  readonly signingKeys: SigningKeys;
}
