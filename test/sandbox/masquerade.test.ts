import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createVisitor, playPerson, startSandbox, writeSandboxConfig, type RunningSandbox } from '../../src/sandbox/index';
import { adminConsentUrl, app, control, person, tenantId } from './support';

const root = fileURLToPath(new URL('../..', import.meta.url));

let sandbox: RunningSandbox;
let contoso: string;

beforeAll(async () => {
  sandbox = await startSandbox({ masquerade: true });
  contoso = tenantId(sandbox, 'contoso');
});
afterAll(() => sandbox.stop());

const proxyOf = ({ ready }: RunningSandbox) => ready.proxy ?? '';
const visitorOf = ({ ready }: RunningSandbox) => createVisitor({ ca: readFileSync(ready.caFile, 'utf8'), proxy: ready.proxy });

interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly names: string;
}

/** A GET by Node's own client, through the proxy and under the sandbox's authority. */
function get(target: RunningSandbox, url: string, ca: string | undefined = readFileSync(target.ready.caFile, 'utf8')): Promise<Answer> {
  const agent = new Agent({ proxyEnv: { HTTPS_PROXY: proxyOf(target) }, ...(ca === undefined ? {} : { ca }) });
  return new Promise((resolve, reject) => {
    const asking = httpsRequest(url, { agent }, (incoming) => {
      const names = (incoming.socket as TLSSocket).getPeerCertificate().subjectaltname ?? '';
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, json: JSON.parse(text) as Answer['json'], names }));
    });
    asking.on('error', reject).end();
  });
}

/** Runs a program that knows nothing of a sandbox; what points it there is its environment. */
async function runClient(program: string, input: object): Promise<unknown> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxyOf(sandbox), HTTP_PROXY: proxyOf(sandbox), NODE_EXTRA_CA_CERTS: sandbox.ready.caFile, INPUT: JSON.stringify(input) };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `const input = JSON.parse(process.env.INPUT);${program}`], { cwd: root, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return JSON.parse(out);
}

