/**
 * What the demo needs around it: the sandbox (TLS, its own authority), our pages and a backup portal on loopback, state
 * in sqlite in a temporary folder, and one clock for all of them. The clock can be moved, so nobody waits a minute for
 * five independent reads; everything else is as real as in production.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, createInstallation, createJwtService, type Installation, openStateStore, parseConfiguration, parseKeyRing, startServer } from 'n8n-nodes-m365-onboarding';
import { buildConfig, type RunningSandbox, startSandbox } from 'n8n-nodes-m365-onboarding/sandbox';
import { type ExamplePortal, startExamplePortal } from '../portal/portal.mts';

export interface Stage {
  readonly sandbox: RunningSandbox;
  readonly portal: ExamplePortal;
  readonly clock: Clock;
  readonly ca: string;
  readonly publicBaseUrl: string;
  readonly installation: () => Installation;
  /** Sign in with this certificate from now on, in every app. */
  useCertificate(certificateId: string): Promise<void>;
  /** Texts that must never appear in any output. */
  readonly secrets: string[];
  close(): Promise<void>;
}

export async function setStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'm365-onboarding-demo-'));
  const sandbox = await startSandbox({ replicationLagMs: { 'sts.servicePrincipal': 4000, 'sts.roles': 9000, 'graph.get': 3000, 'graph.list': 6000 } });
  const clock: Clock = { now: () => sandbox.clock.now(), sleep: async (ms) => sandbox.clock.advance(ms / 1000) };
  const masterKey = randomBytes(32).toString('base64');
  const ca = readFileSync(sandbox.ready.caFile, 'utf8');
  const store = await openStateStore('sqlite:state/demo.sqlite', { clock, folder });
  const current: { installation?: Installation } = {};
  const installation = () => {
    if (current.installation === undefined) throw new Error('The installation is not ready yet.');
    return current.installation;
  };
  const server = await startServer({ host: '127.0.0.1', port: 0, handle: (request) => installation().onboarding.handle(request) });
  const publicBaseUrl = `http://localhost:${server.port}`;
  const clientKey = await createJwtService().generateSigningKey('ES256');
  const portal = await startExamplePortal({
    partnerName: 'Northwind Backup',
    issuer: publicBaseUrl,
    jwks: `${publicBaseUrl}/.well-known/jwks.json`,
    redeem: { url: `${publicBaseUrl}/impersonation/redeem`, clientKey: clientKey.privateKey, algorithm: 'ES256' },
    clock,
    findAccount: async (accountId) => (accountId === 'contoso' ? { name: 'Contoso Ltd', tenantId: requireTenantId(sandbox, 'contoso.example') } : undefined),
  });

  const install = async (certificateId?: string) => {
    const base = buildConfig(sandbox.ready, { publicBaseUrl, portal: { audience: portal.audience, deliverTo: portal.deliverTo, jwksOrClientKey: clientKey.publicJwk } });
    const { settingsUrl: _unused, ...rest } = base;
    const apps = base.apps.map((app) => (certificateId === undefined ? app : { ...app, credential: { certificateId } }));
    current.installation = await createInstallation({
      configuration: parseConfiguration({ ...rest, apps }),
      store,
      clock,
      masterKeys: parseKeyRing(`demo:${masterKey}`),
      ca,
      readFile: (path) => sandbox.ready.apps.find((app) => path === `${app.key}.secret`)?.clientSecret ?? '',
      environment: {},
      deployment: 'host',
    });
  };
  await install();
  return {
    sandbox,
    portal,
    clock,
    ca,
    publicBaseUrl,
    installation,
    useCertificate: install,
    secrets: [masterKey, clientKey.privateKey.reveal(), ...sandbox.ready.apps.map((app) => app.clientSecret), ...sandbox.ready.tenants.flatMap((tenant) => tenant.users.map((person) => person.password))],
    close: async () => {
      await portal.close();
      await server.close();
      await installation().close();
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function requireTenantId(sandbox: RunningSandbox, domain: string): string {
  const tenant = sandbox.ready.tenants.find((candidate) => candidate.domain === domain);
  if (tenant === undefined) throw new Error(`The sandbox has no tenant ${domain}.`);
  return tenant.tenantId;
}
