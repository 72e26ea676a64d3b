/** Changes what a certificate is called. The certificate itself, and where it is registered, stay as they are. */
import type { InstalledOperation } from '../../../host/operation';
import { CERTIFICATE } from '../locators';

export const updateCertificate: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Update', value: 'update', action: 'Update certificate', description: 'Change the name or the description of a stored certificate' },
  fields: [
    CERTIFICATE,
    { displayName: 'New Name', name: 'newName', type: 'string', default: '', placeholder: 'e.g. Backup 2027', description: 'Unique among your certificates. Empty: it stays.' },
    { displayName: 'Change the Description', name: 'changeDescription', type: 'boolean', default: false, description: 'Whether the description is replaced' },
    { displayName: 'New Description', name: 'newDescription', type: 'string', default: '', displayOptions: { show: { changeDescription: [true] } }, description: 'For whom and what it is. Empty: none.' },
  ],
  execute: async (parameters, { certificates, operatorId }) => {
    const description = parameters.flag('changeDescription') ? parameters.text('newDescription') : undefined;
    return certificates.edit(parameters.requiredText('certificate'), { name: parameters.optionalText('newName'), description }, operatorId);
  },
};
