/** OpenID Connect clients of others, unchanged: where the standards suffice they work, where Entra departs from them they refuse. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Stage, type Way } from './stage';

describe.each(['masquerade', 'own address'] satisfies Way[])('in %s', (way) => {
  let stage: Stage;
  let issuer: string;
  beforeAll(async () => {
    stage = await openStage(way);
    issuer = `${stage.sandbox.ready.login}/${stage.contoso.tenantId}/v2.0`;
  });
  afterAll(() => stage.stop());

  const person = () => ({ iss: issuer, aud: stage.app.appId, tid: stage.contoso.tenantId, oid: stage.ada.objectId, ver: '2.0', name: stage.ada.upn });

  it('openid-client signs a person in at the tenant, and at the shared authority only where it knows Entra by name', async () => {
    const found = await stage.run('openid-client.mts');
    expect(found).toEqual({
      issuer,
      app: expect.objectContaining({ aud: 'https://graph.microsoft.com', roles: 7 }),
      person: person(),
      shared: way === 'masquerade' ? person() : 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
      refusals: { otherState: 'OAUTH_INVALID_RESPONSE', otherVerifier: 'invalid_grant AADSTS501481', otherNonce: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' },
    });
  });

  it('oauth4webapi signs a person in at the tenant, and takes no shared authority for an issuer', async () => {
    const found = await stage.run('oauth4webapi.mts');
    const { tenantId } = stage.contoso;
    expect(found).toEqual({
      issuer,
      shared: { organizations: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED', common: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' },
      person: { iss: issuer, aud: stage.app.appId, tid: tenantId, hasNonce: true },
      assertion: { named: expect.objectContaining({ appidacr: '2', tid: tenantId }), byTheStandard: expect.stringMatching(/^invalid_client AADSTS\d+$/) },
    });
  });

  it('none of them asked for anything the sandbox does not model, nor for anybody else', () => {
    expect(stage.sandbox.gaps()).toEqual([]);
  });
});
