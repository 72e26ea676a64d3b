/** What a rotation would do when, and what would be in its way. */
import type { InstalledOperation } from '../../../host/operation';
import { CERTIFICATE } from '../locators';

export const planRotation: InstalledOperation = {
  kind: 'read',
  resource: 'certificate',
  option: { name: 'Plan Rotation', value: 'planRotation', action: 'Plan rotation', description: 'Tell what a rotation of the certificate would do when, and what would be in its way' },
  fields: [CERTIFICATE],
  execute: async (parameters, { certificates, operatorId }) => certificates.planRotation(parameters.requiredText('certificate'), operatorId),
};
