/**
 * What a sweep has done so far, durable, so that a run that was killed goes on where it stopped: every id up to the cursor is
 * done, except the open ones. Authenticated, because whoever could write it could have accounts passed over.
 */
import * as z from 'zod/v4';
import { JOURNEY_STATES } from '../accounts/journey';
import { OnboardingError } from '../errors';
import { sha256Base64Url } from '../internal/encoding';
import { claimRecord, deleteRecord, findRecord, type RecordKind, type RecordPorts, replaceRecord, retireRecord, type Stored } from '../records';
import { emptyTally, tallySchema } from './tally';

const scopeSchema = z.object({
  /** Whose accounts; null for a host that authorises by itself. */
  operatorId: z.string().nullable(),
  label: z.string().nullable(),
  states: z.array(z.enum(JOURNEY_STATES)).nullable(),
});

/** Which accounts a sweep is about: only a run of the same is gone on with. */
export type SweepScope = z.infer<typeof scopeSchema>;

const requestsSchema = z.object({ token: z.number(), graph: z.number() });

const runSchema = z.object({
  scope: scopeSchema,
  startedAt: z.number(),
  /** The last id that was taken from the list; null before the first. */
  cursor: z.string().nullable(),
  /** Taken and not done: under way, or put back. */
  open: z.array(z.string()),
  tally: tallySchema,
  requests: requestsSchema,
  workedMs: z.number(),
});

export type SweepRun = z.infer<typeof runSchema>;

const runKind: RecordKind<SweepRun> = { kind: 'fleet/run', schemaVersion: 1, schema: runSchema, authenticated: true };

/** What nobody went on with for a day says nothing about today. */
const KEPT_MS = 86_400_000;

export interface RunKeeper {
  /** As it was found or begun. */
  readonly run: SweepRun;
  readonly resumed: boolean;
  /** Raises `FLEET_SWEEP_RUNNING` when another sweep has written meanwhile. */
  save(run: SweepRun, now: number): Promise<void>;
  /** It came to its end: the next one starts anew. */
  finish(): Promise<void>;
}

/** Raises `MASTER_KEY_MISSING`, `STATE_RECORD_TAMPERED`, `STATE_UNAVAILABLE`. Call under the lease. */
export async function openRun(ports: RecordPorts, { scope, resume, now }: { readonly scope: SweepScope; readonly resume: boolean; readonly now: number }): Promise<RunKeeper> {
  const id = sha256Base64Url(JSON.stringify([scope.operatorId, scope.label, scope.states]));
  const found = resume ? await findRecord(ports, runKind, id) : undefined;
  const run = found?.value ?? { scope, startedAt: now, cursor: null, open: [], tally: emptyTally(), requests: { token: 0, graph: 0 }, workedMs: 0 };
  let last = found ?? (await begin(ports, id, run, now));
  return {
    run,
    resumed: found !== undefined,
    save: async (next, at) => {
      if (!(await replaceRecord(ports, runKind, id, last, next, at + KEPT_MS))) throw overtaken();
      last = await written(ports, id, last.revision + 1);
    },
    finish: async () => {
      await retireRecord(ports, runKind, id, last);
    },
  };
}

/** Whatever an earlier run left is of no interest, readable or not: who asked to start anew must not be kept from it. */
async function begin(ports: RecordPorts, id: string, run: SweepRun, now: number): Promise<Stored<SweepRun>> {
  await deleteRecord(ports, runKind, id);
  if (!(await claimRecord(ports, runKind, id, run, now + KEPT_MS))) throw overtaken();
  return written(ports, id, 1);
}

async function written(ports: RecordPorts, id: string, revision: number): Promise<Stored<SweepRun>> {
  const stored = await findRecord(ports, runKind, id);
  if (stored?.revision !== revision) throw overtaken();
  return stored;
}

function overtaken(): OnboardingError {
  return new OnboardingError('FLEET_SWEEP_RUNNING', 'Another sweep has taken over.');
}
