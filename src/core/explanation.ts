/**
 * What an error code means, ours or Microsoft's: for a person who met it in a log, and for the error branch of a
 * workflow. Looks into the two tables and nowhere else.
 */
import { ERROR_CATALOG, type ErrorCode, type ErrorOwner, type ErrorReaction } from './error-catalog';
import { OnboardingError } from './errors';
import { findServiceCode, type ServiceCodeEntry, type ServiceRetry, serviceCodeLookUpUrl, type ServiceWait } from './service-codes';

export interface ErrorExplanation {
  readonly code: string;
  readonly means: string;
  readonly remedy: string;
  readonly owner: ErrorOwner;
  readonly reaction: ErrorReaction;
  readonly retryable: boolean;
  /** Present for a code of Microsoft's. */
  readonly microsoft?: {
    /** One sentence for the customer's admin; null where it never concerns them. */
    readonly adminMessage: string | null;
    readonly retry: ServiceRetry;
    readonly wait: ServiceWait | null;
    /** Which of our codes an error with this one has where nothing more is known. */
    readonly ownCode: ErrorCode;
    /** Microsoft's own page about an AADSTS number; null for a Graph code. */
    readonly lookUpUrl: string | null;
  };
}

const NOT_DESCRIBED: Omit<ServiceCodeEntry, 'serviceCode'> = {
  service: 'sts',
  means: 'A number of Microsoft\'s sign-in service that is not described here.',
  owner: 'partner',
  remedy: 'Look the number up on Microsoft\'s page; for a support request keep the correlation id and the time of the answer.',
  adminMessage: null,
  retry: 'no',
  wait: null,
  code: 'STS_REFUSED',
};

/**
 * One of our codes, a Graph code, `AADSTS` with its number or the bare number, in any case. An AADSTS number nobody has
 * described is explained as such. Raises `INPUT_INVALID` for anything else.
 *
 * @example explainErrorCode('AADSTS65004').remedy
 */
export function explainErrorCode(code: string): ErrorExplanation {
  const asked = code.trim();
  const own = asked.toUpperCase();
  if (isErrorCode(own)) return explainOwn(own);
  const known = findServiceCode(asked);
  if (known !== undefined) return explainMicrosofts(known);
  const number = /^(?:AADSTS)?(\d{4,9})$/i.exec(asked)?.[1];
  if (number !== undefined) return explainMicrosofts({ ...NOT_DESCRIBED, serviceCode: `AADSTS${number}` });
  throw new OnboardingError('INPUT_INVALID', `"${asked.slice(0, 100)}" is neither one of this package's error codes nor one of Microsoft's that is described here.`, { details: { parameter: 'errorCode' } });
}

function explainOwn(code: ErrorCode): ErrorExplanation {
  const { means, remedy, owner, reaction } = ERROR_CATALOG[code];
  return { code, means, remedy, owner, reaction, retryable: reaction === 'retry_later' };
}

function explainMicrosofts({ serviceCode, means, remedy, owner, adminMessage, retry, wait, code }: ServiceCodeEntry): ErrorExplanation {
  const { reaction } = ERROR_CATALOG[code];
  return { code: serviceCode, means, remedy, owner, reaction, retryable: reaction === 'retry_later', microsoft: { adminMessage, retry, wait, ownCode: code, lookUpUrl: serviceCodeLookUpUrl(serviceCode) ?? null } };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CATALOG, code);
}
