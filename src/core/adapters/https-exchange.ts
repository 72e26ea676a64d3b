/**
 * What one https exchange is, whoever carries it: the request, the answer, and what stands for "no answer". Addresses are
 * checked here, so that nothing secret leaves in the clear or for another origin, also where a host brings its own client.
 * Needs nothing of Node's network modules.
 */
import { OnboardingError } from '../errors';

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
  /** Told each time it goes out. Not everybody who carries exchanges tells. */
  readonly onSent?: () => void;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpsResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Whoever carries exchanges. */
export interface HttpsSender {
  /**
   * One exchange. Answers of any status resolve. Rejects with {@link HttpsFailure} when no answer could be had, with
   * `TLS_UNTRUSTED` (names the host) when the server's certificate is not trusted, with `INPUT_INVALID` for an address
   * that is not https, and with the signal's reason when aborted.
   */
  send(request: HttpsRequest): Promise<HttpsResponse>;
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

/** True when `url` is https at exactly this origin and carries no user information. Tokens are sent nowhere else. */
export function isPinned(url: string, origin: string): boolean {
  if (!URL.canParse(url)) return false;
  const parsed = new URL(url);
  return parsed.protocol === 'https:' && parsed.origin === new URL(origin).origin && parsed.username === '' && parsed.password === '';
}

/** Raises `INPUT_INVALID`. */
export function parseHttpsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return url;
  throw new OnboardingError('INPUT_INVALID', 'Only https addresses are used.', { details: { parameter: 'url' } });
}

/** What OpenSSL and Node say when a chain or a host name is not trusted. */
const UNTRUSTED =
  /^(?:CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|ERROR_IN_CERT_)/;

/** {@link HttpsFailure} or `TLS_UNTRUSTED` for what a client rejected with. The client's own text stays out: it may quote a proxy's password. */
export function explainNetworkError(error: unknown, host: string, reusedSocket = false): Error {
  if (error instanceof HttpsFailure) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && UNTRUSTED.test(code)) {
    return new OnboardingError('TLS_UNTRUSTED', `The certificate of ${host} is not trusted (${code}).`, { details: { host, reason: code } });
  }
  return new HttpsFailure('network', host, code, reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE'));
}
