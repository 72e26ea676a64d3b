/** The contract for token sources on sources that break it: a check that nothing fails guards nothing. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAssertionTokenSource } from '../../src/core/adapters/assertion-tokens';
import { HttpsFailure, type HttpsSender } from '../../src/core/adapters/https-exchange';
import { createJwtService } from '../../src/core/adapters/jose-jwt';
import { createNodeRandom } from '../../src/core/adapters/node-random';
import { secret } from '../../src/core/internal/secret';
import type { AppToken, AppTokenRequest, TokenSource } from '../../src/core/ports';
import { tokenSourceContract } from '../../src/core/testing/token-source-contract';
import type { SigningCertificate, TokenStage } from '../../src/core/testing/token-stage';

function makeSigner(byte: string): SigningCertificate {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { thumbprintSha256: byte.repeat(32), privateKey: secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()) };
}
const signers = { current: makeSigner('AB'), former: makeSigner('CD') };
const jwt = createJwtService();

/** Sockets of the stage without a network. */
function senderOf(stage: TokenStage): HttpsSender {
  let sockets = 0;
  return {
    async send({ method, url, body = '', freshSocket, signal }) {
      const socket = freshSocket === true ? (sockets += 1) : 'kept';
      const answer = await stage.answer({ method, path: new URL(url).pathname, body, socket });
      signal?.throwIfAborted();
      if (answer === undefined || 'cut' in answer) throw new HttpsFailure('network', 'login.example');
      return { status: answer.status, headers: answer.headers ?? {}, text: answer.text };
    },
  };
}

function good(stage: TokenStage, https: HttpsSender = senderOf(stage)): TokenSource {
  return createAssertionTokenSource({ authorityHost: 'https://login.example', cloud: 'global', apps: stage.apps, credentials: stage.credentials, clock: stage.clock, https, jwt, random: createNodeRandom() });
}

/** Names of the checks that fail, of those the pattern names. */
async function failuresOf(make: (stage: TokenStage) => TokenSource, which = /./): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const check of tokenSourceContract({ ...signers, open: async (stage) => ({ tokens: make(stage), close: async () => undefined }) })) {
    if (which.test(check.name)) await check.run().catch(() => failed.push(check.name));
  }
  return failed;
}

/** A cache in front that goes by what `keyOf` says. */
function cached(tokens: TokenSource, keyOf: (request: AppTokenRequest) => string, isGood: (appToken: AppToken) => boolean): TokenSource {
  const kept = new Map<string, AppToken>();
  return {
    async acquire(request) {
      const found = request.fresh === true ? undefined : kept.get(keyOf(request));
      if (found !== undefined && isGood(found)) return found;
      const appToken = await tokens.acquire(request);
      kept.set(keyOf(request), appToken);
      return appToken;
    },
  };
}

const whole = ({ appKey, tenantId, resource }: AppTokenRequest) => `${appKey} ${tenantId.toLowerCase()} ${resource}`;
const always = () => true;

const BROKEN: Readonly<Record<string, { readonly make: (stage: TokenStage) => TokenSource; readonly caughtBy: RegExp }>> = {
  'serves one tenant\'s token to another': { make: (stage) => cached(good(stage), ({ appKey, resource }) => appKey + resource, always), caughtBy: /never serves another tenant, app or resource/ },
  'serves one resource\'s token for another': { make: (stage) => cached(good(stage), ({ appKey, tenantId }) => appKey + tenantId.toLowerCase(), always), caughtBy: /never serves another tenant, app or resource/ },
  'goes on with a token that the former credential got': { make: (stage) => cached(good(stage), whole, always), caughtBy: /does not serve a credential that did not get it/ },
  'keeps tokens to their last second': { make: (stage) => cached(good(stage), whole, ({ expiresAt }) => expiresAt > stage.clock.now()), caughtBy: /until five minutes before/ },
  'keeps nothing': { make: (stage) => ({ acquire: (request) => good(stage).acquire(request) }), caughtBy: /serves again until five/ },
  'asks once per caller': { make: (stage) => ({ acquire: (request) => good(stage).acquire(request) }), caughtBy: /ten callers/ },
  'forgets who asked it to wait': { make: (stage) => ({ acquire: (request) => good(stage).acquire(request) }), caughtBy: /before a Retry-After/ },
  'asks a throttled endpoint again at once': { make: (stage) => ({ acquire: (request) => good(stage).acquire(request) }), caughtBy: /does not say for how long/ },
  'takes a kept token for a fresh one': { make: (stage) => inner(good(stage), (request) => ({ ...request, fresh: false })), caughtBy: /a fresh request passes by/ },
  'asks for fresh tokens over a kept connection': { make: (stage) => good(stage, edited(stage, (request) => ({ ...request, freshSocket: false }))), caughtBy: /on a new connection/ },
  'follows redirects': { make: (stage) => good(stage, following(stage)), caughtBy: /a redirect is not followed/ },
  'lets one caller end the request of all': { make: sharing, caughtBy: /who gives up leaves the others/ },
  'quotes what it sent': { make: quoting, caughtBy: /nothing that was sent comes back/ },
  'tries the former key after any refusal': { make: (stage) => falling(stage, always), caughtBy: /every other refusal stands/ },
  'has no former key': { make: (stage) => good({ ...stage, credentials: { ...stage.credentials, resolve: async (key) => withoutFormer(await stage.credentials.resolve(key)) } }), caughtBy: /the former one signs the same request/ },
  'reports what was not asked': { make: reporting, caughtBy: /served from memory is not reported/ },
  'strips colons from thumbprints': { make: (stage) => good({ ...stage, credentials: { ...stage.credentials, resolve: async (key) => withoutColons(await stage.credentials.resolve(key)) } }), caughtBy: /thumbprint with colons/ },
};

