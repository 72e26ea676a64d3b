/**
 * Where the onboarding keeps what it knows, the keys that seal it, and who acts. The operator stands here and nowhere
 * else: whoever may use this credential acts as that person, and no item of a workflow can name another; so its fields
 * take no expressions, except the two secrets, which may come from a vault.
 */
import type { ICredentialType, INodeProperties, Icon } from 'n8n-workflow';

const OPERATORS_EXAMPLE = `[
  { "id": "op-1", "name": "First operator", "accounts": "all", "may": ["onboard", "impersonate", "certificates"] }
]`;

const PORTAL_EXAMPLE = 'e.g. { "audience": "https://portal.example.com", "deliverTo": "https://portal.example.com/enter", "jwksOrClientKey": "https://portal.example.com/jwks.json" }';

const ADMINS_EXAMPLE = '{"roles": {"anyOf": ["Global Administrator"]}, "ranking": ["cloud_only", "named", "direct"]}';
const LIFECYCLE_EXAMPLE = '{"renewal": {"windows": [{"days": ["sun"], "fromHour": 2, "toHour": 5}]}}';

export class M365OnboardingState implements ICredentialType {
  name = 'm365OnboardingState';
  displayName = 'M365 Onboarding State';
  icon: Icon = { light: 'file:m365OnboardingState.svg', dark: 'file:m365OnboardingState.dark.svg' };
  documentationUrl = 'https://github.com/m365-onboarding/n8n-nodes-m365-onboarding#credentials';
  supportedNodes = ['m365Onboarding', 'm365OnboardingTool', 'm365ConsentTrigger', 'm365OnboardingTrigger'];
  restrictToSupportedNodes = true as const;

  properties: INodeProperties[] = [
    {
      displayName: 'State URL',
      name: 'stateUrl',
      type: 'string',
      typeOptions: { password: true },
      required: true,
      default: 'sqlite:m365-onboarding.sqlite',
      description:
        'sqlite:PATH, inside the folder this host keeps for states; in queue mode postgres://USER:PASSWORD@HOST/DATABASE, which all workers reach. It must not change later: the state holds who owns what.',
    },
    {
      displayName: 'Master Keys',
      name: 'masterKeys',
      type: 'string',
      typeOptions: { password: true },
      required: true,
      default: '',
      placeholder: 'e.g. k1:base64 of 32 random bytes',
      description: 'Seal private keys and authenticate what access rests on: ID:BASE64 of exactly 32 bytes, several separated by commas; the first one seals. Keep a copy: without them the state is worthless.',
    },
    {
      displayName: 'Operators',
      name: 'operators',
      type: 'json',
      required: true,
      noDataExpression: true,
      default: OPERATORS_EXAMPLE,
      description: 'Who may do what for which accounts, in the form of the configuration file. "accounts" is "all" or a list of account IDs; "may" lists onboard, impersonate, approve, certificates.',
    },
    {
      displayName: 'Acting Operator ID',
      name: 'operatorId',
      type: 'string',
      required: true,
      noDataExpression: true,
      default: '',
      placeholder: 'e.g. op-1',
      description: 'The operator every node with this credential acts as. Give each operator a credential of their own and share it with nobody else.',
    },
    {
      displayName: 'Partner Name',
      name: 'partnerName',
      type: 'string',
      noDataExpression: true,
      default: '',
      placeholder: 'e.g. Northwind Backup',
      description: "Your company's name as the customer's admin reads it on the pages",
    },
    {
      displayName: 'Public Base URL',
      name: 'publicBaseUrl',
      type: 'string',
      required: true,
      noDataExpression: true,
      default: '',
      placeholder: 'e.g. https://n8n.example.com/webhook/m365-onboarding',
      description: 'Under which the pages of the onboarding are reached; the redirect addresses registered in Entra ID begin with it',
    },
    {
      displayName: 'Settings URL',
      name: 'settingsUrl',
      type: 'string',
      noDataExpression: true,
      default: '',
      placeholder: 'e.g. https://backup.example.com/settings',
      description: "Where the customer's admin ends after a proven onboarding. Empty: a closing page of the onboarding itself.",
    },
    {
      displayName: 'Choice of the Admin',
      name: 'adminChoice',
      type: 'options',
      noDataExpression: true,
      default: 'manual',
      description: 'Who chooses the admin that is bound for single sign-on',
      options: [
        { name: 'A Person Chooses', value: 'manual' },
        { name: 'The First Candidate Is Taken', value: 'first' },
      ],
    },
    {
      displayName: 'Admins',
      name: 'admins',
      type: 'json',
      noDataExpression: true,
      default: '',
      placeholder: ADMINS_EXAMPLE,
      description: 'Which roles an admin needs, who is left out and who comes first, in the form of the section "admins" of the configuration file. Empty: Global, SharePoint or Exchange Administrators.',
    },
    {
      displayName: 'Backup Portal',
      name: 'portal',
      type: 'json',
      noDataExpression: true,
      default: '',
      placeholder: PORTAL_EXAMPLE,
      description: 'The portal that takes impersonation codes, in the form of the configuration file. Empty: no impersonation.',
    },
    {
      displayName: 'Renewal and Rotation',
      name: 'lifecycle',
      type: 'json',
      noDataExpression: true,
      default: '',
      placeholder: LIFECYCLE_EXAMPLE,
      description: 'When certificates are renewed and how they are rotated, in the form of the section "certificates" of the configuration file. Empty: after two thirds of their lifetime.',
    },
  ];
}
