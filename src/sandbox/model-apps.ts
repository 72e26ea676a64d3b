/** App registrations as the directory keeps them: their credentials, the roles and scopes they offer, what they ask for. */

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

/** Members a client wrote that the sandbox stores and shows without reading them, by their Graph names. */
export type Written = Readonly<Record<string, unknown>>;

/** A token of another issuer that may stand in for a credential: stored and shown, not accepted at the token endpoint. */
export interface FederatedCredential {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly description: string | null;
  readonly audiences: readonly string[];
}

export interface RequiredResourceAccess {
  readonly resourceAppId: string;
  readonly resourceAccess: readonly { readonly id: string; readonly type: 'Role' | 'Scope' }[];
}

/** Who may sign in to an app; the last is the service's default and counts as multi-tenant here. */
export type SignInAudience = 'AzureADMyOrg' | 'AzureADMultipleOrgs' | 'AzureADandPersonalMicrosoftAccount';

/** An app registration. It lives in one tenant, the partner's home tenant. */
export interface Application {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly signInAudience: SignInAudience;
  readonly redirectUris: readonly string[];
  readonly requiredResourceAccess: readonly RequiredResourceAccess[];
  readonly keyCredentials: readonly KeyCredential[];
  readonly passwordCredentials: readonly PasswordCredential[];
  readonly createdDateTime: string;
  readonly ownerIds?: readonly string[];
  /** The alternate key a client made it under. */
  readonly uniqueName?: string;
  readonly federatedCredentials?: readonly FederatedCredential[];
  readonly written?: Written;
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
