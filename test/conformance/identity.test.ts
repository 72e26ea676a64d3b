import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningSandbox } from '../../src/sandbox/index';
import {
  adminConsentUrl,
  app,
  ASSERTION_TYPE,
  Browser,
  clientAssertion,
  grantConsent,
  makeCertificate,
  openSandbox,
  person,
  postForm,
  REDIRECT_URI,
  registerKey,
  send,
  tenantId,
} from '../sandbox/support';
import { readCorpus } from './corpus';
import { bodyOf } from './stage';
import { differences, emptyShape, learn } from './shape';

type Json = Readonly<Record<string, unknown>>;

const SCOPE = 'https://graph.microsoft.com/.default';
const NO_METADATA = () => undefined;

let sandbox: RunningSandbox;
let tenant: string;

beforeAll(async () => {
  sandbox = await openSandbox();
  tenant = tenantId(sandbox, 'contoso');
});
afterAll(() => sandbox.stop());

const tokenPath = (authority: string) => `/${authority}/oauth2/v2.0/token`;
const askToken = (fields: Readonly<Record<string, string>>, authority = tenant) => postForm(sandbox, tokenPath(authority), fields);
const bySecret = (change: Readonly<Record<string, string>> = {}) => ({
  client_id: app(sandbox).appId,
  client_secret: app(sandbox).clientSecret,
  grant_type: 'client_credentials',
  scope: SCOPE,
  ...change,
});

function shapeDifferences(answer: unknown, examples: readonly unknown[]): string[] {
  const shape = emptyShape();
  for (const example of examples) learn(shape, example);
  return differences(answer, { shape, metadata: NO_METADATA, isRecorded: true });
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('No way to provoke this is written down.');
  return value;
}

describe('the OpenID configuration', () => {
  const { documents } = readCorpus('identity/discovery.json') as { readonly documents: readonly { readonly url: string; readonly body: Json }[] };
  const captured = documents.find(({ url }) => url.includes('/v2.0/'))?.body ?? {};

  it.each(['common', 'organizations', 'tenant'])('of %s has the captured fields and kinds, none more and none fewer', async (authority) => {
    const reply = await send(sandbox, `/${authority === 'tenant' ? tenant : authority}/v2.0/.well-known/openid-configuration`);
    expect(Object.keys(bodyOf(reply) as Json).toSorted()).toEqual(Object.keys(captured).toSorted());
    // Null on the shared authorities, which is what was captured; a region's name for a tenant.
    expect(shapeDifferences({ ...(bodyOf(reply) as Json), tenant_region_scope: null }, [captured])).toEqual([]);
  });

  it('lists the same algorithms, modes, methods and claims', async () => {
    const ours = bodyOf(await send(sandbox, '/common/v2.0/.well-known/openid-configuration')) as Json;
    const lists = Object.entries(captured).filter(([, value]) => Array.isArray(value));
    expect(lists.length).toBeGreaterThan(5);
    for (const [name, value] of lists) expect([name, ours[name]]).toEqual([name, value]);
  });

  it('keeps the issuer a template on /common and lays its paths where the captured ones are', async () => {
    const ours = bodyOf(await send(sandbox, '/common/v2.0/.well-known/openid-configuration')) as Json;
    for (const name of ['issuer', 'token_endpoint', 'authorization_endpoint', 'jwks_uri', 'end_session_endpoint']) {
      expect(String(ours[name]).replace(sandbox.ready.login, 'https://login.microsoftonline.com')).toBe(captured[name]);
    }
  });
});

