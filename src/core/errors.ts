/**
 * One error type with a closed list of codes. Callers branch on `code` or, coarser, on `reaction`; strangers see
 * only `toPublicError`. Recognise by brand (`isOnboardingError`), never by `instanceof`: an ESM and a CommonJS
 * copy of this package can be in one process.
 */
import { ERROR_CATALOG, type ErrorCode, type ErrorOwner, type ErrorReaction, type PublicCode } from './error-catalog';
import type { JsonObject } from './ports';
import { findServiceCode, type ServiceCodeEntry, serviceCodeLookUpUrl } from './service-codes';

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

/** Codes that only say "Microsoft refused": what a known service code means is then the better cause and the better next step. */
const SPEAKS_THROUGH_SERVICE_CODE: ReadonlySet<ErrorCode> = new Set(['CONSENT_FAILED', 'CONSENT_SERVICE_MISSING', 'CONSENT_BLOCKED_BY_POLICY', 'SSO_CODE_REFUSED', 'SSO_SIGN_IN_DECLINED', 'CONSENT_GRANT_REFUSED', 'CUSTOMER_APP_REFUSED', 'KEY_CREDENTIAL_REFUSED', 'STS_REFUSED', 'GRAPH_REFUSED']);

/** `message` is followed by what the service code means where that is known and says more than our own code. */
export class OnboardingError extends Error {
  override readonly name = 'OnboardingError';
  readonly code: ErrorCode;
  readonly details: JsonObject;
  readonly serviceCode: string | undefined;
  readonly correlationId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(withMeaning(message, describedBy(code, options.serviceCode)), options.cause === undefined ? undefined : { cause: options.cause });
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
    return describedBy(this.code, this.serviceCode)?.owner ?? ERROR_CATALOG[this.code].owner;
  }

  /** The next step, for the operator. With a number of Microsoft's that nobody has described yet, also where Microsoft describes it. */
  get remedy(): string {
    const described = describedBy(this.code, this.serviceCode);
    if (described !== undefined) return described.remedy;
    const { remedy } = ERROR_CATALOG[this.code];
    const lookUp = findServiceCode(this.serviceCode) === undefined ? serviceCodeLookUpUrl(this.serviceCode) : undefined;
    return lookUp === undefined ? remedy : `${remedy} Microsoft describes the number at ${lookUp}`;
  }

  /** One sentence to pass on to the customer's admin; undefined where there is nothing for them to do or to know. */
  get adminMessage(): string | undefined {
    return describedBy(this.code, this.serviceCode)?.adminMessage ?? undefined;
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
      ...(this.adminMessage === undefined ? {} : { adminMessage: this.adminMessage }),
      ...(this.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: this.retryAfterSeconds }),
      ...(Object.keys(this.details).length === 0 ? {} : { details: this.details }),
    };
  }
}

/** The entry that speaks for this error; undefined where our own code says more, or nothing is known. */
function describedBy(code: ErrorCode, serviceCode: string | undefined): ServiceCodeEntry | undefined {
  const known = findServiceCode(serviceCode);
  return known !== undefined && (known.code === code || SPEAKS_THROUGH_SERVICE_CODE.has(code)) ? known : undefined;
}

function withMeaning(message: string, described: ServiceCodeEntry | undefined): string {
  return described === undefined || message.includes(described.means) ? message : `${message} ${described.means}`;
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
