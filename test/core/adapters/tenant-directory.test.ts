import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpsClient, type HttpsClient } from '../../../src/core/adapters/https-client';
import { createTenantDirectory } from '../../../src/core/adapters/tenant-directory';
import { hasCode } from '../../../src/core/errors';
import { createMovableClock } from '../../../src/core/testing/movable-clock';
import { startTlsServer, type TlsServer } from './tls-server';

const TENANT = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
let server: TlsServer;
let https: HttpsClient;
const find = (tenant: string) => createTenantDirectory({ authorityHost: server.origin, https, clock: createMovableClock(0) }).findTenantId(tenant);
const document = (issuer: string) => ({ json: { issuer, jwks_uri: `${server.origin}/keys` } });
const codeOf = (promise: Promise<unknown>) => promise.then(() => 'no error', (error: unknown) => (hasCode(error, 'STS_UNAVAILABLE', 'STS_THROTTLED', 'TENANT_INVALID', 'TLS_UNTRUSTED') ? error.code : error));

beforeEach(async () => {
  server = await startTlsServer();
  https = createHttpsClient({ ca: server.ca, userAgent: 'test', timeoutMs: 2000 });
});
afterEach(async () => {
  https.close();
  await server.close();
});

describe('looking up a tenant', () => {
  it('reads the tenant id from the issuer of the domain\'s discovery document', async () => {
    server.answer = () => document(`${server.origin}/${TENANT}/v2.0`);
    expect(await find(' Contoso.Example ')).toBe(TENANT);
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/contoso.example/v2.0/.well-known/openid-configuration' });
    expect(await find(TENANT.toUpperCase())).toBe(TENANT);
  });

  it('says undefined for a domain nobody has', async () => {
    server.answer = () => ({ status: 400, json: { error: 'invalid_tenant', error_description: 'AADSTS90002: Tenant not found', error_codes: [90002] } });
    expect(await find('nobody.example')).toBeUndefined();
  });

  it('reads where the tenant is kept, when the document says so', async () => {
    const directory = createTenantDirectory({ authorityHost: server.origin, https, clock: createMovableClock(0) });
    server.answer = () => ({ json: { ...document(`${server.origin}/${TENANT}/v2.0`).json, tenant_region_scope: 'EU' } });
    expect(await directory.findRegion?.(TENANT)).toBe('EU');
    server.answer = () => document(`${server.origin}/${TENANT}/v2.0`);
    expect(await directory.findRegion?.(TENANT)).toBeUndefined();
  });

  it('says which cloud a tenant is in, by one request together with its id', async () => {
    const directory = createTenantDirectory({ authorityHost: server.origin, https, clock: createMovableClock(0) });
    server.answer = () => ({ json: { issuer: `https://login.microsoftonline.us/${TENANT}/v2.0`, jwks_uri: 'x', tenant_region_sub_scope: 'DOD', msgraph_host: 'dod-graph.microsoft.us' } });
    expect(await Promise.all([directory.findCloud?.(TENANT), directory.findTenantId(TENANT)])).toEqual([{ cloud: 'usgovdod', loginHost: 'login.microsoftonline.us', regionSubScope: 'DOD' }, undefined]);
    expect(server.seen).toHaveLength(1);
    server.answer = () => document(`${server.origin}/${TENANT}/v2.0`);
    expect(await directory.findCloud?.(TENANT)).toBeUndefined();
  });

  it('says when Microsoft itself calls the tenant one of another cloud', async () => {
    server.answer = () => ({ status: 400, json: { error: 'invalid_request', error_codes: [90038] } });
    expect(await find('agency.example').catch((error: unknown) => error)).toMatchObject({ code: 'TENANT_WRONG_CLOUD', serviceCode: 'AADSTS90038' });
  });

  it.each(['https://login.microsoftonline.us/11111111-1111-4111-8111-111111111111/v2.0', 'https://attacker.example/x/v2.0', 'nonsense'])('says undefined for a tenant of another cloud: %s', async (issuer) => {
    server.answer = () => document(issuer);
    expect(await find('contoso.example')).toBeUndefined();
  });

  it('says undefined when the issuer names no tenant', async () => {
    server.answer = () => document(`${server.origin}/{tenantid}/v2.0`);
    expect(await find('contoso.example')).toBeUndefined();
  });

  it('does not take another tenant\'s document for the one asked', async () => {
    server.answer = () => document(`${server.origin}/${OTHER}/v2.0`);
    expect(await codeOf(find(TENANT))).toBe('STS_UNAVAILABLE');
  });

  it.each([
    [{ status: 500, text: '' }, 'STS_UNAVAILABLE'],
    [{ status: 200, text: '<html>' }, 'STS_UNAVAILABLE'],
    [{ status: 400, json: { error: 'invalid_request', error_codes: [90013] } }, 'STS_UNAVAILABLE'],
    [{ status: 429, text: '' }, 'STS_THROTTLED'],
    [{ cut: true }, 'STS_UNAVAILABLE'],
  ] as const)('does not read %j as "unknown"', async (answer, code) => {
    server.answer = () => answer;
    expect(await codeOf(find('contoso.example'))).toBe(code);
  });

  it('says when the certificate is not trusted', async () => {
    https = createHttpsClient({ userAgent: 'test', timeoutMs: 2000 });
    expect(await codeOf(find('contoso.example'))).toBe('TLS_UNTRUSTED');
  });

  it.each(['common', 'organizations', 'consumers', 'contoso', '../x.example', 'a/b.example', 'x.example?y', '9188040d-6c67-4c5b-b112-36a304b66dad', ''])('asks nobody about "%s"', async (tenant) => {
    expect(await codeOf(find(tenant))).toBe('TENANT_INVALID');
    expect(server.seen).toEqual([]);
  });
});
