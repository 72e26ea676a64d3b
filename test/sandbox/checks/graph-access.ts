/** Who may ask Graph for what, held against permissions data and reported refusals. */
import assert from 'node:assert/strict';
import { checksOf } from './check';
import { body, codeOf, type GraphOptions, type Stage } from './client';

const READ: GraphOptions = { roles: ['Organization.Read.All', 'User.Read.All'] };

async function refusesToken(stage: Stage, bearer: string): Promise<void> {
  const reply = await stage.graph('GET', '/organization', { bearer });
  assert.deepEqual([reply.status, codeOf(reply)], [401, 'InvalidAuthenticationToken']);
}

export const graphAccessChecks = checksOf('graph-access', {
  'A right token is taken': ['G-ORG-LIST', async (stage) => assert.equal((await stage.graph('GET', '/organization', READ)).status, 200)],
  'A token for another resource is refused': ['G-ERR-TOKEN', async (stage) => refusesToken(stage, stage.graphToken(READ, { aud: 'https://outlook.office365.com' }))],
  'A token whose claims were changed is refused': ['G-ERR-TOKEN', async (stage) => {
    const [header, , signature] = stage.graphToken(READ).split('.');
    const [, claims] = stage.graphToken({ ...READ, tenant: 'fabrikam' }).split('.');
    await refusesToken(stage, [header, claims, signature].join('.'));
  }],
  'A token signed with the consumer key is refused': ['G-ERR-TOKEN', async (stage) => {
    const consumer = stage.keys.published.find(({ audience }) => audience === 'consumer');
    await refusesToken(stage, stage.graphToken(READ, {}, consumer));
  }],
  'An expired token is refused': ['G-ERR-TOKEN', async (stage) => {
    const past = stage.nowSeconds() - 7200;
    await refusesToken(stage, stage.graphToken(READ, { iat: past, nbf: past, exp: past + 3600 }));
  }],
  'A 401 carries a challenge': ['G-ERR-TOKEN', async (stage) => {
    const reply = await stage.graph('GET', '/organization', { bearer: 'nonsense' });
    assert.match(String(reply.headers['www-authenticate']), /^Bearer realm="", authorization_uri="https:/);
  }],
  'A missing permission is 403 Authorization_RequestDenied': ['G-ERR-DENIED', async (stage) => {
    const reply = await stage.graph('GET', '/users', { roles: ['Mail.ReadWrite'] });
    assert.deepEqual([reply.status, codeOf(reply)], [403, 'Authorization_RequestDenied']);
  }],
  'Application.ReadWrite.OwnedBy reaches the caller\'s own app alone': ['G-ERR-DENIED', async (stage) => {
    const roles = ['Application.ReadWrite.OwnedBy'];
    const read = (objectId: string) => stage.graph('GET', `/applications/${objectId}`, { tenant: 'partner', roles });
    assert.equal(body(await read(stage.app().objectId)).appId, stage.app().appId);
    assert.equal((await read(stage.app('restore').objectId)).status, 403);
  }],
});
