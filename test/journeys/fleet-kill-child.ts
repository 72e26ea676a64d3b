/**
 * A process that sweeps a fleet and kills itself, without a chance to tidy up, right after a write of its own. Bundled and
 * started by fleet-kill.thorough.test.ts; it says what the sweep came to when it lived to see its end.
 */
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { type Errand, openChildInstallation, runErrands } from './child-side';
import { watchWrites } from './mortal-store';

export interface SweepErrand extends Errand {
  /** How many writes it lives for. */
  readonly writes: number;
}

runErrands(async (errand: SweepErrand) => {
  const clock = await followSandboxClock(errand.control);
  let writes = 0;
  const wrapStore = (store: Parameters<typeof watchWrites>[0]) =>
    watchWrites(store, () => {
      writes += 1;
      if (writes === errand.writes) process.kill(process.pid, 'SIGKILL');
    });
  const { onboarding } = await openChildInstallation(errand, { clock, wrapStore });
  return async () => {
    await clock.refresh();
    return onboarding.sweep({ resume: true, concurrency: 4 });
  };
});
