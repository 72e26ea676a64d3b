/**
 * How probes ask: at two pinned origins, politely (a 429 or 503 is repeated after what Retry-After says, a few times), with
 * the app's credential made anew for every token request. Tokens live in this object and go nowhere else.
 */
import { type HttpsClient, OnboardingError } from '../core/index';
import { ASSERTION_TYPE, signAssertion } from './assertions';
import type { Answer, Ask, Bench, Facts, VerifyPorts, VerifySettings } from './model';
import { isObject, textOf } from './shape';

const MAX_ATTEMPTS = 4;
const DEFAULT_WAIT_SECONDS = 5;
const MAX_WAIT_SECONDS = 120;

export interface Exchange {
  readonly ask: Ask;
  readonly answer: Answer;
}

export interface Asker {
  ask(ask: Ask, bearer: string | null): Promise<Answer>;
}

export interface BenchParts {
  readonly settings: VerifySettings;
  readonly ports: VerifyPorts;
  readonly signal: AbortSignal;
  readonly observe: Bench['observe'];
  readonly onExchange: (exchange: Exchange) => void;
}

type HttpsResponse = Awaited<ReturnType<HttpsClient['send']>>;

export function createAsker({ settings, ports, signal, observe, onExchange }: BenchParts): Asker {
  async function send(ask: Ask, bearer: string | null): Promise<Answer> {
    const response = await ports.https.send({ method: ask.method, url: `${settings.hosts[ask.host]}${ask.path}`, headers: headersOf(ask, bearer), ...bodyOf(ask), signal });
    const answer = { status: response.status, headers: response.headers, body: bodyIn(response) };
    onExchange({ ask, answer });
    return answer;
  }
  return {
    async ask(ask, bearer) {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await send(ask, bearer);
        if ((answer.status !== 429 && answer.status !== 503) || attempt === MAX_ATTEMPTS) return answer;
        const stated = answer.headers['retry-after'];
        observe(5, `${ask.host} answered ${answer.status} with ${retryForm(stated)}`);
        await ports.wait(waitSeconds(stated, ports.now()) * 1000, signal);
      }
    },
  };
}

export function createBench(parts: BenchParts, asker: Asker, facts: Facts): Bench {
  const { settings, ports, signal, observe } = parts;
  const bench: Bench = {
    settings,
    facts,
    observe,
    ask: async (ask) => asker.ask(ask, ask.host === 'login' ? null : ask.bearer === undefined ? facts.accessToken : ask.bearer),
    askToken: async (changes = {}, tenant = settings.tenantId) => asker.ask({ host: 'login', method: 'POST', path: `/${tenant}/oauth2/v2.0/token`, form: tokenForm(settings, ports, changes, tenant) }, null),
    now: ports.now,
    guid: () => randomGuid(ports),
    wait: async (milliseconds) => ports.wait(milliseconds, signal),
  };
  return bench;
}

/** Of the app's own token request. */
export function tokenForm(settings: VerifySettings, ports: Pick<VerifyPorts, 'now' | 'randomBytes'>, changes: Readonly<Record<string, string | undefined>>, tenant: string): Readonly<Record<string, string>> {
  const { credential, clientId, hosts } = settings;
  const proof =
    credential.kind === 'secret'
      ? { client_secret: credential.reveal() }
      : {
          client_assertion_type: ASSERTION_TYPE,
          client_assertion: signAssertion({ certificate: credential, clientId, audience: `${hosts.login}/${tenant}/oauth2/v2.0/token`, jti: randomGuid(ports), nowSeconds: Math.floor(ports.now() / 1000) }),
        };
  const form = { grant_type: 'client_credentials', client_id: clientId, scope: `${hosts.graphResource}/.default`, ...proof, ...changes };
  return Object.fromEntries(Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Raises `STS_REFUSED` with the service's code. */
export function requireAccessToken(answer: Answer): string {
  const accessToken = isObject(answer.body) ? textOf(answer.body['access_token']) : '';
  if (answer.status === 200 && accessToken !== '') return accessToken;
  const number = isObject(answer.body) ? /^AADSTS\d+/.exec(textOf(answer.body['error_description']))?.[0] : undefined;
  throw new OnboardingError('STS_REFUSED', `The app got no token for Microsoft Graph (${number ?? `status ${answer.status}`}).`, number === undefined ? {} : { serviceCode: number });
}

export function randomGuid({ randomBytes }: Pick<VerifyPorts, 'randomBytes'>): string {
  const hex = randomBytes(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function headersOf(ask: Ask, bearer: string | null): Record<string, string> {
  return {
    ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    ...(ask.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(ask.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...ask.headers,
  };
}

function bodyOf({ form, json }: Ask): { readonly body?: string } {
  if (form !== undefined) return { body: new URLSearchParams(form).toString() };
  return json === undefined ? {} : { body: JSON.stringify(json) };
}

function bodyIn({ headers, text }: HttpsResponse): unknown {
  if (!(headers['content-type'] ?? '').includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function retryForm(stated: string | undefined): string {
  if (stated === undefined) return 'no Retry-After';
  return /^\d+$/.test(stated) ? 'Retry-After in seconds' : 'Retry-After that is no number of seconds';
}

function waitSeconds(stated: string | undefined, nowMs: number): number {
  if (stated === undefined) return DEFAULT_WAIT_SECONDS;
  const seconds = /^\d+$/.test(stated) ? Number(stated) : (Date.parse(stated) - nowMs) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_WAIT_SECONDS) : DEFAULT_WAIT_SECONDS;
}
