/**
 * Users, groups, the organization and its licences as Graph shows them. Only named members leave the row: a
 * password or a home account in it cannot slip into an answer. Values the sandbox has no use for are the null or
 * empty value the recordings show. Sources: recorded exchanges of 2020-2024, reference pages, v1.0 metadata.
 */
import type { Group, Organization, SubscribedSku, User } from '../model';
import { securityIdentifier } from './ids';
import { wholeSeconds } from './instants';
import type { Wire } from './select';
import { overlay } from './written';

/** What a user shows when nothing is selected (recorded). */
export const USER_DEFAULTS: readonly string[] = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
];

/** The members User.ReadBasic.All opens. */
export const USER_BASICS: readonly string[] = ['displayName', 'givenName', 'id', 'mail', 'surname', 'userPrincipalName'];

export function viewUser(user: User): Wire {
  const isGuest = user.userType === 'Guest';
  const view = {
    businessPhones: [],
    displayName: user.displayName,
    givenName: null,
    jobTitle: null,
    mail: user.mail,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: null,
    userPrincipalName: user.userPrincipalName,
    id: user.id,
    deletedDateTime: null,
    accountEnabled: user.accountEnabled,
    assignedPlans: user.assignedPlans,
    createdDateTime: wholeSeconds(user.createdDateTime),
    creationType: isGuest ? 'Invitation' : null,
    externalUserState: isGuest ? 'Accepted' : null,
    imAddresses: user.mail === null ? [] : [user.mail],
    mailNickname: user.userPrincipalName.split('@')[0] ?? null,
    onPremisesImmutableId: user.onPremisesSyncEnabled === true ? Buffer.from(user.id.replaceAll('-', ''), 'hex').toString('base64') : null,
    onPremisesSyncEnabled: user.onPremisesSyncEnabled,
    otherMails: isGuest && user.mail !== null ? [user.mail] : [],
    proxyAddresses: user.mail === null ? [] : [`SMTP:${user.mail}`],
    signInSessionsValidFromDateTime: wholeSeconds(user.signInSessionsValidFromDateTime),
    userType: user.userType,
  };
  return overlay(view, user.written);
}

/** `tenantCreatedAt` stands in for groups that do not know when they were made. */
export function viewGroup(group: Group, tenantCreatedAt: string): Wire {
  const createdAt = group.createdDateTime ?? tenantCreatedAt;
  const view = {
    id: group.id,
    deletedDateTime: null,
    classification: null,
    createdDateTime: wholeSeconds(createdAt),
    creationOptions: [],
    description: null,
    displayName: group.displayName,
    expirationDateTime: null,
    groupTypes: group.team === undefined ? [] : ['Unified'],
    isAssignableToRole: group.isAssignableToRole,
    mail: null,
    mailEnabled: group.team !== undefined,
    mailNickname: group.id.slice(0, 8),
    membershipRule: null,
    membershipRuleProcessingState: null,
    onPremisesDomainName: null,
    onPremisesLastSyncDateTime: null,
    onPremisesNetBiosName: null,
    onPremisesSamAccountName: null,
    onPremisesSecurityIdentifier: null,
    onPremisesSyncEnabled: null,
    preferredDataLocation: null,
    preferredLanguage: null,
    proxyAddresses: [],
    renewedDateTime: wholeSeconds(createdAt),
    resourceBehaviorOptions: [],
    resourceProvisioningOptions: group.team === undefined ? [] : ['Team'],
    securityEnabled: group.securityEnabled,
    securityIdentifier: securityIdentifier(group.id),
    theme: null,
    visibility: null,
    onPremisesProvisioningErrors: [],
    serviceProvisioningErrors: [],
  };
  return overlay(view, group.written);
}

export function viewOrganization(organization: Organization, skus: readonly SubscribedSku[]): Wire {
  const createdDateTime = wholeSeconds(organization.createdDateTime);
  const plans = skus.flatMap((sku) => sku.servicePlans.map((plan) => ({ ...plan, capabilityStatus: sku.capabilityStatus })));
  return {
    id: organization.id,
    deletedDateTime: null,
    businessPhones: [],
    city: null,
    country: null,
    countryLetterCode: organization.countryLetterCode,
    createdDateTime,
    displayName: organization.displayName,
    isMultipleDataLocationsForServicesEnabled: null,
    marketingNotificationEmails: [],
    onPremisesLastSyncDateTime: null,
    onPremisesSyncEnabled: null,
    postalCode: null,
    preferredLanguage: 'en',
    securityComplianceNotificationMails: [],
    securityComplianceNotificationPhones: [],
    state: null,
    street: null,
    technicalNotificationMails: [],
    tenantType: organization.tenantType,
    directorySizeQuota: { used: 100, total: 50_000 },
    assignedPlans: plans.map(({ servicePlanId, servicePlanName, capabilityStatus }) => ({
      assignedDateTime: createdDateTime,
      capabilityStatus,
      service: serviceOf(servicePlanName),
      servicePlanId,
    })),
    privacyProfile: { contactEmail: '', statementUrl: '' },
    provisionedPlans: plans.map(({ servicePlanName, capabilityStatus, provisioningStatus }) => ({
      capabilityStatus,
      provisioningStatus,
      service: serviceOf(servicePlanName),
    })),
    verifiedDomains: organization.verifiedDomains,
  };
}

/** What a caller sees who may read users but not the organization: the rest is withheld. */
export const ORGANIZATION_BASICS: readonly string[] = ['id', 'displayName', 'verifiedDomains'];

export function viewSku(sku: SubscribedSku, tenantId: string): Wire {
  const enabled = sku.capabilityStatus === 'Enabled' ? 25 : 0;
  return {
    accountId: tenantId,
    accountName: null,
    capabilityStatus: sku.capabilityStatus,
    consumedUnits: 14,
    id: sku.id,
    prepaidUnits: { enabled, suspended: 25 - enabled, warning: 0, lockedOut: 0 },
    servicePlans: sku.servicePlans,
    skuId: sku.skuId,
    skuPartNumber: sku.skuPartNumber,
    appliesTo: 'User',
    subscriptionIds: [],
  };
}

/** The row with everything withheld but its type and the named members, as the service does for objects the caller may not read. */
export function withhold(row: Wire, kept: readonly string[]): Wire {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (name.startsWith('@') || kept.includes(name)) return [name, value];
      return [name, Array.isArray(value) ? [] : null];
    }),
  );
}

// Plans of one product share a service name; the name alone never proves a mailbox or a site (EXCHANGE_S_FOUNDATION).
function serviceOf(servicePlanName: string): string {
  if (servicePlanName.startsWith('EXCHANGE')) return 'exchange';
  if (servicePlanName.startsWith('SHAREPOINT')) return 'SharePoint';
  if (servicePlanName.startsWith('AAD_PREMIUM')) return 'AADPremiumService';
  if (servicePlanName.startsWith('TEAMS')) return 'TeamspaceAPI';
  return servicePlanName;
}
