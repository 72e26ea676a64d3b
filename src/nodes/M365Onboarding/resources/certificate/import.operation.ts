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
    {
      displayName: 'Repeat Password',
      name: 'repeatedPassword',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      description: 'The password once more, so that a slip of the finger is noticed. Empty: not compared.',
    },
    { displayName: 'Certificate in the File', name: 'select', type: 'string', default: '', placeholder: 'e.g. 3A:5B:…', description: 'Of a file with several certificates the one that is meant: its SHA-1 or SHA-256 thumbprint. Empty: the only one.' },
    { displayName: 'Name', name: 'certificateName', type: 'string', required: true, default: '', placeholder: 'e.g. Backup 2027', description: 'Unique among your certificates' },
    { displayName: 'Description', name: 'certificateDescription', type: 'string', default: '', description: 'For whom and what it is' },
  ],
  execute: async (parameters, { certificates, operatorId, readFile, signal }) => {
    const naming = { name: parameters.requiredText('certificateName'), description: parameters.optionalText('certificateDescription') };
    const bytes = await readFile(parameters.requiredText('inputField'));
    const passwords = { password: parameters.optionalSecret('filePassword'), repeatedPassword: parameters.optionalSecret('repeatedPassword') };
    const { record, warnings } = await certificates.importFile({ ...naming, ...passwords, bytes, select: parameters.optionalText('select'), signal }, operatorId);
    return { ...record, warnings };
  },
};
