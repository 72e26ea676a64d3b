/** One credential certificate, its public part. */
import type { InstalledOperation } from '../../../host/operation';
import { CERTIFICATE } from '../locators';

export const getCertificate: InstalledOperation = {
  kind: 'read',
  resource: 'certificate',
  option: { name: 'Get', value: 'get', action: 'Get certificate', description: 'Get one credential certificate, its public part' },
  fields: [CERTIFICATE],
  execute: async (parameters, { certificates, operatorId }) => certificates.show(parameters.requiredText('certificate'), operatorId),
};
