/** The operator's word that somebody signs with the old certificate no more. */
import type { InstalledOperation } from '../../../host/operation';

export const releaseSigner: InstalledOperation = {
  kind: 'effect',
  resource: 'certificate',
  option: { name: 'Release Signer', value: 'releaseSigner', action: 'Release signer', description: 'Tell a waiting rotation that somebody signs with the old certificate no more' },
  fields: [{ displayName: 'Signer ID', name: 'signerId', type: 'string', required: true, default: '', description: 'As the reasons of the waiting rotation name it' }],
  execute: async (parameters, { certificates, operatorId }) => certificates.releaseSigner(parameters.requiredText('signerId'), operatorId),
};
