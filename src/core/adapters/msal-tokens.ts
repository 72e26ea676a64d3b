/**
 * App-only tokens by @azure/msal-node, client credentials grant. Microsoft identity platform "OAuth 2.0 client credentials
 * flow". MSAL shapes the request and reads the answer; time, randomness, keys, sockets and the cache stay ours, and what the
 * source promises is the frame's, in app-token-source.ts.
 * MSAL is loaded with the first request: a host that only reads its own state does not pay for it.
 * Refuses an answer whose token names another tenant.
 */
import type { Configuration, INetworkModule } from '@azure/msal-node';
import { OnboardingError } from '../errors';
import type { AppToken, TokenSource } from '../ports';
import { type AssertionPorts, signClientAssertion } from './app-sign-in';
import { readAppToken } from './app-token-answer';
import { type AppTokenSourceOptions, createAppTokenSource, type TokenAttempt } from './app-token-source';
import { onFirstUse } from './first-use';
import { type HttpsResponse, type HttpsSender, isPinned } from './https-exchange';
import { readStsFailure, readStsRefusal } from './sts-refusal';

const loadMsal = onFirstUse(() => import('@azure/msal-node'));

export interface MsalTokenSourceOptions extends AppTokenSourceOptions, AssertionPorts {
  readonly https: HttpsSender;
}

/**
 * The TokenSource port. `acquire` raises `APP_UNKNOWN`, `TENANT_INVALID`, `INPUT_INVALID` (resource), what the credential
 * source raises, `TENANT_NOT_FOUND`, `STS_APP_NOT_IN_TENANT`, `STS_APP_DISABLED`, `STS_RESOURCE_MISSING`,
 * `STS_CREDENTIAL_REFUSED`, `STS_REFUSED`, `STS_THROTTLED`, `STS_UNAVAILABLE` (both with `retryAfterSeconds` when the service
 * said, and without asking until then), `TLS_UNTRUSTED`; construction raises
 * `CONFIG_INVALID` for an app id that is not a GUID.
 */
export function createMsalTokenSource(options: MsalTokenSourceOptions): TokenSource {
  return createAppTokenSource(options, (attempt) => requestAppToken(options, attempt));
}

/** What really went over the wire: MSAL folds failures into its own errors and forgets status and headers. */
interface Observation {
  response?: HttpsResponse;
  failure?: unknown;
  /** Secrets that were sent. */
  readonly sent: string[];
}

async function requestAppToken(options: MsalTokenSourceOptions, attempt: TokenAttempt): Promise<AppToken> {
  const { ConfidentialClientApplication } = await loadMsal();
  const observation: Observation = { sent: [] };
  const askedAt = options.clock.now();
  try {
    // A new instance per request, 0.1 ms: a kept one would throttle by its own rules and clock, cache without bound and
    // not by credential, and expire tokens by the wall clock.
    const application = new ConfidentialClientApplication(configure(options, attempt, observation));
    const result = await application.acquireTokenByClientCredential({
      scopes: [`${attempt.target.resource}/.default`],
      skipCache: true,
      correlationId: options.random.uuid(),
      // Keeps MSAL_FORCE_REGION in the environment from choosing another host.
      azureRegion: 'DisableMsalForceRegion',
    });
    const appToken = readAppToken(observation.response?.text ?? '', { tenantId: attempt.target.tenantId, askedAt });
    if (result?.accessToken === appToken.accessToken.reveal()) return appToken;
    throw new OnboardingError('STS_UNAVAILABLE', 'The sign-in library read another token than the endpoint sent.');
  } catch (error) {
    throw explain(error, observation, options.clock.now());
  }
}

function explain(error: unknown, observation: Observation, now: number): unknown {
  if (observation.failure !== undefined) return readStsFailure(observation.failure);
  if (observation.response !== undefined && observation.response.status !== 200) return readStsRefusal(observation.response, { now, sent: observation.sent });
  if (error instanceof OnboardingError) return error;
  // MSAL's own text stays out: it may quote the answer, and the answer may quote us.
  return new OnboardingError('STS_UNAVAILABLE', 'The token endpoint\'s answer could not be used.', { details: { reason: nameOf(error) } });
}

function nameOf(error: unknown): string {
  const code = (error as { readonly errorCode?: unknown } | undefined)?.errorCode;
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'unreadable';
}

function configure(options: MsalTokenSourceOptions, attempt: TokenAttempt, observation: Observation): Configuration {
  const { authority, clientId } = attempt.target;
  return {
    auth: {
      clientId,
      authority,
      // Named and described here, so that MSAL asks neither Microsoft's instance discovery nor any metadata address.
      knownAuthorities: [new URL(authority).host],
      authorityMetadata: JSON.stringify({
        authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
        token_endpoint: `${authority}/oauth2/v2.0/token`,
        issuer: `${authority}/v2.0`,
        jwks_uri: `${authority}/discovery/v2.0/keys`,
      }),
      ...credentialConfiguration(options, attempt, observation),
    },
    system: { networkClient: observedNetwork(options, attempt, observation), disableInternalRetries: true },
  };
}

function credentialConfiguration(options: MsalTokenSourceOptions, { credential, target }: TokenAttempt, observation: Observation) {
  if (credential.kind === 'secret') {
    observation.sent.push(credential.secret.reveal());
    return { clientSecret: credential.secret.reveal() };
  }
  return {
    clientAssertion: async () => {
      try {
        const assertion = await signClientAssertion(options, { credential, clientId: target.clientId, audience: `${target.authority}/oauth2/v2.0/token` });
        observation.sent.push(assertion);
        return assertion;
      } catch (error) {
        observation.failure = error;
        throw error;
      }
    },
  };
}

function observedNetwork({ https, authorityHost }: MsalTokenSourceOptions, { fresh, signal }: TokenAttempt, observation: Observation): INetworkModule {
  async function send(method: 'GET' | 'POST', url: string, request: { readonly headers?: Record<string, string>; readonly body?: string } = {}) {
    try {
      if (!isPinned(url, authorityHost)) throw new OnboardingError('STS_UNAVAILABLE', 'The sign-in library asked for another origin.');
      const response = await https.send({ ...request, method, url, freshSocket: fresh, repeatable: true, library: libraryOf(request.body), signal });
      observation.response = response;
      if (response.status !== 200) throw new Error('refused');
      return { headers: { ...response.headers }, status: response.status, body: JSON.parse(response.text) as never };
    } catch (error) {
      if (observation.response === undefined) observation.failure = error;
      throw error;
    }
  }
  return {
    sendGetRequestAsync: (url, request) => send('GET', url, request),
    sendPostRequestAsync: (url, request) => send('POST', url, request),
  };
}

/** MSAL names itself in the form it posts; a log of user agents should show it too. */
function libraryOf(form: string | undefined): string {
  const fields = new URLSearchParams(form);
  return `${fields.get('x-client-SKU') ?? 'msal'}/${fields.get('x-client-VER') ?? '0'}`;
}
