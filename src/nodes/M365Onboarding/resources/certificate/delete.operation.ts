/** Deletes a stored certificate with its private key, for good. Refused while anything needs it; the refusal names each. */
import type { InstalledOperation } from '../../../host/operation';
import { CERTIFICATE } from '../locators';

export const deleteCertificate: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Delete', value: 'delete', action: 'Delete certificate', description: 'Delete a stored certificate with its private key. Refused while an app, the configuration or a rotation needs it.' },
  fields: [CERTIFICATE, { displayName: 'Confirm', name: 'confirmed', type: 'boolean', default: false, description: 'Whether the certificate is deleted with its private key, for good' }],
  execute: async (parameters, { certificates, operatorId }) => {
    const removed = await certificates.remove(parameters.requiredText('certificate'), { confirm: parameters.flag('confirmed') }, operatorId);
    return { ...removed, deleted: true };
  },
};
