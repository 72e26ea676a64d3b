/**
 * A process that advances or removes one account and kills itself, without a chance to tidy up, right after a write of its own. Bundled
 * and started by kill.thorough.test.ts; it says what it reached when there was nothing to write.
 */
import { flushCompileCache } from 'node:module';
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { openStateStore } from '../../src/core/adapters/open-store';
import { parseConfiguration } from '../../src/core/configuration';
import { createInstallation } from '../../src/core/installation';
import { isOnboardingError } from '../../src/core/errors';
import { parseKeyRing } from '../../src/core/sealing';
import { watchWrites } from './mortal-store';

export interface Errand {
  readonly folder: string;
  readonly state: string;
  readonly written: unknown;
  readonly ca: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly masterKeys: string;
  readonly control: string;
  readonly accountId: string;
  readonly act: 'advance' | 'remove';
  /** How many writes it lives for. */
  readonly writes: number;
}

async function prepare(errand: Errand): Promise<() => Promise<unknown>> {
  const clock = await followSandboxClock(errand.control);
  const inner = await openStateStore(errand.state, { clock, folder: errand.folder });
  let writes = 0;
  const store = watchWrites(inner, () => {
    writes += 1;
    if (writes === errand.writes) process.kill(process.pid, 'SIGKILL');
  });
  const installation = await createInstallation({
    configuration: parseConfiguration(errand.written),
    store,
    clock,
    masterKeys: parseKeyRing(errand.masterKeys),
    ca: errand.ca,
    readFile: (path) => errand.secrets[path] ?? '',
    environment: {},
    deployment: 'host',
  });
  return async () => {
    await clock.refresh();
    if (errand.act === 'advance') return installation.onboarding.advance(errand.accountId);
    return installation.onboarding.removeAccount({ accountId: errand.accountId, operatorId: 'op-1', confirmed: true });
  };
}

function say(message: unknown): void {
  process.send?.(message);
}

// The test is over, whatever is still under way here.
process.once('disconnect', () => process.exit());

let act: (() => Promise<unknown>) | undefined;

process.on('message', (message: Errand | 'go') => {
  const obey = message === 'go' ? async () => say({ report: await act?.() }) : async () => {
    act = await prepare(message);
    // Whoever is killed leaves no compiled code behind; the next one should not have to compile again.
    flushCompileCache();
    say('ready');
  };
  obey().catch((error: unknown) => say({ failed: isOnboardingError(error) ? error.code : String(error) }));
});
