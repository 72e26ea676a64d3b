/**
 * panva's certified `oidc-provider` as the issuer of one tenant. It runs unchanged: its addresses are configured to be the ones
 * our client uses, and Entra's own claims are added by its documented settings. Two things it has no setting for are done in
 * front of it: the path of the discovery document, and the `issuer` member of each published key.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createTlsIdentity } from '../../src/sandbox/tls';
import { HOST } from './stage';

/** As much of its interface as is used here; it ships no types. */
interface Provider {
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object, options: object): Promise<void>;
  readonly Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> };
}

interface Package {
  readonly Provider: new (issuer: string, configuration: object) => Provider;
  readonly interactionPolicy: { readonly Prompt: new (info: object) => object; readonly base: () => { add(prompt: object): void } };
}

interface AuthorizationContext {
  readonly oidc: { readonly provider: Provider; readonly client: { readonly clientId: string }; readonly session: { readonly accountId: string } };
}

/** How this issuer behaves, changeable while it runs. */
export interface Manners {
  /** Claims of the ID token beyond the standard's. */
  claims: Readonly<Record<string, unknown>>;
  /** What each published key says of its issuer. */
  keyIssuer: string | undefined;
  declines: boolean;
}

export interface Opponent {
  readonly origin: string;
  readonly ca: string;
  readonly manners: Manners;
  close(): Promise<void>;
}

const CLAIMS = ['sub', 'tid', 'oid', 'ver', 'name', 'preferred_username'];

/** `clients` as the provider's documentation has them. */
export async function startOpponent(tenantId: string, clients: readonly object[]): Promise<Opponent> {
  const tls = createTlsIdentity(Date.now());
  let handle: RequestListener = () => undefined;
  const server = createServer({ cert: tls.certificatePem, key: tls.privateKeyPem }, (request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const manners: Manners = { claims: {}, keyIssuer: undefined, declines: false };
  const provider = await createProvider(`${origin}/${tenantId}/v2.0`, clients, manners);
  const answer = provider.callback();

  handle = (request, response) => {
    const mount = `/${tenantId}`;
    const url = (request.url ?? '').slice(mount.length);
    if (url.startsWith('/interaction/')) {
      void finish(provider, manners, request, response);
      return;
    }
    const path = url.startsWith('/v2.0/.well-known/') ? url.slice('/v2.0'.length) : url;
    if (path.startsWith('/discovery/')) nameIssuerOfKeys(response, manners);
    // The way web frameworks tell it where it is mounted.
    Object.assign(request, { url: path, originalUrl: `${mount}${path}` });
    void answer(request, response);
  };
  return {
    origin,
    ca: tls.caPem,
    manners,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function createProvider(issuer: string, clients: readonly object[], manners: Manners): Promise<Provider> {
  const address = createRequire(join(HOST, 'package.json')).resolve('oidc-provider');
  const { Provider, interactionPolicy } = (await import(pathToFileURL(address).href)) as Package;
  const policy = interactionPolicy.base();
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }));
  return new Provider(issuer, {
    clients,
    jwks: { keys: [signingKey('rsa'), signingKey('ec')] },
    cookies: { keys: ['for this test only'] },
    routes: { authorization: '/oauth2/v2.0/authorize', token: '/oauth2/v2.0/token', jwks: '/discovery/v2.0/keys' },
    features: { devInteractions: { enabled: false } },
    interactions: { policy, url: (_context: unknown, { uid }: { readonly uid: string }) => `/${issuer.split('/')[3]}/interaction/${uid}` },
    claims: { openid: CLAIMS, email: ['email'], profile: [] },
    conformIdTokenClaims: false,
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId, ...manners.claims }) }),
    loadExistingGrant: grantEverything,
  });
}

/** Consent is another test's subject. */
async function grantEverything({ oidc }: AuthorizationContext): Promise<object> {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope('openid profile email');
  await grant.save();
  return grant;
}

async function finish(provider: Provider, { declines }: Manners, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const result = declines ? { error: 'access_denied', error_description: 'The person said no.' } : { login: { accountId: 'a-person' }, select_account: {} };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

function nameIssuerOfKeys(response: ServerResponse, manners: Manners): void {
  const end = response.end.bind(response);
  Object.assign(response, {
    end: (body: string | Buffer) => {
      const { keys } = JSON.parse(body.toString()) as { readonly keys: readonly object[] };
      const named = JSON.stringify({ keys: keys.map((key) => ({ ...key, ...(manners.keyIssuer === undefined ? {} : { issuer: manners.keyIssuer }) })) });
      response.setHeader('content-length', Buffer.byteLength(named));
      return end(named);
    },
  });
}

function signingKey(type: 'rsa' | 'ec'): object {
  const { privateKey } = type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: type === 'rsa' ? 'RS256' : 'ES256', kid: `signs-${type}` };
}
