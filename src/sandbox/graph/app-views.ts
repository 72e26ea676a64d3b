/**
 * Applications, service principals, their credentials and grants as Graph shows them. A key credential's `key`
 * leaves only through a single-object read that selects `keyCredentials`; a secret leaves only once, in the answer
 * to addPassword. Sources: recorded exchanges of 2020-2024, reference pages.
 */
import type {
  Application,
  AppRole,
  AppRoleAssignment,
  KeyCredential,
  OAuth2PermissionGrant,
  PasswordCredential,
  PermissionScope,
  ServicePrincipal,
} from '../model';
import { sevenDigits, wholeSeconds } from './instants';
import type { Wire } from './select';
import { overlay } from './written';

const NO_INFORMATION = { logoUrl: null, marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null };
const NO_PUBLISHER = { displayName: null, verifiedPublisherId: null, addedDateTime: null };

export interface ApplicationViewOptions {
  readonly publisherDomain: string;
  readonly withKeys: boolean;
}

export function viewApplication(application: Application, options: ApplicationViewOptions): Wire {
  const view = {
    id: application.id,
    deletedDateTime: null,
    appId: application.appId,
    applicationTemplateId: null,
    disabledByMicrosoftStatus: null,
    createdDateTime: wholeSeconds(application.createdDateTime),
    displayName: application.displayName,
    description: null,
    groupMembershipClaims: null,
    identifierUris: [],
    isDeviceOnlyAuthSupported: null,
    isFallbackPublicClient: null,
    nativeAuthenticationApisEnabled: null,
    notes: null,
    publisherDomain: options.publisherDomain,
    serviceManagementReference: null,
    signInAudience: application.signInAudience,
    tags: [],
    tokenEncryptionKeyId: null,
    uniqueName: application.uniqueName ?? null,
    samlMetadataUrl: null,
    defaultRedirectUri: null,
    certification: null,
    optionalClaims: null,
    servicePrincipalLockConfiguration: null,
    requestSignatureVerification: null,
    addIns: [],
    api: {
      acceptMappedClaims: null,
      knownClientApplications: [],
      requestedAccessTokenVersion: application.signInAudience === 'AzureADandPersonalMicrosoftAccount' ? 2 : null,
      oauth2PermissionScopes: [],
      preAuthorizedApplications: [],
    },
    appRoles: [],
    info: NO_INFORMATION,
    keyCredentials: application.keyCredentials.map((credential) => viewKeyCredential(credential, options.withKeys)),
    parentalControlSettings: { countriesBlockedForMinors: [], legalAgeGroupRule: 'Allow' },
    passwordCredentials: application.passwordCredentials.map((credential) => viewPasswordCredential(credential, null)),
    publicClient: { redirectUris: [] },
    requiredResourceAccess: application.requiredResourceAccess,
    verifiedPublisher: NO_PUBLISHER,
    web: {
      homePageUrl: null,
      logoutUrl: null,
      redirectUris: application.redirectUris,
      implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
      redirectUriSettings: application.redirectUris.map((uri) => ({ uri, index: null })),
    },
    spa: { redirectUris: [] },
  };
  return overlay(view, application.written);
}

export function viewKeyCredential(credential: KeyCredential, withKey: boolean): Wire {
  return {
    customKeyIdentifier: credential.customKeyIdentifier,
    displayName: credential.displayName,
    endDateTime: credential.endDateTime,
    key: withKey ? credential.key : null,
    keyId: credential.keyId,
    startDateTime: credential.startDateTime,
    type: credential.type,
    usage: credential.usage,
  };
}

/** `secretText` is the secret in the answer that creates it and null ever after. */
export function viewPasswordCredential(credential: PasswordCredential, secretText: string | null): Wire {
  return {
    customKeyIdentifier: null,
    displayName: credential.displayName,
    endDateTime: credential.endDateTime,
    hint: credential.secretText.slice(0, 3),
    keyId: credential.keyId,
    secretText,
    startDateTime: credential.startDateTime,
  };
}

