/**
 * What every state store of ours agrees on about its keys, values and times. Text with half a surrogate pair is refused:
 * UTF-8 backends would silently replace it, and two keys could become one.
 */
import { OnboardingError } from '../errors';

const HALF_A_PAIR = /\p{Surrogate}/u;

/** Raises `INPUT_INVALID` for text that cannot be kept as it is. */
export function requireStorable(key: string, value = ''): void {
  if (HALF_A_PAIR.test(key) || HALF_A_PAIR.test(value)) {
    throw new OnboardingError('INPUT_INVALID', 'A state key or value holds half a surrogate pair and cannot be kept.');
  }
}

/** A key is absent from the very instant it expires at. */
export function isExpired(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** Every call on a closed store. */
export function storeClosed(): OnboardingError {
  return new OnboardingError('STATE_UNAVAILABLE', 'The state store is closed.');
}
