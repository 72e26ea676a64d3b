/** What is in a token, held against "ID token claims reference", "Access token claims reference" and captured claims. */
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { checksOf } from './check';
import { body, makeCertificate, part, upload, type Json, type Stage } from './client';

async function accessClaims(stage: Stage, scope = 'https://graph.microsoft.com/.default'): Promise<Json> {
  return part(body(await stage.clientToken('contoso', { scope })).access_token, 1);
}

async function idToken(stage: Stage, fields: Readonly<Record<string, string>> = {}, authority = 'contoso', appKey = 'backup'): Promise<string> {
  const page = await stage.signIn('contoso/ada', { client_id: stage.app(appKey).appId, ...fields }, authority);
  const reply = await stage.redeem(authority, page.callback?.searchParams.get('code') ?? '', {}, appKey);
  return String(body(reply).id_token);
}

const idClaims = async (stage: Stage, ...rest: [Readonly<Record<string, string>>?, string?, string?]) => part(await idToken(stage, ...rest), 1);

/** The published key a token names; only one whose issuer covers organisations may sign for them. */
async function keyFor(stage: Stage, compact: string): Promise<Json | undefined> {
  const { keys } = await stage.document(`/${stage.tenant('contoso')}/discovery/v2.0/keys`);
  return (keys as readonly Json[]).find(({ kid }) => kid === part(compact, 0).kid);
}

export const tokenChecks = checksOf('tokens', {
  'A token without granted roles has no roles member': ['TOKEN-APP', async (stage) => {
    await stage.createPrincipal();
    assert.ok(!('roles' in (await accessClaims(stage))));
  }],
  'A token carries the granted roles of its resource and no others': ['TOKEN-APP', async (stage) => {
    await stage.consent('contoso/ada');
    const names = stage.app().requiredPermissions.filter(({ resource, type }) => resource === 'graph' && type === 'application').map(({ name }) => name);
    const { roles } = await accessClaims(stage);
    assert.ok(Array.isArray(roles) && roles.length > 0);
    assert.deepEqual([...new Set(roles as string[])].toSorted(), names.toSorted());
  }],
  'appidacr tells a secret from a certificate': ['TOKEN-APP', async (stage) => {
    await stage.createPrincipal();
    const certificate = makeCertificate(stage.sandbox.clock.now());
    await stage.patchKeys([upload(certificate)]);
    const { access_token: asserted } = body(await stage.assertedToken('contoso', certificate));
    assert.deepEqual([(await accessClaims(stage)).appidacr, part(asserted, 1).appidacr], ['1', '2']);
  }],
  'A token is issued for the tenant that was asked': ['TOKEN-APP', async (stage) => {
    await stage.createPrincipal();
    const { tid, iss } = await accessClaims(stage);
    assert.deepEqual([tid, iss], [stage.tenant('contoso'), `https://sts.windows.net/${stage.tenant('contoso')}/`]);
  }],
  'A token is for the resource that was asked for': ['TOKEN-APP', async (stage) => {
    await stage.createPrincipal();
    assert.equal((await accessClaims(stage)).aud, 'https://graph.microsoft.com');
  }],
  'expires_in agrees with the token': ['TOKEN-APP', async (stage) => {
    await stage.createPrincipal();
    const { access_token: token, expires_in: seconds } = body(await stage.clientToken('contoso'));
    const { iat, exp } = part(token, 1);
    assert.ok(Math.abs(Number(exp) - Number(iat) - Number(seconds)) < 600);
  }],
  'An access token names a published key': ['DISC-KEYS', async (stage) => {
    await stage.createPrincipal();
    assert.ok((await keyFor(stage, String(body(await stage.clientToken('contoso')).access_token))) !== undefined);
  }],
  'An ID token is for the app that asked': ['CODE-REDEEMED', async (stage) => assert.equal((await idClaims(stage)).aud, stage.app().appId)],
  'The issuer of an ID token is the tenant\'s, also at /organizations': ['CODE-REDEEMED', async (stage) => {
    assert.equal((await idClaims(stage, {}, 'organizations')).iss, `${stage.login}/${stage.tenant('contoso')}/v2.0`);
  }],
  'tid is the tenant in the issuer': ['CODE-REDEEMED', async (stage) => {
    const { iss, tid } = await idClaims(stage);
    assert.ok(String(iss).includes(`/${String(tid)}/`));
  }],
  'The nonce comes back': ['CODE-REDEEMED', async (stage) => assert.equal((await idClaims(stage, { nonce: 'n-7' })).nonce, 'n-7')],
  'An ID token verifies with RS256 and the key it names': ['DISC-KEYS', async (stage) => {
    const compact = await idToken(stage);
    assert.equal(part(compact, 0).alg, 'RS256');
    const key = await keyFor(stage, compact);
    assert.ok(key !== undefined);
    const [header = '', claims = '', signature = ''] = compact.split('.');
    const publicKey = createPublicKey({ key: { kty: 'RSA', n: String(key.n), e: String(key.e) }, format: 'jwk' });
    assert.ok(verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url')));
  }],
  'An ID token says RS256': ['CODE-REDEEMED', async (stage) => assert.equal(part(await idToken(stage), 0).alg, 'RS256')],
  'The key of an ID token is one for organisations': ['DISC-KEYS', async (stage) => {
    const key = await keyFor(stage, await idToken(stage));
    assert.equal(key?.issuer, `${stage.login}/{tenantid}/v2.0`);
  }],
  'An ID token is valid now': ['CODE-REDEEMED', async (stage) => {
    const { nbf, exp } = await idClaims(stage);
    assert.ok(Number(nbf) <= stage.nowSeconds() && stage.nowSeconds() < Number(exp));
  }],
  'sub differs from app to app': ['CODE-REDEEMED', async (stage) => {
    const [one, other] = [await idClaims(stage), await idClaims(stage, {}, 'contoso', 'restore')];
    assert.equal(one.oid, other.oid);
    assert.notEqual(one.sub, other.sub);
  }],
  'An ID token is of version 2.0': ['CODE-REDEEMED', async (stage) => assert.equal((await idClaims(stage)).ver, '2.0')],
  'The profile scope brings oid': ['CODE-REDEEMED', async (stage) => {
    const claims = await idClaims(stage);
    for (const name of ['oid', 'name', 'preferred_username']) assert.ok(name in claims, `${name} is missing`);
  }],
});
