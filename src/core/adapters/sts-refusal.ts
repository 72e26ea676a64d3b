/**
 * What an answer of the token endpoint means. Pure: an answer goes in, one of our errors comes out. Follows Microsoft
 * identity platform "Microsoft Entra authentication and authorization error codes"; codes are judged by number, never by
 * text. Nothing that was sent (assertion, secret, code) can come back in an error, even when the service repeats it.
 */
import * as z from 'zod/v4';
import type { ErrorCode } from '../error-catalog';
import { OnboardingError } from '../errors';
import type { JsonObject } from '../ports';
import { HttpsFailure, type HttpsResponse } from './https-exchange';
import { instantOf } from '../internal/instant';
import { parseJson } from '../internal/json';
import { findServiceCode } from '../service-codes';
import { readRetryAfterSeconds } from './retry-after';

/** What a number means is said by the table of service codes; these begin the sentence. */
const MESSAGES: Partial<Readonly<Record<ErrorCode, string>>> = {
  STS_THROTTLED: 'The token endpoint asked us to slow down',
  STS_UNAVAILABLE: 'The token endpoint could not answer',
};

const refusalSchema = z.object({
  error: z.string().regex(/^[\w.-]{1,64}$/),
  suberror: z.string().regex(/^[\w.-]{1,64}$/).optional().catch(undefined),
  error_description: z.string().optional().catch(undefined),
  error_codes: z.array(z.number().int().positive()).optional().catch(undefined),
  correlation_id: z.string().regex(/^[\w-]{1,64}$/).optional().catch(undefined),
  trace_id: z.string().regex(/^[\w-]{1,64}$/).optional().catch(undefined),
  timestamp: z.string().regex(/^[\d T:.-]{19,30}Z?$/).optional().catch(undefined),
});
type Refusal = z.infer<typeof refusalSchema>;

export interface RefusalContext {
  /** Milliseconds since the Unix epoch, for a `Retry-After` date. */
  readonly now: number;
  /** Everything secret that was sent; a description that holds a piece of it is dropped. */
  readonly sent: readonly string[];
}

/**
 * The error for an answer that is not a token. `serviceCode` is `AADSTS` and the number; `details` hold the HTTP status,
 * the OAuth error, Microsoft's trace id and time (`answeredAt`, by its clock) and, when it repeats nothing secret, its
 * description.
 */
export function readStsRefusal(response: HttpsResponse, context: RefusalContext): OnboardingError {
  const refusal = withoutEchoes(refusalSchema.safeParse(parseJson(response.text)).data, context.sent);
  const number = refusal === undefined ? undefined : aadstsNumber(refusal);
  const code = codeOf(response.status, refusal, number);
  const serviceCode = number === undefined ? undefined : `AADSTS${number}`;
  const message = `${MESSAGES[code] ?? 'The token endpoint refused the app'} (${serviceCode ?? refusal?.error ?? `HTTP ${response.status}`}).`;
  return new OnboardingError(code, message, {
    details: detailsOf(response, refusal, context.sent),
    serviceCode,
    correlationId: refusal?.correlation_id,
    retryAfterSeconds: readRetryAfterSeconds(response.headers, context.now),
  });
}

/** A short word of the answer can be a piece of what was sent as well as a long description. */
function withoutEchoes(refusal: Refusal | undefined, sent: readonly string[]): Refusal | undefined {
  if (refusal === undefined) return undefined;
  const keep = (text: string | undefined) => (text === undefined || repeatsSent(text, sent) ? undefined : text);
  const { error, suberror, correlation_id: correlationId, trace_id: traceId, timestamp } = refusal;
  return { ...refusal, error: keep(error) ?? 'unreadable', suberror: keep(suberror), correlation_id: keep(correlationId), trace_id: keep(traceId), timestamp: keep(timestamp) };
}

/** The error when there was no answer at all. Errors that are ours already, and a caller's abort, pass unchanged. */
export function readStsFailure(failure: unknown): unknown {
  if (!(failure instanceof HttpsFailure)) return failure;
  const details: JsonObject = { host: failure.host, reason: failure.systemCode ?? failure.kind };
  return new OnboardingError('STS_UNAVAILABLE', 'The token endpoint could not be reached.', { cause: failure, details });
}

/** `AADSTS` number of an error, from `error_codes` or, as some answers lack it, from the description's first word. */
function aadstsNumber(refusal: Refusal): number | undefined {
  const fromText = /^AADSTS(\d{4,9})\b/.exec(refusal.error_description ?? '')?.[1];
  return refusal.error_codes?.[0] ?? (fromText === undefined ? undefined : Number(fromText));
}

function codeOf(status: number, refusal: Refusal | undefined, number: number | undefined): ErrorCode {
  if (status === 429) return 'STS_THROTTLED';
  const known = number === undefined ? undefined : findServiceCode(String(number))?.code;
  // What a person did wrong in a browser has no code here: to an app, all of that is a refusal.
  if (known !== undefined) return /^(?:STS|TENANT)_/.test(known) ? known : 'STS_REFUSED';
  return status >= 500 || refusal === undefined ? 'STS_UNAVAILABLE' : 'STS_REFUSED';
}

function detailsOf({ status, headers }: HttpsResponse, refusal: Refusal | undefined, sent: readonly string[]): JsonObject {
  const answeredAt = instantOf(refusal?.timestamp ?? headers['date']);
  const description = safeDescription(refusal?.error_description, sent);
  return {
    status,
    ...(refusal === undefined ? {} : { error: refusal.error }),
    ...(refusal?.suberror === undefined ? {} : { suberror: refusal.suberror }),
    ...(refusal?.trace_id === undefined ? {} : { traceId: refusal.trace_id }),
    ...(answeredAt === undefined ? {} : { answeredAt }),
    ...(description === undefined ? {} : { description }),
  };
}

const MAX_DESCRIPTION_LENGTH = 600;
const PIECE_LENGTH = 12;

// Dropped as a whole rather than blanked: what is left around a blank may still tell.
function safeDescription(description: string | undefined, sent: readonly string[]): string | undefined {
  const line = description?.split(/[\r\n]/, 1)[0]?.slice(0, MAX_DESCRIPTION_LENGTH);
  if (line === undefined || line === '') return undefined;
  return repeatsSent(line, sent) ? undefined : line;
}

function repeatsSent(text: string, sent: readonly string[]): boolean {
  const readings = [text, decodeLeniently(text)];
  return sent.some((secretText) => readings.some((reading) => sharesPiece(reading, secretText)));
}

function sharesPiece(text: string, secretText: string): boolean {
  if (secretText.length <= PIECE_LENGTH) return secretText !== '' && text.includes(secretText);
  for (let at = 0; at + PIECE_LENGTH <= secretText.length; at += 1) {
    if (text.includes(secretText.slice(at, at + PIECE_LENGTH))) return true;
  }
  return false;
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
