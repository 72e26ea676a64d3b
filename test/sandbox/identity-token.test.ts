import { createHash, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAccessToken } from '../../src/sandbox/access-tokens';
import type { RunningSandbox } from '../../src/sandbox/index';
import { decodeJwt, signJwt } from '../../src/sandbox/jwt';
import type { ServicePrincipal } from '../../src/sandbox/model';
import { createCertificate } from '../../src/sandbox/x509';
import {
  app,
  ASSERTION_TYPE,
  clientAssertion,
  grantConsent,
  makeCertificate,
  openSandbox,
  postForm,
  registerKey,
  send,
  START,
  tenantId,
  type AssertionChanges,
  type Reply,
  type TestCertificate,
} from './support';
import { expectEveryRuleSeen } from './rule-coverage';

const GRAPH = 'https://graph.microsoft.com/.default';

let sandbox: RunningSandbox;
let contoso: string;
let certificate: TestCertificate;

beforeAll(async () => {
  sandbox = await openSandbox({ seed: { apps: [{ key: 'inhouse', name: 'In-house', round: 3, multiTenant: false, permissions: [] }] } });
  contoso = tenantId(sandbox, 'contoso');
  certificate = makeCertificate();
  registerKey(sandbox, certificate);
  await grantConsent(sandbox, 'contoso', 'contoso/ada');
});

afterAll(() => sandbox.stop());

type Fields = Readonly<Record<string, string>>;

