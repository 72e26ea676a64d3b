/**
 * How a sweep over many tenants reaches Microsoft: the installation's sockets and memory of who asked to wait, but little
 * patience, since there are others to look at meanwhile; few app tokens kept, since none is used twice; and every request
 * that leaves counted.
 */
import { createGraphTransport, type GraphTransportOptions } from './graph-client';
import type { HttpsClient } from './https-client';
import { createMsalTokenSource, type MsalTokenSourceOptions } from './msal-tokens';
import { pauseKey, type ServicePauses } from './service-pauses';
import { pausedBy } from './throttle-scope';
import { withinTime } from './time-limit';

/** A longer wait is better spent on other tenants. */
const PATIENCE_MS = 5000;
/** For one account; the slowest honest one has a few dozen requests. */
const ACCOUNT_LIMIT_MS = 180_000;
const KEPT_APP_TOKENS = 200;

export interface SweepTransportsOptions extends Omit<MsalTokenSourceOptions, 'https' | 'pauses' | 'clock' | 'random'>, Pick<GraphTransportOptions, 'graphHost' | 'graphResource' | 'clock' | 'random'> {
  readonly https: HttpsClient;
  /** Of the token endpoint, by tenant and client id. */
  readonly pauses: ServicePauses;
  /** Of Graph, by tenant and app key. */
  readonly graphPauses: ServicePauses;
}

/** For one run: its count starts at nothing. Raises like `createMsalTokenSource`. */
export function createSweepTransports(options: SweepTransportsOptions) {
  const { apps, pauses, graphPauses } = options;
  const count = { token: 0, graph: 0 };
  const https = countRequests(options.https, (url) => {
    // The path first: a sandbox is both hosts.
    if (new URL(url).pathname.endsWith('/oauth2/v2.0/token')) count.token += 1;
    else if (url.startsWith(`${options.graphHost}/`)) count.graph += 1;
  });
  const tokens = createMsalTokenSource({ ...options, https, maxCachedTokens: KEPT_APP_TOKENS });
  return {
    tokens,
    graph: createGraphTransport({ ...options, https, tokens, pauses: graphPauses, patienceMs: PATIENCE_MS }),
    requests: () => ({ ...count }),
    pauseLeftMs: (tenantId: string) => {
      const paused = apps.flatMap(({ key, appId }) => [pausedBy(graphPauses, pauseKey(tenantId, key)), pauses.find(pauseKey(tenantId, appId))]);
      return Math.max(0, ...paused.map((pause) => (pause?.retryAfterSeconds ?? 0) * 1000));
    },
    inTime: <T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined, reason: Error) => withinTime({ ms: ACCOUNT_LIMIT_MS, signal, reason }, work),
  };
}

function countRequests(https: HttpsClient, note: (url: string) => void): HttpsClient {
  return {
    // Told by the exchange itself: a request that met a socket closed at the other end goes out a second time.
    send: async (request) => https.send({ ...request, onSent: () => note(request.url) }),
    isolated: () => countRequests(https.isolated(), note),
    close: () => https.close(),
  };
}
