/**
 * A host's own fetch as our https sender. Promises what fetch alone does not: https only, redirects are answers and never
 * followed, an end after the given time also when the fetch ignores its signal, and no text of the fetch's errors, which may
 * quote a proxy's password. TLS trust and proxies stay the host's. WHATWG Fetch.
 */
import { OnboardingError } from '../errors';
import { explainNetworkError, HttpsFailure, type HttpsRequest, type HttpsResponse, type HttpsSender, parseHttpsUrl } from './https-exchange';
import { orAborted } from './single-flight';

/** No token answer is near it; a larger one is not read as JSON. */
const MAX_RESPONSE_LENGTH = 8 * 1024 * 1024;

export interface FetchInit {
  readonly method: HttpsRequest['method'];
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** What is needed of a `Response`. */
export interface FetchAnswer {
  readonly status: number;
  /** Names in lower case, as `Headers` gives them. */
  readonly headers: Iterable<readonly [string, string]>;
  text(): Promise<string>;
  /** Where it is there it is read instead of `text`, and no further than an answer may be long. */
  readonly body?: AsyncIterable<Uint8Array> | null | undefined;
}

/** The global `fetch` is one. */
export type FetchFunction = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface FetchSenderOptions {
  readonly fetch: FetchFunction;
  /**
   * Opens a new connection for every call (the same function, when it always does): for proofs, which one sticky replica must
   * not answer twice. Node's global fetch keeps connections and is none. Absent: fresh requests raise `CONFIG_INVALID`.
   */
  readonly freshFetch?: FetchFunction | undefined;
  readonly userAgent: string;
  /** For one exchange from the call to the last byte read. */
  readonly timeoutMs: number;
}

/** An HttpsSender; see {@link HttpsSender.send}, which also raises `CONFIG_INVALID` for a fresh request without `freshFetch`. */
export function createFetchSender(options: FetchSenderOptions): HttpsSender {
  return {
    async send(request) {
      const { host } = parseHttpsUrl(request.url);
      const carry = request.freshSocket === true ? options.freshFetch : options.fetch;
      if (carry === undefined) throw new OnboardingError('CONFIG_INVALID', 'A proof needs a new connection, and this host gave no fetch that opens one.', { details: { field: 'freshFetch' } });
      request.signal?.throwIfAborted();
      const deadline = AbortSignal.timeout(options.timeoutMs);
      const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]);
      try {
        return await orAborted(exchange(carry, request, { host, signal, userAgent: options.userAgent }), signal);
      } catch (error) {
        if (request.signal?.aborted === true) throw request.signal.reason;
        throw deadline.aborted ? new HttpsFailure('timeout', host) : explainNetworkError(causeOf(error), host);
      }
    },
  };
}

interface Passage {
  readonly host: string;
  readonly signal: AbortSignal;
  readonly userAgent: string;
}

async function exchange(carry: FetchFunction, { method, url, headers, body, library }: HttpsRequest, { host, signal, userAgent }: Passage): Promise<HttpsResponse> {
  const answer = await carry(url, {
    method,
    headers: { 'user-agent': library === undefined ? userAgent : `${userAgent} ${library}`, accept: 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal,
  });
  const text = await readText(answer, host);
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text };
}

async function readText(answer: FetchAnswer, host: string): Promise<string> {
  if (answer.body !== undefined && answer.body !== null) return readStream(answer.body, host);
  const text = await answer.text();
  if (text.length > MAX_RESPONSE_LENGTH) throw new HttpsFailure('too_large', host);
  return text;
}

/** A compressed answer of a few kilobytes can unfold to more than the memory holds. */
async function readStream(body: AsyncIterable<Uint8Array>, host: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_RESPONSE_LENGTH) throw new HttpsFailure('too_large', host);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Node's fetch rejects with a TypeError that wraps what happened. */
function causeOf(error: unknown): unknown {
  if (error instanceof HttpsFailure || !(error instanceof Error)) return error ?? new Error('rejected');
  return error.cause ?? error;
}
