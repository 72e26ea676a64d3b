/**
 * A whole rotation while everybody goes on asking for tokens: two installations that share one file, both apps, the home tenant
 * and customers', always fresh. Fast where keys are exchanged, with pauses where nothing happens. Shared by `npm test` and
 * `npm run test:seeds`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStateStore } from '../../src/core/adapters/open-store';
import { isOnboardingError } from '../../src/core/errors';
import type { Installation } from '../../src/core/installation';
import type { TokenSource } from '../../src/core/ports';
import type { RotationReport } from '../../src/core/corridor/certificates/rotate';
import { invite } from './attacks';
import { principalOf, worldTenant } from './directory';
import { keyIdsOf } from './key-stage';
import { registered } from './rotations';
import { onboardAsAdmin, OPERATOR, personWith, startStory, type Story } from './story';

const CUSTOMER = 'contoso.example';
const APP_KEYS = ['backup', 'restore'] as const;
const RESOURCE = 'https://graph.microsoft.com';
const STATE = 'sqlite:load.sqlite';
const STEP_TRIES = 20;
const CALLS = 200;

export interface LoadStage {
  readonly story: Story;
  /** A fresh file for each run. */
  renew(): Promise<LoadRun>;
  stop(): Promise<void>;
}

export interface LoadRun {
  readonly story: Story;
  readonly certificateId: string;
  readonly consumers: readonly TokenSource[];
  readonly tenantIds: readonly string[];
  close(): Promise<void>;
}

export async function openLoadStage(): Promise<LoadStage> {
  const story = await startStory({ sandbox: { faultDelays: 'virtual' } });
  const folders: string[] = [];
  return {
    story,
    async renew() {
      story.sandbox.faults.set(undefined);
      const folder = mkdtempSync(join(tmpdir(), 'journey-load-'));
      folders.push(folder);
      await story.renew({ openStore: (clock) => openStateStore(STATE, { clock, folder }) });
      await onboardAsAdmin(story, await invite(story), personWith(story.tenant(CUSTOMER), 'Global Administrator'));
      const tenantIds = [story.configuration.homeTenantId, story.tenant(CUSTOMER).tenantId, ...otherCustomers(story)];
      const certificateId = await registered(story, APP_KEYS);
      // Long ago by now: what replicas have not heard of is the new key alone.
      story.advanceClock(4 * 3600);
      const others: Installation[] = [];
      for (const host of ['a', 'b']) others.push(await story.install(await openStateStore(STATE, { clock: story.clock, folder }), undefined, { signer: { id: `host-${host}`, label: `host ${host}` } }));
      return { story, certificateId, tenantIds, consumers: others.map(({ ports }) => ports.tokens), close: async () => void (await Promise.all(others.map((other) => other.close()))) };
    },
    async stop() {
      await story.stop();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The enterprise applications of the customer, as they would be at others. */
function otherCustomers(story: Story): string[] {
  const domains = story.sandbox.ready.tenants.map(({ domain, tenantId }) => ({ domain, tenantId })).filter(({ domain, tenantId }) => domain !== CUSTOMER && tenantId !== story.configuration.homeTenantId);
  return domains.slice(0, 3).map(({ domain, tenantId }) => {
    for (const appKey of APP_KEYS) worldTenant(story, domain).servicePrincipals.put(`principal-${appKey}-${domain}`, { ...principalOf(story, CUSTOMER, appKey), id: `principal-${appKey}-${domain}` }, story.clock.now());
    return tenantId;
  });
}

export interface Load {
  /** Token requests made between two steps, beside the ones that race each step. */
  readonly betweenSteps: number;
  /** How many of them at one instant. */
  readonly atOnce: number;
  /** An operator undoes it as soon as the new key signs. */
  readonly isUndone?: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly string[];
  /** How often a replica did not know the new key and the old one signed. */
  readonly fallbacks: number;
  /** What the rotation's own steps met. */
  readonly stops: readonly string[];
  readonly last: RotationReport;
  readonly keys: readonly (readonly string[])[];
}

export async function rotateUnderLoad(run: LoadRun, { betweenSteps, atOnce, isUndone = false }: Load): Promise<LoadResult> {
  const { story, certificateId } = run;
  const failures: string[] = [];
  const stops: string[] = [];
  const asked = { count: 0 };
  const burst = async (count: number) => {
    const asks = Array.from({ length: count }, async () => askOnce(run, (asked.count += 1)).catch((error: unknown) => void failures.push(`${(story.clock.now() / 1000).toFixed(0)} ${String(error)}`)));
    await Promise.all(asks);
  };
  let state = 'none';
  const step = async (): Promise<RotationReport> => {
    const { certificates } = story.installation;
    for (let tries = 1; ; tries += 1) {
      try {
        return await (isUndone && (state === 'overlap' || state === 'rolling_back') ? certificates.undoRotation(certificateId, OPERATOR) : certificates.rotate(certificateId, OPERATOR));
      } catch (error) {
        if (!isOnboardingError(error) || tries === STEP_TRIES) throw error;
        stops.push(error.code);
        story.advanceClock(60);
      }
    }
  };
  let last: RotationReport | undefined;
  for (let call = 0; call < CALLS && last?.rotation.state !== 'done'; call += 1) {
    [last] = await Promise.all([step(), burst(atOnce)]);
    state = last.rotation.state;
    if (state === 'rolled_back') break;
    const waitSeconds = Math.max(0, (last.rotation.nextStepAt - story.clock.now()) / 1000);
    const places = Math.round(betweenSteps / atOnce);
    for (let place = 1; place <= places; place += 1) {
      story.advanceClock(waitSeconds / (places + 1));
      await burst(atOnce);
    }
    story.advanceClock(waitSeconds / (places + 1));
  }
  if (last === undefined) throw new Error('Nothing was rotated.');
  for (let made = 0; made < betweenSteps; made += atOnce) {
    story.advanceClock(30);
    await burst(atOnce);
  }
  const fallbacks = story.sandbox.requests().filter(({ path, status }) => path.endsWith('/token') && status === 401).length;
  return { requests: asked.count, failures, fallbacks, stops, last, keys: APP_KEYS.map((appKey) => keyIdsOf(story, appKey)) };
}

/** Every pair of app and tenant in turn, at one host and the other: equal ones at one host would share one request. */
async function askOnce({ consumers, tenantIds }: LoadRun, turn: number): Promise<void> {
  const consumer = consumers[turn % consumers.length];
  const appKey = APP_KEYS[Math.floor(turn / consumers.length) % APP_KEYS.length];
  const tenantId = tenantIds[Math.floor(turn / (consumers.length * APP_KEYS.length)) % tenantIds.length];
  if (consumer === undefined || appKey === undefined || tenantId === undefined) throw new Error('There is nobody to ask.');
  await consumer.acquire({ appKey, tenantId, resource: RESOURCE, fresh: true });
}

/** Replicas that learn of a key at different times, up to this one. */
export function lagging(maxSeconds: number, seed: string): object {
  return { version: 1, seed, replication: [{ scope: 'sts.keys', lagMs: { dist: 'uniform', min: 0, max: maxSeconds * 1000 }, replicas: 6 }] };
}
