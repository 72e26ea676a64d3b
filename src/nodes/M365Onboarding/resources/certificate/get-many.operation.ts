/** Every credential certificate, its public part, one item each. */
import type { InstalledOperation } from '../../../host/operation';
import { page, PAGING } from '../paging';

export const getManyCertificates: InstalledOperation = {
  kind: 'read',
  resource: 'certificate',
  option: { name: 'Get Many', value: 'getMany', action: 'Get many certificates', description: 'List the credential certificates, their public parts' },
  fields: PAGING,
  execute: async (parameters, { certificates, operatorId }) => page(parameters, await certificates.list(operatorId)),
};
