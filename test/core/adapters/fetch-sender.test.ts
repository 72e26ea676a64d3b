import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFetchSender, type FetchAnswer, type FetchFunction, type FetchInit } from '../../../src/core/adapters/fetch-sender';
import { createHttpsClient } from '../../../src/core/adapters/https-client';
import { HttpsFailure, type HttpsRequest } from '../../../src/core/adapters/https-exchange';
import { startTlsServer, type TlsServer } from './tls-server';

const answered: FetchAnswer = { status: 200, headers: [['retry-after', '3']], text: async () => 'body' };
const call: HttpsRequest = { method: 'POST', url: 'https://service.example/path', headers: { 'x-one': '1' }, body: 'a=b' };

function recording(answer: (init: FetchInit) => Promise<FetchAnswer> = async () => answered) {
  const seen: { readonly url: string; readonly init: FetchInit }[] = [];
  const fetch: FetchFunction = (url, init) => {
    seen.push({ url, init });
    return answer(init);
  };
  return { seen, fetch };
}
const senderOver = (fetch: FetchFunction, more: { readonly freshFetch?: FetchFunction; readonly timeoutMs?: number } = {}) => createFetchSender({ fetch, userAgent: 'test/1', timeoutMs: 10_000, ...more });
const failureOf = (promise: Promise<unknown>) => promise.then(() => expect.fail('it was answered'), (error: unknown) => error as Error);
const forever = () => new Promise<never>(() => undefined);

describe('a host\'s fetch', () => {
  it('gets the whole request, and is told not to follow redirects', async () => {
    const { seen, fetch } = recording();
    expect(await senderOver(fetch).send({ ...call, library: 'lib/2' })).toEqual({ status: 200, headers: { 'retry-after': '3' }, text: 'body' });
    expect(seen[0]?.url).toBe('https://service.example/path');
    expect(seen[0]?.init).toMatchObject({ method: 'POST', body: 'a=b', redirect: 'manual', headers: { 'user-agent': 'test/1 lib/2', accept: 'application/json', 'x-one': '1' } });
  });

  it('is asked for nothing that is not https', async () => {
    const { seen, fetch } = recording();
    for (const url of ['http://service.example/', 'file:///etc/passwd', 'nonsense']) expect(await failureOf(senderOver(fetch).send({ ...call, url }))).toMatchObject({ code: 'INPUT_INVALID' });
    expect(seen).toEqual([]);
  });

  it('serves no fresh request unless the host says which fetch opens a connection of its own', async () => {
    const kept = recording();
    const fresh = recording();
    expect(await failureOf(senderOver(kept.fetch).send({ ...call, freshSocket: true }))).toMatchObject({ code: 'CONFIG_INVALID', details: { field: 'freshFetch' } });
    expect(kept.seen).toEqual([]);
    await senderOver(kept.fetch, { freshFetch: fresh.fetch }).send({ ...call, freshSocket: true });
    expect([kept.seen.length, fresh.seen.length]).toEqual([0, 1]);
  });

  it('that fails is a network failure, of whose text nothing is kept', async () => {
    const secretive = Object.assign(new TypeError('fetch failed at http://user:hunter2@proxy.example'), { cause: Object.assign(new Error('hunter2'), { code: 'ECONNREFUSED' }) });
    for (const thrown of [secretive, new Error('hunter2'), 'hunter2', undefined]) {
      const failure = await failureOf(senderOver(() => Promise.reject(thrown)).send(call));
      expect(failure).toBeInstanceOf(HttpsFailure);
      expect(failure).toMatchObject({ kind: 'network', host: 'service.example', systemCode: thrown === secretive ? 'ECONNREFUSED' : undefined });
      expect(inspect(failure, { depth: 9 })).not.toContain('hunter2');
    }
  });

  it('that does not answer, or does not end, is a time-out, also when it ignores its signal', async () => {
    for (const fetch of [forever, async () => ({ ...answered, text: forever })]) {
      expect(await failureOf(senderOver(fetch, { timeoutMs: 20 }).send(call))).toMatchObject({ kind: 'timeout' });
    }
  });

  it('ends with its caller', async () => {
    const { seen, fetch } = recording(forever);
    const controller = new AbortController();
    const reason = new Error('enough');
    const failure = failureOf(senderOver(fetch).send({ ...call, signal: controller.signal }));
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect(seen[0]?.init.signal.aborted).toBe(true);
    expect(await failureOf(senderOver(fetch).send({ ...call, signal: controller.signal }))).toBe(reason);
    expect(seen).toHaveLength(1);
  });

  it('whose answer has no end worth reading is refused', async () => {
    expect(await failureOf(senderOver(async () => ({ ...answered, text: async () => 'x'.repeat(9 << 20) })).send(call))).toMatchObject({ kind: 'too_large' });
  });

  it('is read no further than an answer may be long, however much would follow', async () => {
    let chunks = 0;
    let isEnded = false;
    async function* unfolding() {
      try {
        for (;;) yield Buffer.alloc(1 << 20, `${(chunks += 1)}`);
      } finally {
        isEnded = true;
      }
    }
    expect(await failureOf(senderOver(async () => ({ ...answered, text: forever, body: unfolding() })).send(call))).toMatchObject({ kind: 'too_large' });
    expect({ chunks, isEnded }).toEqual({ chunks: 9, isEnded: true });
  });

  it('may be empty', async () => {
    const body = (async function* () {})();
    expect(await senderOver(async () => ({ ...answered, text: forever, body })).send(call)).toMatchObject({ text: '' });
  });
});

describe('Node\'s own fetch', () => {
  let server: TlsServer;
  beforeAll(async () => {
    server = await startTlsServer();
    server.answer = () => ({ text: 'answered' });
  });
  afterAll(() => server.close());

  it('says when the server\'s certificate is not trusted, in the same words as our own client', async () => {
    const request = { method: 'GET', url: server.origin } as const;
    const https = createHttpsClient({ userAgent: 'test/1', timeoutMs: 10_000 });
    const [ours, theirs] = [await failureOf(https.send(request)), await failureOf(senderOver(fetch).send(request))];
    https.close();
    expect(theirs).toMatchObject({ code: 'TLS_UNTRUSTED', message: ours.message });
  });

  it('is as good as our own client where the network is away', async () => {
    expect(await failureOf(senderOver(fetch).send({ method: 'GET', url: 'https://127.0.0.1:1/' }))).toMatchObject({ kind: 'network' });
  });
});
