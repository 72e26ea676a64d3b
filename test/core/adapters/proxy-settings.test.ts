import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpsClient } from '../../../src/core/adapters/https-client';
import { createMemoryStore } from '../../../src/core/adapters/memory-store';
import { readProxySettings } from '../../../src/core/adapters/proxy-settings';
import { createSystemClock } from '../../../src/core/adapters/system-clock';
import { parseConfiguration } from '../../../src/core/configuration';
import type { OnboardingError } from '../../../src/core/errors';
import { createInstallation } from '../../../src/core/installation';
import { buildConfig, type RunningSandbox, startSandbox } from '../../../src/sandbox/index';
import { startTlsServer, type TlsServer } from './tls-server';

const refusalOf = (promise: Promise<unknown>) => promise.then(() => new Error('expected a refusal') as OnboardingError, (error: unknown) => error as OnboardingError);

describe('the environment names', () => {
  const LOOPBACK = 'localhost,.localhost,127.0.0.1,::1,[::1]';

  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: '', https_proxy: ' ' }, undefined],
    [{ HTTP_PROXY: 'http://plain.example:3128' }, undefined],
    [{ HTTPS_PROXY: 'http://proxy.example:3128' }, { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: LOOPBACK }],
    [{ HTTPS_PROXY: 'http://upper.example:1', https_proxy: 'http://lower.example:2' }, { HTTPS_PROXY: 'http://lower.example:2', NO_PROXY: LOOPBACK }],
    [{ HTTPS_PROXY: 'proxy.example:3128' }, { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: LOOPBACK }],
    [{ HTTPS_PROXY: 'https://proxy.example', NO_PROXY: '.corp.example,10.0.0.1' }, { HTTPS_PROXY: 'https://proxy.example', NO_PROXY: `.corp.example,10.0.0.1,${LOOPBACK}` }],
  ])('%j', (environment: Readonly<Record<string, string>>, settings) => {
    expect(readProxySettings(environment)).toEqual(settings);
  });

  it.each(['22.19.0', '22.20.0', '23.11.0', '24.4.1'])('nothing that Node %s would obey, so it is said before anything goes around the proxy', async (version) => {
    expect(readProxySettings({}, version)).toBeUndefined();
    const refused = await refusalOf(Promise.resolve().then(() => readProxySettings({ HTTPS_PROXY: 'http://user:hunter2@proxy.example' }, version)));
    expect(refused.code).toBe('CONFIG_INVALID');
    expect(JSON.stringify(refused)).not.toContain('hunter2');
  });

  it.each(['22.21.0', '24.5.0', '26.0.0'])('what Node %s obeys', (version) => {
    expect(readProxySettings({ HTTPS_PROXY: 'http://proxy.example' }, version)).toMatchObject({ HTTPS_PROXY: 'http://proxy.example' });
  });

  it.each(['socks5://user:hunter2@proxy.example:1080', 'http://user:hunter2@proxy.example:99999', 'http://', 'file:///hunter2'])('no proxy we can use: %s, and nothing of it is repeated', async (address) => {
    const refused = await refusalOf(Promise.resolve().then(() => readProxySettings({ HTTPS_PROXY: address })));
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID', details: { field: 'HTTPS_PROXY' } });
    expect(JSON.stringify(refused) + String(refused.stack)).not.toContain('hunter2');
  });
});