describe('the ready line in masquerade', () => {
  it('names the proxy, and the services by their real names', () => {
    expect(sandbox.ready).toMatchObject({ login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com', proxy: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
  });

  it('comes with no configuration, which would point at the real service', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-masquerade-'));
    const file = join(folder, 'config.json');
    await expect(startSandbox({ masquerade: true, writeConfig: file })).rejects.toThrow(TypeError);
    expect(() => writeSandboxConfig(sandbox.ready, file)).toThrow(TypeError);
    expect(existsSync(file)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

describe('unmodified clients in masquerade', () => {
  beforeAll(async () => {
    const visitor = visitorOf(sandbox);
    const { signInName: upn, password } = person(sandbox, 'contoso/ada');
    const callback = createServer((_incoming, outgoing) => outgoing.end()).listen(0, '127.0.0.1');
    await once(callback, 'listening');
    const consent = new URL(adminConsentUrl(sandbox, contoso), sandbox.ready.login);
    consent.searchParams.set('redirect_uri', `http://localhost:${(callback.address() as AddressInfo).port}/consent/callback`);
    const done = await playPerson(visitor, await visitor.open(consent.toString()), { upn, password });
    callback.close();
    expect(new URL(done.url).searchParams.get('admin_consent')).toBe('True');
    expect(visitor.history.filter((url) => url.startsWith('https://login.microsoftonline.com/')).length).toBeGreaterThan(2);
  });

  it('get a token and read every page of people with MSAL and the Graph client at their default hosts', async () => {
    const { appId, clientSecret } = app(sandbox);
    const result = await runClient(
      `
      import { ConfidentialClientApplication } from '@azure/msal-node';
      import { Client, PageIterator } from '@microsoft/microsoft-graph-client';
      const authority = 'https://login.microsoftonline.com/' + input.tenant;
      const msal = new ConfidentialClientApplication({ auth: { clientId: input.appId, clientSecret: input.clientSecret, authority } });
      const acquired = await msal.acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] });
      const graph = Client.init({ authProvider: (done) => done(null, acquired.accessToken) });
      const first = await graph.api('/users').top(4).select('id,userPrincipalName').get();
      const names = [];
      await new PageIterator(graph, first, (user) => names.push(user.userPrincipalName) > 0).iterate();
      console.log(JSON.stringify({ names, next: first['@odata.nextLink'].slice(0, 38) }));
      `,
      { tenant: contoso, appId, clientSecret },
    );
    const { names, next } = result as { readonly names: readonly string[]; readonly next: string };
    expect(next).toBe('https://graph.microsoft.com/v1.0/users');
    expect(names.toSorted()).toEqual(sandbox.ready.tenants.find(({ key }) => key === 'contoso')?.users.map(({ upn }) => upn).toSorted());
    expect(sandbox.requests().map(({ clientSku }) => clientSku)).toEqual(expect.arrayContaining([expect.stringMatching(/^msal\.js\.node/), expect.stringContaining('graph-js')]));
    expect(sandbox.gaps()).toEqual([]);
  });

  it('reach nobody else: every other host is refused and listed', async () => {
    sandbox.reset();
    const targets = ['https://example.org/telemetry?key=1', 'https://graph.microsoft.us/v1.0/users', 'https://login.microsoftonline.com:8443/', 'http://example.org/'];
    const plain = ['http://login.microsoftonline.com/common', 'http://example.org/beacon?key=1'];
    const outcomes = await runClient(
      `
      import { get } from 'node:http';
      const outcomes = [];
      for (const url of input.targets) outcomes.push(await fetch(url).then((answer) => answer.status, () => 'no answer'));
      for (const url of input.plain) outcomes.push(await new Promise((done) => get(url, (answer) => done(answer.resume().statusCode))));
      console.log(JSON.stringify(outcomes));
      `,
      { targets, plain },
    );
    expect(outcomes).toEqual(['no answer', 'no answer', 'no answer', 'no answer', 403, 403]);
    const { json } = await control(sandbox, 'GET', '/gaps');
    const rows = json.items.map((row) => ({ ...row, at: '' }));
    const what = 'a host the sandbox does not answer for';
    expect(rows).toEqual([
      { at: '', method: 'CONNECT', path: 'example.org:443', what },
      { at: '', method: 'CONNECT', path: 'graph.microsoft.us:443', what },
      { at: '', method: 'CONNECT', path: 'login.microsoftonline.com:8443', what },
      { at: '', method: 'CONNECT', path: 'example.org:80', what },
      { at: '', method: 'GET', path: 'http://login.microsoftonline.com/common', what },
      { at: '', method: 'GET', path: 'http://example.org/beacon', what },
    ]);
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('the names in masquerade', () => {
  beforeEach(() => sandbox.reset());

  it('are on a certificate that only the sandbox\'s own authority vouches for', async () => {
    const answer = await get(sandbox, 'https://login.microsoftonline.com/common/discovery/v2.0/keys');
    expect(answer.status).toBe(200);
    for (const host of ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net', 'graph.microsoft.com']) expect(answer.names).toContain(`DNS:${host}`);
    await expect(get(sandbox, 'https://graph.microsoft.com/v1.0/users', '')).rejects.toThrow(/certificate|issuer/);
  });

  it('decide which service answers, whatever the path', async () => {
    const graph = await get(sandbox, 'https://graph.microsoft.com/common/discovery/v2.0/keys');
    expect(graph.json).toHaveProperty('error');
    expect(await get(sandbox, 'https://login.windows.net/common/discovery/v2.0/keys')).toMatchObject({ status: 200 });
    expect(sandbox.requests().map(({ host }) => host)).toEqual(['graph', 'login']);
  });

  it('are what instance discovery lists, and nobody else is known to it', async () => {
    const ask = (endpoint: string) => get(sandbox, `https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(endpoint)}`);
    const known = await ask('https://login.windows.net/organizations/oauth2/v2.0/authorize');
    expect(known.json).toMatchObject({ tenant_discovery_endpoint: 'https://login.windows.net/organizations/v2.0/.well-known/openid-configuration', metadata: expect.arrayContaining([expect.objectContaining({ preferred_cache: 'login.windows.net', aliases: expect.arrayContaining(['sts.windows.net']) })]) });
    expect((await ask('https://login.microsoftonline.com.evil.example/common')).json).toMatchObject({ error: 'invalid_instance' });
    expect((await ask('http://login.microsoftonline.com/common')).json).toMatchObject({ error: 'invalid_instance' });
  });

  it('stand in the documents and in what a client is told to ask next', async () => {
    const { json } = await get(sandbox, 'https://login.microsoftonline.com/contoso.example/v2.0/.well-known/openid-configuration');
    expect(json).toMatchObject({ issuer: `https://login.microsoftonline.com/${contoso}/v2.0`, token_endpoint: `https://login.microsoftonline.com/${contoso}/oauth2/v2.0/token` });
  });
});

describe('a masquerade', () => {
  const running: RunningSandbox[] = [];
  afterEach(async () => {
    for (const open of running.splice(0)) await open.stop();
  });

  it.each([
    ['usgov', 'login.microsoftonline.us', 'graph.microsoft.us'],
    ['usgovdod', 'login.microsoftonline.us', 'dod-graph.microsoft.us'],
    ['china', 'login.partner.microsoftonline.cn', 'microsoftgraph.chinacloudapi.cn'],
  ] as const)('of %s answers under that cloud\'s names and no other', async (cloud, login, graph) => {
    const national = await startSandbox({ masquerade: cloud, signingKeys: sandbox.world.signingKeys });
    running.push(national);
    expect(national.ready).toMatchObject({ login: `https://${login}`, graph: `https://${graph}` });
    expect(await get(national, `https://${login}/common/discovery/v2.0/keys`)).toMatchObject({ status: 200 });
    expect(await get(national, `https://${graph}/v1.0/users`)).toMatchObject({ status: 401 });
    await expect(get(national, 'https://login.microsoftonline.com/common/discovery/v2.0/keys')).rejects.toThrow();
    expect(national.gaps().map(({ path }) => path)).toEqual(['login.microsoftonline.com:443']);
  });

  it('takes the names of the cloud its seed is in', async () => {
    const national = await startSandbox({ masquerade: true, seed: { cloud: 'usgovdod' }, signingKeys: sandbox.world.signingKeys });
    running.push(national);
    expect(national.ready).toMatchObject({ login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' });
  });

  it('ends with its tunnels cut, and survives a client that leaves in the middle of a handshake', async () => {
    const short = await startSandbox({ masquerade: true, signingKeys: sandbox.world.signingKeys });
    const { hostname, port } = new URL(proxyOf(short));
    const impatient = connect(Number(port), hostname);
    impatient.write('CONNECT login.microsoftonline.com:443 HTTP/1.1\r\nhost: login.microsoftonline.com:443\r\n\r\n');
    await once(impatient, 'data');
    impatient.resetAndDestroy();
    const waiting = connect(Number(port), hostname);
    waiting.write('CONNECT graph.microsoft.com:443 HTTP/1.1\r\nhost: graph.microsoft.com:443\r\n\r\n');
    await once(waiting, 'data');
    waiting.on('error', () => {});
    expect(await get(short, 'https://login.microsoftonline.com/common/discovery/v2.0/keys')).toMatchObject({ status: 200 });
    const cut = once(waiting, 'close');
    await short.stop();
    await cut;
    await expect(get(short, 'https://login.microsoftonline.com/common', '')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('tells a browser\'s page nothing: what is not a tunnel is refused', async () => {
    const asking = httpRequest(proxyOf(sandbox), { headers: { origin: 'https://evil.example' } });
    asking.end();
    const [answer] = (await once(asking, 'response')) as [{ readonly statusCode: number; resume: () => void }];
    answer.resume();
    expect(answer.statusCode).toBe(403);
  });
});
