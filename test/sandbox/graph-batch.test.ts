import { beforeAll, describe, expect, it } from 'vitest';
import { createFixture, errorOf, type Fixture, type Json } from './graph-support';

const roles = ['Directory.Read.All'];

interface ItemReply {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Json;
}

let graph: Fixture;
const post = (requests: unknown) => graph.call('POST', '/v1.0/$batch', { roles, body: { requests } });
const items = async (requests: unknown) => {
  const reply = await post(requests);
  return reply.json.responses as readonly ItemReply[];
};
const get = (id: string, url: string, more: Json = {}) => ({ id, method: 'GET', url, ...more });

beforeAll(() => {
  graph = createFixture();
});

describe('a batch', () => {
  it('answers every request on its own, under 200', async () => {
    const replies = await items([
      get('1', '/users/ada@contoso.example'),
      get('2', 'users?$select=id&$top=2'),
      get('3', '/users/nobody@contoso.example'),
      get('4', '/applications/x/tokenLifetimePolicies'),
      { id: '5', method: 'PATCH', url: '/oauth2PermissionGrants/x', body: { scope: '' }, headers: { 'Content-Type': 'application/json' } },
    ]);
    const byId = Object.fromEntries(replies.map((reply) => [reply.id, reply.status]));
    expect(byId).toEqual({ 1: 200, 2: 200, 3: 404, 4: 501, 5: 403 });
    const first = replies.find(({ id }) => id === '1');
    expect(first?.headers).toMatchObject({ 'OData-Version': '4.0', 'Cache-Control': 'no-cache', 'x-sandbox-rule': 'G-USER-GET;grade=recorded' });
    expect(first?.body).toMatchObject({ displayName: 'Ada Lindqvist' });
  });

  it('reports the gaps of its items', async () => {
    expect((await post([get('1', '/applications/x/tokenLifetimePolicies')])).gap).toBe('GET /v1.0/applications/{}/tokenlifetimepolicies');
  });

  it('comes in an order of its own, the same every time', async () => {
    const requests = ['1', '2', '3', '4', '5', '6'].map((id) => get(id, '/organization'));
    const order = (await items(requests)).map(({ id }) => id);
    expect(order).not.toEqual(['1', '2', '3', '4', '5', '6']);
    expect(order.toSorted()).toEqual(['1', '2', '3', '4', '5', '6']);
    expect((await items(requests.toReversed())).map(({ id }) => id)).toEqual(order);
  });

  it('skips what depends on a failure, and what depends on that', async () => {
    const replies = await items([
      get('late', '/organization', { dependsOn: ['after'] }),
      get('after', '/organization', { dependsOn: ['bad'] }),
      get('bad', '/users/nobody@contoso.example'),
      get('fine', '/organization', { dependsOn: ['good'] }),
      get('good', '/organization'),
    ]);
    expect(Object.fromEntries(replies.map(({ id, status }) => [id, status]))).toEqual({ late: 424, after: 424, bad: 404, fine: 200, good: 200 });
  });

  it('passes the consistency header of an item on to that item alone', async () => {
    const url = '/users?$count=true&$top=1';
    const replies = await items([get('with', url, { headers: { ConsistencyLevel: 'eventual' } }), get('without', url)]);
    const counted = replies.filter(({ body }) => body !== undefined && '@odata.count' in body).map(({ id }) => id);
    expect(counted).toEqual(['with']);
  });

  it('gives its items absolute next links', async () => {
    const [reply] = await items([get('1', '/users?$top=5')]);
    const next = String(reply?.body?.['@odata.nextLink']);
    expect(next).toMatch(/^https:\/\/graph\.test\/v1\.0\/users\?/);
    expect((await graph.call('GET', next, { roles })).status).toBe(200);
  });

  it.each([
    ['21 requests', Array.from({ length: 21 }, (_, index) => get(String(index), '/organization'))],
    ['one id twice', [get('1', '/organization'), get('1', '/organization')]],
    ['no requests', []],
    ['requests that are no list', 'x'],
    ['an item without an id', [{ method: 'GET', url: '/organization' }]],
    ['an id that is a number', [{ id: 1, method: 'GET', url: '/organization' }]],
    ['an absolute url', [get('1', 'https://graph.microsoft.com/v1.0/organization')]],
    ['a body without a content type', [{ id: '1', method: 'POST', url: '/directoryObjects/getByIds', body: { ids: [] } }]],
    ['an unknown dependency', [get('1', '/organization', { dependsOn: ['2'] })]],
    ['a circle', [get('1', '/organization', { dependsOn: ['2'] }), get('2', '/organization', { dependsOn: ['1'] })]],
    ['a batch in a batch', [{ id: '1', method: 'POST', url: '/$batch', body: {}, headers: { 'Content-Type': 'application/json' } }]],
  ])('with %s is refused as a whole', async (_, requests) => {
    const reply = await post(requests);
    expect([reply.status, errorOf(reply).code]).toEqual([400, 'BadRequest']);
  });

  it('of twenty is answered', async () => {
    expect(await items(Array.from({ length: 20 }, (_, index) => get(String(index), '/organization')))).toHaveLength(20);
  });

  it('is closed without a token', async () => {
    expect((await graph.call('POST', '/v1.0/$batch', { bearer: '', body: { requests: [] } })).status).toBe(401);
  });
});
