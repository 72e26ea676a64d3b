import { once } from 'node:events';
import { createServer as createHttpServer, globalAgent as httpGlobalAgent } from 'node:http';
import { globalAgent } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpsClient, type HttpsClient } from '../../../src/core/adapters/https-client';
import { HttpsFailure, isPinned } from '../../../src/core/adapters/https-exchange';
import { hasCode } from '../../../src/core/errors';
import { makeServerCertificate, startTlsServer, type TlsServer } from './tls-server';

let server: TlsServer;
let client: HttpsClient;

beforeEach(async () => {
  server = await startTlsServer();
  client = createHttpsClient({ ca: server.ca, userAgent: 'test/1', timeoutMs: 2000 });
});

afterEach(async () => {
  client.close();
  await server.close();
});

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('an exchange', () => {
  it('sends method, headers and body, and gives status, headers and text of any status', async () => {
    server.answer = () => ({ status: 418, headers: { 'X-Thing': 'a' }, text: 'grün' });
    const response = await client.send({ method: 'POST', url: `${server.origin}/a?b=c`, headers: { 'x-mine': '1' }, body: 'größe' });
    expect(response).toMatchObject({ status: 418, text: 'grün', headers: { 'x-thing': 'a' } });
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/a?b=c', body: 'größe' });
    expect(server.seen[0]?.headers).toMatchObject({ 'user-agent': 'test/1', 'x-mine': '1', 'content-length': '7' });
  });

  it('does not follow a redirect', async () => {
    server.answer = () => ({ status: 302, headers: { location: 'https://attacker.example/' } });
    expect((await client.send({ method: 'GET', url: server.origin })).status).toBe(302);
    expect(server.seen).toHaveLength(1);
  });

  it('keeps a connection, and uses a new one when asked', async () => {
    for (const freshSocket of [false, false, true, true]) await client.send({ method: 'GET', url: server.origin, freshSocket });
    expect(server.seen.map((request) => request.socket)).toEqual([1, 1, 2, 3]);
  });

  it('shares one new connection among the requests of an isolated client', async () => {
    await client.send({ method: 'GET', url: server.origin });
    const isolated = client.isolated();
    await isolated.send({ method: 'GET', url: server.origin });
    await isolated.send({ method: 'GET', url: server.origin });
    isolated.close();
    expect(server.seen.map((request) => request.socket)).toEqual([1, 2, 2]);
  });

  it('repeats a GET once when the kept connection was closed under it, and leaves a POST to the caller', async () => {
    await client.send({ method: 'GET', url: server.origin });
    server.answer = (request) => ({ cut: request.socket === 1 });
    expect((await client.send({ method: 'GET', url: server.origin })).status).toBe(200);
    server.answer = () => ({});
    await client.send({ method: 'GET', url: server.origin });
    const socket = server.seen.at(-1)?.socket;
    server.answer = (request) => ({ cut: request.socket === socket });
    expect(await failureOf(client.send({ method: 'POST', url: server.origin, body: 'x' }))).toMatchObject({ kind: 'network', staleSocket: true });
  });
});

