/** Takes a certificate with its private key from a file into the store. Only its public part leaves again. */
import type { InstalledOperation } from '../../../host/operation';

export const importCertificate: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Import', value: 'import', action: 'Import certificate', description: 'Take a certificate with its private key from a PFX or PEM file into the store' },
  fields: [
    { displayName: 'Input Binary Field', name: 'inputField', type: 'string', required: true, default: 'data', hint: 'The name of the input binary field containing the PFX or PEM file' },
    {
      displayName: 'Password of the File',
      name: 'filePassword',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      description: 'What the file was exported with. Empty: none, which some programs take for an empty one.',
    },
    { displayName: 'Name', name: 'certificateName', type: 'string', required: true, default: '', placeholder: 'e.g. Backup 2027', description: 'Unique among your certificates' },
    { displayName: 'Description', name: 'certificateDescription', type: 'string', default: '', description: 'For whom and what it is' },
  ],
  execute: async (parameters, { certificates, operatorId, readFile, signal }) => {
    const naming = { name: parameters.requiredText('certificateName'), description: parameters.optionalText('certificateDescription') };
    const bytes = await readFile(parameters.requiredText('inputField'));
    const { record, warnings } = await certificates.importFile({ ...naming, bytes, password: parameters.optionalSecret('filePassword'), signal }, operatorId);
    return { ...record, warnings };
  },
};
