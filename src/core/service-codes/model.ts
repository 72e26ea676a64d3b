/**
 * The form of what is known about one of Microsoft's own error codes. Data only: the tables beside this file are read by
 * `findServiceCode`, by docs/errors.md and by nobody else.
 */
import type { ErrorCode, ErrorOwner } from '../error-catalog';

/**
 * `no`: the same request never succeeds by itself; `user`: only a new attempt by a person in a browser; `once`: one repeat,
 * built afresh; `wait`: the same request may succeed later, within the bounds.
 */
export type ServiceRetry = 'no' | 'user' | 'once' | 'wait';

export interface ServiceWait {
  /** How long to wait before the first repeat when the answer carries no Retry-After. */
  readonly firstSeconds: number;
  /** After this it is no longer a matter of time. */
  readonly atMostSeconds: number;
}

export interface ServiceCodeEntry {
  /** `sts`: the sign-in service, its pages and its token endpoint; `graph`: Microsoft Graph. */
  readonly service: 'sts' | 'graph';
  /** As Microsoft writes it: `AADSTS65004`, `Authorization_RequestDenied`. */
  readonly serviceCode: string;
  readonly means: string;
  readonly owner: ErrorOwner;
  /** The next step, for the operator. */
  readonly remedy: string;
  /** One sentence for the customer's admin; null where it never concerns them. */
  readonly adminMessage: string | null;
  readonly retry: ServiceRetry;
  /** Present exactly when `retry` is `wait`. */
  readonly wait: ServiceWait | null;
  /** Which of our codes an error with this one has where nothing more is known. */
  readonly code: ErrorCode;
}

export interface Judgement {
  readonly code: ErrorCode;
  readonly owner: ErrorOwner;
  readonly retry: Exclude<ServiceRetry, 'wait'> | readonly [firstSeconds: number, atMostSeconds: number];
  readonly means: string;
  readonly remedy: string;
  readonly admin: string | null;
}

/** One entry for each of several AADSTS numbers that mean the same. */
export function sts(numbers: readonly number[], judgement: Judgement): readonly ServiceCodeEntry[] {
  return numbers.map((number) => entry('sts', `AADSTS${number}`, judgement));
}

/** One entry for each of several Graph codes that mean the same. */
export function graph(codes: readonly string[], judgement: Judgement): readonly ServiceCodeEntry[] {
  return codes.map((code) => entry('graph', code, judgement));
}

function entry(service: 'sts' | 'graph', serviceCode: string, { code, owner, retry, means, remedy, admin }: Judgement): ServiceCodeEntry {
  const waits = typeof retry === 'string' ? null : { firstSeconds: retry[0], atMostSeconds: retry[1] };
  return { service, serviceCode, means, owner, remedy, adminMessage: admin, retry: typeof retry === 'string' ? retry : 'wait', wait: waits, code };
}
