import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningSandbox } from '../../src/sandbox/index';
import { CONSUMER_TENANT_ID } from '../../src/sandbox/signing-keys';
import { control, openSandbox, postForm, send, tenantId } from './support';
import { expectEveryRuleSeen } from './rule-coverage';

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});

afterAll(() => sandbox.stop());

const CAPTURED_FIELDS = [
  'token_endpoint',
  'token_endpoint_auth_methods_supported',
  'jwks_uri',
  'response_modes_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
  'response_types_supported',
  'scopes_supported',
  'issuer',
  'request_uri_parameter_supported',
  'userinfo_endpoint',
  'authorization_endpoint',
  'device_authorization_endpoint',
  'http_logout_supported',
  'frontchannel_logout_supported',
  'end_session_endpoint',
  'claims_supported',
  'kerberos_endpoint',
  'tenant_region_scope',
  'cloud_instance_name',
  'cloud_graph_host_name',
  'msgraph_host',
  'rbac_url',
];

const configuration = (tenant: string) => send(sandbox, `/${tenant}/v2.0/.well-known/openid-configuration`);

describe('the OpenID configuration', () => {
  it('has exactly the captured fields, for a tenant and for the shared authorities', async () => {
    for (const tenant of [tenantId(sandbox, 'contoso'), 'organizations', 'common']) {
      const document = (await configuration(tenant)).json();
      expect(Object.keys(document)).toEqual(CAPTURED_FIELDS);
    }
  });

  it("names the tenant's GUID everywhere, also when asked by any verified domain in any case", async () => {
    const id = tenantId(sandbox, 'contoso');
    const byId = (await configuration(id)).json();
    expect(byId.issuer).toBe(`${sandbox.ready.login}/${id}/v2.0`);
    expect(byId.token_endpoint).toBe(`${sandbox.ready.login}/${id}/oauth2/v2.0/token`);
    expect((await configuration('contoso.example')).json()).toEqual(byId);
    expect((await configuration('CONTOSO.onmicrosoft.com')).json()).toEqual(byId);
    expect((await configuration(id.toUpperCase())).json()).toEqual(byId);
  });

  it('leaves the issuer of a shared authority as the literal template', async () => {
    const document = (await configuration('organizations')).json();
    expect(document.issuer).toBe(`${sandbox.ready.login}/{tenantid}/v2.0`);
    expect(document.authorization_endpoint).toBe(`${sandbox.ready.login}/organizations/oauth2/v2.0/authorize`);
  });

  it('refuses an unknown tenant as invalid_tenant with AADSTS90002 and the whole envelope', async () => {
    const reply = await send(sandbox, '/nowhere.example/v2.0/.well-known/openid-configuration', { headers: { 'client-request-id': '11111111-2222-4333-8444-555555555555' } });
    expect(reply.status).toBe(400);
    const body = reply.json();
    expect(Object.keys(body)).toEqual(['error', 'error_description', 'error_codes', 'timestamp', 'trace_id', 'correlation_id', 'error_uri']);
    expect(body).toMatchObject({ error: 'invalid_tenant', error_codes: [90002], timestamp: '2026-03-01 09:00:00Z', correlation_id: '11111111-2222-4333-8444-555555555555' });
    expect(body.error_description).toMatch(/^AADSTS90002: .*\r\nTrace ID: [0-9a-f-]{36}\r\nCorrelation ID: 11111111-2222-4333-8444-555555555555\r\nTimestamp: 2026-03-01 09:00:00Z$/);
  });
});

describe('the signing keys', () => {
  it('are identified by the SHA-1 of their certificate and each name an issuer', async () => {
    const { keys } = (await send(sandbox, '/common/discovery/v2.0/keys')).json();
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      const der = Buffer.from(key.x5c[0] ?? '', 'base64');
      expect(Object.keys(key)).toEqual(['kty', 'use', 'kid', 'x5t', 'n', 'e', 'x5c', 'issuer']);
      expect(key.kid).toBe(createHash('sha1').update(der).digest('base64url'));
      expect(key.x5t).toBe(key.kid);
      expect(new X509Certificate(der).publicKey.export({ format: 'jwk' })).toMatchObject({ n: key.n, e: key.e });
    }
  });

  it('hold one that belongs to the consumer tenant alone', async () => {
    const { keys } = (await send(sandbox, `/${tenantId(sandbox, 'contoso')}/discovery/v2.0/keys`)).json();
    const issuers = keys.map((key) => key.issuer);
    expect(issuers).toEqual([`${sandbox.ready.login}/{tenantid}/v2.0`, `${sandbox.ready.login}/${CONSUMER_TENANT_ID}/v2.0`]);
  });

  it('are not given out for a tenant that does not exist', async () => {
    expect((await send(sandbox, '/nowhere.example/discovery/v2.0/keys')).json().error_codes).toEqual([90002]);
  });
});

