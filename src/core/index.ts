/** The front door of the library: re-exports only. What is not exported here is nobody's to use. */
export { OnboardingError, asOnboardingError, hasCode, isOnboardingError, toPublicError } from './errors';
export type { ErrorOptions } from './errors';
export { ERROR_CATALOG } from './error-catalog';
export type { CatalogEntry, ErrorCode, ErrorOwner, ErrorReaction, PublicCode } from './error-catalog';
export { Secret, isSecret, secret } from './internal/secret';
export type * from './ports';
