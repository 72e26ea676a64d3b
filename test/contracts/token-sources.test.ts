/** Both sources of app tokens under the published contract: over sockets of a stage, over a fetch, and in front of the sandbox. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAssertionTokenSource } from '../../src/core/adapters/assertion-tokens';
import { createFetchSender, type FetchFunction } from '../../src/core/adapters/fetch-sender';
import { createHttpsClient } from '../../src/core/adapters/https-client';
import type { HttpsResponse, HttpsSender } from '../../src/core/adapters/https-exchange';
import { HttpsFailure } from '../../src/core/adapters/https-exchange';
import { createJwtService } from '../../src/core/adapters/jose-jwt';
import { createMsalTokenSource } from '../../src/core/adapters/msal-tokens';
import { createKeyGenerator } from '../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../src/core/adapters/node-random';
import { generateCertificate } from '../../src/core/certificates/generate';
import type { CredentialCertificate } from '../../src/core/certificates/model';
import { secret } from '../../src/core/internal/secret';
import { createMovableClock } from '../../src/core/testing/movable-clock';
import { tokenSourceContract, type TokenSourceContractOptions } from '../../src/core/testing/token-source-contract';
import type { SigningCertificate, TokenStage, TokenWorld } from '../../src/core/testing/token-stage';
import { type RunningSandbox, startSandbox } from '../../src/sandbox/index';
import { startTlsServer, type SeenRequest, type TlsServer } from '../core/adapters/tls-server';

const SOURCES = { 'MSAL\'s source': createMsalTokenSource, 'the source without MSAL': createAssertionTokenSource } as const;
type CreateSource = typeof createAssertionTokenSource;

function makeSigner(byte: string): SigningCertificate {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { thumbprintSha256: byte.repeat(32), privateKey: secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()) };
}
const signers = { current: makeSigner('AB'), former: makeSigner('CD') };

const wire = (create: CreateSource, { apps, clock, credentials }: TokenStage, authorityHost: string, https: HttpsSender) =>
  create({ authorityHost, cloud: 'global', apps, credentials, clock, https, jwt: createJwtService(), random: createNodeRandom() });

/** Opened once for all checks of a description; the checks run one after the other. */
function runContract(options: () => TokenSourceContractOptions): void {
  const names = tokenSourceContract({ ...signers, open: () => Promise.reject(new Error('only for the names')) }).map(({ name }) => name);
  it.each(names)('%s', async (name) => tokenSourceContract(options()).find((check) => check.name === name)?.run());
}

describe.each(Object.entries(SOURCES))('%s over our https client', (_name, create) => {
  let server: TlsServer;
  beforeAll(async () => {
    server = await startTlsServer();
  });
  afterAll(() => server.close());

  runContract(() => ({
    ...signers,
    async open(stage) {
      server.answer = async (request: SeenRequest) => (await stage.answer(request)) ?? { status: 404 };
      const https = createHttpsClient({ ca: server.ca, userAgent: 'contract', timeoutMs: 10_000 });
      return { tokens: wire(create, stage, server.origin, https), close: async () => https.close() };
    },
  }));
});

describe('the source without MSAL over Node\'s own fetch', () => {
  const sockets = new Map<Socket, number>();
  let stage: TokenStage;
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then(async (body) => {
      const answer = await stage.answer({ method: incoming.method ?? '', path: incoming.url ?? '', body, socket: sockets.get(incoming.socket) ?? 0 });
      if (answer === undefined || 'cut' in answer) return incoming.socket.destroy();
      return outgoing.writeHead(answer.status, answer.headers).end(answer.text);
    });
  });
  server.on('connection', (socket: Socket) => sockets.set(socket, sockets.size + 1));
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  // The host's fetch decides where the service is; here it is a plain server on loopback.
  const here = (url: string) => url.replace('https://login.example', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const kept: FetchFunction = (url, init) => fetch(here(url), init);
  const fresh: FetchFunction = async (url, { method, headers, body, signal }) => {
    const outgoing = httpRequest(here(url), { method, headers, signal, agent: new Agent({ keepAlive: false }) });
    outgoing.end(body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: incoming.statusCode ?? 0, headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const), text: () => text(incoming) };
  };

  runContract(() => ({
    ...signers,
    async open(opened) {
      stage = opened;
      const https = createFetchSender({ fetch: kept, freshFetch: fresh, userAgent: 'contract', timeoutMs: 10_000 });
      return { tokens: wire(createAssertionTokenSource, stage, 'https://login.example', https), close: async () => undefined };
    },
  }));

  it('keeps its connections, which is why a proof needs a fetch that does not', async () => {
    const seen = new Set<number | string>();
    stage = { ...stage, answer: async ({ socket }) => (seen.add(socket), { status: 200, text: '{}' }) };
    const init = { method: 'POST', headers: {}, redirect: 'manual', signal: new AbortController().signal } as const;
    for (let count = 0; count < 10; count += 1) await (await kept('https://login.example/', init)).text();
    expect(seen.size).toBeLessThan(10);
  });
});

