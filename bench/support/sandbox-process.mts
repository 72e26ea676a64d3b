/** The process of the sandbox. Without replication lag: what is measured is our side. */
import { type RunningSandbox, startSandbox } from 'n8n-nodes-m365-onboarding/sandbox';
import type * as SeedDefault from '../../src/sandbox/seed-default';
import type * as Grants from '../../src/sandbox/sts/grants';
import { built } from './built.mts';
import { cpuMsOfProcess, serveOperations } from './child.mts';
import type { Customer, SandboxOperations } from './sandbox.mts';

const NO_LAG = { 'graph.get': 0, 'graph.list': 0, 'sts.servicePrincipal': 0, 'sts.keys': 0, 'sts.roles': 0 } as const;

async function start(customers: readonly Customer[], consented: readonly Customer[]): Promise<RunningSandbox> {
  const { DEFAULT_SEED } = await built<typeof SeedDefault>('dist/sandbox/seed-default.mjs');
  const partner = DEFAULT_SEED.tenants.filter(({ key }) => key === DEFAULT_SEED.homeTenant);
  const seeded = customers.map(({ key, domain }) => ({
    key,
    domain,
    name: key,
    prefix: key.replace('-', ''),
    country: 'PT',
    licences: ['AAD_PREMIUM_P2'] as const,
    people: [{ alias: 'ada', name: `Ada of ${key}`, roles: ['Global Administrator'] }],
  }));
  const sandbox = await startSandbox({ replicationLagMs: NO_LAG, seed: { ...DEFAULT_SEED, extends: 'nothing', tenants: [...partner, ...seeded] } });
  await consentIn(sandbox, consented);
  return sandbox;
}

async function consentIn({ world, ready }: RunningSandbox, customers: readonly Customer[]): Promise<void> {
  const { grantPermissions, staticPermissions } = await built<typeof Grants>('dist/sandbox/sts/grants.mjs');
  const applications = world.tenants.get(world.homeTenantId)?.applications.list(world.now()) ?? [];
  const own = applications.filter(({ appId }) => ready.apps.some((app) => app.appId === appId));
  for (const { domain } of customers) {
    const tenant = world.tenants.get(ready.tenants.find((one) => one.domain === domain)?.tenantId ?? '');
    if (tenant === undefined) throw new Error(`The seed has no ${domain}.`);
    for (const application of own) grantPermissions(world, tenant, application, staticPermissions(application), null);
  }
}

function serve(): void {
  let running: RunningSandbox | undefined;
  let taken = 0;
  const requireRunning = () => running ?? raise('The sandbox was not started.');
  const operations: SandboxOperations = {
    start: async ({ customers, consented }) => (running = await start(customers, consented)).ready,
    takeRequests: async () => {
      const rows = requireRunning().requests().slice(taken);
      taken += rows.length;
      return rows;
    },
    advanceClock: async (seconds) => requireRunning().clock.advance(seconds),
    cpuMs: async () => cpuMsOfProcess(),
  };
  serveOperations(operations, async () => running?.stop());
}

function raise(message: string): never {
  throw new Error(message);
}

serve();
