/** A sandbox process, a state folder and as many hosts on it as a figure needs; everything is gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ready, RequestRow } from 'n8n-nodes-m365-onboarding/sandbox';
import type { Child } from './child.mts';
import { type HostOperations, type Product, startHost } from './host.mts';
import { type Customer, type SandboxOperations, startSandboxProcess } from './sandbox.mts';

export interface Stage {
  readonly ready: Ready;
  readonly sandbox: Child<SandboxOperations>;
  /** On the stage's one state file; loaded, and open when `open` says so. */
  host(product: Product, open?: boolean): Promise<Child<HostOperations>>;
  readonly folder: string;
  /** The sandbox's clock and those of these hosts. */
  advanceClocks(seconds: number, hosts: readonly Child<HostOperations>[]): Promise<void>;
}

export async function onStage<T>(customers: readonly Customer[], consented: readonly Customer[], play: (stage: Stage) => Promise<T>): Promise<T> {
  const sandbox = startSandboxProcess();
  const hosts: Child<HostOperations>[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'm365-onboarding-bench-'));
  try {
    const ready = await sandbox.call('start', { customers, consented });
    return await play({
      ready,
      sandbox,
      folder,
      host: async (product, open = true) => {
        const host = startHost();
        hosts.push(host);
        if (!open) return host;
        await host.call('load', product);
        await host.call('open', { ready, folder });
        return host;
      },
      advanceClocks: async (seconds, moved) => {
        await sandbox.call('advanceClock', seconds);
        for (const host of moved) await host.call('advanceClock', seconds);
      },
    });
  } finally {
    for (const host of hosts) await host.stop();
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

export interface RequestCount {
  readonly token: number;
  readonly graph: number;
}

/** By tenant. */
export function requestsPerTenant(rows: readonly RequestRow[]): ReadonlyMap<string, RequestCount> {
  const byTenant = Map.groupBy(rows, (row) => row.tenant ?? '');
  return new Map(
    [...byTenant].map(([tenant, own]) => [tenant, { token: own.filter(({ path }) => path.endsWith('/oauth2/v2.0/token')).length, graph: own.filter(({ host }) => host === 'graph').length }]),
  );
}
