/** The bytes as curl and OpenSSL see them: TLS, headers, refusals of plain http, and a signature checked without any library of tokens. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Stage } from './stage';

interface Outcome {
  readonly status: number;
  readonly out: string;
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_OF_GRAPH = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';
const CURL_UNTRUSTED = 60;
const CURL_EMPTY_REPLY = 52;

let stage: Stage;
let proxy: string;
let token: string;

beforeAll(async () => {
  stage = await openStage('masquerade');
  proxy = stage.sandbox.ready.proxy ?? '';
  token = (JSON.parse((await askToken(stage.app.clientSecret)).body) as { readonly access_token: string }).access_token;
});
afterAll(() => stage.stop());

async function run(command: string, args: readonly string[]): Promise<Outcome> {
  const running = promisify(execFile)(command, args);
  running.child.stdin?.end();
  return running.then(
    ({ stdout, stderr }) => ({ status: 0, out: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ status: error.code, out: error.stdout + error.stderr }),
  );
}

async function curl(url: string, ...args: readonly string[]): Promise<Reply> {
  const { status, out } = await run('curl', ['--silent', '--show-error', '--include', '--suppress-connect-headers', '--proxy', proxy, '--cacert', stage.sandbox.ready.caFile, ...args, url]);
  if (status !== 0) throw new Error(`curl ended with ${status}: ${out}`);
  const [head = '', ...body] = out.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = Object.fromEntries(fields.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]));
  return { status: Number(line.split(' ')[1]), headers, body: body.join('\r\n\r\n') };
}

function askToken(secret: string): Promise<Reply> {
  const fields = { grant_type: 'client_credentials', client_id: stage.app.appId, client_secret: secret, scope: 'https://graph.microsoft.com/.default' };
  const form = Object.entries(fields).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`]);
  return curl(`https://login.microsoftonline.com/${stage.contoso.tenantId}/oauth2/v2.0/token`, ...form);
}

const graph = (path: string, ...args: readonly string[]) => curl(`https://graph.microsoft.com/v1.0${path}`, '--header', `authorization: Bearer ${token}`, ...args);

describe('TLS, to OpenSSL', () => {
  const handshake = (host: string, ...args: readonly string[]) =>
    run('openssl', ['s_client', '-proxy', new URL(proxy).host, '-connect', `${host}:443`, '-servername', host, '-CAfile', stage.sandbox.ready.caFile, '-verify_return_error', '-showcerts', ...args]);

  it.each(['login.microsoftonline.com', 'graph.microsoft.com'])('is good for %s under the sandbox\'s authority', async (host) => {
    const { status, out } = await handshake(host, '-verify_hostname', host);
    expect({ status, verdict: /Verify return code: .*/.exec(out)?.[0] }).toEqual({ status: 0, verdict: 'Verify return code: 0 (ok)' });
    expect(out).toMatch(/Protocol *: TLSv1\.[23]|New, TLSv1\.[23]/);
  });

  it('vouches for no other name, is trusted by nobody else, and is not spoken in old versions', async () => {
    expect((await handshake('login.microsoftonline.com', '-verify_hostname', 'example.org')).status).not.toBe(0);
    expect((await run('openssl', ['s_client', '-proxy', new URL(proxy).host, '-connect', 'graph.microsoft.com:443', '-servername', 'graph.microsoft.com', '-verify_return_error'])).status).not.toBe(0);
    expect((await handshake('login.microsoftonline.com', '-tls1_1')).status).not.toBe(0);
  });

  it('has a chain that stands up to a strict check for servers', async () => {
    const { out } = await handshake('login.microsoftonline.com');
    const leaf = join(stage.folder, 'leaf.pem');
    writeFileSync(leaf, /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(out)?.[0] ?? '');
    expect(await run('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', stage.sandbox.ready.caFile, leaf])).toMatchObject({ status: 0 });
  });
});

