/**
 * The partner's apps as one n8n credential. What is public (app ids, permissions, where each app's key comes from) is
 * readable JSON; every secret is in one of the password fields, because n8n blanks only top-level password fields
 * when it shows a credential. Only this package's nodes may decrypt it, so no HTTP Request node can send it elsewhere.
 */
import type { ICredentialType, INodeProperties, Icon } from 'n8n-workflow';

const APPS_EXAMPLE = `[
  {
    "key": "backup",
    "appId": "00000000-0000-0000-0000-000000000000",
    "round": 1,
    "requiredPermissions": [
      { "template": "directory", "access": "read" },
      { "template": "exchange", "access": "read" },
      { "resource": "graph", "type": "delegated", "name": "User.Read", "reason": "signs the administrator in" }
    ],
    "credential": { "certificateId": "id of a stored certificate" }
  }
]`;

const SECRETS_EXAMPLE = 'e.g. { "backup": { "secret": "…" } }';

export class M365PartnerApp implements ICredentialType {
  name = 'm365PartnerApp';
  displayName = 'M365 Partner App';
  icon: Icon = { light: 'file:m365PartnerApp.svg', dark: 'file:m365PartnerApp.dark.svg' };
  documentationUrl = 'https://github.com/m365-onboarding/n8n-nodes-m365-onboarding#credentials';
  supportedNodes = ['m365Onboarding', 'm365OnboardingTool', 'm365ConsentTrigger', 'm365OnboardingTrigger'];
  restrictToSupportedNodes = true as const;

  properties: INodeProperties[] = [
    {
      displayName: 'Home Tenant ID',
      name: 'homeTenantId',
      type: 'string',
      required: true,
      default: '',
      placeholder: 'e.g. 11111111-2222-3333-4444-555555555555',
      description: 'The tenant that owns your app registrations',
    },
    {
      displayName: 'Cloud',
      name: 'cloud',
      type: 'options',
      default: 'global',
      description: 'Fixes the hosts that tokens are sent to',
      options: [
        { name: 'China (21Vianet)', value: 'china' },
        { name: 'Global', value: 'global' },
        { name: 'US Government', value: 'usgov' },
        { name: 'US Government DoD', value: 'usgovdod' },
      ],
    },
    {
      displayName: 'Apps',
      name: 'apps',
      type: 'json',
      required: true,
      default: APPS_EXAMPLE,
      description:
        'Your apps, in the form of the configuration file. "credential" says where an app\'s key comes from: {"certificateId": "…"} names a stored certificate and follows its rotation; {"from": "pfx"}, {"from": "pem"} or {"from": "secret"} takes it from App Secrets below.',
    },
    {
      displayName: 'App Secrets',
      name: 'appSecrets',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      placeholder: SECRETS_EXAMPLE,
      description:
        'JSON with one entry per app key that does not use a stored certificate: {"pfx": "base64 of the file", "password": "…"}, {"pem": "certificate and private key"} or {"secret": "…"}. Leave empty when every app uses a stored certificate.',
    },
    {
      displayName: 'Use the Sandbox',
      name: 'useSandbox',
      type: 'boolean',
      default: false,
      description: "Whether to talk to the local sandbox instead of Microsoft. Refused unless the host allows it, and never mixed with Microsoft's hosts.",
    },
    sandboxField('Sandbox Authority Host', 'sandboxAuthorityHost', 'e.g. https://localhost:8443'),
    sandboxField('Sandbox Graph Base URL', 'sandboxGraphBaseUrl', 'e.g. https://localhost:8443'),
    { ...sandboxField('Sandbox CA', 'sandboxCa', 'e.g. -----BEGIN CERTIFICATE-----'), typeOptions: { rows: 4 }, description: 'The CA the sandbox made at its start, as PEM' },
  ];
}

function sandboxField(displayName: string, name: string, placeholder: string): INodeProperties {
  return { displayName, name, type: 'string', default: '', placeholder, displayOptions: { show: { useSandbox: [true] } } };
}