/** `registration` is the app registration behind the service principal, wherever it lives; first-party apps have none. */
export function viewServicePrincipal(principal: ServicePrincipal, registration: Application | undefined, withKeys = false): Wire {
  const view = {
    id: principal.id,
    deletedDateTime: null,
    accountEnabled: principal.accountEnabled,
    alternativeNames: [],
    appDisplayName: principal.displayName,
    appDescription: null,
    appId: principal.appId,
    applicationTemplateId: null,
    appOwnerOrganizationId: principal.appOwnerOrganizationId,
    appRoleAssignmentRequired: principal.appRoleAssignmentRequired,
    createdDateTime: wholeSeconds(principal.createdDateTime),
    description: null,
    disabledByMicrosoftStatus: principal.disabledByMicrosoftStatus,
    displayName: principal.displayName,
    homepage: null,
    loginUrl: null,
    logoutUrl: null,
    notes: null,
    notificationEmailAddresses: [],
    preferredSingleSignOnMode: null,
    preferredTokenSigningKeyThumbprint: null,
    replyUrls: registration?.redirectUris ?? [],
    servicePrincipalNames: [principal.appId, ...identifierUrisOf(registration)],
    servicePrincipalType: principal.servicePrincipalType,
    signInAudience: registration?.signInAudience ?? 'AzureADMultipleOrgs',
    tags: [],
    tokenEncryptionKeyId: null,
    samlSingleSignOnSettings: null,
    addIns: [],
    appRoles: principal.appRoles.map(viewAppRole),
    info: NO_INFORMATION,
    keyCredentials: (principal.keyCredentials ?? []).map((credential) => viewKeyCredential(credential, withKeys)),
    oauth2PermissionScopes: principal.oauth2PermissionScopes.map(viewScope),
    // A service principal's own secrets show no hint in later reads (recorded).
    passwordCredentials: (principal.passwordCredentials ?? []).map((credential) => ({ ...viewPasswordCredential(credential, null), hint: null })),
    resourceSpecificApplicationPermissions: [],
    verifiedPublisher: NO_PUBLISHER,
  };
  return overlay(view, principal.written);
}

function identifierUrisOf(registration: Application | undefined): readonly string[] {
  const uris = registration?.written?.identifierUris;
  return Array.isArray(uris) ? uris.filter((uri): uri is string => typeof uri === 'string') : [];
}

export function viewAppRoleAssignment(assignment: AppRoleAssignment): Wire {
  return {
    id: assignment.id,
    deletedDateTime: null,
    appRoleId: assignment.appRoleId,
    createdDateTime: sevenDigits(assignment.createdDateTime),
    principalDisplayName: assignment.principalDisplayName,
    principalId: assignment.principalId,
    principalType: assignment.principalType,
    resourceDisplayName: assignment.resourceDisplayName,
    resourceId: assignment.resourceId,
  };
}

export function viewPermissionGrant(grant: OAuth2PermissionGrant): Wire {
  return {
    clientId: grant.clientId,
    consentType: grant.consentType,
    id: grant.id,
    principalId: grant.principalId,
    resourceId: grant.resourceId,
    scope: grant.scope,
  };
}

function viewAppRole(role: AppRole): Wire {
  return {
    allowedMemberTypes: role.allowedMemberTypes,
    description: role.displayName,
    displayName: role.displayName,
    id: role.id,
    isEnabled: role.isEnabled,
    origin: 'Application',
    value: role.value,
  };
}

function viewScope(scope: PermissionScope): Wire {
  return {
    adminConsentDescription: scope.adminConsentDisplayName,
    adminConsentDisplayName: scope.adminConsentDisplayName,
    id: scope.id,
    isEnabled: scope.isEnabled,
    type: scope.type,
    userConsentDescription: scope.adminConsentDisplayName,
    userConsentDisplayName: scope.adminConsentDisplayName,
    value: scope.value,
  };
}
