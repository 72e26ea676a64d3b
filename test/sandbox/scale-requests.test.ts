import { describe, expect, it } from 'vitest';
import { issueAccessToken, verifyAccessToken } from '../../src/sandbox/access-tokens';
import { RequestLog } from '../../src/sandbox/request-log';
import { Ring } from '../../src/sandbox/ring';
import { generateSigningKeysNow } from '../../src/sandbox/signing-keys';
import { errorOf, createFixture, START } from './graph-support';

describe('a token that has been verified before', () => {
  const keys = generateSigningKeysNow(START);
  const other = generateSigningKeysNow(START);
  const at = (now: number, signingKeys = keys) => ({ now: () => now, signingKeys });
  const token = issueAccessToken(at(START), {
    tenantId: '11111111-1111-4111-8111-111111111111',
    audience: 'https://graph.microsoft.com',
    appId: '22222222-2222-4222-8222-222222222222',
    appDisplayName: 'Test',
    clientProof: '2',
    subjectObjectId: '33333333-3333-4333-8333-333333333333',
    roles: [],
  });
  const check = (world: ReturnType<typeof at>, compact = token, audience = 'https://graph.microsoft.com') => {
    const result = verifyAccessToken(world, compact, audience);
    return result.ok ? 'accepted' : result.reason;
  };

  it('is judged anew for its time, its audience and its key', () => {
    expect(check(at(START))).toBe('accepted');
    expect(check(at(START))).toBe('accepted');
    expect(check(at(START + 3_600_000))).toBe('expired');
    expect(check(at(START - 1000))).toBe('not-yet-valid');
    expect(check(at(START), token, 'https://outlook.office365.com')).toBe('audience');
    expect(check(at(START, other))).toBe('unknown-key');
  });

  it('is refused when its key comes back under the consumer tenant', () => {
    const [first] = keys.published;
    if (first === undefined) throw new Error('no key');
    const consumer = { current: keys.current, published: [{ ...first, audience: 'consumer' as const }] };
    expect(check(at(START, consumer))).toBe('unknown-key');
  });

  it('vouches for no token with another signature, other claims or another key of the same name', () => {
    const [header = '', claims = '', signature = ''] = token.split('.');
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(check(at(START), `${header}.${claims}.${flipped}`)).toBe('signature');
    const changed = Buffer.from(JSON.stringify({ ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), roles: ['Directory.ReadWrite.All'] })).toString('base64url');
    expect(check(at(START), `${header}.${changed}.${signature}`)).toBe('signature');
    const [first] = keys.published;
    if (first === undefined) throw new Error('no key');
    const impostor = { current: keys.current, published: [{ ...first, publicKey: other.current.publicKey }] };
    expect(check(at(START, impostor))).toBe('signature');
  });

  it('does not outlive the clock of Graph', async () => {
    const graph = createFixture();
    const bearer = graph.bearer({ roles: ['Directory.Read.All'] });
    expect((await graph.call('GET', '/v1.0/organization', { bearer })).status).toBe(200);
    graph.world.advance(3600);
    const late = await graph.call('GET', '/v1.0/organization', { bearer });
    expect([late.status, errorOf(late).code]).toEqual([401, 'InvalidAuthenticationToken']);
  });
});

describe('the request log', () => {
  it('keeps the newest items in order and counts what made room', () => {
    const ring = new Ring<number>(3);
    for (const item of [1, 2]) ring.push(item);
    expect([ring.list(), ring.dropped]).toEqual([[1, 2], 0]);
    for (const item of [3, 4, 5, 6, 7]) ring.push(item);
    expect([ring.list(), ring.dropped]).toEqual([[5, 6, 7], 4]);
    ring.clear();
    ring.push(8);
    expect([ring.list(), ring.dropped]).toEqual([[8], 0]);
  });

  it('does not grow for ever', () => {
    const log = new RequestLog();
    const request = { method: 'GET', host: 'login', path: '/common', query: new URLSearchParams(), headers: {}, body: Buffer.alloc(0), socketId: 1 } as const;
    for (let count = 0; count < 50_003; count += 1) log.record(request, { status: 200, headers: {}, body: '' }, START + count);
    expect([log.rows().length, log.droppedRows]).toEqual([50_000, 3]);
    expect(log.rows().at(-1)?.at).toBe(new Date(START + 50_002).toISOString());
  });
});
