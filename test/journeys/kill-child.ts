/**
 * A process that advances or removes one account and kills itself, without a chance to tidy up, right after a write of its own. Bundled
 * and started by kill.thorough.test.ts; it says what it reached when there was nothing to write.
 */
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { type Errand, openChildInstallation, runErrands } from './child-side';
import { watchWrites } from './mortal-store';

export interface AccountErrand extends Errand {
  readonly accountId: string;
  readonly act: 'advance' | 'remove';
  /** How many writes it lives for. */
  readonly writes: number;
}

runErrands(async (errand: AccountErrand) => {
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
    if (errand.act === 'advance') return onboarding.advance(errand.accountId);
    return onboarding.removeAccount({ accountId: errand.accountId, operatorId: 'op-1', confirmed: true });
  };
});
