/**
 * The directory roles this product knows by name, and the policy that says which of them an admin must hold.
 * A built-in role's definition id equals its template id in every tenant, so one table serves all tenants; the
 * instance ids of `/directoryRoles` are another number space and are never used here.
 * Source: Microsoft Learn "Microsoft Entra built-in roles" (permissions-reference).
 */
import { isGuid, sameGuid } from '../internal/guid';

export const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10';
export const PRIVILEGED_ROLE_ADMINISTRATOR = 'e8611ab8-c189-46e8-94e1-60213ab1f814';
export const SHAREPOINT_ADMINISTRATOR = 'f28a1f50-f6e7-4571-818b-6a12f2af6b6c';
export const EXCHANGE_ADMINISTRATOR = '29232cdf-9323-42fd-ade2-1d097af3e4de';

/** Display names by template id, lower case. Only for people: nothing is decided by a name. */
export const ROLE_NAMES: Readonly<Record<string, string>> = {
  [GLOBAL_ADMINISTRATOR]: 'Global Administrator',
  [PRIVILEGED_ROLE_ADMINISTRATOR]: 'Privileged Role Administrator',
  [SHAREPOINT_ADMINISTRATOR]: 'SharePoint Administrator',
  [EXCHANGE_ADMINISTRATOR]: 'Exchange Administrator',
  '7be44c8a-adaf-4e2a-84d6-ab2649e08a13': 'Privileged Authentication Administrator',
  '69091246-20e8-4a56-aa4d-066075b2a7a8': 'Teams Administrator',
  '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3': 'Application Administrator',
  '158c047a-c907-4556-b7ef-446551a6b5f7': 'Cloud Application Administrator',
  'fe930be7-5e62-47db-91af-98c3a49a38b1': 'User Administrator',
  'fdd7a751-b60b-444a-984c-02652fe8fa1c': 'Groups Administrator',
  '194ae4cb-b126-40b2-bd5b-6091b380977d': 'Security Administrator',
  'b1be1c3e-b65d-4f19-8427-f6fa0d97feb9': 'Conditional Access Administrator',
  '17315797-102d-40b4-93e0-432062caca18': 'Compliance Administrator',
  'f2ef992c-3afb-46b9-b7cf-a126ee74c451': 'Global Reader',
  '1707125e-0aa2-4d4d-8655-a7c786c76a25': 'Microsoft 365 Backup Administrator',
  '49eb8f75-97e9-4e37-9b2b-6c3ebfcffa31': 'Exchange Backup Administrator',
  '9d3e04ba-3ee4-4d1b-a3a7-9aef423a09be': 'SharePoint Backup Administrator',
};

/**
 * Which roles make a person an admin for our purpose. Roles are compared literally: with `allOf`, a Global
 * Administrator who does not also hold the other listed roles does not meet the policy.
 */
export interface AdminPolicy {
  readonly mode: 'anyOf' | 'allOf';
  /** Role template ids; at least one. */
  readonly roleTemplateIds: readonly string[];
}

/** Full rights for the backup portal: Global, SharePoint or Exchange Administrator. */
export const DEFAULT_ADMIN_POLICY: AdminPolicy = {
  mode: 'anyOf',
  roleTemplateIds: [GLOBAL_ADMINISTRATOR, SHAREPOINT_ADMINISTRATOR, EXCHANGE_ADMINISTRATOR],
};

/** Who may say that a tenant belongs to an account: the two roles that can also grant every permission. */
export const OWNERSHIP_POLICY: AdminPolicy = {
  mode: 'anyOf',
  roleTemplateIds: [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR],
};

/** The role's display name, or its id when the table does not know it (custom roles). */
export function roleName(roleTemplateId: string): string {
  return ROLE_NAMES[roleTemplateId.toLowerCase()] ?? roleTemplateId;
}

/** True when the roles held meet the policy. */
export function meetsPolicy(heldTemplateIds: readonly string[], policy: AdminPolicy): boolean {
  const holds = (wanted: string) => heldTemplateIds.some((held) => sameGuid(held, wanted));
  return policy.mode === 'anyOf' ? policy.roleTemplateIds.some(holds) : policy.roleTemplateIds.every(holds);
}

/** True when the policy names at least one role and every role by a GUID. An empty `allOf` would be met by everybody. */
export function isUsablePolicy(policy: AdminPolicy): boolean {
  return policy.roleTemplateIds.length > 0 && policy.roleTemplateIds.every(isGuid);
}
