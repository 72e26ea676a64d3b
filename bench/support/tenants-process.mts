/** A sandbox with thousands of generated customers, and what it takes of the machine. */
import { type RunningSandbox, startSandbox } from 'n8n-nodes-m365-onboarding/sandbox';
import type * as Grants from '../../src/sandbox/sts/grants';
import { built } from './built.mts';
import { cpuMsOfProcess, type Operations, serveOperations } from './child.mts';

export interface Footprint {
  readonly tenants: number;
  readonly inUse: number;
  readonly residentMb: number;
  /** Of the ready line. */
  readonly readyBytes: number;
}

export interface TenantsOperations extends Operations {
  /** Milliseconds of computing and by the clock until it is ready. Without a count: the built-in seed alone. */
  start(input: { readonly count: number | null }): Promise<Footprint & { readonly computingMs: number; readonly durationMs: number }>;
  /** Bring the first so many generated tenants into being, each with both apps consented. */
  useTenants(input: { readonly count: number }): Promise<Footprint>;
}

let running: RunningSandbox | undefined;

function footprint(): Footprint {
  if (running === undefined) throw new Error('The sandbox was not started.');
  const { world, ready } = running;
  return { tenants: world.tenants.size, inUse: world.tenants.inUseCount, residentMb: process.memoryUsage.rss() / 2 ** 20, readyBytes: JSON.stringify(ready).length };
}

const operations: TenantsOperations = {
  start: async ({ count }) => {
    const computedBefore = cpuMsOfProcess();
    const startedAt = performance.now();
    running = await startSandbox(count === null ? {} : { seed: { generatedTenants: { count } } });
    return { ...footprint(), computingMs: cpuMsOfProcess() - computedBefore, durationMs: performance.now() - startedAt };
  },
  useTenants: async ({ count }) => {
    if (running === undefined) throw new Error('The sandbox was not started.');
    const { grantPermissions, staticPermissions } = await built<typeof Grants>('dist/sandbox/sts/grants.mjs');
    const { world } = running;
    const applications = world.tenants.get(world.homeTenantId)?.applications.list(world.now()) ?? [];
    const declared = [...world.tenants.declared()].length;
    for (const tenantId of [...world.tenants.keys()].slice(declared, declared + count)) {
      const tenant = world.tenants.get(tenantId);
      if (tenant === undefined) throw new Error(`There is no tenant ${tenantId}.`);
      for (const application of applications) grantPermissions(world, tenant, application, staticPermissions(application), null);
    }
    return footprint();
  },
};

serveOperations(operations, async () => running?.stop());