describe('the key document', () => {
  const { sets } = readCorpus('identity/jwks.json') as { readonly sets: readonly { readonly url: string; readonly body: { readonly keys: readonly Json[] } }[] };
  const captured = sets.find(({ url }) => url.includes('/v2.0/'))?.body.keys ?? [];
  const sha1 = (base64: string) => createHash('sha1').update(Buffer.from(base64, 'base64')).digest('base64url');

  it('has entries of the captured shape', async () => {
    const { keys } = bodyOf(await send(sandbox, '/common/discovery/v2.0/keys')) as { readonly keys: readonly Json[] };
    expect(shapeDifferences(keys, [captured])).toEqual([]);
  });

  it('names its keys by the rule all captured keys follow', async () => {
    const { keys } = bodyOf(await send(sandbox, `/${tenant}/discovery/v2.0/keys`)) as { readonly keys: readonly Json[] };
    for (const key of [...captured, ...keys]) expect([key.kid, key.x5t]).toEqual([sha1(String((key.x5c as readonly string[])[0])), key.kid]);
  });

  it('scopes one key to the consumers and leaves the others to every tenant, as captured', async () => {
    const issuers = (keys: readonly Json[], host: string) => new Set(keys.map(({ issuer }) => String(issuer).replace(host, '')));
    const { keys } = bodyOf(await send(sandbox, '/common/discovery/v2.0/keys')) as { readonly keys: readonly Json[] };
    expect(issuers(keys, sandbox.ready.login)).toEqual(issuers(captured, 'https://login.microsoftonline.com'));
  });
});

describe('the token endpoint', () => {
  interface Pair {
    readonly kind: string;
    readonly grant: string;
    readonly response: { readonly body: Json };
  }
  const { pairs } = readCorpus('identity/token-success.json') as { readonly pairs: readonly Pair[] };

  it('answers client credentials with the captured members', async () => {
    await grantConsent(sandbox, 'contoso', 'contoso/ada');
    const captured = pairs.find(({ kind, grant }) => kind === 'captured' && grant === 'client_credentials');
    const reply = await askToken(bySecret());
    expect(reply.status).toBe(200);
    expect(Object.keys(bodyOf(reply) as Json).toSorted()).toEqual(Object.keys(captured?.response.body ?? {}).toSorted());
    expect(bodyOf(reply)).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number), ext_expires_in: expect.any(Number) });
  });

  it('puts no refresh token and no scope into that answer', async () => {
    const answer = bodyOf(await askToken(bySecret()));
    expect(answer).not.toHaveProperty('refresh_token');
    expect(answer).not.toHaveProperty('scope');
  });

  interface Fact {
    readonly code: number;
    readonly error: string;
    readonly status: number | null;
    readonly description: string;
    readonly error_uri: string | null;
    readonly kind: string;
    readonly keys?: readonly string[];
  }
  const { errors } = readCorpus('identity/token-errors.json') as { readonly errors: readonly Fact[] };
  const unregistered = makeCertificate();
  const registered = makeCertificate();

  /** How the refusals are provoked. Codes of other endpoints are checked where those endpoints are. */
  const provoke: Readonly<Record<number, () => ReturnType<typeof askToken>>> = {
    7000215: () => askToken(bySecret({ client_secret: 'wrong' })),
    7000218: () => askToken({ client_id: app(sandbox).appId, grant_type: 'authorization_code', code: 'x', redirect_uri: REDIRECT_URI, code_verifier: 'v'.repeat(43) }),
    500011: () => askToken(bySecret({ scope: 'api://not-a-registered-resource/.default' })),
    700038: () => askToken(bySecret({ client_id: '00000000-0000-0000-0000-000000000000' })),
    70003: () => askToken(bySecret({ grant_type: 'no_such_grant' })),
    700016: () => askToken(bySecret({ client_id: '99999999-9999-4999-8999-999999999999' })),
    7000229: () => askToken(bySecret(), tenantId(sandbox, 'fabrikam')),
    700027: () => askToken(assertionFields(clientAssertion(sandbox, tenant, unregistered))),
    700024: () => {
      registerKey(sandbox, registered);
      const past = Math.floor(sandbox.clock.now() / 1000) - 7200;
      return askToken(assertionFields(clientAssertion(sandbox, tenant, registered, { claims: { nbf: past, iat: past, exp: past + 600 } })));
    },
  };
  const known = errors.filter(({ code }) => provoke[code] !== undefined);

  it('is held to every captured refusal', () => {
    expect(errors.filter(({ kind, code }) => kind.startsWith('captured') && provoke[code] === undefined)).toEqual([]);
  });

  it.each(known.map((fact) => [`AADSTS${fact.code} (${fact.kind})`, fact] as const))('answers %s in the known envelope', async (_, fact) => {
    const reply = required(await provoke[fact.code]?.());
    const body = bodyOf(reply) as Json;
    if (fact.status !== null) expect(reply.status).toBe(fact.status);
    expect(body.error_codes).toEqual([fact.code]);
    const members = fact.keys ?? ['error', 'error_description', 'error_codes', 'timestamp', 'trace_id', 'correlation_id'];
    expect(members.filter((name) => !(name in body))).toEqual([]);
    expect(Object.keys(body).filter((name) => !members.includes(name) && name !== 'error_uri')).toEqual([]);
    expect(String(body.error_description)).toMatch(new RegExp(`^AADSTS${fact.code}: .+Trace ID: .+Correlation ID: .+Timestamp: `, 's'));
    if (fact.kind === 'captured') expect(body.error).toBe(fact.error);
  });

  it('takes the assertions that the observed clients send', async () => {
    registerKey(sandbox, registered);
    const { observedClients } = readCorpus('identity/client-assertion.json') as { readonly observedClients: readonly { readonly header: Json; readonly aud: string }[] };
    const algorithms = observedClients.filter(({ aud }) => aud === 'token endpoint URL').map(({ header }) => header.alg);
    expect(new Set(algorithms)).toEqual(new Set(['PS256', 'RS256']));
    for (const algorithm of ['PS256', 'RS256'] as const) {
      const reply = await askToken(assertionFields(clientAssertion(sandbox, tenant, registered, { algorithm })));
      expect([algorithm, reply.status]).toEqual([algorithm, 200]);
    }
  });

  function assertionFields(assertion: string): Readonly<Record<string, string>> {
    return {
      client_id: app(sandbox).appId,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
      grant_type: 'client_credentials',
      scope: SCOPE,
    };
  }
});

