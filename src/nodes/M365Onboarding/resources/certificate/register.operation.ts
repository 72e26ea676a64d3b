/** Adds a stored certificate to an app in the home tenant and proves that the token endpoint accepts it. Safe to repeat. */
import type { InstalledOperation } from '../../../host/operation';
import { CERTIFICATE } from '../locators';

export const registerCertificate: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Register', value: 'register', action: 'Register certificate', description: 'Add the certificate to one of your apps in the home tenant and prove that it is accepted' },
  fields: [
    CERTIFICATE,
    { displayName: 'App Key', name: 'appKey', type: 'string', required: true, default: '', placeholder: 'e.g. backup', description: 'Which of the apps in the credential, by its key' },
  ],
  execute: async (parameters, { certificates, operatorId, signal }) => certificates.register(parameters.requiredText('certificate'), parameters.requiredText('appKey'), operatorId, signal),
};
