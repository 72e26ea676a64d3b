/** The adapters and the certificates room over TLS against the sandbox, which shares no code with them. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGraphTransport } from '../../../src/core/adapters/graph-client';
import { createHttpsClient, type HttpsClient } from '../../../src/core/adapters/https-client';
import { createJwtService } from '../../../src/core/adapters/jose-jwt';
import { createMsalTokenSource } from '../../../src/core/adapters/msal-tokens';
import { createKeyGenerator } from '../../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../../src/core/adapters/node-random';
import { createTenantDirectory } from '../../../src/core/adapters/tenant-directory';
import { generateCertificate } from '../../../src/core/certificates/generate';
import type { CredentialCertificate } from '../../../src/core/certificates/model';
import { proveCertificate } from '../../../src/core/certificates/keys/prove';
import { registerCertificate } from '../../../src/core/certificates/keys/register';
import { OnboardingError } from '../../../src/core/errors';
import { secret } from '../../../src/core/internal/secret';
import type { AppCredential, GraphTransport, TokenSource } from '../../../src/core/ports';
import { startSandbox, type RunningSandbox } from '../../../src/sandbox/index';
import { corePorts } from '../../support/core-ports';

const RESOURCE = 'https://graph.microsoft.com';
let sandbox: RunningSandbox;
let https: HttpsClient;
let certificate: CredentialCertificate;
const random = createNodeRandom();
/** The sandbox's clock; sleeping moves it. */
const clock = { now: () => sandbox.clock.now(), sleep: (ms: number) => Promise.resolve(sandbox.clock.advance(ms / 1000)) };
let state: ReturnType<typeof corePorts>;
const registering = (graph: GraphTransport) => ({ ...state, graph, clock, events: { emit: () => undefined } });

beforeAll(async () => {
  sandbox = await startSandbox();
  https = createHttpsClient({ ca: readFileSync(sandbox.ready.caFile, 'utf8'), userAgent: 'm365-onboarding/test', timeoutMs: 5000 });
  certificate = await generateCertificate({ clock, random, keys: createKeyGenerator() }, { subject: 'Bäckup 🔐', keyBits: 2048 });
});
afterAll(async () => {
  https.close();
  await sandbox.stop();
});
beforeEach(() => {
  sandbox.reset();
  sandbox.setReplicationLagMs({ 'graph.get': 0, 'sts.keys': 0 });
  state = corePorts();
});

const app = () => sandbox.ready.apps[0] ?? expect.fail('the seed has no app');
const bySecret = (): AppCredential => ({ kind: 'secret', id: 'seed', secret: secret(app().clientSecret) });
const byCertificate = (): AppCredential => ({ kind: 'certificate', thumbprintSha256: certificate.thumbprintSha256, privateKey: certificate.privateKey });
function tokensWith(credential: AppCredential): TokenSource {
  const apps = sandbox.ready.apps.map(({ key, appId }) => ({ key, appId }));
  return createMsalTokenSource({ authorityHost: sandbox.ready.login, cloud: 'global', apps, credentials: { resolve: () => Promise.resolve(credential) }, jwt: createJwtService(), clock, random, https });
}
const graphWith = (tokens: TokenSource): GraphTransport => createGraphTransport({ graphHost: sandbox.ready.graph, graphResource: RESOURCE, tokens, https, clock, random });
const home = () => ({ appKey: app().key, tenantId: sandbox.ready.homeTenantId, resource: RESOURCE });
const registration = () => ({ homeTenantId: sandbox.ready.homeTenantId, appKey: app().key, applicationAppId: app().appId, certificate: { ...certificate, name: 'Bäckup' }, actor: 'op-1' });
async function refusalOf(promise: Promise<unknown>): Promise<OnboardingError> {
  const error: unknown = await promise.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof OnboardingError)) throw new Error('expected a refusal', { cause: error });
  return error;
}

