/**
 * The stage of the token source contract: apps, credentials and a clock for the source, and a token endpoint that answers
 * as each check wants and remembers what it was asked. Its ordinary answer is a token for whatever was asked.
 */
import assert from 'node:assert/strict';
import { isOnboardingError, type OnboardingError } from '../errors';
import type { Secret } from '../internal/secret';
import type { AppCredential, AppCredentialSource, AppToken, AppTokenRequest, CredentialUse, TokenSource } from '../ports';
import type { MovableClock } from './movable-clock';

export interface SeenTokenRequest {
  readonly method: string;
  /** From the first slash: `/<tenant>/oauth2/v2.0/token`, perhaps with a query. */
  readonly path: string;
  /** The form as it was sent. */
  readonly body: string;
  /** The same for requests over one connection. */
  readonly socket: number | string;
}

export type TokenEndpointAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly text: string }
  /** The connection ends without an answer. */
  | { readonly cut: true };

export interface SigningCertificate {
  readonly thumbprintSha256: string;
  /** PKCS#8 PEM of an RSA key. */
  readonly privateKey: Secret;
}

/** Whom tokens are asked for. Every combination must be possible. */
export interface TokenWorld {
  readonly apps: readonly [TokenApp, TokenApp];
  readonly tenantIds: readonly [string, string];
  readonly resources: readonly [string, string];
}

export interface TokenApp {
  readonly key: string;
  readonly appId: string;
}

/** What the implementation under test is wired to. */
export interface TokenStage {
  readonly apps: readonly TokenApp[];
  readonly clock: MovableClock;
  readonly credentials: AppCredentialSource;
  /** Every request of the source is brought here. Undefined: an endpoint of the host's own answers this one. */
  answer(request: SeenTokenRequest): Promise<TokenEndpointAnswer | undefined>;
}

type Reply = TokenEndpointAnswer | undefined | Promise<TokenEndpointAnswer | undefined>;

/** What a check works with. */
export interface Play extends Omit<TokenWorld, 'apps'> {
  readonly app: TokenApp;
  readonly otherApp: TokenApp;
  readonly tokens: TokenSource;
  readonly clock: MovableClock;
  readonly current: SigningCertificate;
  readonly former: SigningCertificate;
  readonly seen: readonly SeenTokenRequest[];
  readonly uses: readonly CredentialUse[];
  /** What the app signs in with from now on. */
  credential: AppCredential;
  /** What is answered from now on; undefined is the ordinary answer. */
  reply: (request: SeenTokenRequest) => Reply;
  /** In place of the credential source's own. */
  report: AppCredentialSource['report'];
  ask(overrides?: Partial<AppTokenRequest>): Promise<AppToken>;
}

export interface StageInput extends TokenWorld {
  readonly clock: MovableClock;
  readonly current: SigningCertificate;
  readonly former: SigningCertificate;
  readonly hasOwnEndpoint: boolean;
}

/** `open` gives the source that is wired to the stage it gets. */
export async function openPlay<S extends { readonly tokens: TokenSource }>(input: StageInput, open: (stage: TokenStage) => Promise<S>): Promise<{ readonly play: Play; readonly opened: S }> {
  const seen: SeenTokenRequest[] = [];
  const uses: CredentialUse[] = [];
  const [app, otherApp] = input.apps;
  const script: Pick<Play, 'credential' | 'reply' | 'report'> = {
    credential: certificateCredential(input.current),
    reply: () => undefined,
    report: async (_appKey, use) => void uses.push(use),
  };
  const opened = await open({
    apps: input.apps,
    clock: input.clock,
    credentials: { resolve: async () => script.credential, report: (appKey, use) => script.report?.(appKey, use) ?? Promise.resolve() },
    async answer(request) {
      seen.push(request);
      const answer = await script.reply(request);
      return answer ?? (input.hasOwnEndpoint ? undefined : grant(request));
    },
  });
  const { clock, current, former, tenantIds, resources } = input;
  const ask: Play['ask'] = (overrides = {}) => opened.tokens.acquire({ appKey: app.key, tenantId: tenantIds[0], resource: resources[0], ...overrides });
  return { opened, play: Object.assign(script, { app, otherApp, tokens: opened.tokens, clock, current, former, tenantIds, resources, seen, uses, ask }) };
}

export function certificateCredential({ thumbprintSha256, privateKey }: SigningCertificate, previous?: SigningCertificate): AppCredential {
  return { kind: 'certificate', thumbprintSha256, privateKey, ...(previous === undefined ? {} : { previous }) };
}

/** A bearer token in JWT form, signed by nobody. */
export function tokenAnswer(claims: object): TokenEndpointAnswer {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const accessToken = `${encode({ alg: 'RS256' })}.${encode(claims)}.c2ln`;
  return { status: 200, headers: { 'content-type': 'application/json' }, text: JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: accessToken }) };
}

function grant({ path, body }: SeenTokenRequest): TokenEndpointAnswer {
  return tokenAnswer({ tid: path.split('/')[1], appid: new URLSearchParams(body).get('client_id'), roles: ['A.Read'] });
}

/** As the token endpoint refuses, by AADSTS number. */
export function refusal(number: number, status = 400, headers: Readonly<Record<string, string>> = {}): TokenEndpointAnswer {
  const body = { error: 'invalid_client', error_description: `AADSTS${number}: text. Trace ID: x`, error_codes: [number], correlation_id: '33333333-3333-4333-8333-333333333333' };
  return { status, headers: { 'content-type': 'application/json', ...headers }, text: JSON.stringify(body) };
}

/** Header and claims of the assertion in a request; undefined when it carries none. */
export function assertionOf({ body }: SeenTokenRequest): { readonly header: Readonly<Record<string, unknown>>; readonly claims: Readonly<Record<string, unknown>> } | undefined {
  const [header, claims] = (new URLSearchParams(body).get('client_assertion') ?? '').split('.').map((part) => Buffer.from(part, 'base64url').toString('utf8'));
  if (header === undefined || claims === undefined) return undefined;
  return { header: JSON.parse(header) as Readonly<Record<string, unknown>>, claims: JSON.parse(claims) as Readonly<Record<string, unknown>> };
}

/** Which certificate a request was signed with: its thumbprint in upper-case hex. */
export function signerOf(request: SeenTokenRequest): string {
  const thumbprint = assertionOf(request)?.header['x5t#S256'];
  return typeof thumbprint === 'string' ? Buffer.from(thumbprint, 'base64url').toString('hex').toUpperCase() : 'none';
}

export async function refusalOf(promise: Promise<unknown>): Promise<OnboardingError> {
  const outcome = await promise.then(
    () => undefined,
    (reason: unknown) => ({ reason }),
  );
  assert.ok(outcome !== undefined, 'nothing was refused');
  assert.ok(isOnboardingError(outcome.reason), `an error of ours was expected, not ${String(outcome.reason)}`);
  return outcome.reason;
}
