/** Microsoft's own libraries for Node, unchanged, both ways of pointing them here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Stage, type Way } from './stage';

interface Outline {
  readonly aud: string;
  readonly appidacr: string;
  readonly tid: string;
  readonly roles: number;
}

describe.each(['masquerade', 'own address'] satisfies Way[])('in %s', (way) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(way);
  });
  afterAll(() => stage.stop());

  const appToken = (proof: '1' | '2') => ({ aud: 'https://graph.microsoft.com', iss: `https://sts.windows.net/${stage.contoso.tenantId}/`, appid: stage.app.appId, appidacr: proof, tid: stage.contoso.tenantId, idtyp: 'app', roles: 7 });

  it('MSAL for Node gets tokens by secret and by certificate, signs a person in, and understands every refusal', async () => {
    const found = await stage.run<{ readonly tokens: Readonly<Record<string, Outline>>; readonly refusals: object; readonly person: object }>('msal-node.mts');
    expect(found.tokens).toEqual({ secret: { ...appToken('1'), cached: true }, sha256: { ...appToken('2'), cached: true }, sha1: { ...appToken('2'), cached: true } });
    expect(found.refusals).toEqual({
      wrongSecret: 'invalid_client 7000215',
      otherThumbprint: 'invalid_client 700027',
      // Under a name MSAL knows it goes straight to the token endpoint; elsewhere the tenant's document is missing first.
      wrongTenant: way === 'masquerade' ? 'invalid_request' : 'endpoints_resolution_error',
      organizations: 'missing_tenant_id_error undefined',
      unknownHost: 'endpoints_resolution_error',
      otherVerifier: 'invalid_grant 501481',
      secondTime: 'invalid_grant 54005',
    });
    expect(found.person).toMatchObject({ account: `${stage.ada.objectId}.${stage.contoso.tenantId}`, username: stage.ada.upn, tenant: stage.contoso.tenantId, nonce: 'nonce-of-msal', scopes: expect.arrayContaining(['User.Read']) });
    expect(stage.sandbox.requests().some(({ clientSku }) => clientSku?.startsWith('msal.js.node ') === true)).toBe(true);
  });

  it('@azure/identity gets tokens by secret and by certificate file, and a person\'s by code', async () => {
    const found = await stage.run('azure-identity.mts');
    expect(found).toEqual({
      tokens: { secret: appToken('1'), certificate: appToken('2') },
      refusals: { wrongSecret: 'AADSTS7000215', otherResource: 'AADSTS500011' },
      person: { scopes: expect.stringContaining('User.Read') },
    });
  });

  it('the Graph client turns pages, splits a batch, and waits as long as it is told to', async () => {
    const names = stage.contoso.users.map(({ upn }) => upn).toSorted();
    const limit = { version: 1, seed: 'clients', rules: [{ id: 'slow-down', match: { host: 'graph', path: '/v1.0/users*' }, when: { nth: [1, 3], per: 'all' }, do: { body: 'graph.TooManyRequests', headers: { 'Retry-After': '1' } } }], expect: { noRetryBefore: 'Retry-After' } };
    await control(stage, 'POST', '/faults', limit);
    const found = await stage.run<{ readonly names: readonly string[] }>('graph-client.mts', { job: 'read' });
    expect({ ...found, names: found.names.toSorted() }).toEqual({ names, next: stage.sandbox.ready.graph, statuses: [200, 404], count: names.length, nobody: '404 Request_ResourceNotFound', forbidden: '403 Authorization_RequestDenied' });
    const judged = await control(stage, 'GET', '/faults');
    await control(stage, 'POST', '/faults', {});
    expect(stage.sandbox.requests().filter(({ host, status }) => host === 'graph' && status === 429)).toHaveLength(2);
    expect(judged).toMatchObject({ expect: { verdict: 'met', violations: [] } });
  });

  it('none of them asked for anything the sandbox does not model, nor for anybody else', () => {
    expect(stage.sandbox.gaps()).toEqual([]);
  });
});

async function control({ sandbox }: Stage, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(new URL(path, sandbox.ready.control), { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  return answer.json();
}