/** Client credentials with the secret; fields set to the empty string are left out. */
function ask(fields: Fields = {}, tenant = contoso): Promise<Reply> {
  const { appId, clientSecret } = app(sandbox);
  const all: Fields = { grant_type: 'client_credentials', client_id: appId, client_secret: clientSecret, scope: GRAPH, ...fields };
  return postForm(sandbox, `/${tenant}/oauth2/v2.0/token`, Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')));
}

function assert(changes: AssertionChanges = {}, signedWith = certificate, tenant = contoso): Promise<Reply> {
  return ask({ client_secret: '', client_assertion_type: ASSERTION_TYPE, client_assertion: clientAssertion(sandbox, tenant, signedWith, changes) }, tenant);
}

const claimsOf = (reply: Reply) => decodeJwt(reply.json().access_token)?.claims ?? {};

function expectRefusal(reply: Reply, code: number, error: string, status: number): void {
  const body = reply.json();
  expect({ status: reply.status, error: body.error, error_codes: body.error_codes }).toEqual({ status, error, error_codes: [code] });
  expect(body.error_description).toMatch(new RegExp(`^AADSTS${code}: `));
}

describe('a token by client credentials', () => {
  it('answers the captured members and a version 1.0 token for the tenant', async () => {
    const reply = await ask();
    expect(reply.status).toBe(200);
    expect(Object.keys(reply.json())).toEqual(['token_type', 'expires_in', 'ext_expires_in', 'access_token']);
    expect(reply.headers['cache-control']).toContain('no-store');
    const principal = sandbox.world.tenants.get(contoso)?.servicePrincipals.list(START).find((row) => row.appId === app(sandbox).appId);
    expect(claimsOf(reply)).toMatchObject({
      iss: `https://sts.windows.net/${contoso}/`,
      aud: 'https://graph.microsoft.com',
      tid: contoso,
      appid: app(sandbox).appId,
      appidacr: '1',
      idtyp: 'app',
      oid: principal?.id,
      ver: '1.0',
      app_displayname: 'Northwind Backup – Protect',
      exp: START / 1000 + 3599,
    });
  });

  it('carries only the roles of the resource it is for', async () => {
    const roles = async (scope: string) => claimsOf(await ask({ scope })).roles;
    expect(await roles(GRAPH)).toEqual([
      'Directory.Read.All',
      'Application.Read.All',
      'RoleManagement.Read.Directory',
      'User.Read.All',
      'GroupMember.Read.All',
      'Organization.Read.All',
      'Mail.ReadWrite',
    ]);
    expect(await roles('https://outlook.office365.com/.default')).toEqual(['full_access_as_app']);
    expect(await roles('https://contoso.sharepoint.com/.default')).toEqual(['Sites.FullControl.All']);
  });

  it('has no roles member at all when nothing is granted, and is issued nevertheless', async () => {
    const reply = await ask({ scope: 'https://outlook.office365.com/.default' }, sandbox.ready.homeTenantId);
    expect(reply.status).toBe(200);
    expect(claimsOf(reply)).not.toHaveProperty('roles');
  });

  it('takes the tenant by domain and the audience by GUID, and puts the audience as asked', async () => {
    const reply = await ask({ scope: '00000003-0000-0000-c000-000000000000/.default' }, 'contoso.example');
    expect(claimsOf(reply)).toMatchObject({ tid: contoso, aud: '00000003-0000-0000-c000-000000000000' });
  });

  it('accepts HTTP Basic, the form-encoded way', async () => {
    const { appId, clientSecret } = app(sandbox);
    const basic = Buffer.from(`${appId}:${encodeURIComponent(clientSecret)}`).toString('base64');
    const reply = await postForm(sandbox, `/${contoso}/oauth2/v2.0/token`, { grant_type: 'client_credentials', scope: GRAPH }, { authorization: `Basic ${basic}` });
    expect(reply.status).toBe(200);
  });

  it('is accepted by its own audience until it expires, and by no other', async () => {
    const bearer = (await ask()).json().access_token;
    const at = (nowMs: number) => ({ now: () => nowMs, signingKeys: sandbox.world.signingKeys });
    expect(verifyAccessToken(at(START), bearer, 'https://graph.microsoft.com')).toMatchObject({ ok: true, claims: { tid: contoso } });
    expect(verifyAccessToken(at(START), bearer, 'https://outlook.office365.com')).toEqual({ ok: false, reason: 'audience' });
    expect(verifyAccessToken(at(START + 3_598_999), bearer, 'https://graph.microsoft.com').ok).toBe(true);
    expect(verifyAccessToken(at(START + 3_599_000), bearer, 'https://graph.microsoft.com')).toEqual({ ok: false, reason: 'expired' });
    expect(verifyAccessToken(at(START - 1000), bearer, 'https://graph.microsoft.com')).toEqual({ ok: false, reason: 'not-yet-valid' });
  });

  it('is not forged by editing claims, by a stranger key, by alg none or by a consumer key', async () => {
    const bearer = (await ask()).json().access_token;
    const { claims = {}, header = {} } = decodeJwt(bearer) ?? {};
    const check = (token: string) => verifyAccessToken(sandbox.world, token, 'https://graph.microsoft.com');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [head = '', , signature = ''] = bearer.split('.');
    expect(check(`${head}.${encode({ ...claims, roles: ['Directory.ReadWrite.All'] })}.${signature}`)).toEqual({ ok: false, reason: 'signature' });
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect(check(signJwt({ ...header, alg: 'RS256' }, claims, stranger))).toEqual({ ok: false, reason: 'signature' });
    expect(check(signJwt({ alg: 'RS256', kid: 'unknown' }, claims, stranger))).toEqual({ ok: false, reason: 'unknown-key' });
    expect(check(`${encode({ ...header, alg: 'none' })}.${encode(claims)}.${signature}`)).toEqual({ ok: false, reason: 'algorithm' });
    const consumer = sandbox.world.signingKeys.published.find((key) => key.audience === 'consumer');
    if (consumer === undefined) throw new Error('no consumer key');
    expect(check(signJwt({ alg: 'RS256', kid: consumer.kid }, claims, consumer.privateKey))).toEqual({ ok: false, reason: 'unknown-key' });
    const { current } = sandbox.world.signingKeys;
    expect(check(signJwt({ alg: 'RS256', kid: current.kid }, { ...claims, iss: 'https://sts.windows.net/other/' }, current.privateKey))).toEqual({ ok: false, reason: 'issuer' });
    expect(check(signJwt({ alg: 'RS256', kid: current.kid }, { ...claims, ver: '2.0' }, current.privateKey))).toEqual({ ok: false, reason: 'malformed' });
    expect(check('nonsense')).toEqual({ ok: false, reason: 'malformed' });
  });
});

describe('what the token endpoint refuses', () => {
  it.each<[string, Fields, string | undefined, number, string, number]>([
    ['no grant type', { grant_type: '' }, undefined, 900144, 'invalid_request', 400],
    ['an unknown grant type', { grant_type: 'no_such_grant' }, undefined, 70003, 'unsupported_grant_type', 400],
    ['an unknown tenant', {}, 'nowhere.example', 90002, 'invalid_request', 400],
    ['client credentials on /common', {}, 'common', 9001023, 'invalid_request', 400],
    ['client credentials on /organizations', {}, 'organizations', 9001023, 'invalid_request', 400],
    ['no client', { client_id: '' }, undefined, 900144, 'invalid_request', 400],
    ['an unknown client', { client_id: '5f2e0000-0000-4000-8000-00000000beef' }, undefined, 700016, 'unauthorized_client', 400],
    ['no credential', { client_secret: '' }, undefined, 7000216, 'invalid_client', 401],
    ['a wrong secret', { client_secret: 'guess' }, undefined, 7000215, 'invalid_client', 401],
    ['no scope', { scope: '' }, undefined, 900144, 'invalid_request', 400],
    ['a scope without /.default', { scope: 'https://graph.microsoft.com/User.Read.All' }, undefined, 1002012, 'invalid_scope', 400],
    ['a bare /.default', { scope: '/.default' }, undefined, 1002012, 'invalid_scope', 400],
    ['two resources', { scope: `${GRAPH} https://outlook.office365.com/.default` }, undefined, 70011, 'invalid_scope', 400],
    ['an unknown resource', { scope: 'api://not-a-registered-resource/.default' }, undefined, 500011, 'invalid_resource', 400],
    ["another tenant's SharePoint", { scope: 'https://fabrikam.sharepoint.com/.default' }, undefined, 500011, 'invalid_resource', 400],
  ])('%s', async (_what, fields, tenant, code, error, status) => {
    expectRefusal(await ask(fields, tenant), code, error, status);
  });

  it('answers the all-zero client id and an unknown grant type without error_uri, as captured', async () => {
    const zero = await ask({ client_id: '00000000-0000-0000-0000-000000000000' });
    expectRefusal(zero, 700038, 'unauthorized_client', 400);
    expect(zero.json()).not.toHaveProperty('error_uri');
    expect((await ask({ grant_type: 'no_such_grant' })).json()).not.toHaveProperty('error_uri');
    expect((await ask({ client_secret: 'guess' })).json().error_uri).toBe(`${sandbox.ready.login}/error?code=7000215`);
  });

  it('a GET', async () => {
    expectRefusal(await send(sandbox, `/${contoso}/oauth2/v2.0/token`), 900561, 'invalid_request', 400);
  });

  it('a body that is not a form', async () => {
    const reply = await send(sandbox, `/${contoso}/oauth2/v2.0/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"grant_type":"client_credentials"}' });
    expectRefusal(reply, 900144, 'invalid_request', 400);
  });

  it('a tenant that never consented', async () => {
    expectRefusal(await ask({}, tenantId(sandbox, 'fabrikam')), 7000229, 'invalid_client', 401);
  });

  it("a single-tenant app anywhere but at home, where it works", async () => {
    const { appId, clientSecret } = app(sandbox, 'inhouse');
    const own = { client_id: appId, client_secret: clientSecret };
    expectRefusal(await ask(own), 700016, 'unauthorized_client', 400);
    expect((await ask(own, sandbox.ready.homeTenantId)).status).toBe(200);
  });

  it('a secret that has expired or is not valid yet', async () => {
    const home = sandbox.world.tenants.get(sandbox.world.homeTenantId);
    const registered = home?.applications.get(app(sandbox).objectId, START);
    if (home === undefined || registered === undefined) throw new Error('no application');
    const added = (keyId: string, startDateTime: string, endDateTime: string) => ({ keyId, secretText: keyId, displayName: null, startDateTime, endDateTime });
    const changed = {
      ...registered,
      passwordCredentials: [...registered.passwordCredentials, added('old', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'), added('early', '2030-01-01T00:00:00Z', '2031-01-01T00:00:00Z')],
    };
    home.applications.put(changed.id, changed, START);
    expectRefusal(await ask({ client_secret: 'old' }), 7000222, 'invalid_client', 401);
    expectRefusal(await ask({ client_secret: 'early' }), 7000215, 'invalid_client', 401);
  });

  it('a disabled service principal', async () => {
    const tenant = sandbox.world.tenants.get(contoso);
    const principal = tenant?.servicePrincipals.list(START).find((row) => row.appId === app(sandbox).appId);
    if (tenant === undefined || principal === undefined) throw new Error('no principal');
    const write = (row: ServicePrincipal) => tenant.servicePrincipals.put(row.id, row, START);
    write({ ...principal, accountEnabled: false });
    expectRefusal(await ask(), 7000112, 'unauthorized_client', 400);
    write(principal);
    expect((await ask()).status).toBe(200);
  });
});

describe('a client assertion', () => {
  it('is accepted as PS256 with x5t#S256 and as RS256 with x5t, and the token says certificate', async () => {
    expect(claimsOf(await assert()).appidacr).toBe('2');
    expect(claimsOf(await assert({ algorithm: 'RS256' })).appidacr).toBe('2');
  });

  it('may write its thumbprint with padding, as MSAL for Python does', async () => {
    const x5t = createHash('sha1').update(certificate.der).digest('base64').replaceAll('+', '-').replaceAll('/', '_');
    expect(x5t.endsWith('=')).toBe(true);
    expect(claimsOf(await assert({ algorithm: 'RS256', header: { x5t } })).appidacr).toBe('2');
  });

  it('may name the endpoint by the domain it was posted to', async () => {
    expect((await assert({}, certificate, 'contoso.example')).status).toBe(200);
    expect((await assert({ claims: { aud: `${sandbox.ready.login}/${contoso}/oauth2/v2.0/token` } }, certificate, 'contoso.example')).status).toBe(200);
  });

  it.each<[string, () => AssertionChanges, number]>([
    ['no thumbprint', () => ({ header: {} }), 700027],
    ['an issuer that is not the client', () => ({ claims: { iss: app(sandbox, 'restore').appId } }), 700021],
    ['a subject that is not the issuer', () => ({ claims: { sub: app(sandbox, 'restore').appId } }), 50048],
    ["another tenant's endpoint as audience", () => ({ claims: { aud: `${sandbox.ready.login}/${tenantId(sandbox, 'fabrikam')}/oauth2/v2.0/token` } }), 700023],
    ['the issuer as audience', () => ({ claims: { aud: `${sandbox.ready.login}/${contoso}/v2.0` } }), 700023],
    ['an expiry over five minutes ago', () => ({ claims: { exp: START / 1000 - 301 } }), 700024],
    ['a start more than five minutes ahead', () => ({ claims: { nbf: START / 1000 + 301, exp: START / 1000 + 900 } }), 700024],
    ['no expiry', () => ({ claims: { exp: undefined } }), 700024],
    ['a thumbprint nobody registered', () => ({ header: { 'x5t#S256': createHash('sha256').update('other').digest('base64url') } }), 700027],
    ['a thumbprint of the wrong type', () => ({ header: { 'x5t#S256': 7 } }), 700027],
    ['a signature by another key', () => ({ privateKey: makeCertificate().privateKey }), 700027],
  ])('is refused with %s', async (_what, changes, code) => {
    expectRefusal(await assert(changes()), code, 'invalid_client', 401);
  });

  it('is refused when it is no JWT, has another type, or is signed with an elliptic curve or not at all', async () => {
    const given = { client_secret: '', client_assertion_type: ASSERTION_TYPE };
    expectRefusal(await ask({ ...given, client_assertion: 'nonsense' }), 50027, 'invalid_client', 401);
    const padded = `${clientAssertion(sandbox, contoso, certificate)}=`;
    expectRefusal(await ask({ ...given, client_assertion: padded }), 50027, 'invalid_client', 401);
    const wrongType = { ...given, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' };
    expectRefusal(await ask({ ...wrongType, client_assertion: clientAssertion(sandbox, contoso, certificate) }), 9002313, 'invalid_request', 400);
    for (const alg of ['ES256', 'none', 'HS256']) {
      const [, claims = '', signature = ''] = clientAssertion(sandbox, contoso, certificate).split('.');
      const header = Buffer.from(JSON.stringify({ alg, typ: 'JWT', 'x5t#S256': 'x' })).toString('base64url');
      expectRefusal(await ask({ ...given, client_assertion: `${header}.${claims}.${signature}` }), 5002738, 'invalid_client', 401);
    }
  });

  it('with a pairing nobody documented is not modelled rather than guessed', async () => {
    const sha1 = createHash('sha1').update(certificate.der).digest('base64url');
    const sha256 = createHash('sha256').update(certificate.der).digest('base64url');
    expect((await assert({ algorithm: 'PS256', header: { x5t: sha1 } })).status).toBe(501);
    expect((await assert({ algorithm: 'RS256', header: { 'x5t#S256': sha256 } })).status).toBe(501);
    expect((await assert({ algorithm: 'PS256', header: { x5t: sha1, 'x5t#S256': sha256 } })).status).toBe(501);
  });

  it('is refused once its key credential has ended, before it begins, and when the key is too small', async () => {
    const ended = makeCertificate();
    registerKey(sandbox, ended, { end: '2026-02-28T00:00:00Z' });
    const early = makeCertificate();
    registerKey(sandbox, early, { start: '2026-04-01T00:00:00Z' });
    const small = makeCertificate(1024);
    registerKey(sandbox, small);
    for (const [weak, what] of [[ended, /outside its validity/], [early, /outside its validity/], [small, /1024.*2048/]] as const) {
      const reply = await assert({}, weak);
      expectRefusal(reply, 700027, 'invalid_client', 401);
      expect(reply.json().error_description).toMatch(what);
    }
  });

  it('is refused for a certificate with an elliptic-curve key, whatever the header says', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = createCertificate({ subject: 'ec', subjectKey: privateKey, notBeforeAt: START, notAfterAt: START + 86_400_000, isAuthority: false });
    registerKey(sandbox, { der, privateKey });
    expectRefusal(await assert({ privateKey: certificate.privateKey }, { der, privateKey }), 700027, 'invalid_client', 401);
  });

  it('is refused when the certificate is on the other app only', async () => {
    const other = makeCertificate();
    registerKey(sandbox, other, {}, 'restore');
    expectRefusal(await assert({}, other), 700027, 'invalid_client', 401);
  });
});

it('tells a fault of its own apart from anything the service would say, and lists it as a gap', async () => {
  const notACertificate = { der: Buffer.from('this is no certificate'), privateKey: certificate.privateKey };
  registerKey(sandbox, notACertificate);
  const reply = await assert({}, notACertificate);
  expect(reply.status).toBe(500);
  expect(reply.json()).toMatchObject({ error: { code: 'SandboxFault' } });
  expect(sandbox.gaps().at(-1)?.what).toMatch(/^a fault of the sandbox itself: /);
});

describe('replication lag', () => {
  it('is lengthened for a key that is asked for too early, where that side is played', async () => {
    const lagging = await openSandbox({ replicationLagMs: { 'sts.keys': 10_000 }, variants: { sts: { earlyKey: 'remembered' } } });
    try {
      const [tenant, fresh, patient] = [lagging.ready.homeTenantId, makeCertificate(), makeCertificate()];
      registerKey(lagging, fresh);
      registerKey(lagging, patient);
      const ask = async (certificate: typeof fresh) => {
        const form = { grant_type: 'client_credentials', client_id: app(lagging).appId, scope: GRAPH, client_assertion_type: ASSERTION_TYPE };
        return (await postForm(lagging, `/${tenant}/oauth2/v2.0/token`, { ...form, client_assertion: clientAssertion(lagging, tenant, certificate) })).status;
      };
      expect(await ask(fresh)).toBe(401);
      lagging.clock.advance(10);
      expect([await ask(fresh), await ask(patient)]).toEqual([401, 200]);
      lagging.clock.advance(111);
      expect(await ask(fresh)).toBe(200);
    } finally {
      await lagging.stop();
    }
  });

  it('shows a key, a service principal and its roles each after its own time', async () => {
    const lagging = await openSandbox({ replicationLagMs: { 'sts.keys': 10_000, 'sts.servicePrincipal': 20_000, 'sts.roles': 30_000 } });
    try {
      const tenant = tenantId(lagging, 'fabrikam');
      const fresh = makeCertificate();
      registerKey(lagging, fresh);
      await grantConsent(lagging, 'fabrikam', 'fabrikam/felix');
      const ask = async () => {
        const reply = await postForm(lagging, `/${tenant}/oauth2/v2.0/token`, {
          grant_type: 'client_credentials',
          client_id: app(lagging).appId,
          scope: GRAPH,
          client_assertion_type: ASSERTION_TYPE,
          client_assertion: clientAssertion(lagging, tenant, fresh),
        });
        const body = reply.json();
        return reply.status === 200 ? (claimsOf(reply).roles ?? 'no roles') : body.error_codes[0];
      };
      expect(await ask()).toBe(700027);
      lagging.clock.advance(10);
      expect(await ask()).toBe(7000229);
      lagging.clock.advance(9.999);
      expect(await ask()).toBe(7000229);
      lagging.clock.advance(0.001);
      expect(await ask()).toBe('no roles');
      lagging.clock.advance(10);
      expect(await ask()).toContain('Directory.Read.All');
    } finally {
      await lagging.stop();
    }
  });
});

expectEveryRuleSeen('TOKEN-', 'ASSERTION-');
