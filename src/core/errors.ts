/**
 * One error type with a closed list of codes. Callers branch on `code` or, coarser, on `reaction`; strangers see
 * only `toPublicError`. Recognise by brand (`isOnboardingError`), never by `instanceof`: an ESM and a CommonJS
 * copy of this package can be in one process.
 */
import { ERROR_CATALOG, type ErrorCode, type ErrorOwner, type ErrorReaction, type PublicCode } from './error-catalog';
import type { JsonObject } from './ports';

export type { ErrorCode, ErrorOwner, ErrorReaction, PublicCode } from './error-catalog';

const brand = Symbol.for('m365-onboarding.error');

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Machine-readable evidence. Redact before passing: it is shown and logged as it is. */
  readonly details?: JsonObject;
  /** Microsoft's own code, for example `AADSTS700027` or `Authorization_RequestDenied`. */
  readonly serviceCode?: string | undefined;
  /** Microsoft's correlation or request id. */
  readonly correlationId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

export class OnboardingError extends Error {
  override readonly name = 'OnboardingError';
  readonly code: ErrorCode;
  readonly details: JsonObject;
  readonly serviceCode: string | undefined;
  readonly correlationId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.serviceCode = options.serviceCode;
    this.correlationId = options.correlationId;
    this.retryAfterSeconds = options.retryAfterSeconds;
    Object.defineProperty(this, brand, { value: true });
  }

  get reaction(): ErrorReaction {
    return ERROR_CATALOG[this.code].reaction;
  }

  get owner(): ErrorOwner {
    return ERROR_CATALOG[this.code].owner;
  }

  get remedy(): string {
    return ERROR_CATALOG[this.code].remedy;
  }

  get retryable(): boolean {
    return this.reaction === 'retry_later';
  }

  /** The form other programs script against (command line with --json, n8n). Never contains the cause or a stack. */
  toJSON(): JsonObject {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      remedy: this.remedy,
      owner: this.owner,
      serviceCode: this.serviceCode ?? null,
      correlationId: this.correlationId ?? null,
      ...(this.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: this.retryAfterSeconds }),
      ...(Object.keys(this.details).length === 0 ? {} : { details: this.details }),
    };
  }
}

export function isOnboardingError(value: unknown): value is OnboardingError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/** True when `value` is our error with one of these codes. */
export function hasCode(value: unknown, ...codes: readonly ErrorCode[]): value is OnboardingError {
  return isOnboardingError(value) && codes.includes(value.code);
}

/** Our errors pass; anything else becomes `UNEXPECTED` with the original as cause (and not in its message: it may hold a secret). */
export function asOnboardingError(value: unknown): OnboardingError {
  if (isOnboardingError(value)) return value;
  return new OnboardingError('UNEXPECTED', 'Something happened that was not foreseen.', { cause: value });
}

/** What a stranger may know: one of a handful of words. The details go to the audit. */
export function toPublicError(value: unknown): { readonly code: PublicCode } {
  return { code: isOnboardingError(value) ? ERROR_CATALOG[value.code].publicCode : 'failed' };
}
