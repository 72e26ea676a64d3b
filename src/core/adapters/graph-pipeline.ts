/**
 * One exchange with Microsoft Graph through @microsoft/microsoft-graph-client: its authentication, retry and telemetry
 * handlers, and a last handler of ours that puts the request on our sockets. graph-client's own retries are switched off
 * (they sleep by the wall clock and know nothing of a budget); answers are taken raw, because it throws on error answers.
 * The address goes out exactly as it was given: graph-client would re-order and join the parts of its query. The library
 * is loaded with the first request.
 */
import type { AuthenticationProvider, Client, Context, GraphRequest as ClientRequest, Middleware, MiddlewareOptions, ResponseType } from '@microsoft/microsoft-graph-client';
import { OnboardingError } from '../errors';
import type { AppToken, GraphRequest } from '../ports';
import { onFirstUse } from './first-use';
import type { HttpsClient } from './https-client';
import { isPinned, type HttpsResponse } from './https-exchange';

const loadGraphClient = onFirstUse(() => import('@microsoft/microsoft-graph-client'));

/** What the reads of one operation share: sockets, an app token, the caller's patience. */
export interface GraphSession {
  readonly https: HttpsClient;
  readonly signal: AbortSignal | undefined;
  /** The app in its tenant: Graph throttles by this. */
  readonly caller: string;
  appToken(): Promise<AppToken>;
  /** Forget the app token that was refused. */
  renewAppToken(): void;
}

export interface GraphCall extends Pick<GraphRequest, 'method' | 'body' | 'headers'> {
  /** Absolute, at the pinned origin. */
  readonly url: string;
  /** Sending twice does no harm. */
  readonly repeatable: boolean;
  readonly clientRequestId: string;
}

export type GraphPipeline = (session: GraphSession, call: GraphCall) => Promise<HttpsResponse>;

/**
 * Sends one request with the session's app token and gives the answer of whatever status. Rejects with `HttpsFailure`,
 * `TLS_UNTRUSTED`, `GRAPH_ORIGIN_REFUSED` before a token could leave for another origin, and what the session raises.
 */
export function createGraphPipeline(graphHost: string): GraphPipeline {
  const loadClient = onFirstUse(() => createClient(graphHost));

  return async (session, call) => {
    if (!isPinned(call.url, graphHost)) throw new OnboardingError('GRAPH_ORIGIN_REFUSED', 'A Graph address at another origin was not followed.');
    const { client, rawAnswer, authenticateWith } = await loadClient();
    const exchange = new Exchange(session, call);
    const request = client
      .api(call.url)
      .responseType(rawAnswer)
      .headers({ ...call.headers, 'client-request-id': call.clientRequestId })
      .middlewareOptions([authenticateWith({ getAccessToken: () => exchange.accessToken() }), exchange]);
    try {
      await dispatch(request, call);
    } catch (error) {
      // graph-client turns what its handlers throw into an error of its own.
      throw exchange.failure ?? error;
    }
    if (exchange.response === undefined) throw new OnboardingError('UNEXPECTED', 'The Graph client finished without an answer.');
    return exchange.response;
  };
}

interface LoadedClient {
  readonly client: Client;
  readonly rawAnswer: ResponseType;
  readonly authenticateWith: (provider: AuthenticationProvider) => MiddlewareOptions;
}

async function createClient(graphHost: string): Promise<LoadedClient> {
  const { AuthenticationHandler, AuthenticationHandlerOptions, Client, ResponseType, RetryHandler, RetryHandlerOptions, TelemetryHandler } = await loadGraphClient();
  const client = Client.initWithMiddleware({
    baseUrl: `${graphHost}/`,
    defaultVersion: 'v1.0',
    // Host name without port: with a port graph-client sends the request without a token, and says nothing.
    customHosts: new Set([new URL(graphHost).hostname]),
    middleware: [
      new AuthenticationHandler({ getAccessToken: () => Promise.reject(new Error('every request brings its own provider')) }),
      new RetryHandler(new RetryHandlerOptions(0, 0, () => false)),
      new TelemetryHandler(),
      new ExchangeHandler(),
    ],
  });
  return { client, rawAnswer: ResponseType.RAW, authenticateWith: (provider) => new AuthenticationHandlerOptions(provider) };
}

function dispatch(request: ClientRequest, { method, body }: GraphCall): Promise<unknown> {
  if (method === 'POST') return request.post(body ?? {});
  if (method === 'PATCH') return request.patch(body ?? {});
  return method === 'DELETE' ? request.delete() : request.get();
}

/** Travels with one request through the handlers and brings back what really happened. */
class Exchange implements MiddlewareOptions {
  response: HttpsResponse | undefined;
  failure: unknown;

  constructor(
    readonly session: GraphSession,
    readonly call: GraphCall,
  ) {}

  async accessToken(): Promise<string> {
    return this.#watched(async () => (await this.session.appToken()).accessToken.reveal());
  }

  async send(options: RequestInit): Promise<HttpsResponse> {
    return this.#watched(async () => {
      const headers = Object.fromEntries(new Headers(options.headers));
      if (headers['authorization'] === undefined) throw new OnboardingError('UNEXPECTED', 'The Graph client left the app token out.');
      this.response = await this.session.https.send({
        method: this.call.method,
        url: this.call.url,
        headers,
        ...(typeof options.body === 'string' ? { body: options.body } : {}),
        repeatable: this.call.repeatable,
        library: headers['sdkversion']?.split(' ')[0] ?? 'graph-js',
        signal: this.session.signal,
      });
      return this.response;
    });
  }

  async #watched<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

class ExchangeHandler implements Middleware {
  async execute(context: Context): Promise<void> {
    const exchange = context.middlewareControl?.getMiddlewareOptions(Exchange);
    if (!(exchange instanceof Exchange)) throw new Error('the exchange is missing');
    const { status, text } = await exchange.send(context.options ?? {});
    // graph-client only passes this on; a body is not allowed with some statuses.
    context.response = new Response(status === 204 || status === 304 ? null : text, { status: Math.max(status, 200) });
  }
}
