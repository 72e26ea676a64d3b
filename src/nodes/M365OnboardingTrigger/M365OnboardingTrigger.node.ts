/** Starts a workflow with what needs attention: certificates, their rotations, the check itself, accounts that regressed. */
import type { INodeExecutionData, INodeType, INodeTypeDescription, IPollFunctions } from 'n8n-workflow';
import { testOnboardingState, testPartnerApp } from '../host/credential-tests';
import { MAIN } from '../host/description';
import { pollOccasions } from '../host/poll';
import { EVENTS } from './events';

const NOTICE =
  'Each event starts the workflow once; those that stand already when you publish it come first. The trigger looks and does nothing else: let a schedule run Certificate: Check with Rotate to renew, and Onboarding: Advance to look after the accounts.';

export class M365OnboardingTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'M365 Onboarding Trigger',
    name: 'm365OnboardingTrigger',
    icon: { light: 'file:m365OnboardingTrigger.svg', dark: 'file:m365OnboardingTrigger.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{$parameter["events"].length + ($parameter["events"].length === 1 ? " event" : " events")}}',
    description: 'Starts the workflow when a certificate or a customer account needs attention',
    eventTriggerDescription: 'Waiting for something that needs attention',
    activationMessage: 'The workflow starts with whatever needs attention.',
    polling: true,
    defaults: { name: 'M365 Onboarding Trigger' },
    inputs: [],
    outputs: [MAIN],
    credentials: [
      { name: 'm365PartnerApp', displayName: 'M365 Partner App', required: true, testedBy: 'testPartnerApp' },
      { name: 'm365OnboardingState', displayName: 'M365 Onboarding State', required: true, testedBy: 'testOnboardingState' },
    ],
    properties: [
      { displayName: NOTICE, name: 'lookNotice', type: 'notice', default: '' },
      {
        displayName: 'Events',
        name: 'events',
        type: 'multiOptions',
        required: true,
        noDataExpression: true,
        options: [...EVENTS],
        // Written out, as n8n's rules want it; a test holds it against the options.
        default: ['account.binding_stale', 'account.consent_drift', 'certificate.check_overdue', 'certificate.expired', 'certificate.due', 'certificate.expiring', 'certificate.rotation_failed', 'certificate.rotation_overdue'],
        description: 'What starts the workflow',
      },
    ],
  };

  methods = { credentialTest: { testPartnerApp, testOnboardingState } };

  async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
    return pollOccasions(this);
  }
}
