/**
 * Built-in directory roles by name. The template id is the role definition id in every tenant.
 * Source: "Microsoft Entra built-in roles", 2026-01.
 */

const ROLES: readonly (readonly [name: string, templateId: string])[] = [
  ['Global Administrator', '62e90394-69f5-4237-9190-012177145e10'],
  ['Privileged Role Administrator', 'e8611ab8-c189-46e8-94e1-60213ab1f814'],
  ['Privileged Authentication Administrator', '7be44c8a-adaf-4e2a-84d6-ab2649e08a13'],
  ['Exchange Administrator', '29232cdf-9323-42fd-ade2-1d097af3e4de'],
  ['SharePoint Administrator', 'f28a1f50-f6e7-4571-818b-6a12f2af6b6c'],
  ['Teams Administrator', '69091246-20e8-4a56-aa4d-066075b2a7a8'],
  ['Application Administrator', '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3'],
  ['Cloud Application Administrator', '158c047a-c907-4556-b7ef-446551a6b5f7'],
  ['User Administrator', 'fe930be7-5e62-47db-91af-98c3a49a38b1'],
  ['Groups Administrator', 'fdd7a751-b60b-444a-984c-02652fe8fa1c'],
  ['Security Administrator', '194ae4cb-b126-40b2-bd5b-6091b380977d'],
  ['Conditional Access Administrator', 'b1be1c3e-b65d-4f19-8427-f6fa0d97feb9'],
  ['Intune Administrator', '3a2c62db-5318-420d-8d74-23affee5d9d5'],
  ['Compliance Administrator', '17315797-102d-40b4-93e0-432062caca18'],
  ['Billing Administrator', 'b0f54661-2d74-4c50-afa3-1ec803f12efe'],
  ['License Administrator', '4d6ac14f-3453-41d0-bef9-a3e0c569773a'],
  ['Helpdesk Administrator', '729827e3-9c14-49f7-bb1b-9608f156bbb8'],
  ['Authentication Administrator', 'c4e39bd9-1100-46d3-8c65-fb160da0071f'],
  ['Hybrid Identity Administrator', '8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2'],
  ['Power Platform Administrator', '11648597-926c-4cf3-9c36-bcebb0ba8dcc'],
  ['Global Reader', 'f2ef992c-3afb-46b9-b7cf-a126ee74c451'],
  ['Directory Readers', '88d8e3e3-8f55-4a1e-953a-9b9898b8876b'],
  ['Exchange Recipient Administrator', '31392ffb-586c-42d1-9346-e59415a2cc4e'],
  ['Microsoft 365 Backup Administrator', '1707125e-0aa2-4d4d-8655-a7c786c76a25'],
  ['Exchange Backup Administrator', '49eb8f75-97e9-4e37-9b2b-6c3ebfcffa31'],
  ['SharePoint Backup Administrator', '9d3e04ba-3ee4-4d1b-a3a7-9aef423a09be'],
];

const ID_BY_NAME = new Map(ROLES);
const NAME_BY_ID = new Map(ROLES.map(([name, id]) => [id, name]));

export const DIRECTORY_ROLE_NAMES: readonly string[] = ROLES.map(([name]) => name);

export function findRoleTemplateId(name: string): string | undefined {
  return ID_BY_NAME.get(name);
}

export function findRoleName(templateId: string): string | undefined {
  return NAME_BY_ID.get(templateId);
}

/** Throws for a name that is not in the table; seed files are checked before they get here. */
export function requireRoleTemplateId(name: string): string {
  const id = findRoleTemplateId(name);
  if (id === undefined) throw new Error(`Unknown directory role: ${name}`);
  return id;
}
