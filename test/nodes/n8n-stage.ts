/**
 * The stage of the node's tests: the real sandbox, our pages on loopback, and a state file in a folder of its own that the
 * pages and the node both open, as a trigger and a node of one n8n do. The sandbox's clock stands still until it is moved;
 * the node reads the machine's, so `Date` follows the sandbox's.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IDataObject, INodeExecutionData, INodeListSearchResult } from 'n8n-workflow';
import { vi } from 'vitest';
import { openSqliteStore } from '../../src/core/adapters/sqlite-store';
import { closeHosts } from '../../src/nodes/host/installation';
import { M365Onboarding } from '../../src/nodes/M365Onboarding/M365Onboarding.node';
import { MASTER_KEYS, OPERATOR, startStory, type Story, type StoryOptions } from '../journeys/story';
import { type Credentials, fakeExecution, type FakeExecutionOptions, fakePanel } from './fake-execution';

export type Item = Readonly<Record<string, unknown>>;

export async function startStage(options: StoryOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'm365-n8n-'));
  const startedAt = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: startedAt });
  vi.stubEnv('M365_ONBOARDING_STATE_FOLDER', folder);
  vi.stubEnv('M365_ONBOARDING_ALLOW_SANDBOX', 'true');
  const story = await startStory({
    openStore: async (clock) => openSqliteStore({ path: join(folder, 'state.sqlite'), clock }),
    ...options,
    sandbox: { ...options.sandbox, clock: { now: () => startedAt } },
  });
  const node = new M365Onboarding();
  const credentials = credentialsOf(story);
  const follow = () => void vi.setSystemTime(story.clock.now());

  const run = async (items: readonly Item[], changes: FakeExecutionOptions = {}): Promise<INodeExecutionData[]> => {
    follow();
    const [output] = await node.execute.call(fakeExecution(items, { credentials, ...changes }));
    return output ?? [];
  };

  return {
    story,
    node,
    credentials,
    run,
    /** One item, one output. */
    one: async (resource: string, operation: string, parameters: Item = {}, changes: FakeExecutionOptions = {}): Promise<IDataObject> => (await run([{ resource, operation, ...parameters }], changes))[0]?.json ?? {},
    refusal: async (resource: string, operation: string, parameters: Item = {}, changes: FakeExecutionOptions = {}): Promise<unknown> => {
      const outcome = await run([{ resource, operation, ...parameters }], changes).catch((reason: unknown) => reason);
      if (Array.isArray(outcome)) throw new Error(`It went through: ${JSON.stringify(outcome)}`);
      return outcome;
    },
    search: async (method: 'searchAccounts' | 'searchAdmins' | 'searchCertificates', parameters: Item = {}, filter?: string): Promise<INodeListSearchResult> => {
      follow();
      return node.methods.listSearch[method].call(fakePanel(parameters, { credentials }), filter);
    },
    advanceClock: (seconds: number) => {
      story.advanceClock(seconds);
      follow();
    },
    stop: async () => {
      await closeHosts();
      await story.stop();
      vi.useRealTimers();
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Stage = Awaited<ReturnType<typeof startStage>>;

/** What a person would have typed into the two credentials. */
function credentialsOf(story: Story): Credentials {
  const { written, ca, sandbox } = story;
  const apps = (written['apps'] as readonly Item[]).map((app) => ({ ...app, credential: { from: 'secret' } }));
  return {
    m365PartnerApp: {
      homeTenantId: sandbox.ready.homeTenantId,
      cloud: 'global',
      apps: JSON.stringify(apps),
      appSecrets: JSON.stringify(Object.fromEntries(sandbox.ready.apps.map((app) => [app.key, { secret: app.clientSecret }]))),
      useSandbox: true,
      sandboxAuthorityHost: sandbox.ready.login,
      sandboxGraphBaseUrl: sandbox.ready.graph,
      sandboxCa: ca,
    },
    m365OnboardingState: {
      stateUrl: 'sqlite:state.sqlite',
      masterKeys: MASTER_KEYS,
      operators: JSON.stringify(written['operators']),
      operatorId: OPERATOR,
      partnerName: 'Northwind Backup',
      publicBaseUrl: story.publicBaseUrl,
      settingsUrl: '',
      portal: JSON.stringify(written['portal']),
      adminChoice: 'manual',
    },
  };
}

/** The credentials with other members. */
export function changed(credentials: Credentials, type: 'm365PartnerApp' | 'm365OnboardingState', members: Item): Credentials {
  return { ...credentials, [type]: { ...credentials[type], ...members } };
}
