/**
 * HTTPS with a trust store and a connection pool of its own: nothing here reads or changes what the rest of the process
 * uses. Certificate checks cannot be switched off, plain http is refused, redirects are returned and never followed,
 * answers are capped. Connections are kept alive unless a caller asks for a new one, because a proof must not be
 * answered twice by the same sticky replica.
 */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { OnboardingError } from '../errors';

/** Larger than any page or token answer of Microsoft's; a bigger one is an attack or a mistake. */
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;
const MAX_SOCKETS_PER_HOST = 32;

export interface HttpsRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** New socket and new TLS session, closed afterwards. */
  readonly freshSocket?: boolean;
  /** Sending twice does no harm; GET always is. Needed to survive a kept-alive socket the server has just closed. */
  readonly repeatable?: boolean;
  /** The library that shaped the request, named in the user agent after our own name. */
  readonly library?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpsResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface HttpsClient {
  /**
   * One exchange. Answers of any status resolve. Rejects with {@link HttpsFailure} when no answer could be had, with
   * `TLS_UNTRUSTED` (names the host) when the server's certificate is not trusted, with `INPUT_INVALID` for an address
   * that is not https, and with the signal's reason when aborted.
   */
  send(request: HttpsRequest): Promise<HttpsResponse>;
  /** The same client with an empty pool, for a run of requests that must share a new connection. Close it afterwards. */
  isolated(): HttpsClient;
  /** Closes every connection, busy ones too. */
  close(): void;
}

export interface HttpsClientOptions {
  /** PEM. Replaces the built-in roots: a client of the sandbox trusts the sandbox only. */
  readonly ca?: string;
  readonly userAgent: string;
  /** For one exchange from the first byte sent to the last byte read. */
  readonly timeoutMs: number;
  /** Proxy settings in the form of environment variables (`HTTPS_PROXY`, `NO_PROXY`); the host decides whether to pass its own. */
  readonly proxyEnv?: Readonly<Record<string, string | undefined>>;
}

export type HttpsFailureKind = 'network' | 'timeout' | 'too_large';

/** No answer. Never leaves the adapters: each maps it to a code of its own family. */
export class HttpsFailure extends Error {
  override readonly name = 'HttpsFailure';

  constructor(
    readonly kind: HttpsFailureKind,
    readonly host: string,
    /** Node's code, for example `ECONNREFUSED`. */
    readonly systemCode?: string,
    /** The server closed a kept-alive socket before it saw the request. */
    readonly staleSocket = false,
  ) {
    super(`${host}: ${kind}${systemCode === undefined ? '' : ` (${systemCode})`}`);
  }
}

/** An HttpsClient. Raises nothing itself; see {@link HttpsClient.send}. */
export function createHttpsClient(options: HttpsClientOptions): HttpsClient {
  const agent = createAgent(options);
  const isolated = () => createHttpsClient(options);

  async function send(request: HttpsRequest): Promise<HttpsResponse> {
    if (request.freshSocket === true) return withIsolated(request);
    try {
      return await exchange(agent, request, options);
    } catch (error) {
      const repeatable = request.repeatable ?? request.method === 'GET';
      if (!(error instanceof HttpsFailure && error.staleSocket && repeatable)) throw error;
      return withIsolated(request);
    }
  }

  async function withIsolated(request: HttpsRequest): Promise<HttpsResponse> {
    const client = isolated();
    try {
      return await client.send({ ...request, freshSocket: false });
    } finally {
      client.close();
    }
  }

  return { send, isolated, close: () => agent.destroy() };
}

/** True when `url` is https at exactly this origin and carries no user information. Tokens are sent nowhere else. */
export function isPinned(url: string, origin: string): boolean {
  if (!URL.canParse(url)) return false;
  const parsed = new URL(url);
  return parsed.protocol === 'https:' && parsed.origin === new URL(origin).origin && parsed.username === '' && parsed.password === '';
}

function createAgent(options: HttpsClientOptions): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS_PER_HOST,
    rejectUnauthorized: true,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.proxyEnv === undefined ? {} : { proxyEnv: { ...options.proxyEnv } }),
  });
}

function exchange(agent: Agent, request: HttpsRequest, options: HttpsClientOptions): Promise<HttpsResponse> {
  const url = parseHttpsUrl(request.url);
  request.signal?.throwIfAborted();
  return new Promise<HttpsResponse>((resolve, reject) => {
    const outgoing = httpsRequest(url, { method: request.method, agent, headers: headersOf(request, options) });
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const fail = (error: unknown) => {
      finish(() => reject(error));
      outgoing.destroy();
    };
    const onAbort = () => {
      finish(() => reject(request.signal?.reason as Error));
      outgoing.destroy();
    };
    const timer = setTimeout(() => fail(new HttpsFailure('timeout', url.host)), options.timeoutMs);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    outgoing.on('error', (error) => fail(failureOf(error, url.host, outgoing.reusedSocket)));
    outgoing.on('response', (incoming) => {
      readResponse(incoming, url.host).then(
        (response) => finish(() => resolve(response)),
        (error: unknown) => fail(failureOf(error, url.host, false)),
      );
    });
    outgoing.end(request.body);
  });
}

function parseHttpsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return url;
  throw new OnboardingError('INPUT_INVALID', 'Only https addresses are used.', { details: { parameter: 'url' } });
}

function headersOf(request: HttpsRequest, options: HttpsClientOptions): Record<string, string | number> {
  return {
    'user-agent': request.library === undefined ? options.userAgent : `${options.userAgent} ${request.library}`,
    accept: 'application/json',
    ...request.headers,
    ...(request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) }),
  };
}

async function readResponse(incoming: IncomingMessage, host: string): Promise<HttpsResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) throw new HttpsFailure('too_large', host);
    chunks.push(chunk);
  }
  return { status: incoming.statusCode ?? 0, headers: flatten(incoming.headers), text: Buffer.concat(chunks).toString('utf8') };
}

function flatten(headers: IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** What OpenSSL and Node say when a chain or a host name is not trusted. */
const UNTRUSTED =
  /^(?:CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|ERROR_IN_CERT_)/;

function failureOf(error: unknown, host: string, reusedSocket: boolean): Error {
  if (error instanceof HttpsFailure) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && UNTRUSTED.test(code)) {
    return new OnboardingError('TLS_UNTRUSTED', `The certificate of ${host} is not trusted (${code}).`, { details: { host, reason: code } });
  }
  return new HttpsFailure('network', host, code, reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE'));
}
