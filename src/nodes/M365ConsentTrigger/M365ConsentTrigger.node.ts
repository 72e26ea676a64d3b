/** The pages a customer's admin walks through, served by n8n; a workflow starts for what the admin answered there. */
import type { IHookFunctions, INodeType, INodeTypeDescription, IWebhookFunctions, IWebhookResponseData, TriggerPanelDefinition } from 'n8n-workflow';
import { testOnboardingState, testPartnerApp } from '../host/credential-tests';
import { MAIN } from '../host/description';
import { answerWebhook, requireOwnAddress } from '../host/webhook';
import { WEBHOOKS } from './pages';

const REGISTER_NOTICE =
  'Open "Webhook URLs" above, choose "Production URL", and register both addresses as Web redirect URIs of each of your apps in Entra ID, exactly as they are shown. Test URLs cannot be registered: this trigger answers only while its workflow is published.';

const BASE_NOTICE =
  'The Public Base URL in the credential M365 Onboarding State is the first production URL without /consent/callback. The path is part of what is registered: do not change it while customers hold invitations.';

/** n8n's own words would ask for a test run, which this trigger has to refuse. */
const PANEL: TriggerPanelDefinition = {
  header: "Wait for a customer's admin",
  executionsHelp: {
    inactive: '<b>Publish the workflow</b>, and it starts with every answer of an admin. There is no test run: Entra ID sends admins to registered addresses only.',
    active: 'The workflow starts with every answer of an admin. These executions show up in the <a data-key="executions">executions list</a>, not in the editor; pin the data of one of them to build the rest of the workflow.',
  },
  activationHint: {
    inactive: 'Publish the workflow to have the consent pages answer.',
    active: 'The consent pages answer now.',
  },
};

export class M365ConsentTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'M365 Consent Trigger',
    name: 'm365ConsentTrigger',
    icon: { light: 'file:m365ConsentTrigger.svg', dark: 'file:m365ConsentTrigger.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{$parameter["path"]}}',
    description: "Serves the consent pages and starts the workflow when a customer's admin has answered",
    eventTriggerDescription: "Waiting for a customer's admin",
    activationMessage: 'The consent pages answer now, and the workflow starts with every answer of an admin.',
    triggerPanel: PANEL,
    defaults: { name: 'M365 Consent Trigger' },
    maxNodes: 1,
    inputs: [],
    outputs: [MAIN],
    credentials: [
      { name: 'm365PartnerApp', displayName: 'M365 Partner App', required: true, testedBy: 'testPartnerApp' },
      { name: 'm365OnboardingState', displayName: 'M365 Onboarding State', required: true, testedBy: 'testOnboardingState' },
    ],
    webhooks: WEBHOOKS,
    properties: [
      { displayName: REGISTER_NOTICE, name: 'registerNotice', type: 'notice', default: '' },
      {
        displayName: 'Path',
        name: 'path',
        type: 'string',
        required: true,
        noDataExpression: true,
        default: 'm365-onboarding',
        placeholder: 'e.g. m365-onboarding',
        description: 'Under which all pages of this installation are reached; one trigger per path. Letters, digits, dashes and underscores.',
      },
      { displayName: BASE_NOTICE, name: 'baseNotice', type: 'notice', default: '' },
    ],
  };

  methods = { credentialTest: { testPartnerApp, testOnboardingState } };

  webhookMethods = {
    default: {
      /** Nothing is registered anywhere but in n8n, so that every publication is checked anew. */
      async checkExists(this: IHookFunctions): Promise<boolean> {
        return false;
      },
      async create(this: IHookFunctions): Promise<boolean> {
        await requireOwnAddress(this);
        return true;
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        return true;
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    return answerWebhook(this);
  }
}
