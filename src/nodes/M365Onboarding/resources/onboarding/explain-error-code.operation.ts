/** What an error code means, ours or Microsoft's, whose move it is and what to do next: for messages in a workflow's error branch. */
import { explainErrorCode as explain } from '../../../../core/index';
import type { OfflineOperation } from '../../../host/operation';

export const explainErrorCode: OfflineOperation = {
  kind: 'offline',
  resource: 'onboarding',
  option: {
    name: 'Explain Error Code',
    value: 'explainErrorCode',
    action: 'Explain error code',
    description: 'Say what an error code of this package or of Microsoft means, whose move it is and what to do next',
  },
  fields: [
    {
      displayName: 'Error Code',
      name: 'errorCode',
      type: 'string',
      required: true,
      default: '',
      placeholder: 'e.g. CONSENT_WRONG_TENANT or AADSTS65004',
      description: 'The code as it stands in the error, in any case: this package\'s own, an AADSTS number, or a Microsoft Graph code',
    },
  ],
  execute: async (parameters) => ({ ...explain(parameters.text('errorCode')) }),
};