describe('app tokens from the sandbox', () => {
  it('ten callers, one request, with MSAL\'s name in the log', async () => {
    const tokens = tokensWith(bySecret());
    const appTokens = await Promise.all(Array.from({ length: 10 }, () => tokens.acquire(home())));
    expect(new Set(appTokens).size).toBe(1);
    expect(appTokens[0]?.claims?.tenantId).toBe(sandbox.ready.homeTenantId);
    expect(appTokens[0]?.claims?.appId).toBe(app().appId);
    const requests = sandbox.requests();
    expect(requests).toHaveLength(1);
    expect(JSON.stringify(requests)).toContain('msal.js.node/');
    expect(sandbox.gaps()).toEqual([]);
  });

  it('are refused by name: wrong secret, unregistered certificate, no consent, unknown tenant, unknown resource', async () => {
    const customer = sandbox.ready.tenants.find(({ tenantId }) => tenantId !== sandbox.ready.homeTenantId) ?? expect.fail('the seed has no customer');
    const wrong: AppCredential = { kind: 'secret', id: 'wrong', secret: secret('wrong-secret-wrong-secret') };
    expect(await refusalOf(tokensWith(wrong).acquire(home()))).toMatchObject({ code: 'STS_CREDENTIAL_REFUSED', serviceCode: 'AADSTS7000215' });
    expect(await refusalOf(tokensWith(byCertificate()).acquire(home()))).toMatchObject({ code: 'STS_CREDENTIAL_REFUSED', serviceCode: 'AADSTS700027' });
    expect((await refusalOf(tokensWith(bySecret()).acquire({ ...home(), tenantId: customer.tenantId }))).code).toBe('STS_APP_NOT_IN_TENANT');
    expect((await refusalOf(tokensWith(bySecret()).acquire({ ...home(), tenantId: '12345678-1234-4234-8234-123456789abc' }))).code).toBe('TENANT_NOT_FOUND');
    expect((await refusalOf(tokensWith(bySecret()).acquire({ ...home(), resource: 'https://nothing.example' }))).code).toBe('STS_RESOURCE_MISSING');
  });

  it('are not asked from a server whose authority we do not trust', async () => {
    const distrustful = createHttpsClient({ userAgent: 'x', timeoutMs: 5000 });
    const tokens = createMsalTokenSource({ authorityHost: sandbox.ready.login, cloud: 'global', apps: [{ key: app().key, appId: app().appId }], credentials: { resolve: () => Promise.resolve(bySecret()) }, jwt: createJwtService(), clock, random, https: distrustful });
    expect((await refusalOf(tokens.acquire(home()))).code).toBe('TLS_UNTRUSTED');
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('looking up tenants in the sandbox', () => {
  it('finds a tenant by its domain and knows nothing of others', async () => {
    const tenants = createTenantDirectory({ authorityHost: sandbox.ready.login, https, clock });
    for (const { domain, tenantId } of sandbox.ready.tenants) expect(await tenants.findTenantId(domain)).toBe(tenantId);
    expect(await tenants.findTenantId('nobody-has-this.example')).toBeUndefined();
  });
});

describe('a first certificate on the sandbox\'s app registration', () => {
  it('is registered with the secret\'s token, seen through replication, proven, and then signs in', async () => {
    sandbox.setReplicationLagMs({ 'graph.get': 8000, 'sts.keys': 40_000 });
    const graph = graphWith(tokensWith(bySecret()));
    const registered = await registerCertificate(registering(graph), registration());
    expect(registered.alreadyRegistered).toBe(false);
    expect(registered.applicationObjectId).toBe(app().objectId);
    const tokens = tokensWith(byCertificate());
    const proof = await proveCertificate({ tokens, clock }, home());
    expect(proof.attempts).toBeGreaterThan(1);
    expect((await tokens.acquire(home())).claims?.tenantId).toBe(sandbox.ready.homeTenantId);
    expect(await registerCertificate(registering(graphWith(tokens)), registration())).toEqual({ ...registered, alreadyRegistered: true });
    expect(sandbox.gaps()).toEqual([]);
    expect(JSON.stringify(sandbox.requests())).toContain('graph-js/');
  });

  it('joins the certificate that is there already, and neither is lost', async () => {
    const graph = graphWith(tokensWith(bySecret()));
    const other = await generateCertificate({ clock, random, keys: createKeyGenerator() }, { subject: 'Older', keyBits: 2048 });
    await registerCertificate(registering(graph), { ...registration(), certificate: { ...other, name: 'Older' } });
    await registerCertificate(registering(graph), registration());
    const answer = await graph.send({ ...home() }, { method: 'GET', path: `/applications/${app().objectId}?$select=id,keyCredentials` });
    expect((answer.body as { keyCredentials: { customKeyIdentifier: string }[] }).keyCredentials.map((key) => key.customKeyIdentifier).toSorted()).toEqual([other.thumbprintSha1, certificate.thumbprintSha1].toSorted());
    const older = tokensWith({ kind: 'certificate', thumbprintSha256: other.thumbprintSha256, privateKey: other.privateKey });
    expect((await older.acquire(home())).claims?.appId).toBe(app().appId);
  });
});

describe('Graph from the sandbox', () => {
  it('answers single reads, lists, batches, and refusals', async () => {
    const graph = graphWith(tokensWith(bySecret()));
    const scope = home();
    const one = await graph.send(scope, { method: 'GET', path: `/applications/${app().objectId}?$select=id,appId` });
    expect([one.status, (one.body as { appId: string }).appId]).toEqual([200, app().appId]);
    expect(one.requestId).toMatch(/^[0-9a-f-]{36}$/);
    // The app may write only what it owns, so it lists only itself.
    expect(await graph.list(scope, '/applications?$select=id')).toEqual({ items: [{ id: app().objectId }] });
    expect((await graph.list(scope, '/users?$select=id')).stoppedBy).toMatchObject({ status: 403, body: { error: { code: 'Authorization_RequestDenied' } } });
    const batch = await graph.batch(scope, [`/applications/${app().objectId}?$select=id`, '/applications/00000000-0000-4000-8000-000000000000?$select=id']);
    expect(batch.map(({ status }) => status)).toEqual([200, 404]);
  });
});
