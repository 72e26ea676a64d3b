import { createHash, type X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { normaliseInstant } from '../../src/sandbox/graph/instants';
import { subjectOf } from '../../src/sandbox/graph/key-credentials';
import { setGraphVariants } from '../../src/sandbox/graph/variants';
import { createFixture, errorOf, makeCertificate, makeProof, required, START, type Fixture, type Json, type TestCertificate } from './graph-support';

const roles = ['Application.ReadWrite.OwnedBy'];
const CERTIFICATE = { type: 'AsymmetricX509Cert', usage: 'Verify' };
const first = makeCertificate('Backup 2026');
const second = makeCertificate('Backup 2027');
const hex = (certificate: TestCertificate) => createHash('sha1').update(certificate.der).digest('hex').toUpperCase();

let graph: Fixture;
let path: string;
let objectId: string;
const call = (method: string, suffix: string, body?: unknown, change: Readonly<Record<string, unknown>> = {}) =>
  graph.call(method, `/v1.0${path}${suffix}`, { roles, tenant: 'partner', ...(body === undefined ? {} : { body }), ...change });
const patch = (keyCredentials: unknown) => call('PATCH', '', { keyCredentials });
const keys = async (suffix = '') => (await call('GET', suffix)).json.keyCredentials as readonly Json[];
const upload = (certificate: TestCertificate, change: Json = {}) => ({ ...CERTIFICATE, key: certificate.base64, ...change });

beforeEach(() => {
  graph = createFixture();
  objectId = graph.app().id;
  path = `/applications/${objectId}`;
});

describe('an uploaded certificate', () => {
  it('comes back with its thumbprint as 40 upper-case hex digits, its subject as name and no key', async () => {
    expect((await patch([upload(first, { startDateTime: first.notBefore, endDateTime: first.notAfter })])).status).toBe(204);
    expect(await keys()).toEqual([
      {
        customKeyIdentifier: hex(first),
        displayName: 'CN=Backup 2026',
        endDateTime: first.notAfter,
        key: null,
        keyId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        startDateTime: first.notBefore,
        ...CERTIFICATE,
      },
    ]);
  });

  it('shows its key to a single-object read that selects keyCredentials, and to no list', async () => {
    await patch([upload(first)]);
    expect(required((await keys('?$select=id,keyCredentials'))[0]).key).toBe(first.base64);
    const list = await graph.call('GET', '/v1.0/applications?$select=keyCredentials', { roles, tenant: 'partner' });
    expect(list.text).not.toContain(first.base64);
    const byAppId = await graph.call('GET', `/v1.0/applications(appId='${graph.app().appId}')?$select=keyCredentials`, { roles, tenant: 'partner' });
    expect(byAppId.text).toContain(first.base64);
  });

  it('may carry line breaks, annotations and its own keyId', async () => {
    const keyId = '88888888-0000-4000-8000-000000000001';
    const key = `${first.base64.slice(0, 64)}\n${first.base64.slice(64)}`;
    expect((await patch([upload(first, { '@odata.type': '#microsoft.graph.keyCredential', displayName: null, key, keyId })])).status).toBe(204);
    expect(required((await keys('?$select=keyCredentials'))[0])).toMatchObject({ keyId, key: first.base64 });
  });

  it('names its subject as the recordings do: last part first, S for the state', () => {
    const subject = { subject: 'C=AU\nST=Some-State\nO=Internet Widgits Pty Ltd' } as X509Certificate;
    expect(subjectOf(subject)).toBe('O=Internet Widgits Pty Ltd, S=Some-State, C=AU');
  });

  it.each([
    ['an end after its own', { endDateTime: '2037-01-01T00:00:00Z' }, 'KeyCredentialsInvalidEndDate'],
    ['an end that is past', { startDateTime: first.notBefore, endDateTime: '2026-02-28T12:00:00Z' }, 'KeyCredentialsInvalidEndDate'],
    ['an end that is no instant', { endDateTime: 'soon' }, 'KeyCredentialsInvalidEndDate'],
    ['an end before the start', { startDateTime: '2026-06-01T00:00:00Z', endDateTime: '2026-05-01T00:00:00Z' }, 'KeyCredentialsInvalidEndDate'],
    ['a start before its own', { startDateTime: '2020-01-01T00:00:00Z' }, 'KeyCredentialsInvalidStartDate'],
  ])('with %s is refused', async (_, change, code) => {
    const reply = await patch([upload(first, change)]);
    expect([reply.status, errorOf(reply).code]).toEqual([400, code]);
    expect(await keys()).toEqual([]);
  });

  it.each([
    ['usage', { usage: undefined }],
    ['type', { type: undefined }],
  ])('without its %s is refused in the reported words', async (name, change) => {
    const reply = await patch([upload(first, change)]);
    expect(reply.status).toBe(400);
    expect(errorOf(reply).message).toMatch(new RegExp(`^The value for the property "${name}" in one of your credentials is invalid\\.`));
  });

  it.each([
    ['a PEM', `-----BEGIN CERTIFICATE-----\n${first.base64}\n-----END CERTIFICATE-----`],
    ['a private key', first.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')],
    ['trailing bytes', Buffer.concat([first.der, Buffer.from([0])]).toString('base64')],
    ['nothing', null],
    ['hexadecimal', first.der.toString('hex').slice(0, -1)],
  ])('that is really %s is refused', async (_, key) => {
    expect((await patch([upload(first, { key })])).status).toBe(400);
  });

  it('for signing SAML tokens is not modelled', async () => {
    expect((await patch([{ ...upload(first), type: 'X509CertAndPassword', usage: 'Sign' }])).status).toBe(501);
  });

  it('with an unknown member is refused', async () => {
    expect((await patch([upload(first, { colour: 'red' })])).status).toBe(400);
  });
});

describe('PATCH keyCredentials', () => {
  beforeEach(async () => {
    await patch([upload(first)]);
  });

  it('replaces the whole collection', async () => {
    await patch([upload(second)]);
    expect((await keys()).map((key) => key.customKeyIdentifier)).toEqual([hex(second)]);
    await patch([]);
    expect(await keys()).toEqual([]);
  });

  it('keeps an entry that is sent back as it was read', async () => {
    expect((await patch([...(await keys()), upload(second)])).status).toBe(204);
    expect((await keys('?$select=keyCredentials')).map(({ key }) => key)).toEqual([first.base64, second.base64]);
  });

  it.each([
    ['another name', { displayName: 'Renamed' }],
    ['another end', { endDateTime: '2026-06-01T00:00:00Z' }],
    ['an end written differently', { endDateTime: first.notAfter.replace('Z', '.000Z') }],
    ['another certificate', { key: second.base64 }],
    ['no name', { displayName: undefined }],
  ])('refuses an entry sent back with %s', async (_, change) => {
    const [known] = await keys();
    const reply = await patch([{ ...required(known), ...change }]);
    expect(reply.status).toBe(400);
    expect(errorOf(reply)).toMatchObject({ message: `Update to existing credential with KeyId '${String(required(known).keyId)}' is not allowed.`, details: [{ code: 'KeyNotUpdatable' }] });
    expect(await keys()).toEqual([known]);
  });

  it('refuses a key that was dropped from a new entry', async () => {
    expect((await patch([{ ...CERTIFICATE, keyId: '88888888-0000-4000-8000-000000000009', key: null }])).status).toBe(400);
  });

  it('refuses one keyId twice, and changes nothing', async () => {
    const [known] = await keys();
    expect((await patch([known, known])).status).toBe(400);
    expect(await keys()).toEqual([known]);
  });

  it('fails as a whole while the list still carries an expired entry', async () => {
    const brief = makeCertificate('brief', 3);
    await patch([upload(brief)]);
    graph.world.advance(5 * 24 * 3600);
    const reply = await patch([...(await keys()), upload(second)]);
    expect([reply.status, errorOf(reply).code]).toEqual([400, 'KeyCredentialsInvalidEndDate']);
  });

  it('does not write secrets or read-only members', async () => {
    const secrets = await call('PATCH', '', { passwordCredentials: [{ secretText: 'x' }] });
    expect(errorOf(secrets).message).toBe('New password credentials must be generated with service actions.');
    expect((await call('PATCH', '', { appId: objectId })).status).toBe(400);
    expect((await call('PATCH', '', { uniqueName: 'x' })).status).toBe(501);
    expect((await call('PATCH', '', { tags: 'x' })).status).toBe(400);
  });
});

describe('addKey', () => {
  const add = (proof: unknown, change: Readonly<Record<string, unknown>> = {}) =>
    call('POST', '/addKey', { keyCredential: upload(second), passwordCredential: null, proof }, change);

  beforeEach(async () => {
    await patch([upload(first)]);
  });

  it('adds a certificate, proven by one that is there', async () => {
    const reply = await add(makeProof(first, objectId, START));
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ '@odata.context': 'https://graph.test/v1.0/$metadata#microsoft.graph.keyCredential', customKeyIdentifier: hex(second), key: null });
    expect((await keys()).map((key) => key.customKeyIdentifier)).toEqual([hex(first), hex(second)]);
  });

  const now = START / 1000;
  it.each([
    ['is for Microsoft Graph', () => makeProof(first, objectId, START, { aud: '00000003-0000-0000-c000-000000000000' })],
    ['names the appId instead of the object id', () => makeProof(first, objectId, START, { iss: graph.app().appId })],
    ['lives longer than ten minutes', () => makeProof(first, objectId, START, { exp: now + 601 })],
    ['has expired', () => makeProof(first, objectId, START, { nbf: now - 700, exp: now - 100 })],
    ['is not valid yet', () => makeProof(first, objectId, START, { nbf: now + 60, exp: now + 120 })],
    ['has no expiry', () => makeProof(first, objectId, START, { exp: undefined })],
    ['is signed by a certificate that is not registered', () => makeProof(second, objectId, START)],
    ['names a registered certificate and is signed by another', () => makeProof(second, objectId, START, {}, { x5t: Buffer.from(hex(first), 'hex').toString('base64url') })],
    ['is padded', () => `${makeProof(first, objectId, START)}=`],
    ['is unsigned', () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`],
    ['is missing', () => undefined],
  ])('refuses a proof that %s', async (_, proof) => {
    const reply = await add(proof());
    expect([reply.status, errorOf(reply).code]).toEqual([401, 'Authentication_MissingOrMalformed']);
    expect(await keys()).toHaveLength(1);
  });

  it('refuses another app, however much that app may do', async () => {
    const reply = await add(makeProof(first, objectId, START), { roles: ['Application.ReadWrite.All'], appId: '77777777-7777-4777-8777-777777777777' });
    expect(reply.status).toBe(401);
  });

  it('refuses a proof by a certificate whose time is over', async () => {
    const brief = makeCertificate('brief', 3);
    await patch([upload(brief)]);
    graph.world.advance(5 * 24 * 3600);
    expect((await add(makeProof(brief, objectId, graph.world.now()))).status).toBe(401);
  });

  it('keeps a key id that is sent along, once; or gives another one each time, where that side is played', async () => {
    const keyId = '88888888-0000-4000-8000-000000000002';
    const addAs = () => call('POST', '/addKey', { keyCredential: upload(second, { keyId }), passwordCredential: null, proof: makeProof(first, objectId, START) });
    expect((await addAs()).json.keyId).toBe(keyId);
    expect((await addAs()).status).toBe(400);
    setGraphVariants(graph.world, { addKeyId: 'generated' });
    const another = [await addAs(), await addAs()].map(({ json }) => json.keyId);
    expect(new Set([keyId, ...another]).size).toBe(3);
    expect((await keys()).map((key) => key.customKeyIdentifier)).toEqual([hex(first), hex(second), hex(second), hex(second)]);
  });

  it('refuses unknown parameters', async () => {
    const reply = await call('POST', '/addKey', { keyCredential: upload(second), proof: makeProof(first, objectId, START), force: true });
    expect(reply.status).toBe(400);
  });
});

describe('removeKey', () => {
  let keyIds: string[];
  const remove = (keyId: unknown, signer: TestCertificate) => call('POST', '/removeKey', { keyId, proof: makeProof(signer, objectId, START) });

  beforeEach(async () => {
    await patch([upload(first), upload(second)]);
    keyIds = (await keys()).map(({ keyId }) => String(keyId));
  });

  it('removes a key, proven by another', async () => {
    const reply = await remove(keyIds[0], second);
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect((await keys()).map(({ keyId }) => keyId)).toEqual([keyIds[1]]);
  });

  it('refuses the proof of the key that is to go', async () => {
    expect((await remove(keyIds[0], first)).status).toBe(401);
    expect(await keys()).toHaveLength(2);
  });

  it('refuses an unknown key', async () => {
    expect((await remove('99999999-9999-4999-8999-999999999999', first)).status).toBe(400);
    setGraphVariants(graph.world, { missingKey: 404 });
    expect((await remove('99999999-9999-4999-8999-999999999999', first)).status).toBe(404);
  });

  it('never takes the last key: nothing is left to prove it with', async () => {
    await remove(keyIds[0], second);
    expect((await remove(keyIds[1], second)).status).toBe(401);
    expect((await remove(keyIds[1], first)).status).toBe(401);
    expect(await keys()).toHaveLength(1);
  });
});

describe('a password', () => {
  it('shows its secret once', async () => {
    const added = await call('POST', '/addPassword', { passwordCredential: { displayName: 'ci' } });
    const secret = String(added.json.secretText);
    expect(added.json).toMatchObject({ displayName: 'ci', customKeyIdentifier: null, hint: secret.slice(0, 3) });
    const read = await call('GET', '');
    expect(read.text).not.toContain(secret);
    expect(read.json.passwordCredentials).toContainEqual(expect.objectContaining({ keyId: added.json.keyId, secretText: null }));
    expect((await call('POST', '/removePassword', { keyId: added.json.keyId })).status).toBe(204);
    expect((await call('POST', '/removePassword', { keyId: added.json.keyId })).status).toBe(400);
  });
});

describe('a new application', () => {
  const create = (body: Json) => graph.call('POST', '/v1.0/applications', { roles: ['Application.ReadWrite.All'], tenant: 'partner', body });

  it('shows seven fractional digits in the answer and none later', async () => {
    const reply = await create({ displayName: 'New', signInAudience: 'AzureADMultipleOrgs', keyCredentials: [upload(first)] });
    expect(reply.status).toBe(201);
    expect(reply.json.createdDateTime).toBe('2026-03-01T09:00:00.0000000Z');
    const later = await graph.call('GET', `/v1.0/applications/${String(reply.json.id)}`, { roles: ['Application.ReadWrite.All'], tenant: 'partner' });
    expect(later.json.createdDateTime).toBe('2026-03-01T09:00:00Z');
    expect(later.json.keyCredentials).toEqual(reply.json.keyCredentials);
    const gone = await graph.call('DELETE', `/v1.0/applications/${String(reply.json.id)}`, { roles: ['Application.ReadWrite.All'], tenant: 'partner' });
    expect(gone.status).toBe(204);
  });
});

describe('instants', () => {
  it.each([
    ['2026-03-01T09:00:00Z', '2026-03-01T09:00:00Z'],
    ['2026-03-01T10:00:00.1200000+01:00', '2026-03-01T09:00:00.12Z'],
    ['2026-03-01T09:00:00.0000000Z', '2026-03-01T09:00:00Z'],
    ['2026-03-01', undefined],
    ['2026-13-01T09:00:00Z', undefined],
  ])('%s is kept as %s', (sent, kept) => {
    expect(normaliseInstant(sent)).toBe(kept);
  });
});
