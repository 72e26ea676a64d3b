/** What one of our error codes means, whose move it is and what to do next: for messages in a workflow's error branch. */
import { ERROR_CATALOG, OnboardingError, type ErrorCode } from '../../../../core/index';
import type { OfflineOperation } from '../../../host/operation';

export const explainErrorCode: OfflineOperation = {
  kind: 'offline',
  resource: 'onboarding',
  option: {
    name: 'Explain Error Code',
    value: 'explainErrorCode',
    action: 'Explain error code',
    description: 'Say what an error code means, whose move it is and what to do next',
  },
  fields: [
    {
      displayName: 'Error Code',
      name: 'errorCode',
      type: 'string',
      required: true,
      default: '',
      placeholder: 'e.g. CONSENT_WRONG_TENANT',
      description: 'The code as it stands in the error, in any case',
    },
  ],
  execute: async (parameters) => explain(parameters.text('errorCode').toUpperCase()),
};

function explain(code: string) {
  if (!isErrorCode(code)) {
    throw new OnboardingError('INPUT_INVALID', `"${code}" is not one of this package's error codes.`, { details: { parameter: 'errorCode' } });
  }
  const { means, remedy, owner, reaction } = ERROR_CATALOG[code];
  return { code, means, remedy, owner, reaction, retryable: reaction === 'retry_later' };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CATALOG, code);
}
