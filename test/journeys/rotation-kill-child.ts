/**
 * A process that takes one step of a rotation and kills itself, without a chance to tidy up, right after a write of its own or
 * right after a request of its own was answered. Bundled and started by rotation-kill.ts; it says what it reached when it lived.
 */
import { writeFileSync } from 'node:fs';
import { request as post } from 'node:http';
import https from 'node:https';
import { flushCompileCache } from 'node:module';
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { openStateStore } from '../../src/core/adapters/open-store';
import { parseConfiguration } from '../../src/core/configuration';
import { createInstallation } from '../../src/core/installation';
import { isOnboardingError } from '../../src/core/errors';
import { parseKeyRing } from '../../src/core/sealing';
import { createInterruptedStore, watchWrites } from './mortal-store';

export interface RotationErrand {
  readonly folder: string;
  readonly state: string;
  readonly written: unknown;
  readonly ca: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly masterKeys: string;
  readonly control: string;
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

async function prepare(errand: RotationErrand): Promise<(life: Life) => Promise<unknown>> {
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
  const noted = createInterruptedStore(await openStateStore(errand.state, { clock, folder: errand.folder }), async (key) => void (last = key));
  const installation = await createInstallation({
    configuration: parseConfiguration(errand.written),
    store: watchWrites(noted, () => mortality.use('writes', last)),
    clock,
    masterKeys: parseKeyRing(errand.masterKeys),
    ca: errand.ca,
    readFile: (path) => errand.secrets[path] ?? '',
    environment: {},
    signer: { id: 'the-mortal', label: 'a process that is killed' },
    deployment: 'host',
  });
  return async (life) => {
    await following.refresh();
    mortality.begin(life);
    const { rotation, step } = await installation.certificates.rotate(errand.certificateId, 'op-1');
    return { state: rotation.state, nextStepAt: rotation.nextStepAt, step };
  };
}

function say(message: unknown): void {
  process.send?.(message);
}

// The test is over, whatever is still under way here.
process.once('disconnect', () => process.exit());

let act: ((life: Life) => Promise<unknown>) | undefined;

process.on('message', (message: RotationErrand | Life) => {
  const obey = 'of' in message ? async () => say({ report: await act?.(message) }) : async () => {
    act = await prepare(message);
    // Whoever is killed leaves no compiled code behind; the next one should not have to compile again.
    flushCompileCache();
    say('ready');
  };
  obey().catch((error: unknown) => say({ failed: isOnboardingError(error) ? error.code : String(error) }));
});