describe('instance discovery', () => {
  const discover = (endpoint: string) => send(sandbox, `/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(endpoint)}`);

  it('knows its own host', async () => {
    const body = (await discover(`${sandbox.ready.login}/contoso.example/oauth2/v2.0/authorize`)).json();
    const { host } = new URL(sandbox.ready.login);
    expect(body.metadata).toEqual([{ preferred_network: host, preferred_cache: host, aliases: [host] }]);
    expect(body.tenant_discovery_endpoint).toBe(`${sandbox.ready.login}/contoso.example/v2.0/.well-known/openid-configuration`);
  });

  it('refuses any other host with AADSTS50049', async () => {
    const reply = await discover('https://login.evil.example/common/oauth2/v2.0/authorize');
    expect(reply.status).toBe(400);
    expect(reply.json()).toMatchObject({ error: 'invalid_instance', error_codes: [50049] });
  });
});

describe('TLS', () => {
  it('serves a leaf for localhost and both loopback addresses under its own CA, which lies in a private file', async () => {
    const ca = new X509Certificate(readFileSync(sandbox.ready.caFile));
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(statSync(sandbox.ready.caFile).mode & 0o777).toBe(0o600);
    const port = Number(new URL(sandbox.ready.login).port);
    const leaf = await new Promise<X509Certificate>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: ca.toString() }, () => {
        const certificate = socket.getPeerX509Certificate();
        socket.destroy();
        if (certificate === undefined) reject(new Error('no certificate'));
        else resolve(certificate);
      });
      socket.on('error', reject);
    });
    expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(leaf.verify(ca.publicKey)).toBe(true);
  });

  it('is refused by a client that does not know the CA, and by a client that speaks plain HTTP', async () => {
    await expect(fetch(sandbox.ready.login)).rejects.toThrow();
    const plain = new Promise((resolve, reject) => {
      httpRequest(sandbox.ready.login.replace('https:', 'http:'), resolve).on('error', reject).end();
    });
    await expect(plain).rejects.toThrow();
  });

  it('keeps a connection alive and shows in the log which requests shared it', async () => {
    await configuration('common');
    await configuration('organizations');
    const [first, second] = sandbox.requests().slice(-2);
    expect(first?.socket).toBe(second?.socket);
  });
});

describe('what is not modelled', () => {
  it('is answered 501 and listed as a gap', async () => {
    const reply = await send(sandbox, '/common/oauth2/v2.0/devicecode?secret=hush', { method: 'POST' });
    expect(reply.status).toBe(501);
    expect(reply.json()).toMatchObject({ error: { code: 'SandboxNotModelled' } });
    expect(sandbox.gaps().at(-1)).toEqual({ at: '2026-03-01T09:00:00.000Z', method: 'POST', path: '/common/oauth2/v2.0/devicecode', what: 'POST /common/oauth2/v2.0/devicecode at the sign-in host' });
    expect((await control(sandbox, 'GET', '/gaps')).json.items).toEqual(sandbox.gaps());
  });

  it('includes the consumers authority and grants of later storeys', async () => {
    expect((await configuration('consumers')).status).toBe(501);
    expect((await send(sandbox, '/consumers/oauth2/v2.0/authorize')).status).toBe(501);
    for (const grantType of ['password', 'urn:ietf:params:oauth:grant-type:device_code']) {
      expect((await postForm(sandbox, '/organizations/oauth2/v2.0/token', { grant_type: grantType })).status, grantType).toBe(501);
    }
  });

  it('includes bodies no client of the real service sends', async () => {
    const reply = await send(sandbox, '/common/oauth2/v2.0/token', { method: 'POST', body: 'x'.repeat(5 * 1024 * 1024) });
    expect(reply.status).toBe(501);
  });
});

it('names a rule with its grade on every answer', async () => {
  const reply = await configuration('common');
  expect(reply.headers['x-sandbox-rule']).toBe('DISC-TEMPLATE;grade=recorded');
});

expectEveryRuleSeen('DISC-', 'TENANT-');
