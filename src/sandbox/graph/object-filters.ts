/** What users and groups can be filtered by, in their own collections and where they appear in others. */
import type { Filterable } from './filter';

export const USER_FILTERS: Filterable = {
  id: ['eq', 'in'],
  userPrincipalName: ['eq', 'ne', 'in', 'startswith', 'endswith'],
  mail: ['eq', 'ne', 'in', 'startswith', 'endswith'],
  displayName: ['eq', 'ne', 'in', 'startswith'],
  accountEnabled: ['eq', 'ne'],
  userType: ['eq', 'ne', 'in'],
  onPremisesSyncEnabled: ['eq', 'ne'],
};

export const GROUP_FILTERS: Filterable = {
  id: ['eq', 'in'],
  displayName: ['eq', 'ne', 'in', 'startswith'],
  mailNickname: ['eq', 'startswith'],
  isAssignableToRole: ['eq'],
  securityEnabled: ['eq'],
  resourceProvisioningOptions: ['any'],
};
