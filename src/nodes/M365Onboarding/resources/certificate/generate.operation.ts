/** Generates a credential certificate. Only its public part leaves; the private key stays sealed in the state. */
import { OnboardingError } from '../../../../core/index';
import type { InstalledOperation, ItemParameters } from '../../../host/operation';

export const generateCertificate: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Generate', value: 'generate', action: 'Generate certificate', description: 'Generate a credential certificate; its private key stays sealed in the state' },
  fields: [
    { displayName: 'Name', name: 'certificateName', type: 'string', required: true, default: '', placeholder: 'e.g. Backup 2027', description: 'Unique among your certificates' },
    { displayName: 'Description', name: 'certificateDescription', type: 'string', default: '', description: 'For whom and what it is' },
    { displayName: 'Subject', name: 'subject', type: 'string', default: '', placeholder: 'e.g. Northwind Backup', description: 'Common name of the certificate. Empty: its name.' },
    {
      displayName: 'Key Size',
      name: 'keyBits',
      type: 'options',
      default: 3072,
      description: 'Bits of the RSA key',
      options: [
        { name: '2048', value: 2048 },
        { name: '3072', value: 3072 },
        { name: '4096', value: 4096 },
      ],
    },
    { displayName: 'Days Valid', name: 'lifetimeDays', type: 'number', typeOptions: { minValue: 0 }, default: 0, description: 'How long the certificate is valid. 0: 365 days, or as long as the policy of your tenant allows.' },
  ],
  execute: async (parameters, { certificates, operatorId, signal }) =>
    certificates.generate(
      {
        name: parameters.requiredText('certificateName'),
        description: parameters.optionalText('certificateDescription'),
        subject: parameters.optionalText('subject'),
        keyBits: keyBitsOf(parameters),
        lifetimeDays: parameters.optionalNumber('lifetimeDays') || undefined,
      },
      operatorId,
      signal,
    ),
};

function keyBitsOf(parameters: ItemParameters): 2048 | 3072 | 4096 {
  const bits = parameters.optionalNumber('keyBits') ?? 3072;
  if (bits === 2048 || bits === 3072 || bits === 4096) return bits;
  throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'The key has 2048, 3072 or 4096 bits.', { details: { field: 'keyBits' } });
}