describe('the admin consent callbacks', () => {
  interface Callback {
    readonly kind: string;
    readonly flow: 'v1' | 'v2';
    readonly outcome: string;
    readonly query: string;
  }
  const { callbacks } = readCorpus('identity/adminconsent.json') as { readonly callbacks: readonly Callback[] };
  const namesIn = (query: string) => [...new URLSearchParams(query).keys()];

  it.each(callbacks.filter(({ outcome }) => outcome === 'granted').map((callback) => [callback.flow, callback] as const))('of a granted %s request carry the documented members', async (flow, { query }) => {
    const done = await walk(flow, 'accept');
    expect([...done.searchParams.keys()].toSorted()).toEqual(namesIn(query).toSorted());
    expect(done.searchParams.get('admin_consent')).toBe('True');
  });

  it.each(callbacks.filter(({ outcome }) => outcome === 'declined').map((callback) => [`${callback.flow}, ${callback.kind}`, callback] as const))(
    'of a declined request can be any of the known ones: %s',
    async (_, { flow, kind, query }) => {
      sandbox.setDeclineVariant(kind === 'documented' ? (flow === 'v1' ? 'v1-documented' : 'v2-documented') : 'reported');
      const done = await walk(flow, 'cancel');
      const documented = new URLSearchParams(query);
      expect(done.searchParams.get('error')).toBe(documented.get('error'));
      expect(done.searchParams.has('tenant')).toBe(false);
      expect(namesIn(query).filter((name) => !done.searchParams.has(name))).toEqual([]);
      // A decline may say admin_consent=True: whoever tests that first takes a no for a yes.
      expect(done.searchParams.get('admin_consent')).toBe(documented.get('admin_consent'));
    },
  );

  async function walk(flow: 'v1' | 'v2', press: 'accept' | 'cancel'): Promise<URL> {
    const browser = new Browser(sandbox);
    const first = await browser.open(adminConsentUrl(sandbox, tenant, {}, flow));
    const consent = first.has('accept') ? first : await browser.signIn(first, person(sandbox, 'contoso/ada'));
    const done = await browser.press(consent, press);
    if (done.callback === undefined) throw new Error(`no callback: ${done.rule}`);
    return done.callback;
  }
});
