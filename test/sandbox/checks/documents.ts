/** The public documents, held against the documents captured in 2024. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, createVerify, X509Certificate } from 'node:crypto';
import { checksOf } from './check';
import { body, codeOf, type Json, type Stage } from './client';

const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

const configuration = (stage: Stage, segment: string) => stage.document(`/${segment}/v2.0/.well-known/openid-configuration`);
const keysOf = async (stage: Stage) => (await stage.document(`/${stage.tenant('contoso')}/discovery/v2.0/keys`)).keys as readonly Json[];

export const documentChecks = checksOf('documents', {
  'The document of /organizations carries the issuer template': ['DISC-TEMPLATE', async (stage) => {
    assert.equal((await configuration(stage, 'organizations')).issuer, `${stage.login}/{tenantid}/v2.0`);
    assert.equal((await configuration(stage, 'common')).issuer, `${stage.login}/{tenantid}/v2.0`);
  }],
  'The issuer of a tenant is its GUID, also when asked for by domain': ['DISC-TENANT', async (stage) => {
    const byDomain = await configuration(stage, 'contoso.example');
    assert.equal(byDomain.issuer, `${stage.login}/${stage.tenant('contoso')}/v2.0`);
  }],
  'A tenant\'s document points to its own keys': ['DISC-TENANT', async (stage) => {
    const document = await configuration(stage, stage.tenant('contoso'));
    assert.equal(document.jwks_uri, `${stage.login}/${stage.tenant('contoso')}/discovery/v2.0/keys`);
  }],
  'No document promises an iss parameter': ['DISC-TENANT', async (stage) => {
    assert.ok(!('authorization_response_iss_parameter_supported' in (await configuration(stage, 'contoso.example'))));
  }],
  'ID tokens are announced with RS256 alone': ['DISC-TENANT', async (stage) => {
    assert.deepEqual((await configuration(stage, 'contoso.example')).id_token_signing_alg_values_supported, ['RS256']);
  }],
  'An unknown tenant is AADSTS90002': ['TENANT-UNKNOWN', async (stage) => {
    const reply = await stage.get('/12345678-0000-4000-8000-000000000000/v2.0/.well-known/openid-configuration');
    assert.deepEqual([reply.status, codeOf(reply), body(reply).error], [400, '90002', 'invalid_tenant']);
  }],
  'kid and x5t are the SHA-1 of the certificate': ['DISC-KEYS', async (stage) => {
    for (const { kid, x5t, x5c } of await keysOf(stage)) {
      const hash = createHash('sha1').update(Buffer.from(String((x5c as readonly string[])[0]), 'base64')).digest('base64url');
      assert.deepEqual([kid, x5t], [hash, hash]);
    }
  }],
  'The numbers of a published key are those of its certificate': ['DISC-KEYS', async (stage) => {
    for (const { n, x5c } of await keysOf(stage)) {
      assert.equal(new X509Certificate(Buffer.from(String((x5c as readonly string[])[0]), 'base64')).publicKey.export({ format: 'jwk' }).n, n);
    }
  }],
  'A published work key verifies the access tokens of the tenant': ['DISC-KEYS', async (stage) => {
    await stage.createPrincipal();
    const compact = String(body(await stage.clientToken('contoso')).access_token);
    const [header = '', claims = '', signature = ''] = compact.split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Json;
    const key = (await keysOf(stage)).find((candidate) => candidate.kid === kid);
    assert.ok(key !== undefined);
    const verifier = createVerify('sha256').update(`${header}.${claims}`);
    assert.ok(verifier.verify(createPublicKey({ key: { kty: 'RSA', n: String(key.n), e: String(key.e) }, format: 'jwk' }), Buffer.from(signature, 'base64url')));
  }],
  'Every key names the issuer it is for': ['DISC-KEYS', async (stage) => {
    for (const { issuer } of await keysOf(stage)) assert.equal(typeof issuer, 'string');
  }],
  'One key is for the consumer tenant alone': ['DISC-KEYS', async (stage) => {
    const issuers = new Set((await keysOf(stage)).map(({ issuer }) => String(issuer)));
    assert.ok(issuers.has(`${stage.login}/${CONSUMERS}/v2.0`));
    assert.ok(issuers.has(`${stage.login}/{tenantid}/v2.0`));
  }],
  'Instance discovery refuses a host it does not know': ['DISC-INSTANCE-UNKNOWN', async (stage) => {
    const asked = encodeURIComponent('https://login.evil.example/common/oauth2/v2.0/authorize');
    const reply = await stage.get(`/common/discovery/instance?api-version=1.1&authorization_endpoint=${asked}`);
    assert.deepEqual([reply.status, codeOf(reply)], [400, '50049']);
  }],
});
