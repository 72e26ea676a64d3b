/**
 * A process that advances one account and kills itself, without a chance to tidy up, right after its first write. Bundled
 * and started by kill.test.ts; it says what it reached when there was nothing to write.
 */
import { flushCompileCache } from 'node:module';
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { openStateStore } from '../../src/core/adapters/open-store';
import { parseConfiguration } from '../../src/core/configuration';
import { createInstallation } from '../../src/core/installation';
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
}

async function prepare(errand: Errand): Promise<() => Promise<unknown>> {
  const clock = await followSandboxClock(errand.control);
  const inner = await openStateStore(errand.state, { clock, folder: errand.folder });
  const store = watchWrites(inner, () => {
    process.kill(process.pid, 'SIGKILL');
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
    return installation.onboarding.advance(errand.accountId);
  };
}

function say(message: unknown): void {
  process.send?.(message);
}

// The test is over, whatever is still under way here.
process.once('disconnect', () => process.exit());

let advance: (() => Promise<unknown>) | undefined;

process.on('message', (message: Errand | 'advance') => {
  const act = message === 'advance' ? async () => say({ report: await advance?.() }) : async () => {
    advance = await prepare(message);
    // Whoever is killed leaves no compiled code behind; the next one should not have to compile again.
    flushCompileCache();
    say('ready');
  };
  act().catch((error: unknown) => say({ failed: String(error) }));
});