describe('failures', () => {
  it('refuses plain http before anything is sent', async () => {
    expect(hasCode(await failureOf(client.send({ method: 'GET', url: 'http://localhost/' })), 'INPUT_INVALID')).toBe(true);
    expect(hasCode(await failureOf(client.send({ method: 'GET', url: 'not an address' })), 'INPUT_INVALID')).toBe(true);
  });

  it('names the host whose certificate is not trusted, and sends nothing there', async () => {
    const stranger = createHttpsClient({ userAgent: 'test/1', timeoutMs: 2000 });
    const error = await failureOf(stranger.send({ method: 'POST', url: `${server.origin}/token`, body: 'client_secret=hunter2' }));
    stranger.close();
    expect(hasCode(error, 'TLS_UNTRUSTED')).toBe(true);
    expect(String(error)).toContain(new URL(server.origin).host);
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(server.seen).toEqual([]);
  });

  it('refuses a trusted certificate that was made for another name', async () => {
    const other = await startTlsServer(makeServerCertificate(['elsewhere.example']));
    const trusting = createHttpsClient({ ca: other.ca, userAgent: 'test/1', timeoutMs: 2000 });
    expect(hasCode(await failureOf(trusting.send({ method: 'GET', url: other.origin })), 'TLS_UNTRUSTED')).toBe(true);
    trusting.close();
    await other.close();
  });

  it('says that nobody answered', async () => {
    const { origin } = server;
    await server.close();
    server = await startTlsServer();
    expect(await failureOf(client.send({ method: 'GET', url: origin }))).toMatchObject({ kind: 'network', systemCode: 'ECONNREFUSED' });
  });

  it('gives up after its time', async () => {
    const hasty = createHttpsClient({ ca: server.ca, userAgent: 'test/1', timeoutMs: 30 });
    server.answer = () => ({ after: new Promise(() => undefined) });
    const error = await failureOf(hasty.send({ method: 'GET', url: server.origin }));
    hasty.close();
    expect(error).toBeInstanceOf(HttpsFailure);
    expect(error).toMatchObject({ kind: 'timeout' });
  });

  it('stops reading an answer that is too large', { timeout: 60_000 }, async () => {
    // 9 MiB over TLS take seconds where the machine is busy.
    const patient = createHttpsClient({ ca: server.ca, userAgent: 'test/1', timeoutMs: 60_000 });
    server.answer = () => ({ text: 'x'.repeat(9 * 1024 * 1024) });
    const error = await failureOf(patient.send({ method: 'GET', url: server.origin }));
    patient.close();
    expect(error).toMatchObject({ kind: 'too_large' });
  });

  it('rejects with the reason of the caller who gave up', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    server.answer = () => {
      controller.abort(reason);
      return { after: new Promise(() => undefined) };
    };
    expect(await failureOf(client.send({ method: 'GET', url: server.origin, signal: controller.signal }))).toBe(reason);
    expect(await failureOf(client.send({ method: 'GET', url: server.origin, signal: controller.signal }))).toBe(reason);
  });

  it('leaves the agents of the process alone', async () => {
    const before = [globalAgent.options.ca, Object.keys(globalAgent.sockets).length, Object.keys(httpGlobalAgent.sockets).length];
    await client.send({ method: 'GET', url: server.origin });
    expect([globalAgent.options.ca, Object.keys(globalAgent.sockets).length, Object.keys(httpGlobalAgent.sockets).length]).toEqual(before);
  });
});

describe('a proxy', () => {
  it('is used when the host passes its settings, and the server\'s own certificate is still checked', async () => {
    const tunnels: string[] = [];
    const proxy = createHttpServer().on('connect', (request, socket: Socket) => {
      tunnels.push(request.url ?? '');
      const upstream = connect(Number(new URL(server.origin).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [socket, upstream]) end.on('error', () => undefined);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const through = createHttpsClient({
      ca: server.ca,
      userAgent: 'test/1',
      timeoutMs: 2000,
      proxyEnv: { HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    });
    server.answer = () => ({ text: 'tunnelled' });
    expect((await through.send({ method: 'GET', url: server.origin })).text).toBe('tunnelled');
    expect(tunnels).toEqual([new URL(server.origin).host]);
    expect(hasCode(await failureOf(through.send({ method: 'GET', url: 'https://elsewhere.example/' })), 'TLS_UNTRUSTED')).toBe(true);
    through.close();
    proxy.closeAllConnections();
    proxy.close();
  });
});

describe('pinning', () => {
  const origin = 'https://graph.microsoft.com';
  it.each(['https://graph.microsoft.com/v1.0/users', 'https://GRAPH.microsoft.com:443/x'])('accepts %s', (url) => {
    expect(isPinned(url, origin)).toBe(true);
  });
  it.each([
    'http://graph.microsoft.com/v1.0',
    'https://graph.microsoft.com:444/v1.0',
    'https://graph.microsoft.com.attacker.example/',
    'https://graph.microsoft.com@attacker.example/',
    'https://user@graph.microsoft.com/',
    '//graph.microsoft.com/',
    '/v1.0/users',
    '',
  ])('refuses %s', (url) => {
    expect(isPinned(url, origin)).toBe(false);
  });
});
