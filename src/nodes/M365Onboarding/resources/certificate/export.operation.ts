/** A stored certificate as a file. A private key leaves only here, only under a password, and only with the audit's leave. */
import { EXPORT_FORMATS, type ExportFormat, OnboardingError } from '../../../../core/index';
import type { InstalledOperation, ItemParameters } from '../../../host/operation';
import { CERTIFICATE } from '../locators';

export const exportCertificate: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Export', value: 'export', action: 'Export certificate', description: 'Put a stored certificate into a file: the public part, or with its private key under a password' },
  fields: [
    CERTIFICATE,
    {
      displayName: 'Format',
      name: 'format',
      type: 'options',
      default: 'cer',
      description: 'What the file is for',
      options: [
        { name: 'CER (Public Part)', value: 'cer', description: 'For the upload to Entra ID' },
        { name: 'PEM', value: 'pem', description: 'The public part; with a password the private key as well' },
        { name: 'PFX (With the Private Key)', value: 'pfx', description: 'For another program that signs in with the certificate' },
      ],
    },
    {
      displayName: 'Password of the File',
      name: 'filePassword',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      displayOptions: { show: { format: ['pem', 'pfx'] } },
      description:
        'Protects the private key. n8n keeps the file, as binary data, for as long as it keeps the execution, and the password with it when it comes from an item: take a long one, and delete the execution when the file has arrived.',
    },
    {
      displayName: 'Protection',
      name: 'pfxProfile',
      type: 'options',
      default: 'modern',
      displayOptions: { show: { format: ['pfx'] } },
      description: 'How the file is encrypted',
      options: [
        { name: 'AES-256', value: 'modern', description: 'Read by every current program' },
        { name: '3DES', value: 'legacy', description: 'For Windows Server 2016 and before' },
      ],
    },
    { displayName: 'Keep the Key in a CSP', name: 'csp', type: 'boolean', default: false, displayOptions: { show: { format: ['pfx'] } }, description: 'Whether Windows is told to keep the key in its CSP provider, as Exchange Online PowerShell needs it' },
    { displayName: 'Put Output File in Field', name: 'outputField', type: 'string', required: true, default: 'data', hint: 'The name of the output binary field to put the file in' },
  ],
  execute: async (parameters, { certificates, operatorId, attachFile, signal }) => {
    const format = formatOf(parameters);
    const protection = format === 'cer' ? {} : { password: parameters.optionalSecret('filePassword') };
    const pfx = format === 'pfx' ? { profile: parameters.text('pfxProfile') === 'legacy' ? ('legacy' as const) : ('modern' as const), csp: parameters.flag('csp') } : {};
    const file = await certificates.exportFile(parameters.requiredText('certificate'), { format, ...protection, ...pfx, signal }, operatorId);
    await attachFile(parameters.requiredText('outputField'), file);
    return { ...file.record, fileName: file.fileName, includesPrivateKey: file.includesPrivateKey };
  },
};

function formatOf(parameters: ItemParameters): ExportFormat {
  const format = EXPORT_FORMATS.find((known) => known === parameters.text('format'));
  if (format !== undefined) return format;
  throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'A certificate is exported as pfx, pem or cer.', { details: { parameter: 'format' } });
}
