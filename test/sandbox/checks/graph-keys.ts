/** Key credentials and proofs of possession, held against recorded uploads of 2022-2024 and the reference pages. */
import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { checksOf } from './check';
import { body, codeOf, jwt, makeCertificate, thumbprint, upload, type Certificate, type Json, type Stage } from './client';

const RETIRED_DIRECTORY = '00000002-0000-0000-c000-000000000000';

async function withKey(stage: Stage): Promise<{ readonly certificate: Certificate; readonly entry: Json }> {
  const certificate = makeCertificate(stage.sandbox.clock.now());
  assert.equal((await stage.patchKeys([upload(certificate)])).status, 204);
  const [entry] = await stage.keysOf();
  assert.ok(entry !== undefined, 'Nothing was stored');
  return { certificate, entry };
}

/** "Generating proof of possession tokens for rolling keys": from the object id, to the retired directory, ten minutes. */
function proof(stage: Stage, certificate: Certificate, claims: Json = {}, key: KeyObject = certificate.privateKey): string {
  const x5t = thumbprint(certificate.der, 'sha1').toString('base64url');
  const now = stage.nowSeconds();
  return jwt({ alg: 'RS256', typ: 'JWT', x5t }, { aud: RETIRED_DIRECTORY, iss: stage.app().objectId, nbf: now, exp: now + 600, ...claims }, key);
}

const act = (stage: Stage, action: 'addKey' | 'removeKey', sent: Json) =>
  stage.graph('POST', `/applications/${stage.app().objectId}/${action}`, { tenant: 'partner', roles: ['Application.ReadWrite.OwnedBy'], body: sent });

const addKey = (stage: Stage, sentProof: string) => act(stage, 'addKey', { keyCredential: upload(makeCertificate(stage.sandbox.clock.now(), 30, 'next')), passwordCredential: null, proof: sentProof });

export const graphKeyChecks = checksOf('graph-keys', {
  'key is null in lists': ['G-APP-LIST', async (stage) => {
    await withKey(stage);
    const reply = await stage.graph('GET', `/applications?$filter=appId eq '${stage.app().appId}'`, { tenant: 'partner', roles: ['Application.Read.All'] });
    const [application] = body(reply).value as readonly { readonly keyCredentials: readonly Json[] }[];
    assert.deepEqual(application?.keyCredentials.map((entry) => entry.key), [null]);
  }],
  'key is shown where keyCredentials is selected on one application': ['G-APP-GET-KEYS', async (stage) => {
    const { certificate, entry } = await withKey(stage);
    assert.equal(entry.key, certificate.der.toString('base64'));
  }],
  'customKeyIdentifier is forty upper-case hex digits of the SHA-1': ['G-APP-PATCH-KEYS', async (stage) => {
    const { certificate, entry } = await withKey(stage);
    assert.equal(entry.customKeyIdentifier, thumbprint(certificate.der, 'sha1').toString('hex').toUpperCase());
  }],
  'PATCH replaces the whole collection': ['G-APP-PATCH-KEYS', async (stage) => {
    await withKey(stage);
    assert.equal((await stage.patchKeys([upload(makeCertificate(stage.sandbox.clock.now(), 30, 'other'))])).status, 204);
    assert.equal((await stage.keysOf()).length, 1);
  }],
  'A PATCH answered 204 is stored': ['G-APP-PATCH-KEYS', async (stage) => {
    assert.equal((await stage.patchKeys([upload(makeCertificate(stage.sandbox.clock.now()))])).status, 204);
    assert.equal((await stage.keysOf()).length, 1);
  }],
  'A key credential ends no later than its certificate': ['G-KEY-DATES', async (stage) => {
    const certificate = makeCertificate(stage.sandbox.clock.now(), 30);
    const reply = await stage.patchKeys([upload(certificate, { endDateTime: new Date(stage.sandbox.clock.now() + 60 * 86_400_000).toISOString() })]);
    assert.equal(reply.status, 400);
  }],
  'An existing entry is kept as it is or not at all': ['G-KEY-NOT-UPDATABLE', async (stage) => {
    const { entry } = await withKey(stage);
    const reply = await stage.patchKeys([{ ...entry, key: null, displayName: 'CN=renamed' }]);
    assert.equal(reply.status, 400);
  }],
  'A right proof adds a key': ['G-APP-ADD-KEY', async (stage) => {
    const { certificate } = await withKey(stage);
    const reply = await addKey(stage, proof(stage, certificate));
    assert.equal(reply.status, 200, reply.text.slice(0, 200));
    assert.equal((await stage.keysOf()).length, 2);
  }],
  'A proof signed with another key is 401': ['G-APP-PROOF', async (stage) => {
    const { certificate } = await withKey(stage);
    const reply = await addKey(stage, proof(stage, certificate, {}, stage.keys.current.privateKey));
    assert.deepEqual([reply.status, codeOf(reply)], [401, 'Authentication_MissingOrMalformed']);
  }],
  'A proof comes from the object id': ['G-APP-PROOF', async (stage) => {
    const { certificate } = await withKey(stage);
    assert.equal((await addKey(stage, proof(stage, certificate, { iss: stage.app().appId }))).status, 401);
  }],
  'A removed key is gone': ['G-APP-REMOVE-KEY', async (stage) => {
    const { certificate } = await withKey(stage);
    const { keyId } = body(await addKey(stage, proof(stage, certificate)));
    assert.equal((await act(stage, 'removeKey', { keyId, proof: proof(stage, certificate) })).status, 204);
    assert.ok(!(await stage.keysOf()).some((entry) => entry.keyId === keyId));
  }],
});
