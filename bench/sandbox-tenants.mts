/** What ten thousand customers cost a sandbox: before anybody uses them, and when all of them have consented. */
import { startChild } from './support/child.mts';
import { atMost, exactly, type Figure, type FigureResult, measure } from './support/figure.mts';
import type { Footprint, TenantsOperations } from './support/tenants-process.mts';

const TENANTS = 10_000;
const FEW = 100;
const ROUNDS = 3;
const READY_BYTES = 40_000;

type Started = Awaited<ReturnType<TenantsOperations['start']>>;

interface Sample {
  readonly builtIn: Started;
  readonly many: Started;
  readonly few: Footprint;
  readonly all: Footprint;
}

async function run(progress: (text: string) => void): Promise<FigureResult> {
  const samples: Sample[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    progress(`round ${round + 1} of ${ROUNDS}`);
    const builtIn = await inFreshProcess(async (child) => child.call('start', { count: null }));
    samples.push({ builtIn, ...(await inFreshProcess(async (child) => ({
      many: await child.call('start', { count: TENANTS }),
      few: await child.call('useTenants', { count: FEW }),
      all: await child.call('useTenants', { count: TENANTS }),
    }))) });
  }
  return judge(samples);
}

async function inFreshProcess<T>(use: (child: ReturnType<typeof startChild<TenantsOperations>>) => Promise<T>): Promise<T> {
  const child = startChild<TenantsOperations>(new URL('support/tenants-process.mts', import.meta.url));
  try {
    return await use(child);
  } finally {
    await child.stop();
  }
}

function judge(samples: readonly Sample[]): FigureResult {
  const builtInUse = samples.map(({ builtIn }) => builtIn.inUse);
  const largest = (pick: (sample: Sample) => number) => Math.max(...samples.map(pick));
  return {
    measures: [
      measure('start, built-in seed', 'ms', samples.map(({ builtIn }) => builtIn.durationMs)),
      measure(`start with ${TENANTS} customers`, 'ms', samples.map(({ many }) => many.durationMs)),
      measure('computing at a start, built-in seed', 'ms', samples.map(({ builtIn }) => builtIn.computingMs)),
      measure(`computing at a start with ${TENANTS} customers`, 'ms', samples.map(({ many }) => many.computingMs)),
      measure('resident, built-in seed', 'MB', samples.map(({ builtIn }) => builtIn.residentMb)),
      measure(`resident with ${TENANTS} customers, unused`, 'MB', samples.map(({ many }) => many.residentMb)),
      measure(`resident with ${TENANTS} customers, all consented`, 'MB', samples.map(({ all }) => all.residentMb)),
    ],
    targets: [
      exactly('customers made by the start', largest(({ many }) => many.inUse) - Math.max(...builtInUse), 0),
      exactly(`customers made when ${FEW} are used`, largest(({ few, many }) => few.inUse - many.inUse), FEW),
      exactly('customers made when all are used', largest(({ all, builtIn }) => all.inUse - builtIn.inUse), TENANTS),
      atMost('megabytes resident with all of them unused', largest(({ many }) => many.residentMb), 300),
      atMost('bytes of the ready line', largest(({ many }) => many.readyBytes), READY_BYTES),
      atMost('milliseconds until ready with the built-in seed', largest(({ builtIn }) => builtIn.durationMs), 1500, false),
      atMost('milliseconds until ready with all customers', largest(({ many }) => many.durationMs), 10_000, false),
    ],
  };
}

export const sandboxTenants: Figure = {
  name: 'sandbox-tenants',
  title: 'Ten thousand customers in a sandbox',
  about: `A seed with \`"generatedTenants": {"count": ${TENANTS}}\` on top of the built-in one, each start in a fresh process; ${ROUNDS} rounds. A customer's directory is made when
it is first used, so the start pays for ids only. Then ${FEW} customers are used, then all, each with both apps consented and five people. Key generation (two RSA
keys) is most of a start and varies by a factor of five from one to the next.`,
  run,
};
