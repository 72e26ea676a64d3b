/**
 * HTTPS with a trust store and a connection pool of its own: nothing here reads or changes what the rest of the process
 * uses. Certificate checks cannot be switched off, plain http is refused, redirects are returned and never followed,
 * answers are capped. Connections are kept alive unless a caller asks for a new one, because a proof must not be
 * answered twice by the same sticky replica.
 */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { explainNetworkError, HttpsFailure, type HttpsRequest, type HttpsResponse, type HttpsSender, parseHttpsUrl } from './https-exchange';

/** Larger than any page or token answer of Microsoft's; a bigger one is an attack or a mistake. */
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;
const MAX_SOCKETS_PER_HOST = 32;

export interface HttpsClient extends HttpsSender {
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
    outgoing.on('error', (error) => fail(explainNetworkError(error, url.host, outgoing.reusedSocket)));
    outgoing.on('response', (incoming) => {
      readResponse(incoming, url.host).then(
        (response) => finish(() => resolve(response)),
        (error: unknown) => fail(explainNetworkError(error, url.host, false)),
      );
    });
    request.onSent?.();
    outgoing.end(request.body);
  });
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