describe('a proxy on the way', () => {
  let proxy: Server;
  let asked: string[];
  let sandbox: RunningSandbox;
  let target: TlsServer;
  /** Where a tunnel really leads. */
  let upstream: () => string;
  const proxyUrl = () => `http://user:hunter2@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const clock = createSystemClock();

  beforeAll(async () => {
    sandbox = await startSandbox();
    target = await startTlsServer();
  });
  afterAll(async () => {
    await target.close();
    await sandbox.stop();
  });

  beforeEach(async () => {
    asked = [];
    upstream = () => target.origin;
    proxy = createServer().on('connect', (request, socket: Socket) => {
      asked.push(request.url ?? '');
      const far = connect(Number(new URL(upstream()).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        far.pipe(socket).pipe(far);
      });
      for (const end of [socket, far]) end.on('error', () => undefined);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  afterEach(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await once(proxy, 'close');
  });

  const install = (config: object, environment: Readonly<Record<string, string | undefined>>, ca?: string) =>
    createInstallation({ configuration: parseConfiguration(config), clock, store: createMemoryStore({ clock }), ca, readFile: () => 'any-secret', environment, deployment: 'process' });

  it('carries an installation\'s requests to Microsoft, whose certificate is still checked', async () => {
    const { sandbox: _, ...real } = buildConfig(sandbox.ready);
    const installation = await install(real, { HTTPS_PROXY: proxyUrl() });
    const refused = await refusalOf(installation.ports.tokens.acquire({ appKey: 'backup', tenantId: real.homeTenantId, resource: 'https://graph.microsoft.com' }));
    await installation.close();
    expect(asked).toEqual(['login.microsoftonline.com:443']);
    expect(refused.code).toBe('TLS_UNTRUSTED');
    expect(target.seen).toEqual([]);
  });

  it('that is away is a service that is away, and its password is in no error', async () => {
    const { sandbox: _, ...real } = buildConfig(sandbox.ready);
    const installation = await install(real, { HTTPS_PROXY: 'http://user:hunter2@127.0.0.1:1' });
    const refused = await refusalOf(installation.ports.tokens.acquire({ appKey: 'backup', tenantId: real.homeTenantId, resource: 'https://graph.microsoft.com' }));
    await installation.close();
    expect(refused.code).toBe('STS_UNAVAILABLE');
    expect(JSON.stringify(refused) + String(refused.stack) + (refused.cause as Error).message).not.toContain('hunter2');
  });

  it('sees nothing of the sandbox', async () => {
    const installation = await install(buildConfig(sandbox.ready), { HTTPS_PROXY: proxyUrl(), https_proxy: proxyUrl() }, readFileSync(sandbox.ready.caFile, 'utf8'));
    await refusalOf(installation.ports.tokens.acquire({ appKey: 'backup', tenantId: sandbox.ready.homeTenantId, resource: 'https://graph.microsoft.com' }));
    await installation.close();
    expect(sandbox.requests().map(({ operation }) => operation)).toContain('token client_credentials');
    expect(asked).toEqual([]);
  });

  it('sees everything but loopback and what NO_PROXY names', async () => {
    target.answer = () => ({ text: 'answered' });
    const ask = async (environment: Readonly<Record<string, string>>) => {
      const https = createHttpsClient({ ca: target.ca, userAgent: 'test', timeoutMs: 5000, proxyEnv: environment });
      const { text } = await https.send({ method: 'GET', url: target.origin });
      https.close();
      expect(text).toBe('answered');
      return asked.splice(0);
    };
    expect(await ask({ HTTPS_PROXY: proxyUrl() })).toEqual([new URL(target.origin).host]);
    expect(await ask({ HTTPS_PROXY: proxyUrl(), NO_PROXY: 'elsewhere.example,localhost' })).toEqual([]);
    expect(await ask(readProxySettings({ HTTPS_PROXY: proxyUrl() }) ?? {})).toEqual([]);
  });
});

describe('an installation in a network with nothing but a proxy', () => {
  it('reaches the sign-in service and Graph under their own names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proxy-child-'));
    const masquerade = await startSandbox({ masquerade: true });
    try {
      const script = join(folder, 'child.cjs');
      buildSync({ entryPoints: [fileURLToPath(new URL('proxy-child.ts', import.meta.url))], bundle: true, platform: 'node', format: 'cjs', outfile: script, logLevel: 'error' });
      const { sandbox: _, ...written } = buildConfig(masquerade.ready);
      const apps = written.apps.map((app) => ({ ...app, credential: { secretEnv: 'APP_SECRET' } }));
      const env = { PATH: process.env['PATH'], HOME: folder, NODE_EXTRA_CA_CERTS: masquerade.ready.caFile, HTTPS_PROXY: masquerade.ready.proxy ?? '', APP_SECRET: masquerade.ready.apps[0]?.clientSecret, CONFIGURATION: JSON.stringify({ ...written, apps }) };
      const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
      expect(JSON.parse(stdout)).toEqual({ tenantId: masquerade.ready.homeTenantId, status: 200 });
      expect(new Set(masquerade.requests().map(({ host }) => host))).toEqual(new Set(['login', 'graph']));
    } finally {
      await masquerade.stop();
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});
