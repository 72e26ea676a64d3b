/** Starts the onboarding of an account: the same invitation as Consent: Open. */
import type { InstalledOperation } from '../../../host/operation';
import { INVITATION_FIELDS, openInvitation } from '../consent/invitation';

export const startOnboarding: InstalledOperation = {
  kind: 'effect',
  resource: 'onboarding',
  option: { name: 'Start', value: 'start', action: 'Start onboarding', description: "Make the invitation that the customer's admin opens" },
  fields: INVITATION_FIELDS,
  execute: openInvitation,
};