describe('what curl is refused', () => {
  it('is anything without trust, over plain http, or at another host', async () => {
    const quiet = ['--silent', '--output', '/dev/null', '--write-out', '%{http_code}'];
    expect(await run('curl', [...quiet, '--proxy', proxy, 'https://graph.microsoft.com/v1.0/users'])).toMatchObject({ status: CURL_UNTRUSTED });
    expect(await run('curl', [...quiet, '--proxy', proxy, 'http://graph.microsoft.com/v1.0/users'])).toMatchObject({ out: '403' });
    expect(await run('curl', [...quiet, '--proxy', proxy, '--write-out', '%{http_connect}', 'https://example.org/'])).toMatchObject({ out: '403' });
    expect(stage.sandbox.gaps().map(({ method, path }) => `${method} ${path}`)).toEqual(['GET http://graph.microsoft.com/v1.0/users', 'CONNECT example.org:443']);
  });

  it('is plain http at the sandbox\'s own address', async () => {
    const own = await openStage('own address');
    const { login, caFile } = own.sandbox.ready;
    const plain = await run('curl', ['--silent', `${login.replace('https:', 'http:')}/common/discovery/v2.0/keys`]);
    const secure = await run('curl', ['--silent', '--cacert', caFile, `${login}/common/discovery/v2.0/keys`]);
    await own.stop();
    expect(plain.status).toBe(CURL_EMPTY_REPLY);
    expect(Object.keys(JSON.parse(secure.out) as object)).toEqual(['keys']);
  });
});

describe('the headers, to curl', () => {
  it('of Graph are those of the recordings', async () => {
    const { status, headers } = await graph('/users?$top=1', '--header', 'client-request-id: 7b0f7c1e-0000-4000-8000-000000000001');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': JSON_OF_GRAPH, 'odata-version': '4.0', 'client-request-id': '7b0f7c1e-0000-4000-8000-000000000001', 'request-id': expect.stringMatching(/^[0-9a-f-]{36}$/), 'strict-transport-security': expect.any(String), 'x-ms-ags-diagnostic': expect.stringContaining('ServerInfo') });
  });

  it('of a refusal name the way to sign in, and of an empty answer no content', async () => {
    const refused = await curl('https://graph.microsoft.com/v1.0/users', '--header', 'authorization: Bearer nonsense');
    expect(refused).toMatchObject({ status: 401, headers: { 'content-type': 'application/json', 'www-authenticate': expect.stringContaining('authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"') } });
    const home = await curl(`https://login.microsoftonline.com/${stage.sandbox.ready.homeTenantId}/oauth2/v2.0/token`, '--data-urlencode', 'grant_type=client_credentials', '--data-urlencode', `client_id=${stage.app.appId}`, '--data-urlencode', `client_secret=${stage.app.clientSecret}`, '--data-urlencode', 'scope=https://graph.microsoft.com/.default');
    const { access_token: atHome } = JSON.parse(home.body) as { readonly access_token: string };
    const changed = await curl(`https://graph.microsoft.com/v1.0/applications/${stage.app.objectId}`, '--request', 'PATCH', '--header', `authorization: Bearer ${atHome}`, '--json', JSON.stringify({ displayName: 'Renamed by curl' }));
    expect({ status: changed.status, type: changed.headers['content-type'], body: changed.body }).toEqual({ status: 204, type: undefined, body: '' });
  });

  it('of the token endpoint forbid keeping, and a refusal has the service\'s envelope', async () => {
    const { status, headers, body } = await askToken('not-the-secret');
    expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toMatchObject({ status: 401, type: 'application/json; charset=utf-8', cache: expect.stringContaining('no-store') });
    expect(Object.keys(JSON.parse(body) as object)).toEqual(['error', 'error_description', 'error_codes', 'timestamp', 'trace_id', 'correlation_id', 'error_uri']);
  });
});

it('a token\'s signature, checked by OpenSSL with the published certificate', async () => {
  const { body } = await curl(`https://login.microsoftonline.com/${stage.contoso.tenantId}/discovery/v2.0/keys`);
  const { keys } = JSON.parse(body) as { readonly keys: readonly { readonly kid: string; readonly x5c: readonly string[] }[] };
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { readonly kid: string };
  const der = Buffer.from(keys.find((key) => key.kid === kid)?.x5c[0] ?? '', 'base64');
  const at = (name: string) => join(stage.folder, name);
  writeFileSync(at('signer.pem'), new X509Certificate(der).toString());
  writeFileSync(at('signer-key.pem'), (await run('openssl', ['x509', '-in', at('signer.pem'), '-noout', '-pubkey'])).out);
  writeFileSync(at('signature'), Buffer.from(signature, 'base64url'));
  writeFileSync(at('signed'), `${header}.${payload}`);
  const check = () => run('openssl', ['dgst', '-sha256', '-verify', at('signer-key.pem'), '-signature', at('signature'), at('signed')]);
  expect(await check()).toEqual({ status: 0, out: 'Verified OK\n' });
  writeFileSync(at('signed'), `${readFileSync(at('signed'), 'utf8')}x`);
  expect((await check()).status).toBe(1);
});
