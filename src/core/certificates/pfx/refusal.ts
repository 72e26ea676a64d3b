/** The refusals of a certificate file: one code per cause, a sentence that says where, and never a byte of its content. */
import { OnboardingError, type ErrorCode } from '../../errors';

/** Which rule of the format the file breaks, for people who repair files. */
export function malformed(what: string): OnboardingError {
  return new OnboardingError('PFX_MALFORMED', `The file is damaged or was not written by the rules of PKCS#12: ${what}.`, { details: { reason: what } });
}

export function truncated(): OnboardingError {
  return new OnboardingError('PFX_TRUNCATED', 'The file ends before its content does: the rest is missing.');
}

/** `what` is what the algorithm is for; `algorithm` its name, or its object identifier when it has none here. */
export function unsupported(what: string, algorithm: string): OnboardingError {
  return new OnboardingError('PFX_ALGORITHM_UNSUPPORTED', `${what} uses ${algorithm}, which is not supported.`, { details: { algorithm } });
}

export function refused(code: ErrorCode, message: string): OnboardingError {
  return new OnboardingError(code, message);
}