type Credential = Awaited<ReturnType<TokenStage['credentials']['resolve']>>;
const withoutFormer = (credential: Credential): Credential => (credential.kind === 'secret' ? credential : { kind: 'certificate', thumbprintSha256: credential.thumbprintSha256, privateKey: credential.privateKey });
const withoutColons = (credential: Credential): Credential => (credential.kind === 'secret' ? credential : { ...credential, thumbprintSha256: credential.thumbprintSha256.replaceAll(':', '') });

const inner = (tokens: TokenSource, change: (request: AppTokenRequest) => AppTokenRequest): TokenSource => ({ acquire: (request) => tokens.acquire(change(request)) });

function edited(stage: TokenStage, change: (request: Parameters<HttpsSender['send']>[0]) => Parameters<HttpsSender['send']>[0]): HttpsSender {
  const sender = senderOf(stage);
  return { send: (request) => sender.send(change(request)) };
}

function following(stage: TokenStage): HttpsSender {
  const sender = senderOf(stage);
  return {
    async send(request) {
      const answer = await sender.send(request);
      const { location } = answer.headers;
      return location === undefined ? answer : sender.send({ ...request, url: new URL(location, request.url).href });
    },
  };
}

/** One request for all, with the first one's signal. */
function sharing(stage: TokenStage): TokenSource {
  const tokens = good(stage);
  let pending: Promise<AppToken> | undefined;
  return { acquire: (request) => (pending ??= tokens.acquire(request)) };
}

function quoting(stage: TokenStage): TokenSource {
  let sent = '';
  const tokens = good(stage, edited(stage, (request) => ({ ...request, body: (sent = request.body ?? '') })));
  return { acquire: (request) => tokens.acquire(request).catch((error: unknown) => Promise.reject(Object.assign(error as Error, { request: sent }))) };
}

function falling(stage: TokenStage, isWorthIt: (error: unknown) => boolean): TokenSource {
  const tokens = good(stage);
  const former = good({ ...stage, credentials: { ...stage.credentials, resolve: async (key) => withFormerOnly(await stage.credentials.resolve(key)) } });
  return { acquire: (request) => tokens.acquire(request).catch((error: unknown) => (isWorthIt(error) ? former.acquire(request) : Promise.reject(error as Error))) };
}
const withFormerOnly = (credential: Credential): Credential => (credential.kind === 'certificate' && credential.previous !== undefined ? { kind: 'certificate', ...credential.previous } : credential);

function reporting(stage: TokenStage): TokenSource {
  const tokens = good(stage);
  return {
    async acquire(request) {
      const appToken = await tokens.acquire(request);
      await stage.credentials.report?.(request.appKey, { thumbprintSha256: signers.current.thumbprintSha256, outcome: 'accepted' }).catch(() => undefined);
      return appToken;
    },
  };
}

describe('the contract for token sources', () => {
  it('is kept by the source that these are made from, without a network', async () => {
    expect(await failuresOf(good)).toEqual([]);
  });

  it.each(Object.entries(BROKEN))('catches one that %s', async (_name, { make, caughtBy }) => {
    expect(await failuresOf(make, caughtBy)).toHaveLength(1);
  });
});
