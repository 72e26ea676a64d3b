/** What a process that a story starts does beside its errand: open the story's installation, listen, and say what came of it. */
import { flushCompileCache } from 'node:module';
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { openStateStore } from '../../src/core/adapters/open-store';
import type { IdentifiedStore } from '../../src/core/adapters/memory-store';
import { parseConfiguration } from '../../src/core/configuration';
import { createInstallation, type Installation, type InstallationOptions } from '../../src/core/installation';
import { isOnboardingError } from '../../src/core/errors';
import type { Clock } from '../../src/core/ports';
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
}

interface ChildOptions extends Pick<InstallationOptions, 'signer'> {
  readonly clock: Clock;
  /** Around the story's store. */
  readonly wrapStore?: (store: IdentifiedStore) => IdentifiedStore;
}

export async function openChildInstallation(errand: Errand, { clock, wrapStore = (store) => store, signer }: ChildOptions): Promise<Installation> {
  return createInstallation({
    configuration: parseConfiguration(errand.written),
    store: wrapStore(await openStateStore(errand.state, { clock, folder: errand.folder })),
    clock,
    masterKeys: parseKeyRing(errand.masterKeys),
    ca: errand.ca,
    readFile: (path) => errand.secrets[path] ?? '',
    environment: {},
    signer,
    deployment: 'host',
  });
}

/** An errand of a process that dies by its own hand right after a write. */
export interface MortalErrand extends Errand {
  /** How many writes it lives for. */
  readonly writes: number;
}

/** Does `act` by the sandbox's clock until it has written often enough, and then has no chance to tidy up. */
export function runMortalErrands(act: (installation: Installation, errand: never) => Promise<unknown>): void {
  runErrands(async (errand: MortalErrand) => {
    const clock = await followSandboxClock(errand.control);
    let writes = 0;
    const wrapStore = (store: IdentifiedStore) =>
      watchWrites(store, () => {
        writes += 1;
        if (writes === errand.writes) process.kill(process.pid, 'SIGKILL');
      });
    const installation = await openChildInstallation(errand, { clock, wrapStore });
    return async () => {
      await clock.refresh();
      return act(installation, errand as never);
    };
  });
}

/** The first message is the errand, answered by `ready`; every later one is a call, answered by what it came to. */
export function runErrands(prepare: (errand: never) => Promise<(call: unknown) => Promise<unknown>>): void {
  let act: ((call: unknown) => Promise<unknown>) | undefined;
  // The test is over, whatever is still under way here.
  process.once('disconnect', () => process.exit());
  process.on('message', (message: unknown) => {
    const obey = async () => {
      if (act !== undefined) return say({ report: await act(message) });
      act = await prepare(message as never);
      // Whoever is killed leaves no compiled code behind; the next one should not have to compile again.
      flushCompileCache();
      say('ready');
    };
    obey().catch((error: unknown) => say({ failed: isOnboardingError(error) ? error.code : String(error) }));
  });
}

function say(message: unknown): void {
  process.send?.(message);
}