describe.each(Object.entries(SOURCES))('%s in front of the sandbox', (_name, create) => {
  const clock = createMovableClock(Date.UTC(2026, 2, 1));
  let sandbox: RunningSandbox;
  let ca: string;
  let current: CredentialCertificate;
  let former: CredentialCertificate;
  let world: TokenWorld;

  beforeAll(async () => {
    sandbox = await startSandbox({ clock });
    ca = readFileSync(sandbox.ready.caFile, 'utf8');
    const generate = (subject: string) => generateCertificate({ clock, random: createNodeRandom(), keys: createKeyGenerator() }, { subject, keyBits: 2048 });
    [current, former] = await Promise.all([generate('current'), generate('former')]);
    world = furnish(sandbox, [current, former]);
  });
  afterAll(() => sandbox.stop());

  runContract(() => ({
    current,
    former,
    world,
    clock,
    async open(stage) {
      const https = createHttpsClient({ ca, userAgent: 'contract', timeoutMs: 10_000 });
      return { tokens: wire(create, stage, sandbox.ready.login, inFrontOf(https, stage)), close: async () => https.close() };
    },
  }));

  it('all ordinary answers were the sandbox\'s, and it knew every request', () => {
    expect(sandbox.requests().filter(({ status }) => status === 200).length).toBeGreaterThan(20);
    expect(sandbox.requests().filter(({ status }) => status !== 200)).toEqual([]);
    expect(sandbox.gaps()).toEqual([]);
  });
});

/** What the stage does not answer, the service behind it does. */
function inFrontOf(https: HttpsSender, stage: TokenStage): HttpsSender {
  let freshSockets = 0;
  return {
    async send(request) {
      const socket = request.freshSocket === true ? (freshSockets += 1) : 'kept';
      request.signal?.throwIfAborted();
      const answer = await stage.answer({ method: request.method, path: new URL(request.url).pathname, body: request.body ?? '', socket });
      if (answer === undefined) return https.send(request);
      if ('cut' in answer) throw new HttpsFailure('network', 'login.example', 'ECONNRESET');
      return { status: answer.status, headers: answer.headers ?? {}, text: answer.text } satisfies HttpsResponse;
    },
  };
}

/** Both apps at home and at a customer, with both certificates, and two resources in both tenants. */
function furnish({ world, ready }: RunningSandbox, certificates: readonly CredentialCertificate[]): TokenWorld {
  const home = world.tenants.get(ready.homeTenantId);
  const customer = [...world.tenants.values()].find(({ tenantId }) => tenantId !== ready.homeTenantId);
  const [first, second] = ready.apps;
  if (home === undefined || customer === undefined || first === undefined || second === undefined) throw new Error('the seed has too little');
  const now = world.now();
  const keyCredentials = certificates.map(({ der, notBefore, notAfter, thumbprintSha1 }, index) => ({
    keyId: `0000000${index}-0000-4000-8000-000000000000`, key: Buffer.from(der).toString('base64'), customKeyIdentifier: thumbprintSha1, displayName: null,
    startDateTime: notBefore, endDateTime: notAfter, type: 'AsymmetricX509Cert', usage: 'Verify',
  }) as const);
  for (const application of home.applications.list(now)) home.applications.put(application.id, { ...application, keyCredentials }, now);
  for (const { appId } of [first, second]) {
    const principal = home.servicePrincipals.list(now).find((row) => row.appId === appId);
    if (principal === undefined) throw new Error('an app is not at home');
    const id = `${principal.id.slice(0, -4)}c0de`;
    customer.servicePrincipals.put(id, { ...principal, id }, now);
  }
  return {
    apps: [{ key: first.key, appId: first.appId }, { key: second.key, appId: second.appId }],
    tenantIds: [ready.homeTenantId, customer.tenantId],
    resources: ['https://graph.microsoft.com', 'https://outlook.office365.com'],
  };
}
