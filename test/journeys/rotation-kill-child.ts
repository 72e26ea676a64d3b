/**
 * A process that takes one step of a rotation and kills itself, without a chance to tidy up, right after a write of its own or
 * right after a request of its own was answered. Bundled and started by rotation-kill.ts; it says what it reached when it lived.
 */
import { writeFileSync } from 'node:fs';
import { request as post } from 'node:http';
import https from 'node:https';
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { type Errand, openChildInstallation, runErrands } from './child-side';
import { createInterruptedStore, watchWrites } from './mortal-store';

export interface RotationErrand extends Errand {
  readonly certificateId: string;
  /** A file that is told what it died of. */
  readonly willFile: string;
}

/** How long it lives. */
export interface Life {
  readonly of: 'writes' | 'requests';
  readonly count: number;
}

function createMortality(willFile: string) {
  let life: Life | undefined;
  let used = 0;
  return {
    begin: (given: Life) => void (life = given),
    use(what: Life['of'], cause: string) {
      if (life?.of !== what) return;
      used += 1;
      if (used !== life.count) return;
      writeFileSync(willFile, cause);
      process.kill(process.pid, 'SIGKILL');
    },
  };
}

type Mortality = ReturnType<typeof createMortality>;

/** The other side has carried it out; whoever asked does not live to see the answer. */
function dieOfAnswers(mortality: Mortality): void {
  const send = https.request.bind(https);
  https.request = ((...all: Parameters<typeof https.request>) => {
    const sent = send(...all);
    sent.prependListener('response', () => mortality.use('requests', `${sent.method} ${sent.path.replace(/\?.*/, '')}`));
    return sent;
  }) as typeof https.request;
}

/** A sleep moves the clock of the whole stage, as it does in every journey. */
async function advanceClock(control: string, seconds: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = post(new URL('/clock', control), { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => response.resume().on('end', resolve));
    request.on('error', reject);
    request.end(JSON.stringify({ advanceSeconds: seconds }));
  });
}

runErrands(async (errand: RotationErrand) => {
  const mortality = createMortality(errand.willFile);
  dieOfAnswers(mortality);
  const following = await followSandboxClock(errand.control);
  const clock = {
    now: () => following.now(),
    sleep: async (ms: number) => {
      await advanceClock(errand.control, ms / 1000);
      await following.refresh();
    },
  };
  let last = '';
  const wrapStore = (store: Parameters<typeof watchWrites>[0]) => watchWrites(createInterruptedStore(store, async (key) => void (last = key)), () => mortality.use('writes', last));
  const { certificates } = await openChildInstallation(errand, { clock, wrapStore, signer: { id: 'the-mortal', label: 'a process that is killed' } });
  return async (life) => {
    await following.refresh();
    mortality.begin(life as Life);
    const { rotation, step } = await certificates.rotate(errand.certificateId, 'op-1');
    return { state: rotation.state, nextStepAt: rotation.nextStepAt, step };
  };
});
