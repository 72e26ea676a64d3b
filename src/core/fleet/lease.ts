/**
 * One sweep at a time over one state: two would ask every tenant twice. A lease; the sweep of a process that was killed holds
 * it until it ends. What keeps a suspended process from writing over its successor's work is the run record's version.
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import type { Clock, RandomSource } from '../ports';
import { claimRecord, findRecord, type RecordKind, type RecordPorts, replaceRecord, retireRecord } from '../records';

export type LeasePorts = RecordPorts & { readonly clock: Pick<Clock, 'now'>; readonly random: Pick<RandomSource, 'uuid'> };

const leaseSchema = z.object({ holder: z.string(), startedAt: z.number() });

const leaseKind: RecordKind<z.infer<typeof leaseSchema>> = { kind: 'fleet/lease', schemaVersion: 1, schema: leaseSchema };

const ID = 'sweep';
/** Longer than a look at one account may take; it is renewed with every step of the run that is written down. */
export const LEASE_MS = 600_000;

export interface Lease {
  /** Hold it ten more minutes from `now`. Raises `FLEET_SWEEP_RUNNING` when somebody else has it by now. */
  renew(now: number): Promise<void>;
  /** Give it back; leaves another's alone. */
  end(): Promise<void>;
}

/** Raises `FLEET_SWEEP_RUNNING`, `STATE_UNAVAILABLE`. */
export async function takeLease(ports: LeasePorts): Promise<Lease> {
  const now = ports.clock.now();
  const claim = { holder: ports.random.uuid(), startedAt: now };
  if (!(await claimRecord(ports, leaseKind, ID, claim, now + LEASE_MS))) throw await runningSince(ports);
  const findMine = async () => {
    const held = await findRecord(ports, leaseKind, ID);
    return held?.value.holder === claim.holder ? held : undefined;
  };
  return {
    renew: async (from) => {
      const held = await findMine();
      const isKept = held === undefined ? await claimRecord(ports, leaseKind, ID, claim, from + LEASE_MS) : await replaceRecord(ports, leaseKind, ID, held, claim, from + LEASE_MS);
      if (!isKept) throw await runningSince(ports);
    },
    end: async () => {
      const held = await findMine();
      if (held !== undefined) await retireRecord(ports, leaseKind, ID, held);
    },
  };
}

async function runningSince(ports: RecordPorts): Promise<OnboardingError> {
  const held = await findRecord(ports, leaseKind, ID);
  const details = held === undefined ? {} : { startedAt: new Date(held.value.startedAt).toISOString() };
  return new OnboardingError('FLEET_SWEEP_RUNNING', 'Another sweep is under way over the same state.', { details, retryAfterSeconds: LEASE_MS / 1000 });
}
